/** Values of every kind on a card: files as a tree, series with a slider, sounds, models, pages, histograms, data. */

import axe from "axe-core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { page, userEvent } from "vitest/browser";
import { details, StubAnswers, StubModel, settle, show, until, type View } from "./stub-model.ts";

const views: View[] = [];
let kernel: StubAnswers;

beforeEach(async () => {
  await page.viewport(1000, 900);
  document.body.style.cssText = "--jp-layout-color0: #fff; --jp-ui-font-color1: #222; margin: 0";
  kernel = new StubAnswers();
});

afterEach(() => {
  for (const one of views.splice(0)) one.close();
});

type Json = Record<string, unknown>;

const file = (path: string, more: Json = {}): Json => ({
  path,
  bytes: 10,
  mime: "text/plain",
  kind: "text",
  hash: path,
  ...more,
});
const series = (key: string, count: number, more: Json = {}): Json =>
  file(`${key}/${count}.png`, {
    key,
    count,
    all_bytes: 10 * count,
    first_step: 0,
    last_step: 10 * (count - 1),
    kind: "image",
    mime: "image/png",
    hash: `${count}`,
    ...more,
  });
const withFiles = (artifacts: Json[], more: Json = {}, panel = "artifacts") =>
  new StubModel({
    _answers: "anywidget:1",
    _details: details({ artifacts, artifacts_total: artifacts.length, ...more }),
    _choices: { panel },
  });
const opened = async (model: StubModel, width?: number): Promise<View> => {
  const one = show(model, width, kernel.host);
  views.push(one);
  await new Promise((resolve) => setTimeout(resolve, 10));
  return one;
};
const rows = (one: View) => one.all(".inlay-row").map((row) => row.textContent);
const row = (one: View, name: string): HTMLElement => {
  const found = one.all(".inlay-row").find((node) => node.textContent?.startsWith(name));
  if (found === undefined) throw new Error(`there is no row ${name}`);
  return found;
};
const slider = (one: View): HTMLInputElement =>
  one.find(".inlay-stepper .inlay-slider") as HTMLInputElement;
const body = (one: View) => one.find(".inlay-panel:not([hidden]) .inlay-preview-body");
/** Questions of a kind that were not answered yet. */
const answered = new WeakSet<Json>();
const open = (op: string) => kernel.asked.filter((one) => one["op"] === op && !answered.has(one));
const reply = async (op: string, ok: unknown, ...buffers: ArrayBufferView[]) => {
  const [question] = open(op);
  if (question === undefined) throw new Error(`nobody asked for ${op}`);
  answered.add(question);
  kernel.reply(question, ok, ...buffers);
  await settle(2);
  return question;
};
const png = async (width: number): Promise<Uint8Array> => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, 4];
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done));
  return new Uint8Array((await blob?.arrayBuffer()) ?? new ArrayBuffer(0));
};
/** Answers for pictures until nobody asks; each is as many pixels wide as its step plus one. */
const answerPictures = async () => {
  for (let left = 20; left > 0 && open("artifact").length > 0; left--) {
    const step = Number(open("artifact")[0]?.["step"]);
    await reply(
      "artifact",
      { kind: "image", mime: "image/png", path: "p.png" },
      await png(step + 1),
    );
    await settle(3);
  }
};
const pictureWidth = (one: View) => body(one).querySelector("img")?.naturalWidth ?? 0;

