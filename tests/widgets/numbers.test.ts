/** Numbers on screen: how they are written, where ticks stand, how series with different steps are merged. */

import { describe, expect, it } from "vitest";
import { align, lonely } from "../../js/lib/align.ts";
import { formatDuration, formatTicks, formatValue } from "../../js/lib/format.ts";
import { extent, fraction, niceTicks, paddedRange } from "../../js/lib/ticks.ts";
// The table that the saved picture's test reads as well: both write a number alike.
import written from "../written-numbers.json";

describe("a value", () => {
  it.each([
    ...written,
    { value: Number.NaN, text: "not finite" },
    { value: Number.POSITIVE_INFINITY, text: "not finite" },
  ])("$value is written $text", ({ value, text }) => {
    expect(formatValue(value)).toBe(text);
  });
});

describe("a duration", () => {
  it.each([
    [0.04, "0.0s"],
    [3.21, "3.2s"],
    [9.97, "10s"],
    [59.7, "1m 00s"],
    [134, "2m 14s"],
    [3 * 3600 + 5 * 60 + 9, "3h 05m"],
    [2 * 86_400 + 4 * 3600, "2d 4h"],
    [-5, "0.0s"],
    [Number.NaN, "0.0s"],
  ])("of %d s is written %s", (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  it("of a running clock shows whole seconds that have passed", () => {
    expect(formatDuration(3.9, true)).toBe("3s");
    expect(formatDuration(59.9, true)).toBe("59s");
  });
});

describe("ticks", () => {
  it.each([
    [0, 1],
    [-3, 8],
    [0, 1e300],
    [-1e308, 1e308],
    [0, 1e-300],
    [1_234_567, 1_234_567.5],
    [0, 9e18],
  ])("from %d to %d are few, in range, rising and told apart", (lo, hi) => {
    const range = paddedRange({ lo, hi });
    const { at, step } = niceTicks(range, 3.5);
    expect(at.length).toBeGreaterThanOrEqual(2);
    expect(at.length).toBeLessThanOrEqual(8);
    expect(at.every((tick, i) => i === 0 || tick > (at[i - 1] ?? 0))).toBe(true);
    for (const tick of at) {
      expect(fraction(tick, range)).toBeGreaterThanOrEqual(-1e-6);
      expect(fraction(tick, range)).toBeLessThanOrEqual(1 + 1e-6);
    }
    const labels = formatTicks(at, step);
    expect(new Set(labels).size).toBe(labels.length);
  });

  it("are written with the digits they need", () => {
    expect(formatTicks([0, 0.5, 1], 0.5)).toEqual(["0", "0.5", "1.0"]);
    expect(formatTicks([0, 20_000, 40_000], 20_000)).toEqual(["0", "20k", "40k"]);
    expect(formatTicks([0, 2e-5], 2e-5)).toEqual(["0", "2e-5"]);
  });

  it("survive a range no double can divide", () => {
    for (const value of [0, 7, -7, 1e300, 5e-324, Number.MAX_VALUE]) {
      const range = paddedRange({ lo: value, hi: value });
      expect(range.hi).toBeGreaterThan(range.lo);
      expect(niceTicks(range, 3).at.every(Number.isFinite)).toBe(true);
    }
    expect(paddedRange(extent([Float64Array.of(Number.NaN)]))).toEqual({ lo: 0, hi: 1 });
  });
});

describe("series with different steps", () => {
  const points = (x: number[], y: number[]) => ({
    x: Float64Array.from(x),
    y: Float64Array.from(y),
  });

  it("share rows where their steps meet", () => {
    const rows = align([points([0, 1, 2], [5, 6, 7]), points([0, 2], [8, 9])]);
    expect(rows.x).toEqual([0, 1, 2]);
    expect(rows.columns).toEqual([
      [5, 6, 7],
      [8, undefined, 9],
    ]);
  });

  it("keep every value logged for one step: the highest may be among them", () => {
    const rows = align([points([1, 1, 1], [2, 99, 3]), points([1], [4])]);
    expect(rows.x).toEqual([1, 1, 1]);
    expect(rows.columns).toEqual([
      [2, 99, 3],
      [4, undefined, undefined],
    ]);
  });

  it("are put in order when a resumed run went back, and values that are not finite become gaps", () => {
    const rows = align([points([3, 1, 2], [30, Number.NaN, Number.POSITIVE_INFINITY])]);
    expect(rows).toEqual({ x: [1, 2, 3], columns: [[null, null, 30]] });
  });

  it("mark the points that no line reaches", () => {
    expect(lonely([1, null, 2, undefined, null, 3, 4])).toEqual([0, 2]);
    expect(lonely([undefined, 1, undefined])).toEqual([1]);
  });
});
