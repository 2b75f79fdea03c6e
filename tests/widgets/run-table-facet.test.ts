/** The panel of a column: its distribution, the filter it sets, and what else it does with the column. */

import axe from "axe-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { page, userEvent } from "vitest/browser";
import { placeOf, valueAt } from "../../js/run-table/facet-numbers.ts";
import { settle, until } from "./stub-model.ts";
import { StubTable } from "./stub-table.ts";
import { type Parts, stageParts } from "./table-parts.ts";

let parts: Parts;
let kernel: StubTable;

beforeEach(async () => {
  await page.viewport(1000, 700);
  document.body.style.cssText = "--jp-layout-color0: #fff; --jp-ui-font-color1: #222; margin: 0";
});

afterEach(() => parts.close());

async function stage(
  column: string,
  options: ConstructorParameters<typeof StubTable>[0] = {},
): Promise<void> {
  kernel = new StubTable({ runs: 80, ...options });
  parts = await stageParts(kernel);
  await parts.open(column);
}

const button = (label: string) => {
  const found = parts.all(".inlay-popover button").find((one) => one.textContent === label);
  if (found === undefined) throw new Error(`no button ${label}`);
  return found;
};
const sliders = () => parts.all('[role="slider"]');
const refinements = () => kernel.all("view").flatMap((one) => one["refine"] ?? []);

/** Drags over the plot, from and to a part of its width. */
async function drag(from: number, to: number, steps = 4, held?: () => boolean): Promise<void> {
  const plot = parts.find(".inlay-facet-plot");
  const { left, top, width } = plot.getBoundingClientRect();
  const at = (part: number) => ({
    clientX: left + width * part,
    clientY: top + 20,
    pointerId: 1,
    button: 0,
    bubbles: true,
  });
  const target = document.elementFromPoint(at(from).clientX, at(from).clientY) ?? plot;
  plot.setPointerCapture = () => undefined;
  target.dispatchEvent(new PointerEvent("pointerdown", at(from)));
  for (let i = 1; i <= steps; i++) {
    plot.dispatchEvent(new PointerEvent("pointermove", at(from + ((to - from) * i) / steps)));
    await settle(1);
  }
  if (held !== undefined) await until(held, "what comes before the button is let go");
  plot.dispatchEvent(new PointerEvent("pointerup", at(to)));
}

describe("the facet of a number", () => {
  it("filters while it is brushed, soon, and as the last place says", async () => {
    await stage("metrics.throughput");
    await drag(0.263, 0.507, 4, () => parts.session.view.runs < 80);
    await until(() => kernel.state.filter.includes("BETWEEN"), "the filter");
    await settle(20);
    const [, low, high] = /BETWEEN ([\d.]+) AND ([\d.]+)/.exec(kernel.state.filter) ?? [];
    const { edges } = kernelFacet();
    const places = [low, high].map((value) => placeOf(edges, Number(value)) / 40);
    expect(places[0]).toBeCloseTo(0.25, 1);
    expect(places[1]).toBeCloseTo(0.5, 1);
    // Far fewer questions than moves of the pointer.
    expect(refinements().length).toBeLessThanOrEqual(4);
    expect(low?.length).toBeLessThanOrEqual(6);
    await drag(0.8, 0.8, 0);
    await until(() => kernel.state.filter === "", "a click beside the brush");
  });

  it("has two sliders for the keyboard", async () => {
    await stage("params.dropout", { latency: 5 });
    const [from, to] = sliders();
    expect(from?.getAttribute("aria-valuetext")).toBe("0");
    expect(to?.getAttribute("aria-valuetext")).toBe("0.5");
    from?.focus();
    await userEvent.keyboard("{PageUp}{PageUp}{ArrowRight}");
    expect(from?.getAttribute("aria-valuetext")).toBe("0.1375");
    await until(() => kernel.state.filter.includes("BETWEEN 0.137"), "the filter");
    // The upper end is the value itself, not a rounded one that leaves a run out.
    expect(kernel.state.filter).toMatch(/AND 0\.5$/);
    await userEvent.keyboard("{Home}");
    await until(() => kernel.state.filter === "", "the whole range");
  });

  it("holds on to what was chosen last when the panel is closed at once", async () => {
    await stage("metrics.throughput");
    kernel.held = true;
    await drag(0.5, 0.7);
    await userEvent.keyboard("{Escape}");
    kernel.release();
    expect(parts.root.querySelector(".inlay-popover")).toBeNull();
    const end = () => Number(/AND ([\d.]+)$/.exec(kernel.state.filter)?.[1]);
    await until(
      () => Math.abs(placeOf(kernelFacet().edges, end()) / 40 - 0.7) < 0.02,
      "the filter",
    );
  });

  it("counts what has no value, and asks for it", async () => {
    await stage("metrics.rare");
    const missing = button("72 without a value");
    missing.click();
    await until(() => kernel.state.filter.endsWith("IS NULL"), "the filter");
    expect(parts.session.view.runs).toBe(72);
  });

  it("finds places between uneven edges", () => {
    const edges = [1, 10, 100, 1000];
    for (const value of [1, 5, 10, 55, 1000]) {
      expect(valueAt(edges, placeOf(edges, value))).toBeCloseTo(value, 9);
    }
    expect(placeOf(edges, 0)).toBe(0);
    expect(placeOf(edges, 5000)).toBe(3);
    expect(valueAt([2, 2], 0.5)).toBe(2);
  });
});