describe("files", () => {
  it("are a tree of folders that fold, folders first, with what holds one folder in one row", async () => {
    const one = await opened(withFiles([file("a/b/x.txt"), file("a/b/y.txt"), file("z.txt")]));
    expect(rows(one)).toEqual(["a/b", "x.txttext10 B", "y.txttext10 B", "z.txttext10 B"]);
    expect(row(one, "x.txt").getAttribute("aria-level")).toBe("2");
    expect(row(one, "y.txt").getAttribute("aria-posinset")).toBe("2");
    row(one, "a/b").click();
    expect(rows(one)).toEqual(["a/b", "z.txttext10 B"]);
    expect(row(one, "a/b").getAttribute("aria-expanded")).toBe("false");
  });

  it("are walked with the keys of a tree", async () => {
    const one = await opened(withFiles([file("a/x.txt"), file("a/y.txt"), file("z.txt")]));
    const at = () => document.activeElement?.textContent?.slice(0, 5);
    row(one, "a").focus();
    const walk: [string, string][] = [
      ["ArrowRight", "x.txt"],
      ["End", "z.txt"],
      ["ArrowUp", "y.txt"],
      ["ArrowLeft", "a"],
      ["ArrowLeft", "a"],
      ["ArrowDown", "z.txt"],
      ["Home", "a"],
      ["ArrowRight", "a"],
      ["ArrowDown", "x.txt"],
    ];
    for (const [key, name] of walk) {
      await userEvent.keyboard(`{${key}}`);
      expect([key, at()]).toEqual([key, name]);
    }
    expect(one.all('.inlay-row[tabindex="0"]').length).toBe(1);
    await userEvent.keyboard("{Enter}");
    expect(kernel.last("artifact")["path"]).toBe("a/x.txt");
    one.find("[aria-label^=Close]").click();
    expect(at()).toBe("x.txt");
  });

  it("are folded and searched where they are many, and only what is open is drawn", async () => {
    const many = Array.from({ length: 200 }, (_, i) => file(`runs/${i % 10}/f${i}.txt`));
    const one = await opened(withFiles(many, { artifacts_total: 5000 }));
    expect(rows(one)).toEqual(["runs"]);
    expect(one.text(".inlay-files")).toContain("200 of 5,000 files");
    await userEvent.fill(one.find('[aria-label="Search files"]'), "F19");
    expect(rows(one).length).toBe(11);
    expect(rows(one)[0]).toContain("runs/9/f19.txt");
    expect(one.text(".inlay-files")).toContain("11 of 5,000 files");
  });

  it("keep focus and folds while more are logged", async () => {
    const model = withFiles([file("a/x.txt"), file("z.txt")]);
    const one = await opened(model);
    row(one, "a").click();
    row(one, "z.txt").focus();
    const artifacts = [file("a/x.txt"), file("b.txt"), file("z.txt", { hash: "new", bytes: 12 })];
    model.change("_details", details({ artifacts }));
    expect(rows(one)).toEqual(["a", "b.txttext10 B", "z.txttext12 B"]);
    expect(document.activeElement).toBe(row(one, "z.txt"));
  });
});

