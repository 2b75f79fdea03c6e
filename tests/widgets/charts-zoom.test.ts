/** Zooming by drags and keys, what carries over to other charts, and the detail that the kernel adds. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { page, userEvent } from "vitest/browser";
import { KernelError } from "../../js/lib/rpc.ts";
import { reduced, type Stage, type StageOptions, stage } from "./charts-stage.ts";
import { type Part, STARTED, settle, until } from "./stub-model.ts";

const stages: Stage[] = [];
const open = async (parts: Part[], options?: StageOptions): Promise<Stage> => {
  const one = stage(parts, options);
  stages.push(one);
  const shown = Math.min(12, new Set(parts.map(({ chart, key }) => chart ?? key ?? "loss")).size);
  await until(() => one.all("canvas").length === shown, "all charts");
  await settle();
  return one;
};

beforeEach(async () => {
  await page.viewport(1000, 800);
  document.body.style.cssText = "--jp-layout-color0: #fff; --jp-ui-font-color1: #222; margin: 0";
});

afterEach(() => {
  for (const one of stages.splice(0)) one.close();
});

const line = (n: number, more: Partial<Part> = {}): Part => ({
  key: "loss",
  x: Array.from({ length: n }, (_, i) => i),
  y: Array.from({ length: n }, (_, i) => Math.sin(i / 9)),
  ...more,
});

/** Drags over a chart with the mouse, from one part of its width to another. */
async function drag(one: Stage, chart: number, from: number, to: number): Promise<void> {
  const over = one.all(".inlay-over")[chart];
  if (over === undefined) throw new Error("no such chart");
  const { width } = over.getBoundingClientRect();
  await userEvent.dragAndDrop(over, over, {
    sourcePosition: { x: Math.round(width * from), y: 40 },
    targetPosition: { x: Math.round(width * to), y: 40 },
  });
  // Away from the chart, which else says what is under the mouse.
  await userEvent.hover(one.find(".inlay-segments"));
  await settle();
}

const zoomed = (one: Stage) => one.find(".inlay-reset").style.visibility === "visible";
const remarks = (one: Stage) => one.all(".inlay-remark").map((remark) => remark.textContent);
/** The part of the x axis a chart shows, read by putting the cursor on its ends. */
async function shownBetween(one: Stage, chart = 0): Promise<string[]> {
  const plot = one.all(".inlay-plot")[chart];
  const ends: string[] = [];
  plot?.focus();
  for (const key of ["{Home}", "{End}"]) {
    await userEvent.keyboard(key);
    ends.push(remarks(one)[chart] ?? "");
  }
  plot?.blur();
  return ends;
}

describe("a drag", () => {
  it("zooms to the part that was dragged over, and a double click goes back", async () => {
    const one = await open([line(101)]);
    expect(zoomed(one)).toBe(false);
    await drag(one, 0, 0.195, 0.505);
    expect(zoomed(one)).toBe(true);
    expect(await shownBetween(one)).toEqual(["step 20", "step 50"]);
    await userEvent.dblClick(one.find(".inlay-over"));
    await settle();
    expect(zoomed(one)).toBe(false);
    expect(await shownBetween(one)).toEqual(["step 0", "step 100"]);
  });

  it("carries over to charts with points there, and leaves the others as they are", async () => {
    const one = await open([
      line(101),
      line(101, { key: "acc" }),
      line(1, { key: "test", x: [30], y: [1] }),
      line(9, { key: "early" }),
    ]);
    await drag(one, 0, 0.195, 0.505);
    expect(await shownBetween(one, 1)).toEqual(["step 20", "step 50"]);
    expect(await shownBetween(one, 2)).toEqual(["step 30", "step 30"]);
    expect(await shownBetween(one, 3)).toEqual(["step 0", "step 8"]);
  });

  it("begins at what was pressed on, also when the run goes on meanwhile", async () => {
    const one = await open([line(101)], { live: true });
    const over = one.find(".inlay-over");
    const { left, width } = over.getBoundingClientRect();
    const pointer = (type: string, share: number) =>
      over.dispatchEvent(
        new PointerEvent(type, { clientX: left + width * share, bubbles: true, isPrimary: true }),
      );
    pointer("pointerdown", 0.8);
    const steps = Array.from({ length: 100 }, (_, i) => i + 101);
    one.push([{ ...line(1), from: 101, x: steps, y: steps.map(() => 0) }]);
    await settle();
    // A hand that rested has not dragged, though the data has moved.
    pointer("pointerup", 0.8);
    expect(zoomed(one)).toBe(false);
    pointer("pointerdown", 0.1);
    one.push([{ ...line(1), from: 201, x: steps.map((x) => x + 100), y: steps.map(() => 0) }]);
    await settle();
    pointer("pointermove", 0.5);
    pointer("pointerup", 0.5);
    await settle();
    expect(await shownBetween(one)).toEqual(["step 20", "step 150"]);
  });

  it("zooms to what is under the mouse on a page that is scaled, too", async () => {
    const one = await open([line(101)]);
    one.root.style.cssText += "transform: scale(0.5); transform-origin: 0 0";
    await drag(one, 0, 0.195, 0.505);
    one.root.style.transform = "";
    expect(await shownBetween(one)).toEqual(["step 20", "step 50"]);
  });

  it("is undone by the button, whose place is kept before and after", async () => {
    const one = await open([line(101)]);
    const place = one.find(".inlay-charts").getBoundingClientRect().top;
    await drag(one, 0, 0.195, 0.505);
    expect(one.find(".inlay-charts").getBoundingClientRect().top).toBe(place);
    await userEvent.click(one.find(".inlay-reset"));
    expect(zoomed(one)).toBe(false);
  });

  it("too short to mean anything does nothing", async () => {
    const one = await open([line(101)]);
    await drag(one, 0, 0.5, 0.505);
    expect(zoomed(one)).toBe(false);
  });

  it("keeps its view while the run goes on", async () => {
    const one = await open([line(101)], { live: true });
    await drag(one, 0, 0.195, 0.505);
    one.push([{ ...line(3), from: 101, x: [101, 102, 103], y: [5, 5, 5] }]);
    await settle();
    expect(await shownBetween(one)).toEqual(["step 20", "step 50"]);
    expect(one.text(".inlay-value")).toBe("5");
  });

  it("ends when the axis becomes another", async () => {
    const one = await open([line(101)]);
    await drag(one, 0, 0.195, 0.505);
    one.choices.set({ x: "relative" });
    await settle();
    expect(zoomed(one)).toBe(false);
    expect(await shownBetween(one)).toEqual(["0.0s", "1m 40s"]);
  });
});

