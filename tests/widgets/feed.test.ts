/** Frames and how pushes are spliced onto what is held: the arithmetic of the wire, without a page. */

import { describe, expect, it } from "vitest";
import { Feed } from "../../js/lib/feed.ts";
import { decodeFrame } from "../../js/lib/frame.ts";
import { type Frame, frame } from "./stub-model.ts";

const message = (type: string, { seq, series, data }: Frame): [unknown, DataView[]] => [
  { type, seq, series },
  [data],
];

function feedWith(...points: number[]): { feed: Feed; asked: () => number } {
  let count = 0;
  const feed = new Feed(() => count++);
  feed.snapshot(frame(4, [{ x: points.map((_, i) => i), y: points }]));
  return { feed, asked: () => count };
}

const values = (feed: Feed) => feed.series.map((series) => [...series.value]);

describe("a frame", () => {
  it("gives each series its own four columns", () => {
    const { series, data } = frame(1, [
      { key: "a", x: [1, 2], time: [5, 6], y: [10, 20], mean: [15, 15] },
      { key: "b", x: [7], time: [8], y: [Number.POSITIVE_INFINITY], mean: [Number.NaN] },
    ]);
    const parts = decodeFrame(series, data);
    expect(
      parts?.map((part) => [
        part.key,
        [...part.step],
        [...part.time],
        [...part.value],
        [...part.mean],
      ]),
    ).toEqual([
      ["a", [1, 2], [5, 6], [10, 20], [15, 15]],
      ["b", [7], [8], [Number.POSITIVE_INFINITY], [Number.NaN]],
    ]);
  });

  it("is read from an odd address, where typed arrays cannot look", () => {
    const { series, data } = frame(1, [{ x: [1], y: [Math.PI] }], true);
    expect(data.byteOffset % 8).not.toBe(0);
    expect(decodeFrame(series, data)?.[0]?.value[0]).toBe(Math.PI);
  });

  it("keeps its points when the message's memory is used again", () => {
    const { series, data } = frame(1, [{ x: [1], y: [5] }]);
    const parts = decodeFrame(series, data);
    data.setFloat64(16, 99, true);
    expect(parts?.[0]?.value[0]).toBe(5);
  });

  it("is refused when the buffer does not fit the heads", () => {
    const { series, data } = frame(1, [{ x: [1, 2], y: [1, 2] }]);
    expect(decodeFrame(series, new DataView(data.buffer, 0, 24))).toBeNull();
    expect(decodeFrame(series, undefined)).toBeNull();
    expect(decodeFrame([{ id: 1, from: 0, n: -2 }], data)).toBeNull();
    expect(decodeFrame("series", data)).toBeNull();
  });
});

describe("the feed", () => {
  it("appends the points of a push", () => {
    const { feed } = feedWith(1, 2);
    const [content, buffers] = message("points", frame(5, [{ from: 2, x: [2, 3], y: [3, 4] }]));
    expect(feed.message(content, buffers)).toBe(true);
    expect(values(feed)).toEqual([[1, 2, 3, 4]]);
    expect(feed.series[0]?.total).toBe(4);
  });

  it("replaces the tail that a reduction rewrote", () => {
    const { feed } = feedWith(1, 2, 3, 4);
    feed.message(...message("points", frame(5, [{ from: 1, x: [1], y: [9], total: 40 }])));
    expect(values(feed)).toEqual([[1, 9]]);
    expect(feed.series[0]?.total).toBe(40);
  });

  it("adds a metric that was not there, and leaves the others alone", () => {
    const { feed } = feedWith(1, 2);
    const [first] = feed.series;
    feed.message(...message("points", frame(5, [{ id: 9, key: "acc", x: [0], y: [0.5] }])));
    expect(values(feed)).toEqual([[1, 2], [0.5]]);
    expect(feed.series[0]).toBe(first);
  });

  it("asks once when a push was missed, waits, and goes on from the answer", () => {
    const { feed, asked } = feedWith(1);
    for (const seq of [6, 7, 8]) {
      expect(feed.message(...message("points", frame(seq, [{ from: 1, x: [1], y: [2] }])))).toBe(
        false,
      );
    }
    expect(asked()).toBe(1);
    expect(values(feed)).toEqual([[1]]);
    feed.message(...message("snapshot", frame(8, [{ x: [0, 1, 2], y: [1, 2, 3] }])));
    feed.message(...message("points", frame(9, [{ from: 3, x: [3], y: [4] }])));
    expect(values(feed)).toEqual([[1, 2, 3, 4]]);
    feed.message(...message("points", frame(12, [{ from: 4, x: [4], y: [5] }])));
    expect(asked()).toBe(2);
  });

  it("asks when a push continues points it does not hold, or cannot be read", () => {
    const far = feedWith(1);
    far.feed.message(...message("points", frame(5, [{ from: 7, x: [7], y: [2] }])));
    expect(far.asked()).toBe(1);
    const broken = feedWith(1);
    broken.feed.message({ type: "points", seq: 5, series: [{ id: 1, from: 0, n: 3 }] }, []);
    expect(broken.asked()).toBe(1);
  });

  it("passes over what is old, unknown or malformed", () => {
    const { feed, asked } = feedWith(1, 2);
    expect(feed.message(...message("points", frame(4, [{ x: [0], y: [9] }])))).toBe(false);
    expect(feed.message(...message("snapshot", frame(3, [{ x: [0], y: [9] }])))).toBe(false);
    for (const content of [null, 7, "points", {}, { type: "points" }, { type: "later", seq: 5 }]) {
      expect(feed.message(content, [])).toBe(false);
    }
    for (const trait of [null, {}, { seq: 5 }, { seq: 5, series: [{}] }, []]) {
      expect(feed.snapshot(trait)).toBe(false);
    }
    expect(values(feed)).toEqual([[1, 2]]);
    expect(asked()).toBe(0);
  });
});
