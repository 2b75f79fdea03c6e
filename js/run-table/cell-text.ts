/**
 * What stands in a cell. Numbers have up to five significant digits, in figures of one width; what is not a number says
 * so, and what is missing is nothing at all.
 */

import { formatCount, formatDuration } from "../lib/format.ts";
import type { Better, TableState } from "./state.ts";
import type { Cell } from "./wire.ts";

const NOT_FINITE: Record<string, string> = { NaN: "NaN", Infinity: "inf", "-Infinity": "−inf" };
const MINUS = "−";
const SPACE = " ";

/** Below this, five places after the point no longer say how large a number is. */
const SMALL = 1e-3;

/** `0.93210`, `0.001`, `12,345`, `3.1e-7`. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return notFinite(value);
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e9) return signed(formatCount(size), value);
  if (size >= 1e9 || size < 1e-4) {
    const [mantissa = "", exponent = ""] = size.toExponential(4).split("e");
    return signed(`${mantissa.replace(/\.?0+$/, "")}e${exponent.replace("+", "")}`, value);
  }
  const short = Number(size.toPrecision(5));
  if (size >= 1e5) return signed(formatCount(size), value);
  // What was written short stays so; what was cut keeps its zeros, and its place under the others.
  if (short === size) return signed(String(short), value);
  // Below one, as many places as 0.12345 has, so that points stand under points.
  return signed(size < 1 && size >= SMALL ? size.toFixed(5) : size.toPrecision(5), value);
}

/** A setting, as near as can be to how it was written: 0.1 + 0.2 was meant to be `0.3`. */
export function settingText(value: number): string {
  const short = Number(value.toPrecision(6));
  return Math.abs(value) < 1e5
    ? numberText(Number.isFinite(short) ? short : value)
    : numberText(value);
}

/** The number of a cell, or of the mean in it; null where there is none, NaN where it is not finite. */
export function numberOf(cell: Cell | undefined): number | null {
  if (typeof cell === "number") return cell;
  if (typeof cell === "string" && Object.hasOwn(NOT_FINITE, cell)) return Number.NaN;
  if (typeof cell === "object" && cell !== null && "mean" in cell) return numberOf(cell.mean);
  return null;
}

/** A number as the kernel writes one: "NaN" and the like where JSON has none. */
export function anyNumber(value: number | string): string {
  return typeof value === "number" ? numberText(value) : (NOT_FINITE[value] ?? value);
}

/** How far values are spread: two digits say it. */
export function spreadText(value: number | string): string {
  if (typeof value !== "number") return anyNumber(value);
  return Math.abs(value) >= 100
    ? numberText(Math.round(value))
    : numberText(Number(value.toPrecision(2)));
}

/** All of a number's digits. */
export function wholeNumber(value: number | string): string {
  return typeof value === "number" ? String(value) : (NOT_FINITE[value] ?? value);
}

export function isNotFinite(cell: Cell): boolean {
  return typeof cell === "string" && Object.hasOwn(NOT_FINITE, cell);
}

/** `just now`, `5 min ago`, `yesterday`, `3 days ago`, and the day itself when it is longer ago. */
export function timeText(seconds: number, now: number): string {
  const ago = now - seconds;
  if (ago < -60) return dayText(seconds);
  if (ago < 60) return "just now";
  if (ago < 3600) return `${Math.floor(ago / 60)} min ago`;
  if (ago < 86_400) return `${Math.floor(ago / 3600)} h ago`;
  if (ago < 2 * 86_400) return "yesterday";
  if (ago < 7 * 86_400) return `${Math.floor(ago / 86_400)} days ago`;
  return dayText(seconds);
}

function dayText(seconds: number): string {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return "";
  const two = (part: number) => String(part).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** The date and the time of day, by the reader's clock. */
export function momentText(seconds: number): string {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return "";
  return `${dayText(seconds)} ${date.toTimeString().slice(0, 8)}`;
}

/** `34ms`, `3.2s`, `2m 14s`. */
export function durationText(seconds: number): string {
  return seconds > 0 && seconds < 0.95
    ? `${Math.round(1000 * seconds)}ms`
    : formatDuration(seconds);
}

export interface Delta {
  text: string;
  title: string;
  /** Null where nobody can say which way is better, or nothing changed. */
  tone: "better" | "worse" | null;
}

/** How far a value is from the baseline's. */
export function deltaOf(
  value: number,
  base: number,
  how: TableState["delta"],
  better: Better | null,
): Delta | null {
  if (how === "off" || !Number.isFinite(value) || !Number.isFinite(base)) return null;
  const by = value - base;
  const text = how === "percent" ? percentText(by, base) : changeText(by);
  if (text === null) return null;
  const tone =
    by === 0 || better === null ? null : by < 0 === (better === "min") ? "better" : "worse";
  const word = tone === null ? "" : `, ${tone}`;
  return { text, title: `${text} against the baseline${word}`, tone };
}

function changeText(by: number): string {
  if (by === 0) return "0";
  const size = Math.abs(by);
  const text =
    size >= 1e5 || size < 1e-3
      ? numberText(Number(size.toPrecision(2)))
      : Number(size.toPrecision(3)) === size
        ? String(size)
        : size.toPrecision(3);
  return (by < 0 ? MINUS : "+") + text;
}

function percentText(by: number, base: number): string | null {
  if (base === 0) return null;
  const part = (100 * by) / Math.abs(base);
  if (by === 0) return `0${SPACE}%`;
  const size = Math.abs(part);
  const text = size >= 1000 ? formatCount(size) : size >= 99.95 ? size.toFixed(0) : size.toFixed(1);
  return `${part < 0 ? MINUS : "+"}${text}${SPACE}%`;
}

function signed(digits: string, value: number): string {
  return value < 0 ? MINUS + digits : digits;
}

function notFinite(value: number): string {
  return Number.isNaN(value) ? "NaN" : value > 0 ? "inf" : `${MINUS}inf`;
}
