/** The bars of a run's loops in the head of its card. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { page } from "vitest/browser";
import { header, StubModel, show, type View } from "./stub-model.ts";

const views: View[] = [];

beforeEach(async () => {
  await page.viewport(1000, 800);
  document.body.style.cssText = "--jp-layout-color0: #fff; --jp-ui-font-color1: #222; margin: 0";
});

afterEach(() => {
  for (const one of views.splice(0)) one.close();
});

const bar = (more: Record<string, unknown> = {}) => ({
  desc: "epoch",
  n: 340,
  total: 1000,
  elapsed_s: 27.6,
  rate: 12.3,
  left_s: 192,
  state: "running",
  ...more,
});
const stage = (model: StubModel): View => {
  const one = show(model);
  views.push(one);
  return one;
};
const words = (one: View) =>
  one.all(".inlay-bar").map((row) => [...row.children].map((part) => part.textContent).join("|"));
const track = (one: View, i = 0) => one.all("[role=progressbar]")[i];
const send = (model: StubModel, bars: unknown) =>
  model.emit("msg:custom", { type: "progress", bars }, []);

describe("a bar", () => {
  it("says how far it is, how fast and how long to go", () => {
    const one = stage(new StubModel({ _progress: [bar()] }));
    expect(words(one)).toEqual(["epoch||340 of 1,000|12.3/s · 3m 12s left"]);
    const fill = track(one)?.firstElementChild?.getBoundingClientRect().width ?? 0;
    expect(fill / (track(one)?.offsetWidth ?? 1)).toBeCloseTo(0.34, 2);
    const value = (name: string) => track(one)?.getAttribute(`aria-${name}`);
    expect(["label", "valuemin", "valuenow", "valuemax", "valuetext"].map(value)).toEqual([
      "epoch",
      "0",
      "340",
      "1000",
      "340 of 1,000, 12.3/s · 3m 12s left",
    ]);
  });

  it("of an unknown number counts, and does not move by itself", () => {
    const one = stage(new StubModel({ _progress: [bar({ total: null, left_s: null, desc: "" })] }));
    expect(words(one)).toEqual(["||340|12.3/s"]);
    expect(track(one)?.hasAttribute("aria-valuenow")).toBe(false);
    expect(track(one)?.getAttribute("aria-label")).toBe("Progress");
    const fill = track(one)?.firstElementChild;
    expect(getComputedStyle(fill ?? one.root).backgroundImage).toContain("gradient");
    expect(fill?.getAnimations()).toEqual([]);
  });

  it.each([
    [{ rate: 0.033, left_s: 1121 }, "30.3 s each · 18m 41s left"],
    [{ rate: 1234.5 }, "1,235/s · 3m 12s left"],
    [{ rate: null, left_s: null }, ""],
    [{ state: "done", n: 1000 }, "28s"],
    [{ state: "stopped" }, "stopped after 28s"],
  ])("is in words: %o", (more, pace) => {
    const one = stage(new StubModel({ _progress: [bar(more)] }));
    expect(words(one)[0]?.split("|").at(-1)).toBe(pace);
  });

  it("does not run on when the run is over or the kernel is gone", () => {
    const model = new StubModel({ _progress: [bar()] });
    const one = stage(model);
    model.emit("comm_live_update");
    expect(words(one)[0]).toContain("stopped after 28s");
    model.change("_header", header({ status: "killed", ended_at: 5 }));
    expect(words(one)[0]).toContain("stopped after 28s");
  });
});

describe("bars", () => {
  it("follow the kernel's messages, and keep their place when inner loops come and go", () => {
    const model = new StubModel();
    const one = stage(model);
    expect(one.find(".inlay-progress").hidden).toBe(true);
    send(model, [bar({ desc: "outer", n: 0 }), bar({ desc: "inner" })]);
    const first = one.find(".inlay-bar");
    const top = () => one.find(".inlay-section").getBoundingClientRect().top;
    const before = top();
    send(model, [bar({ desc: "outer", n: 1 })]);
    expect(words(one)).toEqual(["outer||1 of 1,000|12.3/s · 3m 12s left"]);
    expect(top()).toBe(before);
    send(model, [bar({ desc: "outer", n: 1 }), bar({ desc: "inner", n: 7 })]);
    expect(top()).toBe(before);
    expect(one.find(".inlay-bar")).toBe(first);
  });

  it.each([null, 7, [null, {}], { bars: 3 }])("of no sense do no harm: %o", (bars) => {
    const model = new StubModel({ _progress: bars });
    const one = stage(model);
    send(model, bars);
    expect(one.text(".inlay-name")).toBe("baseline");
  });
});
