/**
 * A frame is a list of series heads and one buffer of doubles, for each series four columns: steps, times, values, means.
 * Doubles are little-endian on the wire and in every browser's typed arrays, so a frame is read by copying, not parsing.
 */

import { readSeriesHeads, type SeriesHead } from "./wire.ts";

/** The points of a series, in order of step. */
export interface Points {
  step: Float64Array;
  /** Unix seconds. */
  time: Float64Array;
  /** NaN and the infinities stand for themselves. */
  value: Float64Array;
  /** The mean of the stretch a point stands for: its own value where nothing was reduced. */
  mean: Float64Array;
}

export type SeriesPart = SeriesHead & Points;

export const COLUMNS = ["step", "time", "value", "mean"] as const;
const DOUBLE = Float64Array.BYTES_PER_ELEMENT;

/** The parts of a frame; null when heads and buffer do not fit together. */
export function decodeFrame(series: unknown, buffer: unknown): SeriesPart[] | null {
  const heads = readSeriesHeads(series);
  if (heads === null) return null;
  const points = heads.reduce((sum, head) => sum + head.n, 0);
  if (points === 0) return heads.map((head) => withPoints(head, new Float64Array(0), 0));
  if (!ArrayBuffer.isView(buffer) || buffer.byteLength !== points * COLUMNS.length * DOUBLE)
    return null;
  const numbers = asDoubles(buffer);
  let offset = 0;
  return heads.map((head) => {
    const part = withPoints(head, numbers, offset);
    offset += COLUMNS.length * head.n;
    return part;
  });
}

function withPoints(head: SeriesHead, numbers: Float64Array, offset: number): SeriesPart {
  const column = (i: number) => numbers.subarray(offset + i * head.n, offset + (i + 1) * head.n);
  return { ...head, step: column(0), time: column(1), value: column(2), mean: column(3) };
}

/**
 * A copy, for two reasons: a view into a message may start at an odd address, where doubles cannot, and a small view
 * would keep the whole message alive.
 */
export function asDoubles(view: ArrayBufferView): Float64Array {
  const bytes = new Uint8Array(view.byteLength);
  bytes.set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  return new Float64Array(bytes.buffer);
}