describe("the facet of a text", () => {
  const value = (text: string) => {
    const found = parts.all(".inlay-facet-row").find((row) => row.textContent?.includes(text));
    if (found === undefined) throw new Error(`no value ${text}`);
    return found;
  };

  it("takes runs in by a click and leaves them out by another", async () => {
    await stage("params.model");
    value("resnet18").querySelector("button")?.click();
    await until(() => kernel.state.filter === "params.model IN ('resnet18')", "one value");
    value("convnext").querySelector("button")?.click();
    await until(() => kernel.state.filter.includes("'resnet18', 'convnext'"), "two values");
    value("convnext").querySelector<HTMLElement>(".inlay-facet-without")?.click();
    await until(() => kernel.state.filter === "params.model NOT IN ('convnext')", "none of it");
    await until(() => kernel.all("facet").length > 1, "new counts");
    await settle(3);
    expect(value("convnext").dataset["state"]).toBe("unwanted");
    value("convnext").querySelector<HTMLElement>(".inlay-facet-without")?.click();
    await until(() => kernel.state.filter === "", "all of them");
  });

  it("searches among values, which are text", async () => {
    await stage("name");
    const search = parts.find<HTMLInputElement>(".inlay-facet-search");
    search.value = "<b>";
    search.dispatchEvent(new InputEvent("input"));
    expect(parts.all(".inlay-facet-row")).toHaveLength(2);
    expect(parts.root.querySelector(".inlay-facet-row b")).toBeNull();
    const { violations } = await axe.run(parts.root);
    expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
  });
});

describe("the panel", () => {
  it("sorts, with Shift after the columns sorted by", async () => {
    await stage("metrics.loss");
    button("Ascending").click();
    expect(parts.session.state.order).toEqual([["metrics.loss", "asc"]]);
    await settle(1);
    expect(button("Ascending").getAttribute("aria-pressed")).toBe("true");
    await userEvent.keyboard("{Escape}");
    await parts.open("params.lr");
    button("Descending").dispatchEvent(new MouseEvent("click", { shiftKey: true }));
    expect(parts.session.state.order).toEqual([
      ["metrics.loss", "asc"],
      ["params.lr", "desc"],
    ]);
    await settle(1);
    button("Descending").click();
    expect(parts.session.state.order).toEqual([["metrics.loss", "asc"]]);
  });

  it("says how a metric is shown", async () => {
    await stage("metrics.loss");
    const radio = (value: string) =>
      parts.find<HTMLInputElement>(`.inlay-popover input[value="${value}"]`);
    expect(radio("last").checked).toBe(true);
    expect(radio("min").checked).toBe(false);
    radio("max").click();
    button("Colour scale").click();
    button("Sparkline").click();
    button("Group by this").click();
    button("Pin").click();
    const { state } = parts.session;
    expect(state.summary).toEqual({ "metrics.loss": "max" });
    expect([state.heat, state.spark, state.group]).toEqual([
      ["metrics.loss"],
      ["metrics.loss"],
      ["metrics.loss"],
    ]);
    expect(state.pinned).toEqual(["name", "metrics.loss"]);
    button("Chart this").click();
    expect(parts.session.state.charts).toMatchObject([{ kind: "lines", metric: "loss" }]);
    await parts.open("metrics.loss");
    button("Hide").click();
    expect(parts.session.state.columns).not.toContain("metrics.loss");
    expect(parts.session.state.pinned).toEqual(["name"]);
  });

  it("goes round with Tab, and closes with Escape, elsewhere or on its head", async () => {
    await stage("params.lr");
    const head = parts.find('.inlay-run-table > [aria-haspopup="dialog"]');
    expect(head.getAttribute("aria-expanded")).toBe("true");
    const inside = () => parts.find(".inlay-popover").contains(document.activeElement);
    for (let i = 0; i < 12; i++) {
      expect(inside()).toBe(true);
      await userEvent.tab();
    }
    await userEvent.keyboard("{Escape}");
    expect(document.activeElement).toBe(head);
    expect(head.getAttribute("aria-expanded")).toBe("false");
    await parts.open("params.lr");
    document.body.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
    expect(parts.root.querySelector(".inlay-popover")).toBeNull();
  });
});

function kernelFacet(): { edges: number[] } {
  const values = Array.from({ length: 80 }, (_, i) =>
    Number(kernel.store.value(i, "metrics.throughput")),
  );
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return { edges: Array.from({ length: 41 }, (_, i) => low + ((high - low) * i) / 40) };
}
