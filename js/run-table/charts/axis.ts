/**
 * One axis of a chart, whatever stands on it: numbers (plain or logarithmic), steps, times, lengths of time, or words at
 * even distances. Words become their places 0, 1, 2..., so that everything else deals with numbers alone.
 */

import {
  fraction,
  paddedLogRange,
  paddedRange,
  type Range,
  type Scale,
  valueTicks,
} from "../../lib/ticks.ts";
import { acrossTicks, formatAcross } from "../../lib/time-ticks.ts";
import { durationText, numberText } from "../cell-text.ts";
import type { Cell, Column, ColumnType } from "../wire.ts";

export type AxisKind = "number" | "step" | "time" | "relative" | "words";

export interface Axis extends Scale {
  kind: AxisKind;
  words: readonly string[];
}

export interface Tick {
  at: number;
  label: string;
}

/** Where a value stands, from 0 to 1. */
export function share(axis: Axis, value: number): number {
  return fraction(value, axis);
}

/** The value at a share of the axis. */
export function valueAt({ lo, hi, log }: Scale, at: number): number {
  return log ? lo * (hi / lo) ** at : lo + (hi - lo) * at;
}

export function ticksOf(axis: Axis, pixels: number, each: number): Tick[] {
  const { kind, words, log } = axis;
  if (kind === "words") {
    // Of more words than there is room for, evenly chosen ones.
    const every = Math.max(1, Math.ceil((words.length * Math.min(each, 15)) / Math.max(1, pixels)));
    return words.flatMap((label, at) => (at % every === 0 ? [{ at, label }] : []));
  }
  const count = Math.max(1, pixels / each);
  const { at, labels } =
    log || kind === "number"
      ? valueTicks(axis, Math.max(2, count))
      : acrossTicks(kind, axis, count);
  return at.map((tick, i) => ({ at: tick, label: labels[i] ?? "" }));
}

/** A value of an axis in words. */
export function textAt({ kind, words }: Axis, value: number): string {
  if (kind === "words") return words[Math.round(value)] ?? "";
  if (kind === "number" || !Number.isFinite(value)) return numberText(value);
  return formatAcross(kind, value).replace("step ", "");
}

/** The cells of a column as numbers on an axis; NaN is missing. */
export interface Scaled {
  axis: Axis;
  values: Float64Array;
  /** Cells that have no place on the axis. */
  missing: number;
}

const KINDS: Partial<Record<ColumnType, AxisKind>> = { time: "time", duration: "relative" };
/** More words than this are no longer told apart on an axis. */
const MOST_WORDS = 200;

/** `wider` is a range to be shown as well; `padded` leaves air at both ends. */
export function scaled(
  cells: readonly Cell[],
  column: Column | undefined,
  options: { log?: boolean; wider?: Range | null; padded?: boolean; more?: readonly string[] } = {},
): Scaled {
  const { log = false, wider = null, padded = true, more = [] } = options;
  const numbers = cells.map(numberOf);
  const type = column?.type ?? "number";
  const worded =
    (type !== "number" && KINDS[type] === undefined) ||
    cells.some((cell, i) => numbers[i] === null && wordOf(cell) !== null);
  if (worded) return inWords(cells, more);
  const values = Float64Array.from(numbers, (value) => value ?? Number.NaN).map((value) =>
    Number.isFinite(value) && !(log && value <= 0) ? value : Number.NaN,
  );
  let [lo, hi] = [wider?.lo ?? Infinity, wider?.hi ?? -Infinity];
  if (log && lo <= 0) lo = Infinity;
  let missing = 0;
  for (const value of values) {
    if (Number.isNaN(value)) missing++;
    lo = Math.min(lo, value || (value === 0 ? 0 : lo));
    hi = Math.max(hi, value || (value === 0 ? 0 : hi));
  }
  const data = lo <= hi ? { lo, hi } : null;
  const kind = KINDS[type] ?? "number";
  return { axis: { ...rangeOf(data, kind, log, padded), kind, words: [] }, values, missing };
}

function rangeOf(data: Range | null, kind: AxisKind, log: boolean, padded: boolean): Scale {
  const tight = !padded && data !== null && data.lo < data.hi;
  if (log) return tight ? { ...data, log } : paddedLogRange(data);
  if (tight) return data;
  if (kind !== "time" || data === null) return paddedRange(data);
  // Not from 1970 on.
  const air = (data.hi - data.lo) * 0.05 || 60;
  return { lo: data.lo - air, hi: data.hi + air };
}

function inWords(cells: readonly Cell[], more: readonly string[]): Scaled {
  const texts = cells.map(wordOf);
  const there = new Set([...more, ...texts.filter((text) => text !== null)]);
  const all = [...there].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const words = all.slice(0, MOST_WORDS);
  const places = new Map(words.map((word, i) => [word, i]));
  const values = Float64Array.from(texts, (text) => places.get(text ?? "\0") ?? Number.NaN);
  const axis = { kind: "words" as const, words, lo: -0.5, hi: Math.max(1, words.length) - 0.5 };
  return { axis, values, missing: values.filter(Number.isNaN).length };
}

/** A number of a cell, NaN and the infinities among them; null where it has none. */
export function numberOf(cell: Cell): number | null {
  if (typeof cell === "number") return cell;
  if (typeof cell === "string") {
    return cell === "NaN" ? Number.NaN : cell.trim() === "" || Number.isNaN(+cell) ? null : +cell;
  }
  if (cell !== null && typeof cell === "object" && "mean" in cell) return numberOf(cell.mean);
  return null;
}

/** A cell as a word; null for what is missing and for what several runs do not share. */
export function wordOf(cell: Cell): string | null {
  if (cell === null) return null;
  if (typeof cell === "object") return "mean" in cell ? String(cell.mean) : null;
  return typeof cell === "boolean" ? (cell ? "True" : "False") : String(cell);
}

/** A cell as people read it. */
export function cellText(cell: Cell, column: Column | undefined): string {
  const number = numberOf(cell);
  const type = column?.type;
  if (cell === null) return "–";
  if (number === null || type === "text" || type === "status") return wordOf(cell) ?? "several";
  if (type === "time") return formatAcross("time", number);
  return type === "duration" ? durationText(number) : numberText(number);
}
