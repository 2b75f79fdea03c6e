/** The charts under a run table: what is asked of the kernel, what the mouse does to the filter, and what stays as it was. */

import { afterEach, expect, test } from "vitest";
import type { ChartSpec, LinesChart, ParallelChart } from "../../js/run-table/state.ts";
import { settle, until, type View } from "./stub-model.ts";
import { type StubOptions, StubTable, stageTable } from "./stub-table.ts";

const LINES: LinesChart = {
  kind: "lines",
  metric: "loss",
  x: "step",
  smoothing: 0,
  log_x: false,
  log_y: false,
  band: "std",
};
const PARALLEL: ParallelChart = {
  kind: "parallel",
  axes: ["params.dropout", "params.model"],
  colour: null,
  log: [],
};
const SCATTER: ChartSpec = {
  kind: "scatter",
  x: "params.dropout",
  y: "metrics.val/loss",
  colour: null,
  log_x: false,
  log_y: false,
};

let view: View | null = null;
afterEach(() => view?.close());

interface Shown {
  kernel: StubTable;
  view: View;
}

async function show(charts: ChartSpec[], { state, ...more }: StubOptions = {}): Promise<Shown> {
  const kernel = new StubTable({ runs: 24, ...more, state: { height: 60, ...state, charts } });
  const shown = await stageTable(kernel, 400);
  view = shown;
  if (charts.length > 0) await until(() => kernel.asked.length > 0, "a question");
  return { kernel, view: shown };
}

/** Every chart has what it asked for. */
async function drawn({ view: shown }: Shown): Promise<void> {
  // Only what is on screen is drawn, and the page of a test is small.
  for (const chart of shown.all(".inlay-chart")) {
    chart.scrollIntoView();
    const canvas = chart.querySelector("canvas");
    await until(() => canvas?.ariaLabel != null, "a chart");
  }
  await settle(3);
  await until(
    () => shown.all(".inlay-chart .inlay-late").every((late) => late.hidden),
    "all answers",
  );
  await settle(2);
}

const stage = (shown: Shown, i = 0): HTMLElement => {
  const found = shown.view.all(".inlay-stage")[i];
  if (found === undefined) throw new Error(`there is no chart ${i}`);
  return found;
};

function at(node: HTMLElement, name: string, x: number, y: number): void {
  const { left, top } = node.getBoundingClientRect();
  const place = { clientX: left + x, clientY: top + y, bubbles: true, isPrimary: true };
  node.dispatchEvent(new PointerEvent(name, place));
}

function drag(node: HTMLElement, from: [number, number], to: [number, number]): void {
  at(node, "pointerdown", ...from);
  at(node, "pointermove", ...to);
  at(node, "pointerup", ...to);
}

test("lines ask for the charted runs, and two charts both get their answer", async () => {
  const shown = await show([LINES, { ...LINES, metric: "val/loss", band: "range" }]);
  await drawn(shown);
  const asked = shown.kernel.all("curves");
  expect(asked.map(({ metric, band }) => [metric, band])).toEqual([
    ["loss", "std"],
    ["val/loss", "range"],
  ]);
  const first = asked[0] ?? {};
  expect(first["keys"]).toHaveLength(10);
  expect(first["lo"]).toBeNull();
  expect(first["points"]).toBe(500);
  expect(shown.view.all(".inlay-chart")[1]?.querySelectorAll(".inlay-run")).toHaveLength(10);
  // What is shown already is not asked for again.
  shown.view.find(".inlay-tool[title^='Enlarge']").click();
  shown.view.find(".inlay-tool[title^='Make']").click();
  await drawn(shown);
  expect(shown.kernel.all("curves")).toHaveLength(2);
});

test("a drag over lines zooms and asks for detail of that part, Escape goes back", async () => {
  const shown = await show([LINES]);
  await drawn(shown);
  const node = stage(shown);
  drag(node, [100, 60], [220, 80]);
  node.dispatchEvent(new PointerEvent("pointerleave"));
  await drawn(shown);
  const { lo, hi } = shown.kernel.last("curves");
  expect(Number(lo)).toBeGreaterThan(1000);
  expect(Number(hi)).toBeLessThan(7000);
  expect(Number(lo)).toBeLessThan(Number(hi));
  expect(shown.view.text(".inlay-remark")).toContain("zoomed");
  const plot = shown.view.find(".inlay-plot");
  plot.focus();
  plot.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
  await drawn(shown);
  expect(shown.kernel.last("curves")["lo"]).toBeNull();
  expect(shown.view.text(".inlay-remark")).not.toContain("zoomed");
});

