/**
 * A frame is a list of series heads and one buffer of doubles, for each series its x values and then its y values.
 * Doubles are little-endian on the wire and in every browser's typed arrays, so a frame is read by copying, not parsing.
 */

import { readSeriesHeads, type SeriesHead } from "./wire.ts";

/** One series of a frame with its points; NaN in y is a gap. */
export interface SeriesPart extends SeriesHead {
  x: Float64Array;
  y: Float64Array;
}

const DOUBLE = Float64Array.BYTES_PER_ELEMENT;

/** The parts of a frame; null when heads and buffer do not fit together. */
export function decodeFrame(series: unknown, buffer: unknown): SeriesPart[] | null {
  const heads = readSeriesHeads(series);
  if (heads === null) return null;
  const points = heads.reduce((sum, head) => sum + head.n, 0);
  if (points === 0) return heads.map((head) => withPoints(head, new Float64Array(0), 0));
  if (!ArrayBuffer.isView(buffer) || buffer.byteLength !== points * 2 * DOUBLE) return null;
  const numbers = asDoubles(buffer);
  let offset = 0;
  return heads.map((head) => {
    const part = withPoints(head, numbers, offset);
    offset += 2 * head.n;
    return part;
  });
}

function withPoints(head: SeriesHead, numbers: Float64Array, offset: number): SeriesPart {
  return {
    ...head,
    x: numbers.subarray(offset, offset + head.n),
    y: numbers.subarray(offset + head.n, offset + 2 * head.n),
  };
}

/**
 * A copy, for two reasons: a view into a message may start at an odd address, where doubles cannot, and a small view
 * would keep the whole message alive.
 */
function asDoubles(view: ArrayBufferView): Float64Array {
  const bytes = new Uint8Array(view.byteLength);
  bytes.set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  return new Float64Array(bytes.buffer);
}