describe("the keyboard", () => {
  it("reads values, zooms about the cursor and resets", async () => {
    const one = await open([line(101)]);
    one.find(".inlay-plot").focus();
    await userEvent.keyboard("{Home}{ArrowRight}{ArrowRight}");
    expect(remarks(one)).toEqual(["step 2"]);
    expect(
      one
        .all("[role=status]")
        .some(({ textContent }) => textContent?.startsWith("step 2: loss 0.2")),
    ).toBe(true);
    await userEvent.keyboard("{Home}{Shift>}{ArrowRight>5/}{/Shift}");
    expect(remarks(one)).toEqual(["step 50"]);
    await userEvent.keyboard("+");
    await settle();
    expect(zoomed(one)).toBe(true);
    expect(await shownBetween(one)).toEqual(["step 25", "step 75"]);
    one.find(".inlay-plot").focus();
    await userEvent.keyboard("{Escape}");
    expect(zoomed(one)).toBe(false);
  });

  it("zooms no further than there is a line to be seen", async () => {
    const one = await open([line(101)]);
    one.find(".inlay-plot").focus();
    await userEvent.keyboard("{Home}{Shift>}{ArrowRight>5/}{/Shift}");
    for (let i = 0; i < 40; i++) await userEvent.keyboard("+");
    await settle();
    expect(zoomed(one)).toBe(true);
    const [lo, hi] = await shownBetween(one);
    expect(lo).not.toBe(hi);
    expect([lo, hi]).not.toContain("step 0");
  });
});

