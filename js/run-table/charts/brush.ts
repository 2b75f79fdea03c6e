/** A brushed stretch of an axis, as shares of its length: what a filter says, and what a drag makes of it. */

import type { Chosen } from "./answers.ts";
import { type Axis, share } from "./axis.ts";

export interface Brush {
  from: number;
  to: number;
}

/** What the filter says of a column, as far as the axis can show it. */
export function brushOf(axis: Axis, { range, words }: Chosen): Brush | null {
  if (range !== null && axis.kind !== "words") {
    const [from, to] = [share(axis, range.lo), share(axis, range.hi)].map((at) =>
      Math.min(1, Math.max(0, at)),
    );
    return { from: from ?? 0, to: to ?? 1 };
  }
  // Values of a number that were picked one by one span a stretch, too.
  const places = (words ?? []).map((word) => axis.words.indexOf(word)).filter((at) => at >= 0);
  if (axis.kind !== "words" || places.length === 0) return null;
  const [lo, hi] = [Math.min(...places) - 0.45, Math.max(...places) + 0.45];
  return { from: share(axis, lo), to: share(axis, hi) };
}

/** What becomes of a brush when it is dragged from `at`: an edge moves, all of it moves, or a new one begins. */
export function nextBrush(before: Brush | null, at: number, reach: number): (to: number) => Brush {
  const between = (a: number, b: number) => ({ from: Math.min(a, b), to: Math.max(a, b) });
  if (before === null) return (to) => between(at, to);
  const { from, to: end } = before;
  if (Math.abs(at - from) <= reach) return (to) => between(end, to);
  if (Math.abs(at - end) <= reach) return (to) => between(from, to);
  if (at < from || at > end) return (to) => between(at, to);
  return (to) => {
    const by = Math.min(1 - end, Math.max(-from, to - at));
    return { from: from + by, to: end + by };
  };
}
