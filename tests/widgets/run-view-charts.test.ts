/** The charts of the run card: what is on the canvas, and what follows from what the kernel sends. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { page } from "vitest/browser";
import { frame, header, StubModel, settle, show, until, type View } from "./stub-model.ts";

const views: View[] = [];
const view = (model: StubModel, width?: number): View => {
  const one = show(model, width);
  views.push(one);
  return one;
};

beforeEach(async () => {
  // Charts outside the window are not drawn, which is one of the tests and must not be all of them.
  await page.viewport(1000, 800);
  document.body.style.cssText = "--jp-layout-color0: #fff; --jp-ui-font-color1: #222; margin: 0";
});

afterEach(() => {
  for (const one of views.splice(0)) one.close();
});

const loss = (n: number) => ({
  x: Array.from({ length: n }, (_, i) => i),
  y: Array.from({ length: n }, (_, i) => 2 / (i + 1)),
});

const drawn = (one: View) => until(() => one.root.querySelector("canvas") !== null, "a chart");

/** How many pixels of a canvas are near a colour. */
function pixels(canvas: HTMLCanvasElement, [r, g, b]: [number, number, number]): number {
  const { data } = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height) ?? {};
  let count = 0;
  for (let i = 0; data !== undefined && i < data.length; i += 4) {
    const near = (offset: number, wanted: number) =>
      Math.abs((data[i + offset] ?? 0) - wanted) < 24;
    if (near(0, r) && near(1, g) && near(2, b) && near(3, 255)) count++;
  }
  return count;
}

const canvasOf = (one: View) => {
  const canvas = one.find("canvas");
  if (!(canvas instanceof HTMLCanvasElement)) throw new Error("not a canvas");
  return canvas;
};

const LIGHT_BLUE: [number, number, number] = [0x2f, 0x66, 0xd8];
const DARK_BLUE: [number, number, number] = [0x73, 0xa0, 0xff];