describe("a series of pictures", () => {
  const steps = (n: number) => Array.from({ length: n }, (_, i) => 10 * i);
  const looking = async (n = 5, captions: string[] | null = null): Promise<[View, StubModel]> => {
    const model = withFiles([series("cat", n)]);
    const one = await opened(model);
    row(one, "cat").click();
    await reply("series", { steps: steps(n), captions, total: n });
    await answerPictures();
    return [one, model];
  };

  it("is one row, begins at its newest step and says where that is", async () => {
    const [one] = await looking(5, ["a", "b", "c", "d", "<b>e</b>"]);
    expect(rows(one)).toEqual(["catimage × 550 B"]);
    expect(pictureWidth(one)).toBe(41);
    expect(one.text(".inlay-stepper")).toBe("step 405 of 5");
    expect(slider(one).getAttribute("aria-valuetext")).toBe("step 40, 5 of 5");
    expect(slider(one).getAttribute("aria-label")).toBe("Step of cat");
    expect(one.text(".inlay-caption")).toBe("<b>e</b>");
    expect(one.text(".inlay-preview")).toContain("41 × 4 px");
    // Small pictures are shown pixel by pixel.
    expect(getComputedStyle(one.find("img")).imageRendering).toBe("pixelated");
    expect(one.find("img").offsetWidth).toBe(41 * 5);
    // Where there is less room, they keep their shape.
    body(one).style.cssText = "flex: none; height: 28px";
    expect(one.find("img").offsetHeight).toBe(10);
    expect(Math.abs(one.find("img").offsetWidth - 102)).toBeLessThan(2);
  });

  it("is moved by keys, asks for what is looked at and beside it, and for nothing twice", async () => {
    const [one] = await looking();
    const asked = () => kernel.asked.flatMap((q) => (q["op"] === "artifact" ? [q["step"]] : []));
    expect(asked()).toEqual([40, 30]);
    slider(one).focus();
    await userEvent.keyboard("{Home}");
    await answerPictures();
    expect(pictureWidth(one)).toBe(1);
    expect(asked().slice(2)).toEqual([0, 10, 20]);
    await userEvent.keyboard("{ArrowRight}");
    await settle();
    expect(pictureWidth(one)).toBe(11);
    expect(one.text(".inlay-stepper")).toBe("step 102 of 5");
    expect(asked().length).toBe(5);
  });

  it("keeps the old picture until the new one is there, and says that it is late", async () => {
    const [one] = await looking();
    slider(one).focus();
    await userEvent.keyboard("{Home}");
    expect(pictureWidth(one)).toBe(41);
    expect(body(one).dataset["late"]).toBe("true");
    await answerPictures();
    expect([pictureWidth(one), body(one).dataset["late"]]).toEqual([1, "false"]);
  });

  it("follows the newest step until the reader goes elsewhere", async () => {
    const [one, model] = await looking();
    const log = async (n: number) => {
      model.change("_details", details({ artifacts: [series("cat", n)], artifacts_total: 1 }));
      const question = await reply("series", { steps: [10 * (n - 1)], captions: null, total: n });
      expect(question["after"]).toBe(10 * (n - 2));
      await answerPictures();
    };
    await log(6);
    expect([pictureWidth(one), one.text(".inlay-stepper")]).toEqual([51, "step 506 of 6"]);
    slider(one).focus();
    await userEvent.keyboard("{ArrowLeft}");
    await answerPictures();
    await log(7);
    expect([pictureWidth(one), one.text(".inlay-stepper")]).toEqual([41, "step 405 of 7"]);
    await userEvent.keyboard("{End}");
    await answerPictures();
    await log(8);
    expect(pictureWidth(one)).toBe(71);
  });

  it("asks for all steps anew where some came in between", async () => {
    const [one, model] = await looking();
    model.change("_details", details({ artifacts: [series("cat", 8)], artifacts_total: 1 }));
    await reply("series", { steps: [70], captions: null, total: 8 });
    const again = await reply("series", { steps: steps(8), captions: null, total: 8 });
    expect(again["after"]).toBeUndefined();
    await answerPictures();
    expect(one.text(".inlay-stepper")).toBe("step 708 of 8");
  });

  it("downloads the step in sight", async () => {
    const [one] = await looking();
    const [save] = one.all(".inlay-preview .inlay-button:not(.inlay-copy)");
    save?.click();
    expect(kernel.last("artifact")).toMatchObject({ key: "cat", step: 40, whole: true });
  });

  it("lets go of all pictures when it is closed", async () => {
    const made = vi.spyOn(URL, "createObjectURL");
    const freed = vi.spyOn(URL, "revokeObjectURL");
    const [one] = await looking();
    one.find("[aria-label^=Close]").click();
    const urls = made.mock.results.map(({ value }) => value as string);
    expect(urls.length).toBe(2);
    expect(new Set(freed.mock.calls.map(([url]) => url))).toEqual(new Set(urls));
    expect(one.find(".inlay-preview").querySelector(".inlay-stepper")).toBeNull();
    vi.restoreAllMocks();
  });

  it("waits without an error for a kernel that is gone, and goes on when it is back", async () => {
    const model = withFiles([series("cat", 3)]);
    const one = await opened(model);
    row(one, "cat").click();
    kernel.die();
    await settle();
    expect(body(one).textContent).toBe("Previews need the kernel that showed this card");
    kernel.reply({ id: "x" }, {});
    await settle();
    for (const question of kernel.asked) if (question["sent"] === undefined) answered.add(question);
    expect(one.all(".inlay-callback-errors > *")).toEqual([]);
  });
});

