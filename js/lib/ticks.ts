/**
 * The range of an axis and where its ticks stand. uPlot's own ticks stop at 17 digits and overflow near the ends of
 * double precision; metrics do reach 1e300 (a diverging loss) and 1e-300 (a probability), so both are worked out here.
 */

export interface Range {
  lo: number;
  hi: number;
}

export interface Ticks {
  at: number[];
  step: number;
}

/** Half the largest double, so that the width of any range is itself a double. */
const LARGEST = Number.MAX_VALUE / 2;

/** The smallest and largest finite value of several columns; null when there is none. */
export function extent(columns: readonly Float64Array[]): Range | null {
  let lo = Number.POSITIVE_INFINITY;
  let hi = Number.NEGATIVE_INFINITY;
  for (const column of columns) {
    for (const value of column) {
      if (!Number.isFinite(value)) continue;
      if (value < lo) lo = value;
      if (value > hi) hi = value;
    }
  }
  return lo <= hi ? { lo, hi } : null;
}

/**
 * The value axis around the data: some air above and below, none below zero when nothing is negative, and a visible
 * width even when all values are the same.
 */
export function paddedRange(data: Range | null): Range {
  if (data === null) return { lo: 0, hi: 1 };
  const lo = clamp(data.lo);
  const hi = clamp(data.hi);
  const size = Math.max(Math.abs(lo), Math.abs(hi));
  if (size === 0) return { lo: -1, hi: 1 };
  const flat = hi - lo <= size * 1e-12;
  const air = flat ? size * 0.5 : (hi - lo) * 0.08;
  const bottom = lo >= 0 ? Math.max(0, lo - air) : lo - air;
  const top = hi <= 0 ? Math.min(0, hi + air) : hi + air;
  return bottom < top ? { lo: clamp(bottom), hi: clamp(top) } : { lo: bottom - 1, hi: bottom + 1 };
}

/** Round values (1, 2 or 5 times a power of ten) inside a range, about `count` of them. */
export function niceTicks(range: Range, count: number, smallest = 0): Ticks {
  const { lo, hi } = range;
  const raw = (clamp(hi) - clamp(lo)) / Math.max(1, count);
  const step = Math.max(niceStep(raw), smallest);
  if (!(step > 0) || !Number.isFinite(step)) return { at: [], step: 1 };
  const at: number[] = [];
  const first = Math.ceil(lo / step - 1e-9);
  const last = Math.floor(hi / step + 1e-9);
  // More than asked for can only be the rounding of a range too narrow for doubles to divide.
  for (let i = first; i <= last && at.length <= count * 3; i++) {
    at.push(Number((i * step).toPrecision(15)));
  }
  return { at, step };
}

/** Where a value stands in a range, from 0 to 1. */
export function fraction(value: number, { lo, hi }: Range): number {
  return (clamp(value) - lo) / (hi - lo);
}

function niceStep(raw: number): number {
  if (!(raw > 0)) return 0;
  const power = 10 ** Math.floor(Math.log10(raw));
  const lead = raw / power;
  // The geometric means between 1, 2, 5 and 10: the round step nearest to the wanted one, in proportion.
  const nice = lead < Math.SQRT2 ? 1 : lead < Math.sqrt(10) ? 2 : lead < Math.sqrt(50) ? 5 : 10;
  return nice * power;
}

function clamp(value: number): number {
  return Math.min(LARGEST, Math.max(-LARGEST, value));
}