describe("the charts", () => {
  it("are drawn from the saved snapshot alone, with no answer from the kernel", async () => {
    const one = view(new StubModel({ _snapshot: frame(3, [loss(50)]) }));
    await drawn(one);
    await settle();
    expect(pixels(canvasOf(one), LIGHT_BLUE)).toBeGreaterThan(100);
    expect(one.text(".inlay-value")).toBe("0.04000");
  });

  it("put series of one chart together and label them", async () => {
    const parts = ["train", "val"].map((label) => ({
      ...loss(9),
      key: `${label}/loss`,
      chart: "loss",
      label,
    }));
    const one = view(new StubModel({ _snapshot: frame(1, [...parts, { ...loss(4), key: "lr" }]) }));
    await until(() => one.root.querySelectorAll("canvas").length === 2, "two charts");
    const titles = [...one.root.querySelectorAll(".inlay-chart-title")].map((t) => t.textContent);
    expect(titles).toEqual(["loss", "lr"]);
    const labels = [...one.find(".inlay-chart").querySelectorAll(".inlay-label")];
    expect(labels.map((label) => label.textContent)).toEqual(["train", "val"]);
  });

  it("follow the pushes, in the same place and at the same height", async () => {
    const model = new StubModel();
    const one = view(model);
    model.push("points", frame(1, [loss(5)]));
    await drawn(one);
    const [canvas, height] = [canvasOf(one), one.root.offsetHeight];
    model.push("points", frame(2, [{ from: 5, x: [5], y: [123.4] }]));
    await until(() => one.text(".inlay-value") === "123.4", "the new value");
    expect(canvasOf(one)).toBe(canvas);
    expect(one.root.offsetHeight).toBe(height);
  });

  it("ask once at the start and once for a gap, and recover by the trait", async () => {
    const model = new StubModel();
    const one = view(model);
    expect(model.sent).toEqual([{ type: "ready" }]);
    model.change("_snapshot", frame(1, [loss(2)]));
    model.push("points", frame(5, [{ from: 8, x: [8], y: [7] }]));
    model.push("points", frame(6, [{ from: 9, x: [9], y: [7] }]));
    expect(model.sent).toEqual([{ type: "ready" }, { type: "ready" }]);
    model.change("_snapshot", frame(6, [{ x: [0, 1], y: [5, 42.5] }]));
    await until(() => one.root.querySelector(".inlay-value")?.textContent === "42.50", "recovery");
    expect(one.root.textContent).not.toMatch(/error/i);
  });

  it("say how many values are not finite and how many points are shown", async () => {
    const part = { x: [0, 1, 2], y: [1, Number.NaN, 3], nonfinite: 3, total: 1_000_000 };
    const one = view(new StubModel({ _snapshot: frame(1, [part]) }));
    await drawn(one);
    expect(one.text(".inlay-remark")).toBe("3 not finite · 3 of 1,000,000");
  });

  it("draw a single point as a dot", async () => {
    const one = view(
      new StubModel({ _header: header({ status: "finished" }), _snapshot: frame(1, [loss(1)]) }),
    );
    await drawn(one);
    await settle();
    expect(pixels(canvasOf(one), LIGHT_BLUE)).toBeGreaterThan(4);
  });

  it("leave a gap where a value is missing", async () => {
    const y = Array.from({ length: 300 }, (_, i) => (i > 50 && i < 250 ? Number.NaN : Math.sin(i)));
    const gap = { x: y.map((_, i) => i), y };
    const whole = { x: gap.x, y: y.map((_, i) => Math.sin(i)) };
    const [a, b] = [gap, whole].map((part) => view(new StubModel({ _snapshot: frame(1, [part]) })));
    if (!a || !b) throw new Error("two views");
    await Promise.all([drawn(a), drawn(b)]);
    await settle();
    expect(pixels(canvasOf(a), LIGHT_BLUE)).toBeLessThan(pixels(canvasOf(b), LIGHT_BLUE) * 0.6);
  });

  it.each([1e300, 1e-300])("show values around %d", async (scale) => {
    const part = { x: [0, 1, 2, 3], y: [0, scale, -scale, scale * 2] };
    const one = view(new StubModel({ _snapshot: frame(1, [part]) }));
    await drawn(one);
    await settle();
    expect(pixels(canvasOf(one), LIGHT_BLUE)).toBeGreaterThan(50);
  });

  it("give every canvas a name that says what it shows", async () => {
    const one = view(
      new StubModel({ _snapshot: frame(1, [{ key: "acc", x: [0, 1], y: [0.25, 0.5] }]) }),
    );
    await drawn(one);
    expect(canvasOf(one).getAttribute("role")).toBe("img");
    expect(canvasOf(one).getAttribute("aria-label")).toBe(
      "acc: acc last 0.5000, min 0.2500, max 0.5000",
    );
  });

  it("have the colours of the page they are put on", async () => {
    // In JupyterLab all lines were black: a view is rendered before it is on the page, where it has no colours yet.
    document.body.style.cssText = "--jp-layout-color0: #111; --jp-ui-font-color1: #eee";
    const one = view(new StubModel({ _snapshot: frame(1, [loss(50)]) }));
    await drawn(one);
    await settle();
    expect(one.root.dataset["inlayTheme"]).toBe("dark");
    expect(pixels(canvasOf(one), DARK_BLUE)).toBeGreaterThan(100);
  });

  it("change their colours with the host's theme", async () => {
    const one = view(new StubModel({ _snapshot: frame(1, [loss(50)]) }));
    await drawn(one);
    await settle();
    expect(pixels(canvasOf(one), DARK_BLUE)).toBe(0);
    document.body.style.cssText = "--jp-layout-color0: #111; --jp-ui-font-color1: #eee";
    await until(() => one.root.dataset["inlayTheme"] === "dark", "the dark theme");
    await until(() => pixels(canvasOf(one), DARK_BLUE) > 100, "lines for a dark background");
  });

  it("are not drawn off screen, and are drawn when scrolled to", async () => {
    const spacer = document.createElement("div");
    spacer.style.height = "6000px";
    document.body.prepend(spacer);
    const one = view(new StubModel({ _snapshot: frame(1, [loss(50)]) }));
    await settle(20);
    expect(one.root.querySelector("canvas")).toBeNull();
    one.root.scrollIntoView();
    await drawn(one);
    spacer.remove();
  });

  it("show the values under the pointer, in every chart at once", async () => {
    const parts = ["a", "b"].map((key) => ({ key, x: [0, 1, 2, 3, 4], y: [10, 11, 12, 13, 14] }));
    const one = view(new StubModel({ _snapshot: frame(1, parts) }));
    await until(() => one.root.querySelectorAll(".inlay-over").length === 2, "two charts");
    await settle();
    const over = one.find(".inlay-over");
    const { left, top, width } = over.getBoundingClientRect();
    const at = { clientX: left + width / 2, clientY: top + 20, bubbles: true };
    over.dispatchEvent(new PointerEvent("pointermove", at));
    const values = () => [...one.root.querySelectorAll(".inlay-value")].map((v) => v.textContent);
    await until(() => values().join() === "12,12", "the values at the pointer");
    expect(one.text(".inlay-remark")).toBe("step 2");
    over.dispatchEvent(new PointerEvent("pointerleave", { bubbles: true }));
    await until(() => values().join() === "14,14", "the newest values");
  });

  it("say how many metrics there are when not all are shown", () => {
    const one = view(
      new StubModel({ _header: header({ metrics_total: 10_000 }), _snapshot: frame(1, [loss(2)]) }),
    );
    expect(one.text(".inlay-hint")).toBe("1 of 10,000 metrics");
  });

  it("give way to an example while nothing was logged, and to a plain word at the end", () => {
    const model = new StubModel();
    const one = view(model);
    expect(one.text(".inlay-empty code")).toBe('inlay.log({"loss": 0.1})');
    model.change("_header", header({ status: "finished", ended_at: 5 }));
    expect(one.text(".inlay-empty")).toBe("No metrics were logged");
    model.push("points", frame(1, [loss(2)]));
    expect(one.find(".inlay-empty").hidden).toBe(true);
  });
});