describe("other values", () => {
  it("are sounds to be played, which fall silent when they are closed", async () => {
    const one = await opened(withFiles([file("a.wav", { kind: "audio", mime: "audio/wav" })]));
    row(one, "a.wav").click();
    await reply(
      "artifact",
      { kind: "audio", mime: "audio/wav", path: "a.wav" },
      new Uint8Array(50),
    );
    await until(() => body(one).querySelector("audio") !== null, "the player");
    const player = body(one).querySelector("audio");
    expect([player?.controls, player?.getAttribute("aria-label")]).toEqual([true, "a.wav"]);
    expect(player?.src).toMatch(/^blob:/);
    one.find("[aria-label^=Close]").click();
    expect(player?.getAttribute("src")).toBeNull();
    row(one, "a.wav").click();
    await reply("artifact", { kind: "audio", bytes: 90_000_000, truncated: true });
    expect(body(one).textContent).toBe("This sound of 90 MB is too large to play here");
  });

  it("are tables in parts that are one", async () => {
    const parts = { key: "t.parquet", count: 3, all_bytes: 300, kind: "table", rows: 1204 };
    const one = await opened(withFiles([file("t.parquet/part-00002.parquet", parts)]));
    expect(rows(one)).toEqual(["t.parquet1,204 rows300 B"]);
    row(one, "t.parquet").click();
    expect(kernel.last("artifact")).toMatchObject({ key: "t.parquet", whole: false });
    expect(kernel.last("artifact")).not.toHaveProperty("step");
    await reply("artifact", {
      kind: "table",
      table: { columns: ["a"], rows: [["1"]], total: 1204 },
    });
    expect(one.text(".inlay-preview")).toContain("first 1 of 1,204 rows");
  });

  it.each([
    [true, true],
    [false, false],
    [undefined, true],
  ])("are models, and unsafe is what is not said to be safe: %o", async (unsafe, warned) => {
    const model = { format: "joblib", class: "sklearn.tree.Tree", unsafe };
    const more = { key: "net", kind: "model", count: 1, all_bytes: 1_200_000, model };
    const one = await opened(withFiles([file("net/model.joblib", more)]));
    row(one, "net").click();
    expect(kernel.asked.some(({ op }) => op === "artifact")).toBe(false);
    const text = body(one).textContent ?? "";
    expect(text).toContain("Formatjoblib");
    expect(text).toContain("Classsklearn.tree.Tree");
    expect(text).toContain('inlay.get_run("a81b2c3d").load("net")');
    const copy = one.find(".inlay-preview .inlay-copy");
    expect(copy.title).toBe('Copy inlay.get_run("a81b2c3d").load("net")');
    expect(text.includes("Loading it runs code from this file")).toBe(warned);
  });

  it("are figures whose scripts run when the reader says so, with no way out", async () => {
    const told: unknown[] = [];
    const listen = ({ data }: MessageEvent) => told.push(data);
    addEventListener("message", listen);
    const one = await opened(
      withFiles([file("f.html", { kind: "figure", mime: "text/html", bytes: 4_600_000 })]),
    );
    row(one, "f.html").click();
    const text = `<p>"quoted" &amp; fine</p><script>
      const tell = (word) => parent.parent.postMessage(word, "*");
      tell("ran " + document.querySelector("p").textContent);
      try { tell("saw " + parent.document.title) } catch { tell("blind") }
      try { tell("saw " + top.localStorage.length) } catch { tell("blind") }
      fetch("/").then(() => tell("fetched"), () => tell("cut off"));
      const image = new Image(); image.onload = () => tell("fetched"); image.src = "/favicon.ico";
      document.addEventListener("securitypolicyviolation", ({ violatedDirective: rule }) => tell(rule));
      </script>`;
    await reply("artifact", {
      kind: "html",
      text: "<script>",
      bytes: 4e6,
      scripts: true,
      truncated: true,
    });
    expect(one.root.querySelector("iframe")).toBeNull();
    expect(body(one).textContent).toContain("This figure is drawn by scripts");
    const [run] = [...body(one).querySelectorAll("button")];
    run?.click();
    await reply("artifact", { kind: "none" }, new TextEncoder().encode(text));
    const frame = one.root.querySelector("iframe");
    expect(frame?.getAttribute("sandbox")).toBe("allow-scripts");
    await until(() => told.includes("cut off"), "the scripts");
    expect(told).toContain('ran "quoted" & fine');
    expect(told.filter((word) => word === "blind").length).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(told.some((word) => word === "fetched")).toBe(false);
    removeEventListener("message", listen);
  });

  it("show a page without its scripts first", async () => {
    const one = await opened(withFiles([file("r.html", { mime: "text/html" })]));
    row(one, "r.html").click();
    await reply("artifact", {
      kind: "html",
      text: "<p>fine<script></script>",
      bytes: 20,
      scripts: true,
    });
    expect(one.root.querySelector("iframe")?.getAttribute("sandbox")).toBe("");
    body(one).querySelector("button")?.click();
    await settle();
    expect(one.root.querySelector("iframe")?.getAttribute("sandbox")).toBe("allow-scripts");
  });
});

