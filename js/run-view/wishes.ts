/**
 * What of the kernel's detail suits a chart as it is looked at, and what it lacks: the finer points of the part that is
 * zoomed to, and those of whole series of which only few were sent.
 */

import type { Series } from "../lib/feed.ts";
import type { Range } from "../lib/ticks.ts";
import { isReduced, type Look } from "./chart-lines.ts";
import type { Detail, Wish } from "./detail.ts";

/** Where answers are kept, by metric. */
interface Held {
  get: (key: string) => Detail | undefined;
}

/** Reduced series that hold fewer points than this are asked for anew when somebody looks at them. */
export const FEW = 400;
/** A whole series is asked for again when it has grown this much since. */
const GROWTH = 1.5;

/** The detail to be drawn of a series; `few` is how many points are too few for a whole one. */
export function detailOf(
  series: Series,
  look: Look,
  zoom: Range | null,
  few: number,
  held: Held,
): Detail | undefined {
  const detail = held.get(series.key);
  if (detail === undefined || !isReduced(series) || detail.x !== kernelAxis(look)) return undefined;
  if (zoom !== null) {
    const { lo, hi } = kernelRange(zoom, look);
    return !detail.whole && detail.lo === lo && detail.hi === hi ? detail : undefined;
  }
  const known = detail.part?.total ?? series.total;
  const fresh = detail.whole && series.total < known * GROWTH;
  return fresh && series.step.length < few ? detail : undefined;
}

/** What to ask for; null when nothing is missing. */
export function wishOf(
  series: readonly Series[],
  look: Look,
  zoom: Range | null,
  few: number,
  held: Held,
): Wish | null {
  const missing = series.filter(
    (one) =>
      isReduced(one) &&
      (zoom !== null || one.step.length < few) &&
      detailOf(one, look, zoom, few, held) === undefined,
  );
  if (missing.length === 0) return null;
  const x = kernelAxis(look);
  const range = zoom === null ? wholeOf(missing, x) : kernelRange(zoom, look);
  return { keys: missing.map(({ key }) => key), x, ...range, whole: zoom === null };
}

function kernelAxis({ x }: Look): "step" | "time" {
  return x === "step" ? "step" : "time";
}

/** A range of the x axis as the kernel knows it. */
function kernelRange({ lo, hi }: Range, { x, startedAt }: Look): Range {
  const shift = x === "relative" ? startedAt : 0;
  return { lo: lo + shift, hi: hi + shift };
}

function wholeOf(series: readonly Series[], x: "step" | "time"): Range {
  let [lo, hi] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const one of series) {
    for (const at of one[x]) {
      if (at < lo) lo = at;
      if (at > hi) hi = at;
    }
  }
  return { lo, hi };
}
