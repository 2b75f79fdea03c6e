/**
 * Numbers as people read them. Digits are grouped with commas whatever the browser's language, because the static
 * picture Python writes beside the live card must say the same; metric values keep four significant digits, so that a
 * changing number keeps its width.
 */

const UNITS_FROM = 1e7;
const EXPONENT_FROM = 1e15;
const EXPONENT_BELOW = 1e-4;

/** A metric value: `0.02130`, `1,234`, `15.10B`, `3.142e-7`. */
export function formatValue(value: number): string {
  if (!Number.isFinite(value)) return "not finite";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= EXPONENT_FROM || size < EXPONENT_BELOW) return formatExponent(value, 3);
  if (Number.isInteger(value) && size < UNITS_FROM) return formatCount(value);
  const [unit, suffix] = size >= UNITS_FROM ? unitFor(size) : [1, ""];
  const decimals = Math.max(0, 3 - Math.floor(Math.log10(size / unit)));
  return groupDigits((value / unit).toFixed(decimals)) + suffix;
}

/** A value of a chart, which may be none: `NaN`, `inf`, `-inf`. */
export function formatAny(value: number): string {
  if (Number.isFinite(value)) return formatValue(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "inf" : "-inf";
}

/** A whole number with its digits grouped: `1,000,000`. */
export function formatCount(value: number): string {
  return groupDigits(Math.round(value).toFixed(0));
}

/** A step; steps are whole numbers, but nothing breaks when one is not. */
export function formatStep(step: number): string {
  return Number.isInteger(step) && Math.abs(step) < 1e15 ? formatCount(step) : formatValue(step);
}

/** Labels for evenly spaced ticks: as many digits as tell two neighbours apart, and no more. */
export function formatTicks(ticks: readonly number[], step: number): string[] {
  const size = Math.max(0, ...ticks.map(Math.abs));
  if (size === 0) return ticks.map(() => "0");
  if (size >= 1e15 || size < EXPONENT_BELOW) {
    const digits = clampDigits(Math.floor(Math.log10(size)) - Math.floor(Math.log10(step)));
    return ticks.map((tick) => (tick === 0 ? "0" : formatExponent(tick, digits)));
  }
  const [unit, suffix] = size >= 1e4 ? unitFor(size) : [1, ""];
  const decimals = clampDigits(-Math.floor(Math.log10(step / unit) + 1e-9));
  return ticks.map((tick) => (tick === 0 ? "0" : (tick / unit).toFixed(decimals) + suffix));
}

/** A label of one tick among powers of ten: `0.001`, `20`, `5k`, `1e-300`. */
export function formatTick(tick: number): string {
  if (tick >= 1e15 || tick < EXPONENT_BELOW) return formatExponent(tick, 1);
  const [unit, suffix] = tick >= 1e3 ? unitFor(tick) : [1, ""];
  return Number((tick / unit).toPrecision(6)) + suffix;
}

/** How long a run took or has been going: `3.2s`, `2m 14s`, `3h 05m`, `2d 4h`. */
export function formatDuration(seconds: number, whole = false): string {
  const total = Math.max(0, Number.isFinite(seconds) ? seconds : 0);
  if (total < 9.95 && !whole) return `${total.toFixed(1)}s`;
  const rounded = whole ? Math.floor(total) : Math.round(total);
  const [days, hours] = [Math.floor(rounded / 86_400), Math.floor(rounded / 3600) % 24];
  const [minutes, rest] = [Math.floor(rounded / 60) % 60, rounded % 60];
  if (days > 0) return `${days}d ${hours}h`;
  if (hours > 0) return `${hours}h ${String(minutes).padStart(2, "0")}m`;
  if (minutes > 0) return `${minutes}m ${String(rest).padStart(2, "0")}s`;
  return `${rest}s`;
}

function formatExponent(value: number, digits: number): string {
  const [mantissa = "", exponent = ""] = value.toExponential(digits).split("e");
  const short = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
  return `${short}e${exponent.replace("+", "")}`;
}

function groupDigits(digits: string): string {
  const [whole = "", fraction] = digits.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

function unitFor(size: number): [number, string] {
  if (size >= 1e12) return [1e12, "T"];
  if (size >= 1e9) return [1e9, "B"];
  if (size >= 1e6) return [1e6, "M"];
  return [1e3, "k"];
}

function clampDigits(digits: number): number {
  return Number.isFinite(digits) ? Math.min(15, Math.max(0, digits)) : 0;
}