describe("histograms", () => {
  const listed = (keys: string[], steps = 3) =>
    keys.map((key) => ({ key, steps, last_step: 10 * (steps - 1) }));
  const answer = async (n = 3) => {
    const numbers = (...all: number[]) => new DataView(new Float64Array(all).buffer);
    const each = Array.from({ length: n }, (_, i) => i);
    await reply(
      "histogram",
      { shown: n, total: n === 3 ? 3 : 5000 },
      numbers(...each.map((i) => 10 * i)),
      numbers(...each.map(() => 2)),
      numbers(...each.flatMap((i) => [-1 - i, 0, 1 + i])),
      numbers(...each.flatMap((i) => [3, i])),
    );
  };

  it("show the newest step as bars, and all of them as a picture", async () => {
    const one = await opened(withFiles([], { histograms: listed(["w/a", "w/b"]) }, "histograms"));
    expect(rows(one)).toEqual(["w", "a3 steps", "b3 steps"]);
    expect(kernel.last("histogram")).toMatchObject({ run: "0193b2f0", key: "w/a" });
    await answer();
    const bars = () => one.find(".inlay-bars path").getAttribute("d") ?? "";
    expect(bars().match(/M/g)?.length).toBe(2);
    expect(one.text(".inlay-bars-axis")).toBe("-3.003.00");
    expect(one.text(".inlay-panel:not([hidden]) .inlay-preview")).toContain("5 values");
    expect(one.find(".inlay-bars-place").getAttribute("aria-label")).toBe(
      "Values at step 20: from -3 to 3, most at -3",
    );
    expect(one.find(".inlay-heat-fill").style.maskImage).toMatch(/^url\("data:image\/png/);
    const before = bars();
    slider(one).focus();
    await userEvent.keyboard("{Home}");
    expect(bars()).not.toBe(before);
    expect(one.text(".inlay-stepper")).toBe("step 01 of 3");
    const { violations } = await axe.run(one.root);
    expect(violations.map(({ id }) => id)).toEqual([]);
  });

  it("say when some steps were left out, and what cannot be drawn", async () => {
    const one = await opened(withFiles([], { histograms: listed(["w"]) }, "histograms"));
    expect(one.find(".inlay-panel:not([hidden]) .inlay-files").hidden).toBe(true);
    await answer(4);
    expect(one.text(".inlay-panel:not([hidden]) .inlay-preview")).toContain("4 of 5,000 steps");
    const other = await opened(withFiles([], { histograms: listed(["v"]) }, "histograms"));
    await reply("histogram", { shown: 0, total: 0 });
    expect(body(other).textContent).toBe("There is nothing to draw in this histogram");
  });

  it("are asked for again when the run is over, and not with every step", async () => {
    const model = withFiles([], { histograms: listed(["w"]) }, "histograms");
    const one = await opened(model);
    await answer();
    model.change("_details", details({ histograms: listed(["w"], 4) }));
    expect(open("histogram").length).toBe(0);
    const ended = { ...(model.get("_header") as Json), status: "finished" };
    model.change("_header", ended);
    expect(open("histogram").length).toBe(1);
    await answer(4);
    expect(one.text(".inlay-stepper")).toBe("step 304 of 4");
  });
});

describe("data", () => {
  const train = {
    name: "train",
    context: "training",
    kind: "pandas",
    rows: 1200,
    columns: 2,
    bytes: 48_000,
    source: "~/train.parquet",
    digest: "3f2a9c1b77d0",
    sampled: true,
  };
  const columns = (n: number) => ({
    columns: Array.from({ length: n }, (_, i) => ({
      name: `c${i}`,
      type: "int64",
      missing: i,
      distinct: 7,
      min: 1,
      mean: 2.5,
      max: "<b>",
      counts: i === 0 ? [1, 2, 3] : null,
      top: i === 1 ? [["Paris", 7]] : [],
    })),
    total: n,
  });

  it("say what they are, and show their columns when they were asked for", async () => {
    const one = await opened(withFiles([], { inputs: [train] }, "data"));
    expect(kernel.last("input")).toMatchObject({ name: "train", context: "training" });
    const side = one.text(".inlay-panel:not([hidden]) .inlay-preview");
    expect(side).toContain("training · pandas · 1,200 × 2 · 48 KB");
    expect(side).toContain("3f2a9c1b");
    expect(side).toContain("of a sample");
    expect(side).toContain("~/train.parquet");
    await reply("input", columns(2));
    const cells = [...body(one).querySelectorAll("tbody tr")].map((line) =>
      [...line.children].map((cell) => cell.textContent),
    );
    expect(cells).toEqual([
      ["c0 int64", "", "0", "7", "1", "2.500", "<b>"],
      ["c1 int64", "Paris 7", "1", "7", "1", "2.500", "<b>"],
    ]);
    expect(body(one).querySelectorAll(".inlay-spark").length).toBe(1);
    const { violations } = await axe.run(one.root);
    expect(violations.map(({ id }) => id)).toEqual([]);
  });

  it("name the files of a folder, and leave out what nobody knows of them", async () => {
    const folder = { ...train, name: "cats", kind: "folder", rows: 2500, columns: null };
    const one = await opened(withFiles([], { inputs: [folder] }, "data"));
    expect(one.text(".inlay-panel:not([hidden]) .inlay-preview")).toContain("2,500 files");
    const nothing = { missing: null, distinct: null, min: null, mean: null, max: null };
    const files = ["a.jpg", "b.jpg"].map((name) => ({ name, type: "file", ...nothing, top: [] }));
    await reply("input", { columns: files, total: 2500 });
    expect(body(one).textContent).toContain("2 of 2,500 files");
    const lines = [...body(one).querySelectorAll("tr")].map((line) => line.textContent);
    expect(lines).toEqual(["File", "a.jpg file", "b.jpg file"]);
  });

  it("have columns that can be searched, and say of how many", async () => {
    const one = await opened(withFiles([], { inputs: [train] }, "data"));
    await reply("input", { ...columns(40), total: 300 });
    expect(body(one).textContent).toContain("40 of 300 columns");
    await userEvent.fill(one.find('[aria-label="Search columns"]'), "C39");
    const shown = [...body(one).querySelectorAll<HTMLElement>("tbody tr")].filter((r) => !r.hidden);
    expect(shown.length).toBe(1);
  });

  it("learn their full digest while the card is open", async () => {
    const model = withFiles([], { inputs: [train, { ...train, context: "test" }] }, "data");
    const one = await opened(model);
    expect(rows(one)).toEqual(["train (training)1,200 × 2", "train (test)1,200 × 2"]);
    await reply("input", columns(1));
    const now = { ...train, digest: "ffff0000", sampled: false };
    model.change("_details", details({ inputs: [now] }));
    expect(one.text(".inlay-panel:not([hidden]) .inlay-copy-text")).toBe("ffff0000");
    expect(body(one).querySelectorAll("tbody tr").length).toBe(1);
  });
});

describe("commands and copies", () => {
  it("say what was executed, and what it ended with", async () => {
    const more = { command: ["python", "train.py", "--name", "it's"], exit_code: 3 };
    const one = await opened(withFiles([], more, "environment"));
    const facts = one.text(".inlay-facts");
    expect(facts).toContain(`Commandpython train.py --name 'it'\\''s'`);
    expect(facts).toContain("Exit code3");
  });

  it("count bytes in the unit of all of them", async () => {
    const model = new StubModel();
    const bar = {
      desc: "model.pt",
      n: 1.21e9,
      total: 5.012e9,
      elapsed_s: 9,
      rate: 1.31e8,
      left_s: 29,
    };
    model.change("_progress", [{ ...bar, state: "running", unit: "bytes" }]);
    const one = await opened(model);
    expect(one.text(".inlay-bar")).toBe("model.pt1.2 of 5.0 GB131 MB/s · 29s left");
  });
});
