/** The tools of a chart and the line above the charts: by mouse, by keyboard, and the files they make. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { page, userEvent } from "vitest/browser";
import { reduced, type Stage, type StageOptions, stage } from "./charts-stage.ts";
import { type Part, settle, until } from "./stub-model.ts";

const stages: Stage[] = [];
const open = async (parts: Part[], options?: StageOptions): Promise<Stage> => {
  const one = stage(parts, options);
  stages.push(one);
  await until(() => one.all("canvas").length > 0, "a chart");
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
  y: Array.from({ length: n }, (_, i) => 2 / (i + 1)),
  ...more,
});

const choose = async (one: Stage, name: string) => {
  await userEvent.click(one.find(".inlay-tool[aria-haspopup]"));
  const item = one.all(".inlay-menu-item").find(({ textContent }) => textContent === name);
  if (item === undefined) throw new Error(`no ${name} in the menu`);
  await userEvent.click(item);
  await settle();
};

const focused = () => document.activeElement;

describe("the line of choices", () => {
  it("is hidden while there is nothing to draw, and holds a search only where there is much", async () => {
    const none = stage([]);
    stages.push(none);
    expect(none.find(".inlay-toolbar").hidden).toBe(true);
    const few = await open([line(5)]);
    expect(few.find(".inlay-toolbar").hidden).toBe(false);
    expect(few.find(".inlay-searching").hidden).toBe(true);
    const many = await open(Array.from({ length: 8 }, (_, i) => line(5, { key: `m${i}` })));
    expect(many.find(".inlay-searching").hidden).toBe(false);
  });

  it.each([900, 400, 310])(
    "is one line at %i px, the way back from a zoom included",
    async (width) => {
      const one = await open([line(60)], { width });
      expect(one.find(".inlay-toolbar").offsetHeight).toBeLessThan(30);
      expect(one.find(".inlay-reset").offsetWidth).toBeGreaterThan(30);
    },
  );

  it("changes the x axis by arrow keys, for every card of the store", async () => {
    const one = await open([line(60)]);
    one.find(".inlay-segment input").focus();
    await userEvent.keyboard("{ArrowRight}");
    expect(one.choices.current.x).toBe("time");
    await userEvent.keyboard("{ArrowRight}");
    expect(one.choices.current.x).toBe("relative");
    one.choices.set({ x: "step" });
    expect(one.find(".inlay-segment input:checked").getAttribute("value")).toBe("step");
  });

  it("smooths: the legend says the average and, beside it, the value", async () => {
    const one = await open([line(3, { y: [1, 3, 2] })]);
    expect([one.text(".inlay-value"), one.text(".inlay-beside")]).toEqual(["2", ""]);
    one.find(".inlay-slider").focus();
    for (let i = 0; i < 50; i++) await userEvent.keyboard("{ArrowRight}");
    expect(one.choices.current.smoothing).toBe(0.5);
    await settle();
    expect(one.text(".inlay-slider-value")).toBe("0.50");
    expect([one.text(".inlay-value"), one.text(".inlay-beside")]).toEqual(["2.143", "2"]);
  });

  it.each([320, 500])("fits into %d px", async (width) => {
    const one = await open(
      Array.from({ length: 9 }, (_, i) => line(5, { key: `m${i}` })),
      { width },
    );
    const right = one.root.getBoundingClientRect().right;
    for (const child of one.all(".inlay-toolbar *, .inlay-charts > *")) {
      if (child.offsetWidth > 1)
        expect(child.getBoundingClientRect().right).toBeLessThanOrEqual(right);
    }
  });
});

describe("the menu", () => {
  it("opens and closes by keys, and gives the focus back", async () => {
    const one = await open([line(5)]);
    const button = one.find(".inlay-tool[aria-haspopup]");
    button.focus();
    await userEvent.keyboard("{ArrowDown}");
    expect(button.getAttribute("aria-expanded")).toBe("true");
    expect(focused()?.textContent).toBe("Log scale");
    await userEvent.keyboard("{ArrowUp}");
    expect(focused()?.textContent).toBe("Download CSV");
    await userEvent.keyboard("{Home}{ArrowDown}");
    expect(focused()?.textContent).toBe("Show data");
    await userEvent.keyboard("{Escape}");
    expect(focused()).toBe(button);
    expect(one.all(".inlay-menu")).toEqual([]);
    await userEvent.keyboard("{Enter}{Tab}");
    expect(one.all(".inlay-menu")).toEqual([]);
    expect(focused()).toBe(one.find(".inlay-plot"));
  });

  it("closes when something else is clicked", async () => {
    const one = await open([line(5)]);
    await userEvent.click(one.find(".inlay-tool[aria-haspopup]"));
    expect(one.all(".inlay-menu").length).toBe(1);
    await userEvent.click(one.find(".inlay-chart-title"));
    expect(one.all(".inlay-menu")).toEqual([]);
  });

  it("moves nothing, whether it is there or not", async () => {
    const one = await open([line(5), line(5, { key: "acc" })]);
    const places = () =>
      one
        .all(".inlay-chart-top > *, .inlay-legend, .inlay-plot")
        .map((node) => node.getBoundingClientRect().toJSON());
    const before = places();
    await userEvent.click(one.find(".inlay-tool[aria-haspopup]"));
    expect(places()).toEqual(before);
  });

  it("turns a chart logarithmic, says what that leaves out, and tells the choices", async () => {
    const one = await open([line(5, { y: [-1, 0, 1, 10, 100] })]);
    await choose(one, "Log scale");
    expect(one.choices.current.log).toEqual(["loss"]);
    expect(one.text(".inlay-remark")).toBe("2 ≤ 0 left out");
    await userEvent.click(one.find(".inlay-tool[aria-haspopup]"));
    expect(one.find("[role=menuitemcheckbox]").getAttribute("aria-checked")).toBe("true");
    await userEvent.keyboard("{Enter}");
    expect(one.choices.current.log).toEqual([]);
  });

  it("says of a logarithmic axis that it is one: it may have been chosen for another run", async () => {
    const one = await open([line(9), line(9, { key: "acc" })], { choices: { log: ["loss"] } });
    expect(one.all(".inlay-remark").map(({ textContent }) => textContent)).toEqual(["log", ""]);
  });
});

describe("an enlarged chart", () => {
  it("takes the width of the card, and goes back by Escape with the focus where it was", async () => {
    const one = await open([line(9), line(9, { key: "acc" }), line(9, { key: "lr" })]);
    const button = one.find(".inlay-tool[aria-pressed]");
    const [chart] = one.all(".inlay-chart");
    const small = chart?.offsetWidth ?? 0;
    await userEvent.click(button);
    await settle();
    expect(chart?.offsetWidth).toBeGreaterThan(small * 2);
    expect(one.find("canvas").offsetHeight).toBe(380);
    expect(button.getAttribute("aria-pressed")).toBe("true");
    one.find(".inlay-plot").focus();
    button.focus();
    await userEvent.keyboard("{Escape}");
    await settle();
    expect(chart?.offsetWidth).toBe(small);
    expect(one.find("canvas").offsetHeight).toBe(150);
    expect(focused()).toBe(button);
  });

  it("is one at a time", async () => {
    const one = await open([line(9), line(9, { key: "acc" })]);
    for (const button of one.all(".inlay-tool[aria-pressed]")) {
      button.focus();
      await userEvent.keyboard("{Enter}");
    }
    expect(one.all('[data-enlarged="true"] .inlay-chart-title').map((t) => t.textContent)).toEqual([
      "acc",
    ]);
  });
});

describe("the data of a chart", () => {
  const rows = (one: Stage) =>
    one.all(".inlay-data tbody tr").map((row) => [...row.children].map((cell) => cell.textContent));

  it("are a table of its last rows, in the place of the plot", async () => {
    const one = await open([
      line(250, { key: "train", chart: "loss", label: "train" }),
      line(2, { key: "val", chart: "loss", label: "val", x: [248, 249], y: [7, Number.NaN] }),
    ]);
    const height = one.root.offsetHeight;
    await choose(one, "Show data");
    expect(one.root.offsetHeight).toBe(height);
    expect(one.text("caption")).toBe("loss: last 100 of 250 rows");
    expect(one.all(".inlay-data th").map((cell) => cell.textContent)).toEqual([
      "Step",
      "train",
      "val",
      "Time",
    ]);
    expect(rows(one).length).toBe(100);
    expect(rows(one).at(-1)?.slice(0, 3)).toEqual(["249", "0.008000", "NaN"]);
    expect(focused()).toBe(one.find(".inlay-data-frame"));
    await userEvent.keyboard("{Escape}");
    expect(one.all(".inlay-data")).toEqual([]);
    expect(focused()).toBe(one.find(".inlay-plot"));
  });

  it("follow a run about once a second, and say when they are not all", async () => {
    const part = { key: "loss", ...reduced(10_000, (step) => step % 97, 20) };
    const one = await open([part], { live: true, available: false });
    await choose(one, "Show data");
    expect(one.text("caption")).toMatch(/^loss: \d+ rows, \d+ of 10,000 points$/);
    let rewritten = 0;
    const observer = new MutationObserver(() => rewritten++);
    observer.observe(one.find(".inlay-data-frame"), { childList: true });
    for (let i = 0; i < 12; i++) {
      one.push([
        { key: "loss", from: part.x.length + i, x: [10_000 + i], y: [i], total: 10_001 + i },
      ]);
      await settle(3);
    }
    await until(() => rows(one).at(-1)?.[0] === "10,011", "the newest row");
    observer.disconnect();
    expect(rewritten).toBeLessThan(4);
  });

  it("are those of the part that is zoomed to", async () => {
    const one = await open([line(1001)]);
    one.find(".inlay-plot").focus();
    await userEvent.keyboard("+");
    await settle();
    await choose(one, "Show data");
    expect(one.text("caption")).toBe("loss: evenly chosen 100 of 501 rows");
    expect(rows(one)[0]?.[0]).toBe("250");
    expect(rows(one).at(-1)?.[0]).toBe("750");
  });
});

describe("a download", () => {
  interface Saved {
    name: string;
    blob: Blob;
  }

  /** What is handed to the browser instead of a folder of downloads. */
  const saves = (): Saved[] => {
    const saved: Saved[] = [];
    const blobs = new Map<string, Blob>();
    const make = URL.createObjectURL;
    URL.createObjectURL = (blob: Blob) => {
      const url = make(blob);
      blobs.set(url, blob);
      return url;
    };
    const caught = (event: Event) => {
      const link = event.target;
      if (!(link instanceof HTMLAnchorElement)) return;
      event.preventDefault();
      saved.push({ name: link.download, blob: blobs.get(link.href) ?? new Blob() });
    };
    document.addEventListener("click", caught);
    stages.push({
      close: () => {
        document.removeEventListener("click", caught);
        URL.createObjectURL = make;
      },
    } as Stage);
    return saved;
  };

  it("as CSV holds the points of the part that is shown, as they were logged", async () => {
    const saved = saves();
    const one = await open([
      line(5, {
        key: "=cmd,1",
        chart: "a/b: c",
        label: "train",
        y: [0.1, Number.NaN, -2, Number.POSITIVE_INFINITY, 3e-300],
      }),
    ]);
    await choose(one, "Download CSV");
    expect(saved[0]?.name).toBe("a-b-c.csv");
    expect((await saved[0]?.blob.text())?.split("\r\n")).toEqual([
      "metric,step,time,value",
      `"'=cmd,1",0,2026-11-21T14:05:00.000000Z,0.1`,
      `"'=cmd,1",1,2026-11-21T14:05:01.000000Z,NaN`,
      `"'=cmd,1",2,2026-11-21T14:05:02.000000Z,-2`,
      `"'=cmd,1",3,2026-11-21T14:05:03.000000Z,inf`,
      `"'=cmd,1",4,2026-11-21T14:05:04.000000Z,3e-300`,
      "",
    ]);
  });

  it("of a reduced chart says so in its name", async () => {
    const saved = saves();
    const one = await open([{ key: "loss", ...reduced(10_000, (step) => step % 97, 20) }]);
    await choose(one, "Download CSV, reduced");
    expect(saved[0]?.name).toMatch(/^loss-\d+-of-10-000-points\.csv$/);
  });

  it("as SVG is a drawing any program reads, whatever the name", async () => {
    const saved = saves();
    const title = `<script>alert(1)</script> & "q" \u0007 \ud800 ${"long ".repeat(60)}`;
    const one = await open([line(60, { key: title, chart: title, label: "train" })]);
    await choose(one, "Download SVG");
    const text = (await saved[0]?.blob.text()) ?? "";
    const drawing = new DOMParser().parseFromString(text, "image/svg+xml");
    expect(drawing.querySelector("parsererror")).toBeNull();
    expect(drawing.querySelector("script")).toBeNull();
    expect(drawing.querySelectorAll("path").length).toBeGreaterThan(4);
    expect(drawing.querySelector("svg > rect")?.getAttribute("fill")).toBe("rgb(255, 255, 255)");
    expect(drawing.documentElement.textContent).toContain("train");
    expect(text).not.toMatch(/https?:\/\/(?!www\.w3\.org\/2000\/svg)/);
    expect(saved[0]?.name).toMatch(/^script-alert-1-script-q-long[\w-]{10,90}\.svg$/);
  });

  it("as PNG is twice as large and has a background", async () => {
    const saved = saves();
    const one = await open([line(60)]);
    await choose(one, "Download PNG");
    await until(() => saved.length > 0, "the file");
    expect(saved[0]?.name).toBe("loss.png");
    const picture = await createImageBitmap(saved[0]?.blob ?? new Blob());
    expect(picture.width).toBeGreaterThanOrEqual(1280);
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [picture.width, picture.height];
    const context = canvas.getContext("2d");
    context?.drawImage(picture, 0, 0);
    const { data } = context?.getImageData(0, 0, picture.width, picture.height) ?? { data: [] };
    expect([...data.slice(0, 4)]).toEqual([255, 255, 255, 255]);
    let blue = 0;
    for (let i = 0; i < data.length; i += 4) if (data[i] === 0x2f && data[i + 2] === 0xd8) blue++;
    expect(blue).toBeGreaterThan(500);
  });
});