describe("the kernel's detail", () => {
  const BIG = 100_000;
  const coarse = (key = "loss") => ({ key, ...reduced(BIG, (step) => Math.sin(step / 900)) });
  const finer = (lo: number, hi: number, more: Partial<Part> = {}): Part => {
    const x = Array.from({ length: hi - lo + 1 }, (_, i) => lo + i);
    return { key: "loss", x, y: x.map((step) => Math.sin(step / 900)), ...more };
  };

  it("is counted for all lines of a chart, as in the saved picture, and in a part for that part", async () => {
    const val = line(101, { key: "val", chart: "loss", label: "val" });
    const x = val.x?.map((step) => step * 1000);
    const train = { ...coarse(), chart: "loss", label: "train" };
    const one = await open([train, { ...val, ...(x && { x }) }]);
    const held = train.x?.length ?? 0;
    expect(remarks(one)[0]).toBe(`${(held + 101).toLocaleString("en")} of 100,101 points`);
    await drag(one, 0, 0.5, 0.55);
    await until(() => one.answers.asked.length === 1, "a question");
    one.answers.answer([finer(50_000, 50_999, { total: 5_000 })]);
    await settle();
    expect(remarks(one)[0]).toMatch(/^1,00[56] of 5,00[56] points$/);
  });

  it("is asked for the part and the charts that are zoomed, and drawn when it comes", async () => {
    const one = await open([coarse(), coarse("acc"), line(50, { key: "small" })]);
    expect(remarks(one)[0]).toMatch(/^[\d,]+ of 100,000 points$/);
    await drag(one, 0, 0.5, 0.55);
    await until(() => one.answers.asked.length === 1, "a question");
    expect(one.answers.asked[0]?.op).toBe("detail");
    const args: Record<string, unknown> = one.answers.asked[0]?.args ?? {};
    expect(args).toMatchObject({ run: "0193b2f0", keys: ["loss", "acc"], x: "step", points: 2000 });
    const [lo, hi] = [Math.ceil(Number(args["lo"])), Math.floor(Number(args["hi"]))];
    expect(lo).toBeGreaterThan(49_000);
    expect(hi).toBeLessThan(56_000);
    one.answers.answer([finer(lo, hi), finer(lo, hi, { key: "acc", total: 77_777 })]);
    await settle();
    expect(remarks(one)[0]).toBe("");
    expect(remarks(one)[1]).toBe(`${(hi - lo + 1).toLocaleString("en")} of 77,777 points`);
    one.find(".inlay-plot").focus();
    await userEvent.keyboard("{Home}{ArrowRight}{ArrowRight}");
    expect(remarks(one)[0]).toBe(`step ${(lo + 2).toLocaleString("en")}`);
    expect(one.answers.asked.length).toBe(0);
  });

  it("is said to follow while the kernel is busy, and nothing else happens", async () => {
    const one = await open([coarse()]);
    const begun = performance.now();
    await drag(one, 0, 0.2, 0.4);
    const early = remarks(one)[0];
    // Not at once; on a slow machine a drag alone may take longer than the words do.
    if (performance.now() - begun < 250) expect(early).toBe("");
    await until(() => remarks(one)[0] === "detail follows", "the words");
    expect(one.failures).toEqual([]);
    one.answers.answer([finer(20_000, 21_000)]);
    await until(() => remarks(one)[0] === "", "them to go");
  });

  it("is asked one question at a time, and the newest wins", async () => {
    const one = await open([coarse()]);
    await drag(one, 0, 0.2, 0.8);
    await drag(one, 0, 0.2, 0.8);
    await drag(one, 0, 0.2, 0.8);
    expect(one.answers.asked.length).toBe(1);
    one.answers.answer([finer(20_000, 21_000)]);
    await until(() => one.answers.asked.length === 1, "the newest");
    const { lo, hi } = one.answers.asked[0]?.args ?? {};
    expect(Number(hi) - Number(lo)).toBeLessThan(25_000);
    one.answers.answer([finer(50_000, 50_100)]);
    await settle();
    expect(one.answers.asked.length).toBe(0);
  });

  it("is never asked for, nor waited for, without a kernel", async () => {
    const one = await open([coarse()], { available: false });
    await drag(one, 0, 0.2, 0.4);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(one.answers.asked).toEqual([]);
    expect(remarks(one)[0]).toBe("");
    one.answers.setAvailable(true);
    expect(one.answers.asked.length).toBe(1);
  });

  it("that fails in the kernel is told once, and the picture stays", async () => {
    const one = await open([coarse()]);
    await drag(one, 0, 0.2, 0.4);
    one.answers.asked.shift()?.reject(new KernelError("ValueError", "no", "trace"));
    await until(() => one.failures.length === 1, "the failure");
    await settle();
    expect(one.answers.asked).toEqual([]);
    expect(await shownBetween(one)).not.toEqual(["step 0", "step 99,999"]);
  });

  it("in relative time is asked for by the clock", async () => {
    const one = await open([coarse()], { choices: { x: "relative" } });
    await drag(one, 0, 0.5, 0.6);
    const { x, lo, hi } = one.answers.asked[0]?.args ?? {};
    expect(x).toBe("time");
    expect(Number(lo)).toBeCloseTo(STARTED + 50_000, -4);
    expect(Number(hi)).toBeCloseTo(STARTED + 60_000, -4);
  });

  it("is asked for series that came with few points, when they are seen", async () => {
    const few = { key: "far", ...reduced(BIG, (step) => step % 7, 20) };
    const one = await open([coarse(), few]);
    await until(() => one.answers.asked.length === 1, "a question");
    expect(one.answers.asked[0]?.args).toMatchObject({ keys: ["far"], x: "step", lo: 0 });
    one.answers.answer([{ key: "far", ...reduced(BIG, (step) => step % 7) }]);
    await settle();
    expect(remarks(one)[1]).toMatch(/^[12],\d+ of 100,000 points$/);
    expect(one.answers.asked.length).toBe(0);
  });
});
