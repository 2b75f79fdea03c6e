/** From points to curves, averages and pictures: what is drawn, worked out without a page. */

import { describe, expect, it } from "vitest";
import { valueLabels } from "../../js/lib/axes.ts";
import { curveOf, joined, outside } from "../../js/lib/curve.ts";
import type { Points } from "../../js/lib/frame.ts";
import { floorPen, pictureOf, placeIn, traceLine, widthOf } from "../../js/lib/picture.ts";
import { smoothed } from "../../js/lib/smoothing.ts";

const points = (step: number[], value: number[], mean = value): Points => ({
  step: Float64Array.from(step),
  time: Float64Array.from(step, (s) => 1000 + s),
  value: Float64Array.from(value),
  mean: Float64Array.from(mean),
});
const curve = (step: number[], value: number[], mean?: number[]) => {
  const all = points(step, value, mean);
  return curveOf(all, all.step, mean !== undefined);
};

describe("a curve", () => {
  it("has a row for each point, in order where a resumed run went back", () => {
    const { x, y } = curve([3, 1, 2, 2], [30, 10, 20, 21]);
    expect([...x]).toEqual([1, 2, 2, 3]);
    expect([...y]).toEqual([10, 20, 21, 30]);
  });

  it("has a row for each stretch of a reduced series: its mean between its lowest and its highest", () => {
    const { x, y, low, high } = curve(
      [0, 2, 5, 9, 10, 13, 19, 20, 24, 29],
      [4, 1, 9, 5, 6, 2, 7, 3, 8, 3],
      [5, 5, 5, 5, 4, 4, 4, 6, 6, 6],
    );
    expect([...x]).toEqual([0, 14.5, 29]);
    expect([...y]).toEqual([5, 4, 6]);
    expect([...low]).toEqual([1, 2, 3]);
    expect([...high]).toEqual([9, 7, 8]);
  });

  it("does not take neighbours with one value for one stretch without end", () => {
    const { x } = curve([0, 1, 2, 3, 4, 5, 6, 7], Array(8).fill(3), Array(8).fill(3));
    expect(x.length).toBe(2);
  });

  it("has marks for what is not finite, and gaps where every point is there", () => {
    const raw = curve([0, 1, 2, 3], [1, Number.NaN, Number.POSITIVE_INFINITY, 4]);
    expect([...raw.y]).toEqual([1, Number.NaN, Number.NaN, 4]);
    expect(raw.marks).toEqual([
      { x: 1, value: Number.NaN },
      { x: 2, value: Number.POSITIVE_INFINITY },
    ]);
    const thin = curve([0, 1, 2, 3], [1, Number.NaN, 3, 4], [2, Number.NaN, 2, 4]);
    expect([...thin.y]).toEqual([2, 4]);
    expect(thin.marks).toEqual([{ x: 1, value: Number.NaN }]);
  });

  it("is put together from what is held around a finer part", () => {
    const held = curve([0, 10, 20, 30, 40], [1, 2, 3, 4, 5]);
    const finer = curve([10, 12, 20], [2, 9, 3]);
    const all = joined([outside(held, "before", 10), finer, outside(held, "after", 20)], false);
    expect([...all.x]).toEqual([0, 10, 12, 20, 30, 40]);
    expect([...all.y]).toEqual([1, 2, 9, 3, 4, 5]);
  });
});

describe("the average", () => {
  const even = Float64Array.of(0, 1, 2, 3);

  it("is TensorBoard's for evenly spaced points, and begins at the first value", () => {
    const y = Float64Array.of(1, 3, 2, 6);
    let [last, debias] = [0, 0];
    const expected = [...y].map((value) => {
      last = last * 0.6 + 0.4 * value;
      debias = debias * 0.6 + 0.4;
      return last / debias;
    });
    const averages = [...smoothed(even, y, 0.6)];
    averages.forEach((average, i) => {
      expect(average).toBeCloseTo(expected[i] ?? 0, 12);
    });
    expect(averages[0]).toBe(1);
  });

  it("forgets more of the past over a longer distance", () => {
    const y = Float64Array.of(0, 0, 10);
    const near = smoothed(Float64Array.of(0, 9, 10), y, 0.9).at(-1) ?? 0;
    const far = smoothed(Float64Array.of(0, 1, 10), y, 0.9).at(-1) ?? 0;
    expect(far).toBeGreaterThan(near);
  });

  it("is the value itself where that does not change", () => {
    const x = Float64Array.from({ length: 1000 }, (_, i) => i);
    expect(
      new Set(
        smoothed(
          x,
          x.map(() => 0.1),
          0.9,
        ),
      ),
    ).toEqual(new Set([0.1]));
  });

  it("stays finite near the ends of double precision and passes over gaps", () => {
    const huge = smoothed(even, Float64Array.of(1e308, 1e308, Number.NaN, -1e308), 0.99);
    expect(huge[0]).toBe(1e308);
    expect(huge[1]).toBeCloseTo(1e308, -300);
    expect(huge[2]).toBeNaN();
    expect(huge[3]).toBeLessThan(1e308);
    // Values logged at one place fade each other as neighbours do.
    const [, , third] = smoothed(Float64Array.of(2, 2, 2), Float64Array.of(1, 2, 3), 0.5);
    expect(third).toBeCloseTo(17 / 7, 12);
  });
});

