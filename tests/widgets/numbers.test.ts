/** Numbers on screen: how they are written, where ticks stand, how series with different steps are merged. */

import { describe, expect, it } from "vitest";
import { align } from "../../js/lib/align.ts";
import { formatDuration, formatTicks, formatValue } from "../../js/lib/format.ts";
import {
  fraction,
  niceTicks,
  paddedLogRange,
  paddedRange,
  valueTicks,
} from "../../js/lib/ticks.ts";
import { acrossTicks, formatAcross } from "../../js/lib/time-ticks.ts";
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
    expect(paddedRange(null)).toEqual({ lo: 0, hi: 1 });
  });
});

describe("a logarithmic axis", () => {
  it.each([
    [0.001, 1000],
    [1e-300, 1e300],
    [5e-324, Number.MAX_VALUE],
    [1, 1],
    [2, 9],
    [1e-9, 1e9],
  ])("from %d to %d has few ticks, in range, rising and told apart", (lo, hi) => {
    const scale = paddedLogRange({ lo, hi });
    const { at, labels } = valueTicks(scale, 4);
    expect(at.length).toBeGreaterThanOrEqual(2);
    expect(at.length).toBeLessThanOrEqual(10);
    expect(at.every((tick, i) => i === 0 || tick > (at[i - 1] ?? 0))).toBe(true);
    for (const tick of at) expect(fraction(tick, scale)).toBeGreaterThanOrEqual(0);
    for (const tick of at) expect(fraction(tick, scale)).toBeLessThanOrEqual(1);
    expect(new Set(labels).size).toBe(labels.length);
  });

  it("stands a tenfold as high each time, and what has no logarithm below it", () => {
    const scale = { lo: 1, hi: 1000, log: true };
    expect([1, 10, 100, 1000].map((value) => fraction(value, scale).toFixed(3))).toEqual([
      "0.000",
      "0.333",
      "0.667",
      "1.000",
    ]);
    expect(fraction(0, scale)).toBeLessThan(0);
    expect(fraction(-5, scale)).toBeLessThan(0);
  });

  it("is labelled as people write such numbers", () => {
    expect(valueTicks({ lo: 0.0005, hi: 2e6, log: true }, 5).labels).toEqual([
      "0.01",
      "1",
      "100",
      "10k",
      "1M",
    ]);
  });
});

describe("ticks of time", () => {
  const local = (...parts: [number, number, number, number, number, number]) =>
    new Date(...parts).getTime() / 1000;
  const labels = (kind: "time" | "relative", lo: number, hi: number) =>
    acrossTicks(kind, { lo, hi }, 4).labels;

  it.each([
    [local(2026, 10, 21, 14, 4, 0), 600, ["14:05", "14:10"]],
    [local(2026, 10, 21, 14, 4, 59), 8, ["14:05:00", "14:05:02", "14:05:04", "14:05:06"]],
    [local(2026, 10, 20, 23, 30, 0), 3600, ["23:30", "23:45", "21 Nov", "00:15", "00:30"]],
    [local(2026, 10, 20, 12, 0, 0), 4 * 86_400, ["21 Nov", "22 Nov", "23 Nov", "24 Nov"]],
  ])("of the day, from %d for %d s", (lo, length, expected) => {
    expect(labels("time", lo, lo + length)).toEqual(expected);
  });

  it.each([
    [0, 100, ["0", "30s", "1m", "1m 30s"]],
    [0, 4 * 4800, ["0", "2h", "4h"]],
    [4000, 6000, ["1h 10m", "1h 20m", "1h 30m", "1h 40m"]],
    [0, 1, ["0", "0.2s", "0.4s", "0.6s", "0.8s", "1.0s"]],
    [-60, 60, ["-1m", "-30s", "0", "30s", "1m"]],
    [0, 4 * 86_400, ["0", "1d", "2d", "3d", "4d"]],
  ])("since the start, from %d to %d s", (lo, hi, expected) => {
    expect(labels("relative", lo, hi)).toEqual(expected);
  });

  it("are there, and finite, for times no calendar has", () => {
    for (const [lo, hi] of [
      [0, 1e300],
      [-1e20, 1e20],
      [0, 1e-9],
    ]) {
      const { at, labels } = acrossTicks("time", { lo: lo ?? 0, hi: hi ?? 0 }, 4);
      expect(at.every(Number.isFinite)).toBe(true);
      expect(labels.length).toBe(at.length);
    }
  });

  it("are written out under the cursor", () => {
    expect(formatAcross("time", local(2026, 10, 21, 14, 5, 3))).toBe("21 Nov 14:05:03");
    expect(formatAcross("relative", 4800)).toBe("1h 20m");
    expect(formatAcross("step", 1200)).toBe("step 1,200");
    expect(formatAcross("step", 967.5)).toBe("step 968");
  });
});

describe("series with different steps", () => {
  const rowsOf = (...columns: number[][]) => align(columns.map((x) => Float64Array.from(x)));

  it("share rows where their steps meet", () => {
    expect(rowsOf([0, 1, 2], [0, 2])).toEqual({
      x: [0, 1, 2],
      points: [
        [0, 1, 2],
        [0, -1, 1],
      ],
    });
  });

  it("keep every value logged for one step: the highest may be among them", () => {
    expect(rowsOf([1, 1, 1], [1])).toEqual({
      x: [1, 1, 1],
      points: [
        [0, 1, 2],
        [0, -1, -1],
      ],
    });
  });
});
