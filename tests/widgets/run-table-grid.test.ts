/** The grid of a run table: what is on the page of a hundred thousand rows, and what a pointer does to it. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { page, userEvent } from "vitest/browser";
import { numberText, spreadText, timeText } from "../../js/run-table/cell-text.ts";
import { RowWindow } from "../../js/run-table/layout.ts";
import { resorted } from "../../js/run-table/ordering.ts";
import { pathOf } from "../../js/run-table/sparks.ts";
import { settle, until, type View } from "./stub-model.ts";
import { type StubOptions, StubTable, stageTable } from "./stub-table.ts";

const views: View[] = [];
let kernel: StubTable;

beforeEach(async () => {
  await page.viewport(1000, 800);
  document.body.style.cssText = "--jp-layout-color0: #fff; --jp-ui-font-color1: #222; margin: 0";
});

afterEach(() => {
  for (const one of views.splice(0)) one.close();
});

async function stage(options: StubOptions = {}, width = 900): Promise<View> {
  kernel = new StubTable(options);
  const one = await stageTable(kernel, width);
  views.push(one);
  return one;
}

const grid = (one: View) => one.find(".inlay-grid");
const rows = (one: View) =>
  one
    .all(".inlay-rows .inlay-row:not([hidden])")
    .sort((a, b) => Number(a.ariaRowIndex) - Number(b.ariaRowIndex));
const cell = (row: HTMLElement | undefined, column: string) =>
  row?.querySelector<HTMLElement>(`[data-column="${column}"]`) ?? null;
const column = (one: View, id: string) => rows(one).map((row) => cell(row, id)?.textContent ?? "");
const names = (one: View) => column(one, "name");
const headOf = (one: View, id: string) => one.find(`.inlay-head [data-column="${id}"]`);
const selected = (one: View) =>
  rows(one).flatMap((row) => (row.ariaSelected === "true" ? [cell(row, "name")?.textContent] : []));
const changed = (op: string, count = 1) => until(() => kernel.all(op).length >= count, `a ${op}`);

describe("rows and columns", () => {
  it("are on the page where they are in sight, of a hundred thousand by two hundred", async () => {
    const one = await stage({ runs: 100_000, metrics: 150, params: 40, tags: 4 });
    const scroller = grid(one);
    expect(scroller.ariaRowCount).toBe("100001");
    expect(scroller.ariaColCount).toBe("201");
    expect(one.all(".inlay-cell").length).toBeLessThan(700);
    scroller.scrollTop = 28 * 54_321;
    await until(() => names(one).includes("run 54325"), "rows far below");
    expect(one.all(".inlay-cell").length).toBeLessThan(700);
    expect(kernel.all("rows").every((asked) => Number(asked["count"]) <= 100)).toBe(true);
    scroller.scrollLeft = 9000;
    const places = () => one.all(".inlay-head-cell").map((head) => Number(head.ariaColIndex));
    await until(() => Number(places().at(-1)) > 60, "columns far right");
    expect(places().length).toBeLessThan(20);
    await until(() => one.all(".inlay-waiting").length === 0, "their values");
    // The name stays where it is.
    const left = scroller.getBoundingClientRect().left;
    expect(cell(rows(one)[10], "name")?.getBoundingClientRect().left).toBeCloseTo(left + 34, 0);
  });

  it("that a busy kernel owes are placeholders, and then there", async () => {
    const one = await stage({ runs: 3000 });
    kernel.held = true;
    grid(one).scrollTop = 28 * 2000;
    await until(() => one.all(".inlay-waiting").length > 10, "placeholders");
    await until(() => !one.find(".inlay-grid-waiting").hidden, "a word of it");
    expect(one.text(".inlay-grid-waiting")).toBe("Kernel busy, rows follow");
    kernel.release();
    await until(() => names(one).includes("run 2003"), "the rows");
    expect(one.find(".inlay-grid-waiting").hidden).toBe(true);
    expect(one.all(".inlay-callback-errors .inlay-error")).toEqual([]);
  });

  it("of which there are more than an element can be high are still all reached", () => {
    const window = new RowWindow();
    window.set(3_000_000, 420);
    expect(window.height).toBeLessThan(10_000_000);
    expect(window.sight(0)[0]).toBe(0);
    expect(window.sight(window.height - 420)[1]).toBe(3_000_000);
    const there = window.reveal(2_345_678, 0) ?? 0;
    const [from, to] = window.sight(there);
    expect(from <= 2_345_678 && 2_345_678 < to).toBe(true);
    expect(window.top(2_345_678, there) - there).toBeGreaterThanOrEqual(0);
  });
});

describe("cells", () => {
  it.each([
    [0.932099999, "0.93210"],
    [0.001, "0.001"],
    [12_345, "12,345"],
    [-0.5, "−0.5"],
    [3.1e-7, "3.1e-7"],
    [123_456.789, "123,457"],
    [Number.NaN, "NaN"],
    [-1 / 0, "−inf"],
  ])("write %d as %s", (value, text) => expect(numberText(value)).toBe(text));

  it("round what is a spread, and say how long ago", () => {
    expect(spreadText(0.0267091)).toBe("0.027");
    expect([30, 400, 90_000, 200_000].map((ago) => timeText(1e9 - ago, 1e9))).toEqual([
      "just now",
      "6 min ago",
      "yesterday",
      "2 days ago",
    ]);
  });

  it("show what is not finite, and nothing for what is missing", async () => {
    const one = await stage({ runs: 12 });
    expect(column(one, "metrics.loss").slice(5, 10)).toContain("NaN");
    expect(column(one, "metrics.loss")[9]).toBe("inf");
    kernel.store.change(2, "metrics.loss", null);
    kernel.push();
    await until(() => column(one, "metrics.loss")[2] === "", "an empty cell");
  });

  it("take names as text, whatever they are", async () => {
    const one = await stage({ runs: 12 });
    expect(names(one)[7]).toBe('<b>run</b> & "co" 7');
    expect(one.root.querySelector("b")).toBeNull();
  });

  it("say how far a value is from the baseline's, and which is better", async () => {
    const one = await stage({
      runs: 8,
      state: { baseline: "run-000003", columns: ["name", "metrics.loss"], delta: "percent" },
    });
    expect(cell(one.find(".inlay-baseline"), "name")?.textContent).toBe("run 3");
    const deltas = one.all(".inlay-rows .inlay-delta");
    expect(deltas.length).toBeGreaterThan(6);
    for (const delta of deltas.filter((node) => node.textContent !== "")) {
      const sign = delta.textContent?.startsWith("−") ? "better" : "worse";
      expect(delta.dataset["tone"]).toBe(sign);
    }
    expect(cell(rows(one)[3], "metrics.loss")?.querySelector(".inlay-delta")?.textContent).toBe("");
  });

  it("are tinted the more the better, and draw small curves", async () => {
    const one = await stage({
      runs: 8,
      state: {
        columns: ["name", "metrics.val/loss"],
        heat: ["metrics.val/loss"],
        spark: ["metrics.val/loss"],
      },
    });
    await until(() => one.all(".inlay-rows .inlay-spark path").length === 8, "curves");
    expect(kernel.all("sparks").length).toBe(1);
    const heats = rows(one).map((row) => ({
      value: Number(cell(row, "metrics.val/loss")?.textContent),
      heat: Number(cell(row, "metrics.val/loss")?.style.getPropertyValue("--inlay-heat")),
    }));
    heats.sort((a, b) => a.value - b.value);
    expect([heats[0]?.heat, heats.at(-1)?.heat]).toEqual([1, 0]);
    expect(
      pathOf([
        [0, 1],
        [1, "NaN"],
        [2, 3],
        [3, 4],
      ]).match(/M/g)?.length,
    ).toBe(2);
  });

  it("of groups show mean and spread; a click opens one", async () => {
    const one = await stage({
      runs: 24,
      state: { group: ["params.model"], columns: ["name", "metrics.val/loss"] },
    });
    expect(rows(one).length).toBe(4);
    expect(cell(rows(one)[1], "name")?.textContent).toBe("resnet506 runs");
    expect(cell(rows(one)[1], "metrics.val/loss")?.textContent).toMatch(/^0\.\d+ ± 0\.\d+$/);
    cell(rows(one)[0], "name")?.click();
    await until(() => rows(one).length === 10, "the runs of the group");
    await until(() => cell(rows(one)[0], "name")?.ariaExpanded === "true", "an open group");
    expect(kernel.state.open).toEqual(['["resnet18"]']);
  });
});

describe("sorting", () => {
  it("goes down, up and back, alone or by several", () => {
    const [a, b] = ["metrics.a", "metrics.b"];
    expect(resorted([], a, false)).toEqual([[a, "desc"]]);
    expect(resorted([[a, "desc"]], a, false)).toEqual([[a, "asc"]]);
    expect(resorted([[a, "asc"]], a, false)).toEqual([]);
    expect(resorted([[a, "desc"]], b, true)).toEqual([
      [a, "desc"],
      [b, "desc"],
    ]);
    expect(
      resorted(
        [
          [a, "desc"],
          [b, "asc"],
        ],
        b,
        true,
      ),
    ).toEqual([[a, "desc"]]);
  });

  it("is asked of the kernel, and NaN comes last", async () => {
    const one = await stage({ runs: 12, state: { columns: ["name", "metrics.loss"] } });
    const sort = headOf(one, "metrics.loss").querySelector<HTMLElement>(".inlay-head-sort");
    sort?.click();
    sort?.click();
    await changed("view");
    await until(
      () =>
        column(one, "metrics.loss").at(-1) === "inf" ||
        column(one, "metrics.loss").at(-1) === "NaN",
      "order",
    );
    expect(kernel.last("view")["state"]).toMatchObject({ order: [["metrics.loss", "asc"]] });
    // Two clicks within a moment are one question.
    expect(kernel.all("view").length).toBe(1);
    expect(headOf(one, "metrics.loss").ariaSort).toBe("ascending");
    const values = column(one, "metrics.loss").slice(0, 10).map(Number);
    expect(values).toEqual([...values].sort((x, y) => x - y));
  });
});

describe("columns", () => {
  it("are made wider by their edge, and keep it", async () => {
    const one = await stage({ runs: 5 });
    const before = headOf(one, "status").offsetWidth;
    const edge = headOf(one, "status").querySelector<HTMLElement>(".inlay-head-edge");
    const { x, y } = edge?.getBoundingClientRect() ?? { x: 0, y: 0 };
    const point = (type: string, clientX: number) =>
      edge?.dispatchEvent(
        new PointerEvent(type, { bubbles: true, button: 0, pointerId: 1, clientX, clientY: y }),
      );
    if (edge) edge.setPointerCapture = () => undefined;
    point("pointerdown", x);
    point("pointermove", x + 50);
    await settle();
    expect(headOf(one, "status").offsetWidth).toBe(before + 50);
    expect(cell(rows(one)[0], "status")?.offsetWidth).toBe(before + 50);
    expect(kernel.asked).toEqual([]);
    point("pointerup", x + 50);
    await changed("keep");
    expect(kernel.state.widths).toEqual({ status: before + 50 });
    expect(headOf(one, "status").offsetWidth).toBe(before + 50);
  });

  it("leave room to scroll where it is narrow", async () => {
    const one = await stage({ runs: 5, state: { pinned: ["name", "status", "started_at"] } }, 400);
    const sticky = one.all(".inlay-head [data-sticky=true]");
    const taken = sticky.reduce((sum, node) => sum + node.offsetWidth, 34);
    expect(sticky.length).toBeGreaterThan(0);
    expect(taken).toBeLessThan(260);
    expect(grid(one).scrollWidth).toBeGreaterThan(grid(one).clientWidth);
  });
});

describe("selecting", () => {
  it("is by row, with Ctrl by several, with Shift by a stretch", async () => {
    const one = await stage({ runs: 12 });
    await userEvent.click(cell(rows(one)[1], "name") as Element);
    await until(() => selected(one).length === 1, "one");
    await userEvent.click(cell(rows(one)[3], "name") as Element, { modifiers: ["ControlOrMeta"] });
    await until(() => selected(one).length === 2, "two");
    expect(selected(one)).toEqual(["run 1", "run 3"]);
    await userEvent.click(cell(rows(one)[5], "name") as Element, { modifiers: ["Shift"] });
    await until(() => selected(one).length === 4, "a stretch");
    expect(selected(one)).toEqual(["run 1", "run 3", "run 4", "run 5"]);
    await changed("keep");
    // Which runs are selected changes no rows.
    expect(kernel.all("view")).toEqual([]);
    await userEvent.click(one.find(".inlay-head .inlay-check"));
    await until(() => selected(one).length === 0, "none");
  });

  it("all is the first fifty", async () => {
    const one = await stage({ runs: 80 });
    await userEvent.click(one.find(".inlay-head .inlay-check"));
    await until(() => kernel.state.selected.length === 50, "fifty");
    expect(kernel.state.selected[49]).toBe("run-000049");
  });
});

describe("what the kernel says by itself", () => {
  it("changes cells in place, and neither scrolls nor takes the focus", async () => {
    const one = await stage({ runs: 500 });
    grid(one).scrollTop = 700;
    await settle(10);
    grid(one).focus();
    const row = rows(one).find((node) => cell(node, "name")?.textContent === "run 30");
    kernel.store.change(30, "status", "finished");
    kernel.store.change(30, "duration_s", 7);
    kernel.pushRows(0, 60);
    await until(() => cell(row, "duration_s")?.textContent === "7.0s", "the new value");
    kernel.push();
    await settle(10);
    expect(grid(one).scrollTop).toBe(700);
    expect(document.activeElement).toBe(grid(one));
    expect(names(one)).toContain("run 30");
  });

  it("never changes the height, and an empty table says how to begin", async () => {
    const one = await stage({ runs: 40 });
    const before = grid(one).offsetHeight;
    kernel.push({ filter: "metrics.loss > 100" });
    await until(() => one.find(".inlay-grid-empty").textContent !== "", "a hint");
    expect(one.text(".inlay-grid-empty")).toContain("metrics.loss");
    expect(grid(one).offsetHeight).toBe(before);
    const empty = await stage({ runs: 0 });
    expect(empty.text(".inlay-grid-empty")).toContain("%%track");
  });

  it("stops with the view", async () => {
    const one = await stage({ runs: 4 });
    views.splice(0);
    one.close();
    expect(kernel.table.listenerCount).toBe(0);
  });
});
