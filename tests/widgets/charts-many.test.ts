/** Many charts: headings, the first dozen, the search, and what a thousand of them cost. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { page, userEvent } from "vitest/browser";
import { found, groupByChart, sectionsOf } from "../../js/run-view/grouping.ts";
import { type Stage, type StageOptions, stage } from "./charts-stage.ts";
import { type Part, settle, until } from "./stub-model.ts";

const stages: Stage[] = [];
const open = (parts: Part[], options?: StageOptions): Stage => {
  const one = stage(parts, options);
  stages.push(one);
  return one;
};

beforeEach(async () => {
  await page.viewport(1000, 800);
  document.body.style.cssText = "--jp-layout-color0: #fff; --jp-ui-font-color1: #222; margin: 0";
});

afterEach(() => {
  for (const one of stages.splice(0)) one.close();
});

const metric = (key: string): Part => ({ key, x: [0, 1, 2], y: [1, 2, 3] });
const thousand = () => Array.from({ length: 1000 }, (_, i) => metric(`layer${i % 25}/weight_${i}`));

describe("headings", () => {
  const headings = (titles: string[]) => sectionsOf(titles).map(({ heading }) => heading);
  const plain = ["a", "b", "c", "d", "e", "f"];

  it("are the prefixes that charts share, once there are many; the others stand first", () => {
    const titles = ["gpu/memory", ...plain, "gpu/load", "net.in", "net.out", "alone/x"];
    expect(sectionsOf(titles)).toEqual([
      { heading: "", titles: [...plain, "alone/x"] },
      { heading: "gpu", titles: ["gpu/memory", "gpu/load"] },
      { heading: "net", titles: ["net.in", "net.out"] },
    ]);
  });

  it("are left away where they would not help", () => {
    expect(headings(["a/x", "a/y", "b/x", "b/y"])).toEqual([""]);
    expect(headings([...plain, "a/x", "a/y", "c/z"])).toEqual([""]);
    expect(headings(["/a", "/b", "./c", "..", "a//b", "é/ü", ...plain])).toEqual([""]);
  });

  it("say how many charts they have, also where not all are shown", async () => {
    const many = Array.from({ length: 10 }, (_, i) => `gpu/${i}`);
    const one = open([...many, "net/a", "net/b", "net/c"].map(metric));
    const counts = () => one.all(".inlay-section-count").map((count) => count.textContent);
    expect(counts()).toEqual(["10", "2 of 3"]);
    await userEvent.click(one.find(".inlay-show-all"));
    expect(counts()).toEqual(["10", "3"]);
  });

  it("fold their charts, and stay folded when the run goes on", async () => {
    const parts = [...plain, "gpu/a", "gpu/b", "net/a", "net/b"].map(metric);
    const one = open(parts, { live: true });
    await until(() => one.all("canvas").length > 5, "charts");
    const fold = one.find(".inlay-chart-section");
    expect(fold.querySelector("summary")?.textContent).toBe("gpu2");
    await userEvent.click(fold.querySelector("summary") ?? fold);
    one.push([metric("new"), { ...metric("a"), from: 3, x: [3], y: [4] }]);
    await settle();
    expect(fold.hasAttribute("open")).toBe(false);
    expect(one.all(".inlay-chart-section").length).toBe(2);
  });
});

describe("a search", () => {
  it("finds by every word, in any case, in titles and in the names of their metrics", () => {
    const groups = groupByChart(
      ["train/Loss", "val/loss", "lr"].map((key, id) => ({
        id,
        key,
        chart: key.split("/").at(-1)?.toLowerCase() ?? key,
        label: key,
      })) as unknown as Parameters<typeof groupByChart>[0],
    );
    expect(found(groups, "  LOSS train ")).toEqual(["loss"]);
    expect(found(groups, "train val")).toEqual(["loss"]);
    expect(found(groups, "l")).toEqual(["loss", "lr"]);
    expect(found(groups, ".*")).toEqual([]);
    expect(found(groups, " ")).toEqual(["loss", "lr"]);
  });

  it("shows what it finds among a thousand charts, counts it, and Escape takes it back", async () => {
    const one = open(thousand());
    await until(() => one.all("canvas").length > 2, "charts");
    expect(one.titles().length).toBe(12);
    const box = one.find(".inlay-search");
    await userEvent.fill(box, "layer7/ 57");
    expect(one.titles()).toEqual(
      [
        "layer7/weight_57",
        "layer7/weight_157",
        "layer7/weight_257",
        "layer7/weight_357",
        "layer7/weight_457",
        "layer7/weight_557",
        "layer7/weight_657",
        "layer7/weight_757",
        "layer7/weight_857",
        "layer7/weight_957",
      ].filter((title) => Number(title.split("_")[1]) % 25 === 7),
    );
    expect(one.text(".inlay-count")).toBe(`${one.titles().length} found`);
    await until(() => one.all("canvas").length > 0, "what was found");
    await userEvent.fill(box, "nothing of the kind");
    expect(one.titles()).toEqual([]);
    expect(one.text(".inlay-count")).toBe("0 found");
    expect(one.text(".inlay-empty")).toBe("No chart has a name like that");
    await userEvent.keyboard("{Escape}");
    expect(one.titles().length).toBe(12);
    expect(one.text(".inlay-count")).toBe("");
    expect(one.find(".inlay-empty").hidden).toBe(true);
  });
});

describe("a thousand charts", () => {
  it("begin with a dozen, show all on request, and draw only those that are seen", async () => {
    const one = open(thousand());
    await until(() => one.all("canvas").length > 2, "charts");
    expect(one.text(".inlay-show-all")).toBe("Show all 1,000");
    await userEvent.click(one.find(".inlay-show-all"));
    await settle(20);
    expect(one.titles().length).toBe(1000);
    expect(one.all("canvas").length).toBeLessThan(40);
    expect(one.all("*").length).toBeLessThan(6000);
    one.all(".inlay-chart")[900]?.scrollIntoView();
    await until(() => one.all(".inlay-chart")[900]?.querySelector("canvas") !== null, "the 901st");
    await settle(20);
    // Those at the top gave their canvas back.
    expect(one.all(".inlay-chart")[0]?.querySelector("canvas")).toBeNull();
    expect(one.all("canvas").length).toBeLessThan(60);
    await userEvent.click(one.find(".inlay-show-all"));
    expect(one.titles().length).toBe(12);
  });

  it("keep their order and their places while points come", async () => {
    const one = open(thousand(), { live: true });
    await until(() => one.all("canvas").length > 2, "charts");
    const before = one.titles();
    const height = one.root.offsetHeight;
    one.push([{ ...metric("layer0/weight_0"), from: 3, x: [3], y: [123.4], id: 1 }]);
    await until(() => one.text(".inlay-value") === "123.4", "the new value");
    expect(one.titles()).toEqual(before);
    expect(one.root.offsetHeight).toBe(height);
  });
});