test("a brush on an axis is a part of the filter, shown as the filter has it, and a click takes it away", async () => {
  const shown = await show([PARALLEL]);
  await drawn(shown);
  // The first axis stands 64 pixels from the left edge; 0.4 is at its top, 0 at its foot.
  drag(stage(shown), [64, 20], [64, 132]);
  await until(() => shown.kernel.state.filter !== "", "a filter");
  const [, lo, hi] =
    /params\.dropout BETWEEN ([\d.]+) AND ([\d.]+)/.exec(shown.kernel.state.filter) ?? [];
  expect(Number(lo)).toBeCloseTo(0.2, 1);
  expect(Number(hi)).toBeCloseTo(0.4, 5);
  await drawn(shown);
  // The axis still has all it had: what the filter leaves out could not be brushed again.
  expect(shown.kernel.last("facet")["column"]).toBe("params.dropout");
  at(stage(shown), "pointerdown", 64, 60);
  at(stage(shown), "pointerup", 64, 60);
  await until(() => shown.kernel.state.filter === "", "no filter");
});

test("a brush on an axis of words keeps those words", async () => {
  const shown = await show([PARALLEL]);
  await drawn(shown);
  const node = stage(shown);
  drag(node, [node.offsetWidth - 44, 32], [node.offsetWidth - 44, 130]);
  await until(() => shown.kernel.state.filter !== "", "a filter");
  expect(shown.kernel.state.filter).toMatch(/params\.model IN \('resnet50', 'vit-small'\)/);
});

test("axes are moved, made logarithmic and removed by keys", async () => {
  const shown = await show([PARALLEL]);
  await drawn(shown);
  const press = async (key: string) => {
    const head = shown.view.find(".inlay-axis-head[title^='dropout']");
    head.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    await until(() => shown.kernel.all("keep").length > 0, "the state to be told");
    await settle(6);
    return shown.kernel.last("keep")["state"] as { charts: ParallelChart[] };
  };
  await press("ArrowRight");
  const spec = () => JSON.stringify(shown.kernel.state.charts[0]);
  await until(() => spec().includes('["params.model","params.dropout"]'), "the other order");
  await press("l");
  await until(() => spec().includes('"log":["params.dropout"]'), "a logarithmic axis");
  await press("Delete");
  await until(() => spec().includes('"axes":["params.model"]'), "one axis less");
});

test("a rectangle over points filters both columns, and a click selects a run", async () => {
  const shown = await show([SCATTER]);
  await drawn(shown);
  const node = stage(shown);
  const [width, height] = [node.offsetWidth, node.offsetHeight];
  drag(node, [width * 0.3, 24], [width * 0.8, height - 50]);
  await until(
    () => /params\.dropout.*AND metrics\."val\/loss"/.test(shown.kernel.state.filter),
    "a filter on both",
  );
  await drawn(shown);
  const plot = shown.view.find(".inlay-plot");
  plot.focus();
  for (const key of ["ArrowRight", "Enter"]) {
    plot.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    await settle(2);
  }
  await until(() => shown.kernel.state.selected.length === 1, "a selected run");
});

test("a run keeps its colour, and after ten colours come dashes", async () => {
  const selected = Array.from({ length: 14 }, (_, i) => `run-${String(i).padStart(6, "0")}`);
  const shown = await show([LINES], { state: { selected } });
  await drawn(shown);
  const keys = () =>
    new Map(
      shown.view.all(".inlay-run").map((run) => {
        const key = run.querySelector<HTMLElement>(".inlay-run-key");
        return [run.dataset["key"], key?.style.background];
      }),
    );
  const before = keys();
  expect(new Set(before.values()).size).toBe(14);
  expect([...before.values()].filter((look) => look?.includes("repeating"))).toHaveLength(4);
  shown.kernel.push({ selected: selected.slice(9) });
  await until(() => keys().size === 5, "fewer lines");
  for (const [key, look] of keys()) expect(look).toBe(before.get(key));
});

