/**
 * Ticks of the two time axes. The time of day is the reader's own, written the same in every language, as all numbers
 * are; a length of time has the one or two units that matter: `14:05`, `21 Nov`, `1h 20m`.
 */

import type { XAxis } from "./choices.ts";
import { formatCount, formatDuration, formatStep, formatTicks } from "./format.ts";
import { niceStep, niceTicks, type Range } from "./ticks.ts";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const ROUND = [
  ...[1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 7, 14, 30, 91, 182, 365].map((n) => n * DAY),
];

/** Ticks along the x axis with their labels, about `count` of them. */
export function acrossTicks(
  kind: XAxis,
  range: Range,
  count: number,
): { at: number[]; labels: string[] } {
  if (kind === "step") {
    const { at, step } = niceTicks(range, count, 1);
    return { at, labels: formatTicks(at, step) };
  }
  const wanted = (range.hi - range.lo) / Math.max(1, count);
  const step = wanted < 1 ? niceStep(wanted) : (ROUND.find((round) => round >= wanted) ?? 0);
  const { at, step: by } = step > 0 ? ticksBy(kind, range, step) : niceTicks(range, count);
  const label = kind === "time" ? timeOfDay : span;
  return { at, labels: at.map((tick) => label(tick, by)) };
}

/** A place on the x axis in words: `step 1,200`, `21 Nov 14:05:03`, `1h 20m`. */
export function formatAcross(kind: XAxis, x: number): string {
  // The middle of a stretch may be between two steps, where nothing was logged.
  if (kind === "step") return `step ${formatStep(Math.round(x))}`;
  if (kind === "time") return `${timeOfDay(x, DAY)} ${timeOfDay(x, 1, true)}`;
  return x < 0 ? `-${formatDuration(-x)}` : formatDuration(x);
}

/** Multiples of `step`, of a local day where it is a time of day. */
function ticksBy(kind: XAxis, { lo, hi }: Range, step: number): { at: number[]; step: number } {
  const shift = kind === "time" ? -new Date(lo * 1000).getTimezoneOffset() * MINUTE : 0;
  const at: number[] = [];
  for (let i = Math.ceil((lo + shift) / step - 1e-9); at.length < 100; i++) {
    const tick = Number((i * step - shift).toPrecision(15));
    if (tick > hi + step * 1e-9) break;
    at.push(tick);
  }
  return { at, step };
}

function timeOfDay(seconds: number, step: number, clock = false): string {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return "";
  const two = (value: number) => String(value).padStart(2, "0");
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`;
  const midnight = time === "00:00" && date.getSeconds() === 0;
  const month = MONTHS[date.getMonth()];
  if (step >= 182 * DAY) return `${month} ${date.getFullYear()}`;
  if (step >= DAY || (midnight && step >= MINUTE)) return `${date.getDate()} ${month}`;
  if (step >= MINUTE && !clock) return time;
  const exact = `${time}:${two(date.getSeconds())}`;
  return step < 1 ? exact + (date.getMilliseconds() / 1000).toFixed(digits(step)).slice(1) : exact;
}

function span(seconds: number, step: number): string {
  const size = Math.abs(seconds);
  const sign = seconds < 0 ? "-" : "";
  if (size === 0) return "0";
  if (size < MINUTE) return `${sign}${size.toFixed(step < 1 ? digits(step) : 0)}s`;
  const units: [number, string][] = [
    [Math.floor(size / DAY), "d"],
    [Math.floor(size / HOUR) % 24, "h"],
    [Math.floor(size / MINUTE) % 60, "m"],
    [Number((size % MINUTE).toFixed(step < 1 ? digits(step) : 0)), "s"],
  ];
  const parts = units.filter(([count]) => count > 0);
  return sign + parts.map(([count, unit]) => `${formatCount(count)}${unit}`).join(" ");
}

/** Decimals that tell ticks apart which are less than a second apart. */
function digits(step: number): number {
  return Math.min(6, Math.max(1, -Math.floor(Math.log10(step) + 1e-9)));
}
