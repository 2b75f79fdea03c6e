/** The parts of the table's charts that need no table: axes, brushes, answers of the kernel, colours, and saved files. */

import { expect, test } from "vitest";
import type { Theme } from "../../js/lib/theme.ts";
import { readChosen, readCurves, readValues } from "../../js/run-table/charts/answers.ts";
import { scaled, share, ticksOf } from "../../js/run-table/charts/axis.ts";
import { brushOf, nextBrush } from "../../js/run-table/charts/brush.ts";
import { dashOf, scaleColour } from "../../js/run-table/charts/colours.ts";
import { svgOf } from "../../js/run-table/charts/files.ts";
import { clauseOf } from "../../js/run-table/charts/scatter.ts";
import { readSpec } from "../../js/run-table/charts/specs.ts";
import type { ChartSpec } from "../../js/run-table/state.ts";
import type { Column } from "../../js/run-table/wire.ts";

const column = (type: Column["type"]): Column => ({
  id: "params.x",
  entity: "params",
  name: "x",
  type,
  field: "params.x",
  runs: 3,
  better: null,
});
const THEME: Theme = {
  dark: false,
  background: "rgb(255, 255, 255)",
  text: "rgb(0, 0, 0)",
  muted: "rgb(90, 90, 90)",
  grid: "rgb(230, 230, 230)",
  font: "sans-serif",
  palette: Array.from({ length: 10 }, (_, i) => `rgb(${i}, 0, 0)`),
};

test("a logarithmic axis leaves out what it cannot show and spaces decades evenly", () => {
  const { axis, values, missing } = scaled([0.001, 0.1, 0, -2, "NaN", null], column("number"), {
    log: true,
    padded: false,
  });
  expect(missing).toBe(4);
  expect([...values].slice(0, 2)).toEqual([0.001, 0.1]);
  expect(share(axis, 0.01)).toBeCloseTo(0.5, 9);
});

test("words stand at even distances in their natural order, and numbers written as text are numbers", () => {
  const words = scaled(["b10", "b9", null, "b9"], column("text"));
  expect(words.axis.words).toEqual(["b9", "b10"]);
  expect([...words.values]).toEqual([1, 0, Number.NaN, 0]);
  expect(share(words.axis, 0)).toBeCloseTo(0.25);
  expect(ticksOf(words.axis, 400, 28).map(({ label }) => label)).toEqual(["b9", "b10"]);
  expect([...scaled(["0.5", 2], column("number")).values]).toEqual([0.5, 2]);
  // One that is none makes words of all.
  expect(scaled(["0.5", "auto"], column("number")).axis.kind).toBe("words");
});

test("an axis without values, and one whose values are all the same, have a width", () => {
  for (const cells of [[], [3, 3], ["NaN"], [1e308, -1e308]]) {
    const { axis } = scaled(cells, column("number"), { padded: false });
    expect(axis.hi).toBeGreaterThan(axis.lo);
  }
});

test("a brush is moved, made longer at its ends, or begun anew", () => {
  expect(nextBrush(null, 0.5, 0.02)(0.2)).toEqual({ from: 0.2, to: 0.5 });
  const before = { from: 0.4, to: 0.6 };
  expect(nextBrush(before, 0.5, 0.02)(0.9)).toEqual({ from: 0.8, to: 1 });
  expect(nextBrush(before, 0.61, 0.02)(0.3)).toEqual({ from: 0.3, to: 0.4 });
  expect(nextBrush(before, 0.1, 0.02)(0.2)).toEqual({ from: 0.1, to: 0.2 });
});

test("a stretch of an axis becomes a clause, and what the filter says becomes a stretch", () => {
  const { axis } = scaled([0, 10], column("number"), { padded: false });
  expect(clauseOf(axis, 0.25, 0.5)).toEqual({ between: [2.5, 5] });
  const chosen = readChosen({
    body: { kind: "numbers", edges: [0, 5, 10], chosen: [2, 99] },
    buffers: [],
  });
  expect(brushOf(axis, chosen)).toEqual({ from: 0.2, to: 1 });
  const words = scaled(["a", "b", "c"], column("text")).axis;
  expect(clauseOf(words, 0.4, 1)).toEqual({ in: ["b", "c"] });
  expect(clauseOf(words, 0.05, 0.1)).toBeNull();
});