test("what is pointed at stands out in all charts, and the crosshair is one", async () => {
  const shown = await show([LINES, { ...LINES, metric: "val/loss" }]);
  await drawn(shown);
  const [first, second] = shown.view.all(".inlay-chart");
  const entry = first?.querySelectorAll<HTMLElement>(".inlay-run")[2];
  entry?.dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
  await settle(3);
  const pointed = second?.querySelector<HTMLElement>(".inlay-run[data-pointed='true']");
  expect(pointed?.dataset["key"]).toBe(entry?.dataset["key"]);
  at(stage(shown), "pointermove", 200, 90);
  await settle(3);
  for (const chart of [first, second]) {
    expect(chart?.querySelector(".inlay-remark")?.textContent).toMatch(/^step /);
  }
});

test("a busy kernel makes charts late, never wrong; one that fails is heard once", async () => {
  const shown = await show([{ kind: "bars", column: "metrics.loss" }]);
  await drawn(shown);
  shown.kernel.held = true;
  shown.kernel.push({ filter: "params.seed = 1" });
  await settle(4);
  const late = shown.view.find(".inlay-late");
  expect(late.hidden).toBe(false);
  expect(late.textContent).toBe("detail follows");
  shown.kernel.failNext("values", "OSError", "disk full");
  shown.kernel.release();
  await until(() => shown.view.root.textContent?.includes("disk full") === true, "the error");
  await drawn(shown);
  expect(shown.kernel.all("values")).toHaveLength(2);
});

test("charts with nothing to show say why, and a state that makes no sense draws nothing wrong", async () => {
  const odd = [
    { ...LINES, metric: "" },
    { kind: "scatter", x: 5, y: null, colour: {} },
    { kind: "parallel", axes: "params.lr", log: 7 },
    { kind: "bars", column: "params.model" },
    { kind: "box", column: "metrics.loss", by: "tags.none of these" },
  ] as unknown as ChartSpec[];
  const shown = await show(odd);
  await drawn(shown);
  const said = shown.view.all(".inlay-nothing").map((one) => (one.hidden ? "" : one.textContent));
  expect(said).toEqual([
    "Choose a metric",
    "Choose two columns",
    "Choose the axes",
    "No run shown has a number here",
    "",
  ]);
});

test("charts are added with what is likely to be wanted, shown as a table, and removed", async () => {
  const shown = await show([]);
  const choose = async (button: HTMLElement, label: string) => {
    button.click();
    await settle(2);
    const item = shown.view
      .all("[role=menuitem]")
      .find((one) => one.textContent?.startsWith(label));
    item?.click();
    await settle(4);
  };
  await choose(shown.view.find(".inlay-add-chart"), "Box plot");
  await until(() => shown.kernel.state.charts.length === 1, "a chart");
  expect(shown.kernel.state.charts[0]).toEqual({
    kind: "box",
    column: "metrics.loss",
    by: "params.model",
  });
  await drawn(shown);
  await choose(shown.view.find(".inlay-tool[title^='More']"), "Show data");
  expect(shown.view.all(".inlay-data tbody tr")).toHaveLength(4);
  expect(shown.view.find(".inlay-stage canvas").getAttribute("aria-label")).toContain(
    "loss by model",
  );
  await choose(shown.view.find(".inlay-tool[title^='More']"), "Remove");
  await until(() => shown.kernel.state.charts.length === 0, "no chart");
  expect(document.activeElement).toBe(shown.view.find(".inlay-add-chart"));
});

test("what charts do not show draws none of them anew", async () => {
  const shown = await show([LINES]);
  await drawn(shown);
  // The colours given away are told to the kernel, whose answer says again which runs are charted.
  await until(() => shown.kernel.all("keep").length > 0, "the colours to be told");
  await drawn(shown);
  let draws = 0;
  const { clearRect } = CanvasRenderingContext2D.prototype;
  const canvas = stage(shown).querySelector("canvas");
  CanvasRenderingContext2D.prototype.clearRect = function (...box) {
    if (this.canvas === canvas) draws++;
    clearRect.apply(this, box);
  };
  try {
    shown.kernel.pushRows();
    await settle(4);
    expect(draws).toBe(0);
    shown.kernel.push({ filter: "params.seed = 1" });
    await until(() => draws > 0, "a drawing");
  } finally {
    CanvasRenderingContext2D.prototype.clearRect = clearRect;
  }
});
