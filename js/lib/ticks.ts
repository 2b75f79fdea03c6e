/**
 * The range of a value axis, plain or logarithmic, and where its ticks stand. Charting libraries stop at 17 digits and
 * overflow near the ends of double precision; metrics do reach 1e300 (a diverging loss) and 1e-300 (a probability).
 */

import { formatTick, formatTicks } from "./format.ts";

export interface Range {
  lo: number;
  hi: number;
}

/** A value axis; with `log` both ends are above zero. */
export interface Scale extends Range {
  log?: boolean;
}

export interface Ticks {
  at: number[];
  step: number;
}

/** Half the largest double, so that the width of any range is itself a double. */
const LARGEST = Number.MAX_VALUE / 2;

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

/** The same for a logarithmic axis: the air is in its decades, and a single value stands amid one decade. */
export function paddedLogRange(data: Range | null): Scale {
  if (data === null) return { lo: 1, hi: 10, log: true };
  const [lo, hi] = [Math.log10(data.lo), Math.log10(data.hi)];
  const air = hi - lo < 1e-9 ? 0.5 : (hi - lo) * 0.06;
  return {
    lo: Math.max(Number.MIN_VALUE, 10 ** (lo - air)),
    hi: Math.min(LARGEST, 10 ** (hi + air)),
    log: true,
  };
}

/** Ticks of a value axis with their labels, about `count` of them. */
export function valueTicks(scale: Scale, count: number): { at: number[]; labels: string[] } {
  const decades = scale.log ? Math.log10(scale.hi) - Math.log10(scale.lo) : 0;
  const at = decades > 1 ? logTicks(scale, decades, count) : [];
  if (at.length > 1) {
    return { at, labels: at.map(formatTick) };
  }
  const even = niceTicks(scale, count);
  return { at: even.at, labels: formatTicks(even.at, even.step) };
}

/** Powers of ten, and between them others where there are few. */
function logTicks({ lo, hi }: Range, decades: number, count: number): number[] {
  const every = Math.max(1, Math.round(niceStep(decades / count)));
  const leads = decades < 2 ? [1, 2, 5] : decades < 3 ? [1, 3] : [1];
  const at: number[] = [];
  const first = Math.floor(Math.log10(lo) / every) * every;
  for (let power = first; power <= Math.log10(hi); power += every) {
    for (const lead of leads) {
      // Written and read, for 10 ** -5 is not the double that is nearest to 1e-5.
      const tick = Number(`${lead}e${power}`);
      if (tick >= lo && tick <= hi) at.push(tick);
    }
  }
  return at;
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

/** Where a value stands on an axis, from 0 to 1; what a logarithmic axis cannot show is below it. */
export function fraction(value: number, { lo, hi, log }: Scale): number {
  if (log) {
    const bottom = Math.log10(lo);
    return value > 0 ? (Math.log10(value) - bottom) / (Math.log10(hi) - bottom) : -1;
  }
  return (clamp(value) - lo) / (hi - lo);
}

export function niceStep(raw: number): number {
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