test("curves are read from one buffer, at any address; what is not finite is a mark and a gap", () => {
  const numbers = [1, 2, 5, Number.NaN, 4, 5, 6, 7, 7, 0.5, 0.1, 0.9];
  const bytes = new Uint8Array(numbers.length * 8 + 3);
  bytes.set(new Uint8Array(Float64Array.from(numbers).buffer), 3);
  const head = (key: string, n: number, total: number) => ({ key, label: key, n, total });
  const answer = {
    body: { series: [head("a", 2, 2), head("b", 1, 900)] },
    buffers: [new DataView(bytes.buffer, 3)],
  };
  const [a, b] = readCurves(answer);
  expect([...(a?.curve.y ?? [])]).toEqual([5, Number.NaN]);
  expect(a?.curve.marks).toEqual([{ x: 2, value: Number.NaN }]);
  expect([a?.curve.reduced, b?.curve.reduced]).toEqual([false, true]);
  expect([...(b?.curve.high ?? [])]).toEqual([0.9]);
  // A buffer of another length is of another answer.
  expect(readCurves({ ...answer, buffers: [new DataView(bytes.buffer, 3, 8)] })).toEqual([]);
});

test("answers that make no sense are empty", () => {
  for (const body of [null, 5, { keys: 3, columns: [] }, { series: [null] }]) {
    expect(readCurves({ body, buffers: [] })).toEqual([]);
    expect(readValues({ body, buffers: [] }).keys).toEqual([]);
  }
  const { columns } = readValues({
    body: { keys: ["a", "b"], columns: { x: [{ mean: 1, std: null, n: 2 }] } },
    buffers: [],
  });
  expect(columns.get("x")).toEqual([{ mean: 1, std: null, n: 2 }, null]);
});

test("dashes begin after the palette, and the scale goes from dark to light", () => {
  expect([0, 9, 10, 20, 30].map((place) => dashOf(place).length > 0)).toEqual([
    false,
    false,
    true,
    true,
    false,
  ]);
  const lightness = [0, 0.25, 0.5, 0.75, 1].map((at) => {
    const [r = 0, g = 0, b = 0] = scaleColour(THEME, at).match(/\d+/g)?.map(Number) ?? [];
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  });
  expect(lightness).toEqual([...lightness].sort((a, b) => a - b));
});

test("names in a saved chart are text, and its legend ends where it would fill the page", () => {
  const name = `</text><script>alert(1)</script>\u0000"`;
  const entries = Array.from({ length: 400 }, (_, i) => ({
    key: "",
    label: name,
    place: i,
    value: "1",
  }));
  const svg = svgOf(
    {
      title: name,
      remark: name,
      legend: { entries, scale: null },
      paint: (surface) => surface.text(name, 0, 0, { fill: "rgb(0, 0, 0)" }),
    },
    { width: 300, height: 200 },
    THEME,
  );
  const document = new DOMParser().parseFromString(svg, "image/svg+xml");
  expect(document.querySelector("parsererror")).toBeNull();
  expect(document.querySelector("script")).toBeNull();
  expect(svg).toMatch(/and \d+ more/);
});

test("a chart that lacks anything but its kind is made whole", () => {
  const read = (spec: unknown) => readSpec(spec as ChartSpec);
  expect(read({ kind: "lines", metric: 3, smoothing: "7", x: "wall" })).toEqual({
    kind: "lines",
    metric: "",
    x: "step",
    smoothing: 0.99,
    log_x: false,
    log_y: false,
    band: "std",
  });
  expect(read({ kind: "parallel", axes: ["a", "a", 4] })).toEqual({
    kind: "parallel",
    axes: ["a"],
    colour: null,
    log: [],
  });
});
