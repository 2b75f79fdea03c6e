/** Points as nobody would like to have logged them: each is drawn, on every axis, and what cannot be drawn is said. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { page, userEvent } from "vitest/browser";
import { reduced, type Stage, type StageOptions, stage } from "./charts-stage.ts";
import { type Part, STARTED, settle, until } from "./stub-model.ts";

const stages: Stage[] = [];
const open = async (part: Partial<Part>, options?: StageOptions): Promise<Stage> => {
  const one = stage([{ x: [], y: [], ...part }], options);
  stages.push(one);
  await until(() => one.all("canvas").length > 0, "a chart");
  await settle();
  return one;
};
let errors: unknown[] = [];
const caught = ({ error }: ErrorEvent) => errors.push(error);

beforeEach(async () => {
  await page.viewport(1000, 800);
  document.body.style.cssText = "--jp-layout-color0: #fff; --jp-ui-font-color1: #222; margin: 0";
  errors = [];
  window.addEventListener("error", caught);
});

afterEach(() => {
  window.removeEventListener("error", caught);
  for (const one of stages.splice(0)) one.close();
  expect(errors).toEqual([]);
});

/** How many pixels are as blue as the first line, or nearly. */
function ink(one: Stage): number {
  const [canvas] = one.all("canvas");
  if (!(canvas instanceof HTMLCanvasElement)) throw new Error("not a canvas");
  const { width, height } = canvas;
  const data = canvas.getContext("2d")?.getImageData(0, 0, width, height).data ?? [];
  let count = 0;
  for (let i = 0; i < data.length; i += 4) {
    if ((data[i + 2] ?? 0) - (data[i] ?? 0) > 90) count++;
  }
  return count;
}

const remark = (one: Stage) => one.text(".inlay-remark");
const steps = (n: number) => Array.from({ length: n }, (_, i) => i);

describe("every axis draws", () => {
  const odd: [string, Partial<Part>][] = [
    ["1e300 and 1e-300 together", { x: [0, 1, 2], y: [1e300, 1e-300, 1] }],
    ["values at the ends of double precision", { x: [0, 1], y: [Number.MAX_VALUE, 5e-324] }],
    ["one point", { x: [7], y: [0.5] }],
    ["negative steps that repeat", { x: [-5, -5, -3, -3], y: [1, 2, 3, 4] }],
    ["steps that go back", { x: [4, 5, 6, 1, 2, 3], y: [4, 5, 6, 1, 2, 3] }],
    [
      "time that goes back",
      { x: [0, 1, 2, 3], y: [1, 2, 3, 4], time: [50, 60, 10, 20].map((t) => STARTED + t) },
    ],
    ["all at one time", { x: [0, 1, 2], y: [1, 2, 3], time: Array(3).fill(STARTED) }],
    ["steps beyond what doubles tell apart", { x: [2 ** 62, 2 ** 62 + 4096], y: [1, 2] }],
    ["times no calendar has", { x: [0, 1], y: [1, 2], time: [-1e15, 1e18] }],
    ["one value a thousand times", { x: steps(1000), y: Array(1000).fill(3) }],
    [
      "a name that looks like HTML",
      { key: `<img src=x onerror=alert(1)>${"long ".repeat(50)}`, x: [0, 1], y: [1, 2] },
    ],
    ["a reduced series that never changes", reduced(50_000, () => 1)],
    ["a reduced series with gaps", reduced(50_000, (i) => (i % 5000 < 900 ? Number.NaN : i + 1))],
  ];
  it.each(odd)("%s", async (_, part) => {
    for (const x of ["step", "time", "relative"]) {
      for (const log of [[], [part.key ?? "loss"]]) {
        const one = await open({ key: "loss", ...part }, { choices: { x, log, smoothing: 0.6 } });
        expect(ink(one)).toBeGreaterThan(3);
        expect(one.find(".inlay-nothing").hidden).toBe(true);
        one.find(".inlay-plot").focus();
        await userEvent.keyboard("{Home}{ArrowRight}{End}");
        expect(one.text(".inlay-value")).not.toBe("–");
        one.close();
      }
    }
  });
});

describe("what cannot be drawn is said", () => {
  it("where no value is finite", async () => {
    const one = await open({ x: [0, 1, 2], y: Array(3).fill(Number.NaN), nonfinite: 3 });
    expect(one.text(".inlay-nothing")).toBe("No finite values");
    expect(one.find(".inlay-nothing").hidden).toBe(false);
    expect(remark(one)).toBe("3 not finite");
    expect(one.text(".inlay-value")).toBe("NaN");
    expect(one.find("canvas").getAttribute("aria-label")).toBe("loss: loss no finite value");
    // Each has its mark.
    expect(ink(one)).toBeGreaterThan(3);
  });

  it("also of a reduced series, which then has no line at all", async () => {
    const x = steps(2000);
    const one = await open({
      x,
      y: x.map(() => Number.NaN),
      total: 1_000_000,
      nonfinite: 1_000_000,
    });
    expect(one.text(".inlay-nothing")).toBe("No finite values");
    expect(remark(one)).toBe("1,000,000 not finite · 2,000 of 1,000,000");
  });

  it("where a logarithmic axis has room for none", async () => {
    const one = await open({ x: [0, 1], y: [-1, 0] }, { choices: { log: ["loss"] } });
    expect(one.text(".inlay-nothing")).toBe("No values above zero");
    expect(remark(one)).toBe("2 ≤ 0 left out");
  });

  it("by marks that the cursor names", async () => {
    const y = [1, Number.NaN, 2, Number.POSITIVE_INFINITY, 3, Number.NEGATIVE_INFINITY, 4];
    const one = await open({ x: steps(7), y, nonfinite: 3 });
    one.find(".inlay-plot").focus();
    const read: string[] = [];
    for (let i = 0; i < 7; i++) {
      await userEvent.keyboard(i === 0 ? "{Home}" : "{ArrowRight}");
      read.push(one.text(".inlay-value"));
    }
    expect(read).toEqual(["1", "NaN", "2", "inf", "3", "-inf", "4"]);
  });

  it("and a chart without any point is empty, not broken", async () => {
    const one = await open({});
    expect(one.text(".inlay-nothing")).toBe("No finite values");
    expect(one.text(".inlay-value")).toBe("–");
  });
});