describe("a picture", () => {
  const line = (step: number[], value: number[], mean?: number[]) => ({
    curve: curve(step, value, mean),
    smooth: null,
    colour: 0,
  });

  it("has the value axis of the part that is zoomed to, and of what crosses it", () => {
    const lines = [line([0, 10, 20, 30], [0, 1, 2, 1000])];
    const inside = pictureOf(lines, "step", { lo: 5, hi: 20 }, false);
    expect(inside.scale.hi).toBeLessThan(3);
    const between = pictureOf(lines, "step", { lo: 12, hi: 14 }, false);
    expect(between.empty).toBe(false);
    expect(between.scale.lo).toBeGreaterThan(1);
    expect(between.scale.hi).toBeLessThan(1.5);
  });

  it("has room for the whole of an envelope", () => {
    const lines = [line([0, 1, 2, 3, 4, 5], [1, 50, 1, 2, 2, 2], [3, 3, 3, 2, 2, 2])];
    expect(pictureOf(lines, "step", null, false).scale.hi).toBeGreaterThan(50);
  });

  it("leaves out of a logarithmic axis what is not above zero, and counts it", () => {
    const picture = pictureOf([line([0, 1, 2, 3], [-1, 0, 1, 100])], "step", null, true);
    expect(picture.leftOut).toBe(2);
    expect(picture.scale.lo).toBeGreaterThan(0);
    expect(pictureOf([line([0, 1], [-1, 0])], "step", null, true).empty).toBe(true);
  });

  it("is empty without a finite value, and still has an x axis", () => {
    const picture = pictureOf([line([4, 6], [Number.NaN, Number.NaN])], "step", null, false);
    expect(picture.empty).toBe(true);
    expect(picture.across).toMatchObject({ lo: 4, hi: 6, only: false });
  });

  it("is a hairline where many points share a pixel, unless it is an average", () => {
    const steps = Array.from({ length: 2000 }, (_, i) => i);
    const many = line(steps, steps);
    const picture = pictureOf([many], "step", null, false);
    expect(widthOf(many, picture, 240)).toBe(1);
    expect(widthOf(many, picture, 900)).toBe(1.5);
    expect(widthOf({ ...many, smooth: many.curve.y }, picture, 240)).toBe(1.5);
    const zoomed = pictureOf([many], "step", { lo: 100, hi: 300 }, false);
    expect(widthOf(many, zoomed, 240)).toBe(1.5);
  });

  describe("is traced", () => {
    const traced = (step: number[], value: number[], width: number) => {
      const picture = pictureOf([line(step, value)], "step", null, false);
      const moves: [string, number, number][] = [];
      const pen = {
        moveTo: (x: number, y: number) => moves.push(["M", x, y]),
        lineTo: (x: number, y: number) => moves.push(["L", x, y]),
      };
      const place = placeIn(picture, { left: 0, top: 0, width, height: 100 });
      const [{ curve: only }] = picture.lines as [ReturnType<typeof line>];
      return {
        moves,
        place,
        trace: (to: Parameters<typeof traceLine>[0] = pen) =>
          traceLine(to, only.x, only.y, picture, place),
        pen,
      };
    };

    it("through every point where each has a pixel, and anew after a gap", () => {
      const { moves, place, trace } = traced([0, 1, 2, 3, 4], [1, 2, Number.NaN, 3, 4], 400);
      trace();
      expect(moves).toEqual([
        ["M", 0, place.y(1)],
        ["L", 100, place.y(2)],
        ["M", 300, place.y(3)],
        ["L", 400, place.y(4)],
      ]);
    });

    it("with few moves where points share pixels, and keeps every spike", () => {
      const steps = Array.from({ length: 50_000 }, (_, i) => i);
      const { moves, place, trace } = traced(
        steps,
        steps.map((i) => (i === 31_337 ? 99 : Math.sin(i))),
        100,
      );
      trace();
      expect(moves.length).toBeLessThan(410);
      expect(moves.filter(([, , y]) => y === place.y(99)).length).toBeGreaterThan(0);
      expect(moves.at(-1)?.slice(1)).toEqual([100, place.y(Math.sin(49_999))]);
    });

    it("down to the floor, for what is under it", () => {
      const { moves, place, trace, pen } = traced([0, 1, 2, 3], [1, 2, Number.NaN, 3], 300);
      const area = floorPen(pen, 100);
      trace(area);
      area.end();
      expect(moves).toEqual([
        ["M", 0, 100],
        ["L", 0, place.y(1)],
        ["L", 100, place.y(2)],
        ["L", 100, 100],
        ["M", 300, 100],
        ["L", 300, place.y(3)],
        ["L", 300, 100],
      ]);
    });
  });
});

describe("the labels of a value axis", () => {
  it("keep a distance, also where a logarithmic axis has even steps", () => {
    const scale = { lo: 0.199, hi: 1.21, log: true };
    const area = { left: 0, top: 0, width: 200, height: 220, ratio: 2 };
    const across = { lo: 0, hi: 1, kind: "step", only: false } as const;
    const labels = valueLabels(area, { lines: [], across, scale, empty: false, leftOut: 0 });
    const gaps = labels.slice(1).map(({ at }, i) => (labels[i]?.at ?? 0) - at);
    expect(labels.length).toBeGreaterThan(2);
    expect(Math.min(...gaps)).toBeGreaterThan(2 * 13);
  });
});
