/**
 * From the points of a metric to the curve that is drawn: in order of x, one row for each point or, where the kernel
 * reduced them, for each stretch: its mean, its lowest and its highest value. NaN and the infinities have no place on a
 * line; they become marks, and a gap where every point is there.
 */

import type { Points } from "./frame.ts";

/** A value no line can show, and where it was logged. */
export interface Mark {
  x: number;
  value: number;
}

export interface Curve {
  /** Ascending; rows that share an x keep the order they were logged in. */
  x: Float64Array;
  /** The value, or the mean of a stretch; NaN is a gap. */
  y: Float64Array;
  low: Float64Array;
  high: Float64Array;
  marks: Mark[];
  reduced: boolean;
}

/** A stretch is sent as its first, lowest, highest and last point, each once. */
const POINTS_A_STRETCH = 4;

/** The curve of `points` over `across`, a column as long as theirs. */
export function curveOf(points: Points, across: Float64Array, reduced: boolean): Curve {
  const { value, mean } = points;
  const [x, y, low, high]: [number[], number[], number[], number[]] = [[], [], [], []];
  const marks: Mark[] = [];
  let [first, count, stretch] = [0, 0, Number.NaN];
  const row = (at: number, lo: number, mid: number, hi: number) => {
    x.push(at);
    low.push(lo);
    y.push(mid);
    high.push(hi);
  };
  value.forEach((v, i) => {
    const at = across[i] ?? Number.NaN;
    if (!Number.isFinite(at)) return;
    if (!Number.isFinite(v)) {
      marks.push({ x: at, value: v });
      if (!reduced) row(at, v, Number.NaN, v);
      return;
    }
    const m = mean[i] ?? v;
    const end = x.length - 1;
    if (reduced && m === stretch && count < POINTS_A_STRETCH) {
      x[end] = (first + at) / 2;
      low[end] = Math.min(low[end] ?? v, v);
      high[end] = Math.max(high[end] ?? v, v);
      count += 1;
      return;
    }
    [first, count, stretch] = [at, 1, m];
    row(at, v, reduced && Number.isFinite(m) ? m : v, v);
  });
  if (reduced) reachEnds(x, across, value);
  return ascending({ x, y, low, high, marks, reduced });
}

/** A reduced curve begins at its first point and ends at its last, not in the middle of their stretches. */
function reachEnds(x: number[], across: Float64Array, value: Float64Array): void {
  const drawn = (i: number) =>
    Number.isFinite(value[i]) && Number.isFinite(across[i] ?? Number.NaN);
  const first = value.findIndex((_, i) => drawn(i));
  const last = value.findLastIndex((_, i) => drawn(i));
  if (x.length > 0) x[0] = across[first] ?? 0;
  if (x.length > 1) x[x.length - 1] = across[last] ?? 0;
}

type Rows = Record<"x" | "y" | "low" | "high", number[]>;

/** Steps may be logged in any order, a resumed run may go back, and so may a clock. */
function ascending(rows: Rows & Pick<Curve, "marks" | "reduced">): Curve {
  const { x, marks, reduced } = rows;
  const order = x.every((at, i) => i === 0 || at >= (x[i - 1] ?? 0))
    ? null
    : [...x.keys()].sort((a, b) => (x[a] ?? 0) - (x[b] ?? 0));
  const column = (numbers: number[]) =>
    order === null ? Float64Array.from(numbers) : Float64Array.from(order, (i) => numbers[i] ?? 0);
  marks.sort((a, b) => a.x - b.x);
  return {
    x: column(x),
    y: column(rows.y),
    low: column(rows.low),
    high: column(rows.high),
    marks,
    reduced,
  };
}

/** The rows and marks of several curves, one after another. */
export function joined(curves: readonly Curve[], reduced: boolean): Curve {
  const column = (name: "x" | "y" | "low" | "high") => {
    const all = new Float64Array(curves.reduce((sum, curve) => sum + curve.x.length, 0));
    let at = 0;
    for (const curve of curves) {
      all.set(curve[name], at);
      at += curve.x.length;
    }
    return all;
  };
  const marks = curves.flatMap((curve) => curve.marks);
  return {
    x: column("x"),
    y: column("y"),
    low: column("low"),
    high: column("high"),
    marks,
    reduced,
  };
}

/** The part of a curve before `lo`, or after `hi`. */
export function outside(curve: Curve, end: "before" | "after", at: number): Curve {
  const row = firstFrom(curve.x, at);
  const past = curve.x.findIndex((x, i) => i >= row && x > at);
  const [from, to] = end === "before" ? [0, row] : [past < 0 ? curve.x.length : past, undefined];
  const kept = (mark: Mark) => (end === "before" ? mark.x < at : mark.x > at);
  return {
    x: curve.x.subarray(from, to),
    y: curve.y.subarray(from, to),
    low: curve.low.subarray(from, to),
    high: curve.high.subarray(from, to),
    marks: curve.marks.filter(kept),
    reduced: curve.reduced,
  };
}

/** The first row at or after `at`; the number of rows when there is none. */
export function firstFrom(x: Float64Array | readonly number[], at: number): number {
  let [from, to] = [0, x.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((x[middle] ?? 0) < at) from = middle + 1;
    else to = middle;
  }
  return from;
}
