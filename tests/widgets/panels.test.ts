/** What is around the charts: what is shown of a run, what stays put when it changes, and files that may do nothing. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { page, userEvent } from "vitest/browser";
import {
  details,
  header,
  StubAnswers,
  StubModel,
  settle,
  show,
  until,
  type View,
} from "./stub-model.ts";

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

const stage = (model: StubModel, width?: number): View => {
  const one = show(model, width, kernel.host);
  views.push(one);
  return one;
};
const withDetails = (more: Record<string, unknown> = {}, panel: string | null = "none") =>
  new StubModel({ _answers: "anywidget:1", _details: details(more), _choices: { panel } });
const openers = (one: View) => one.all(".inlay-strip .inlay-button");
const labels = (one: View) =>
  openers(one).flatMap((opener) => (opener.hidden ? [] : [opener.textContent]));
const opener = (one: View, label: string): HTMLElement => {
  const found = openers(one).find((button) => button.textContent?.startsWith(label));
  if (found === undefined) throw new Error(`there is no ${label}`);
  return found;
};
const panel = (one: View, label: string): HTMLElement =>
  one.find(`.inlay-panel[aria-label="${label}"]`);
const search = (one: View, what = "params"): HTMLInputElement => {
  const found = one.root.querySelector<HTMLInputElement>(`input[aria-label="Search ${what}"]`);
  if (found === null) throw new Error(`there is no search for ${what}`);
  return found;
};
const pairsOf = (node: HTMLElement) =>
  [...node.querySelectorAll<HTMLElement>(".inlay-pair")].flatMap((pair) =>
    pair.hidden ? [] : [[...pair.children].map((part) => part.textContent).join(" ")],
  );
/** Waits until the card knows whom to ask. */
const asking = () => new Promise((resolve) => setTimeout(resolve, 10));

describe("the strip", () => {
  it("says what there is, and is silent about what is not", () => {
    expect(labels(stage(withDetails()))).toEqual([
      "Code+1−1",
      "Output",
      "Artifacts2",
      "Environment",
      "Runs2",
    ]);
    const bare = stage(new StubModel());
    expect(bare.find(".inlay-panels").hidden).toBe(true);
    const params = [["lr", "0.1"]];
    const some = stage(new StubModel({ _header: header({ params, params_total: 1 }) }));
    expect(labels(some)).toEqual(["Params1"]);
  });

  it("opens one panel at a time, and remembers which", async () => {
    const model = withDetails();
    const one = stage(model);
    await asking();
    expect(one.all(".inlay-panel").every((node) => node.hidden)).toBe(true);
    opener(one, "Code").click();
    opener(one, "Output").click();
    expect(one.all(".inlay-panel").filter((node) => !node.hidden)).toEqual([panel(one, "Output")]);
    expect(opener(one, "Output").getAttribute("aria-expanded")).toBe("true");
    expect(opener(one, "Output").getAttribute("aria-controls")).toBe(panel(one, "Output").id);
    await until(() => kernel.asked.length > 0, "the choice to be told");
    expect(kernel.last("choose")).toMatchObject({ choices: { panel: "output" } });
    opener(one, "Output").click();
    expect(panel(one, "Output").hidden).toBe(true);
    await until(() => kernel.last("choose")["choices"] !== undefined, "the choice");
  });

  it("begins with the params, unless the reader once chose otherwise", () => {
    const params = [["lr", "0.1"]];
    const _header = () => header({ params, params_total: 1 });
    const first = stage(new StubModel({ _header: _header(), _details: details() }));
    expect(panel(first, "Params").hidden).toBe(false);
    const _choices = { panel: "code" };
    const next = stage(new StubModel({ _header: _header(), _details: details(), _choices }));
    expect(panel(next, "Code").hidden).toBe(false);
    expect(panel(next, "Params").hidden).toBe(true);
  });

  it("opens nothing on other cards, which would move the page", () => {
    const [a, b] = [withDetails(), withDetails()];
    b.change("_header", a.get("_header"));
    const [one, other] = [stage(a), stage(b)];
    opener(one, "Code").click();
    expect(other.all(".inlay-panel").every((node) => node.hidden)).toBe(true);
  });

  it("keeps its height, its focus and what is open while the run goes on", async () => {
    const model = withDetails({}, "code");
    const one = stage(model);
    opener(one, "Code").focus();
    const height = one.root.offsetHeight;
    const rows = one.all(".inlay-lines > div");
    model.change("_details", details({ output: { tail: "more", bytes: 4 } }));
    model.change("_header", model.get("_header"));
    expect(document.activeElement).toBe(opener(one, "Code"));
    expect(one.root.offsetHeight).toBe(height);
    expect(one.all(".inlay-lines > div")).toEqual(rows);
  });
});

describe("params", () => {
  const many = (n: number) => Array.from({ length: n }, (_, i) => [`p${i}`, `value ${i * 7}`]);

  it("are all there, at most a dozen rows in sight, and searched by key and value", async () => {
    const params = many(300);
    const model = new StubModel({ _header: header({ params, params_total: 700 }) });
    const one = stage(model, 300);
    const node = panel(one, "Params");
    expect(pairsOf(node).length).toBe(300);
    expect(node.clientHeight).toBeLessThan(13 * 28);
    expect(node.scrollHeight).toBeGreaterThan(node.clientHeight);
    expect(node.querySelector(".inlay-hint")?.textContent).toBe("300 of 700");
    const height = one.root.offsetHeight;
    await userEvent.fill(search(one), "P29");
    expect(pairsOf(node).length).toBe(11);
    await userEvent.fill(search(one), "value 21 ");
    expect(pairsOf(node)).toContain("p3 value 21");
    expect(one.root.offsetHeight).toBe(height);
    model.change("_header", header({ params: [...params, ["p21", "new"]], params_total: 701 }));
    expect(search(one).value).toBe("value 21 ");
  });

  it("stay scrolled to where the reader is when one changes", () => {
    const model = new StubModel({ _header: header({ params: many(200), params_total: 200 }) });
    const one = stage(model);
    const node = panel(one, "Params");
    node.scrollTop = 300;
    const params = [...many(199), ["p199", "new"]];
    model.change("_header", header({ params, params_total: 200 }));
    expect(pairsOf(node)).toContain("p199 new");
    expect(node.scrollTop).toBe(300);
  });

  it("are not cut off while there is room", () => {
    const path = "/data/experiments/2026/november/train-00000-of-00128.parquet";
    const params = [
      ["lr", "0.1"],
      ["data_path", path],
      ["optimizer", "adamw"],
    ];
    const one = stage(new StubModel({ _header: header({ params, params_total: 3 }) }));
    const values = [...panel(one, "Params").querySelectorAll("dd")];
    expect(values.map((value) => value.scrollWidth <= value.clientWidth)).toEqual([
      true,
      true,
      true,
    ]);
    // Those that are short stand side by side all the same.
    expect(values[2]?.getBoundingClientRect().top).toBe(values[0]?.getBoundingClientRect().top);
  });

  it("have no search while a glance is enough", () => {
    const params = many(8);
    const one = stage(new StubModel({ _header: header({ params, params_total: 8 }) }));
    expect(search(one).hidden).toBe(true);
  });
});

describe("code", () => {
  it("shows first what changed, by sign and colour, then all of it", () => {
    const one = stage(withDetails({}, "code"));
    const lines = () => one.all(".inlay-lines > div");
    expect(
      lines().map((line) => [line.dataset["gutter"]?.trim(), line.textContent?.trim()]),
    ).toEqual([
      ["", "import inlay"],
      ["−", "lr = 0.2"],
      ["+", "lr = 0.1"],
      [undefined, "⋯"],
    ]);
    const [same, removed, added] = lines().map((line) => getComputedStyle(line).backgroundColor);
    expect(new Set([same, removed, added]).size).toBe(3);
    const [since, all] = one.all(".inlay-toggle button");
    expect([since?.textContent, since?.getAttribute("aria-pressed")]).toEqual([
      "Changes since 77aa01ff",
      "true",
    ]);
    all?.click();
    expect(lines().map((line) => [line.dataset["gutter"], line.textContent])).toEqual([
      ["1", "import inlay\n"],
      ["2", "lr = 0.1\n"],
    ]);
  });

  it("shows the source where there is nothing to compare it with, or nothing changed", () => {
    const source = "a = 1";
    const first = { source, previous: null, diff: null, added: 0, removed: 0 };
    const one = stage(withDetails({ code: first }, "code"));
    expect(one.text(".inlay-lines")).toBe("a = 1\n");
    expect(one.find(".inlay-toggle").hidden).toBe(true);
    expect(labels(one)[0]).toBe("Code");
    const again = {
      ...first,
      previous: { short_id: "77aa01ff", name: "x" },
      diff: [["=", source]],
    };
    const other = stage(withDetails({ code: again }, "code"));
    expect(panel(other, "Code").textContent).toContain("As in 77aa01ff");
  });

  it("is copied whole, without numbers and signs", async () => {
    const copied: string[] = [];
    const clipboard = { writeText: async (text: string) => void copied.push(text) };
    Object.defineProperty(navigator, "clipboard", { value: clipboard, configurable: true });
    const one = stage(withDetails({}, "code"));
    panel(one, "Code").querySelector<HTMLElement>(".inlay-copy")?.click();
    await until(() => copied.length === 1, "the copy");
    expect(copied).toEqual(["import inlay\nlr = 0.1\n"]);
  });
});

describe("output", () => {
  const printed = (from: number, to: number) => {
    const lines = Array.from({ length: to - from }, (_, i) => `line ${from + i} of the output`);
    return { output: { tail: `${lines.join("\n")}\n`, bytes: 1_200_000 } };
  };

  it("is at its end, and stays there while the run prints", async () => {
    const model = withDetails(printed(0, 200), "output");
    const one = stage(model);
    const node = panel(one, "Output");
    const fromEnd = () => node.scrollHeight - node.clientHeight - node.scrollTop;
    await settle();
    model.change("_details", details(printed(50, 260)));
    await settle();
    expect(fromEnd()).toBeLessThan(2);
    expect(node.textContent).toContain("line 259");
    expect(node.textContent).not.toContain("line 49 ");
    expect(node.textContent).toMatch(/last 4\.8 KB of 1\.2 MB/);
  });

  it("stays where the reader scrolled to, and keeps a selection", async () => {
    const model = withDetails(printed(0, 200), "output");
    const one = stage(model);
    const node = panel(one, "Output");
    await settle();
    node.scrollTop = 1500;
    await settle();
    const text = one.find(".inlay-output").firstChild;
    if (text === null) throw new Error("no text");
    const at = (text.textContent ?? "").indexOf("line 90 ");
    getSelection()?.setBaseAndExtent(text, at, text, at + 7);
    const place = () => getSelection()?.getRangeAt(0).getBoundingClientRect().top ?? 0;
    const before = place();
    model.change("_details", details(printed(50, 260)));
    await settle();
    expect(getSelection()?.toString()).toBe("line 90");
    expect(Math.abs(place() - before)).toBeLessThan(2);
  });
});

describe("environment and runs", () => {
  it("say where it ran, with packages that can be searched", async () => {
    const _header = header({ host: "moria", user: "ada", source: "train.py" });
    const _choices = { panel: "environment" };
    const one = stage(new StubModel({ _header, _details: details(), _choices }));
    const node = panel(one, "Environment");
    expect(pairsOf(node).slice(0, 8)).toEqual([
      "Python 3.11.9",
      "Platform Linux",
      "CPU 16 cores",
      "Source train.py",
      "Host moria",
      "User ada",
      "Commit 6c93b54e2 + uncommitted changes",
      "Branch main",
    ]);
    await userEvent.fill(search(one, "packages"), "package-11");
    expect(pairsOf(node).filter((pair) => pair.startsWith("package"))).toEqual(["package-11 1.11"]);
  });

  it("list child runs with their status in a word, and the line that loads each", () => {
    const one = stage(withDetails({ children_total: 40 }, "children"));
    expect(one.all(".inlay-child").map((row) => row.textContent)).toEqual([
      "Finishedfold 0c0ffee0031s",
      "Failedfold 1c0ffee01",
    ]);
    expect(one.all(".inlay-child .inlay-copy")[0]?.title).toBe('Copy inlay.get_run("c0ffee00")');
    expect(panel(one, "Runs").textContent).toContain("2 of 40 runs");
  });
});

describe("names from somebody who means harm", () => {
  it("are text in every panel", () => {
    const bad = `<script>window.hacked = 1</script><img src=x onerror="window.hacked=1">${"x".repeat(250)}`;
    const _details = {
      code: {
        source: bad,
        previous: { short_id: bad, name: bad },
        diff: [[bad, bad]],
        added: 1,
        removed: 0,
      },
      output: { tail: bad, bytes: 9e9 },
      artifacts: [{ path: bad, bytes: -3, mime: bad, kind: bad, hash: bad }],
      environment: { python: bad, platform: bad, packages: [[bad, bad]], hardware: [[bad, bad]] },
      git: { commit: bad, branch: bad, dirty: bad, remote: bad },
      children: [{ short_id: bad, name: bad, status: bad, duration_s: bad }],
    };
    const _header = () => header({ params: [[bad, bad]], params_total: 1, source: bad, host: bad });
    for (const panel of ["params", "code", "output", "artifacts", "environment", "children"]) {
      const model = new StubModel({ _header: _header(), _details, _choices: { panel } });
      const one = stage(model, 500);
      expect(one.all(".inlay-panel").filter((node) => !node.hidden).length).toBe(1);
      expect(one.root.textContent).toContain(bad);
      expect(one.root.querySelector("script, img, [onerror]")).toBeNull();
      expect(one.root.scrollWidth).toBeLessThanOrEqual(one.root.clientWidth);
    }
    expect(Reflect.get(window, "hacked")).toBeUndefined();
  });

  it.each([null, 7, [], "x", { code: 3, output: [], artifacts: {}, environment: "", git: 1 }])(
    "and details that are none draw nothing: %o",
    (_details) => {
      expect(labels(stage(new StubModel({ _details })))).toEqual([]);
    },
  );
});

describe("artifacts", () => {
  const opened = async (more: Record<string, unknown> = {}): Promise<View> => {
    const one = stage(withDetails(more, "artifacts"));
    await asking();
    return one;
  };
  const choose = (one: View, i: number) => one.all(".inlay-file")[i]?.click();
  const body = (one: View) => one.find(".inlay-preview-body");
  const answer = async (ok: unknown, ...buffers: ArrayBufferView[]) => {
    kernel.reply(kernel.last("artifact"), ok, ...buffers);
    await settle();
  };

  it("are listed with kind and size, and asked for when clicked", async () => {
    const one = await opened({ artifacts_total: 90 });
    expect(one.all(".inlay-file").map((file) => file.textContent)).toEqual([
      "loss.pngfigure18 KB",
      "report.htmlhtml2.4 KB",
    ]);
    expect(panel(one, "Artifacts").textContent).toContain("2 of 90 files");
    choose(one, 0);
    expect(kernel.last("artifact")).toMatchObject({
      run: "0193b2f0",
      path: "plots/loss.png",
      whole: false,
    });
    expect(body(one).textContent).toBe("Preview follows, once the kernel is free");
    expect(one.all(".inlay-file")[0]?.getAttribute("aria-selected")).toBe("true");
    const height = one.root.offsetHeight;
    await answer({ kind: "text", text: "hello", bytes: 5, truncated: false });
    expect(body(one).textContent).toBe("hello");
    expect(one.root.offsetHeight).toBe(height);
    one.find(".inlay-preview [aria-label^=Close]").click();
    expect(one.find(".inlay-preview").hidden).toBe(true);
    expect(document.activeElement).toBe(one.all(".inlay-file")[0]);
  });

  it("show the file that was chosen last, whatever is answered when", async () => {
    const one = await opened();
    choose(one, 0);
    choose(one, 1);
    const [first] = kernel.asked.filter(({ op }) => op === "artifact");
    kernel.reply(first ?? {}, { kind: "text", text: "of the first", bytes: 12 });
    await settle();
    expect(body(one).textContent).not.toContain("first");
    await answer({ kind: "text", text: "of the second", bytes: 13 });
    expect(body(one).textContent).toBe("of the second");
  });

  it("draw images from the bytes alone, and let them go", async () => {
    const one = await opened();
    choose(one, 0);
    const canvas = document.createElement("canvas");
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done));
    const bytes = new Uint8Array((await blob?.arrayBuffer()) ?? new ArrayBuffer(0));
    await answer({ kind: "image", mime: "image/png", bytes: bytes.length }, bytes);
    const image = one.root.querySelector<HTMLImageElement>("img.inlay-image");
    expect(image?.alt).toBe("plots/loss.png");
    expect(image?.src).toMatch(/^blob:/);
    await until(() => image?.naturalWidth === 300, "the image");
    choose(one, 1);
    await expect(fetch(image?.src ?? "")).rejects.toThrow();
  });

  it("say when an image is none", async () => {
    const one = await opened();
    choose(one, 0);
    await answer({ kind: "image", mime: "image/png", bytes: 3 }, new Uint8Array([1, 2, 3]));
    await until(() => body(one).textContent === "This file is not an image", "the words");
  });

  it("draw SVG as an image only, where its scripts are dead", async () => {
    const one = await opened();
    choose(one, 0);
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10" onload="parent.hacked=1"><script>parent.hacked=1</script></svg>`;
    await answer({ kind: "svg", mime: "image/svg+xml" }, new TextEncoder().encode(svg));
    const image = one.root.querySelector<HTMLImageElement>("img.inlay-image");
    await until(() => image?.naturalWidth === 10, "the drawing");
    expect(body(one).querySelector("svg, script, object, embed")).toBeNull();
    expect(Reflect.get(window, "hacked")).toBeUndefined();
  });

  it("show HTML in a frame of its own, without scripts, network and this page", async () => {
    const told: unknown[] = [];
    const listen = (event: MessageEvent) => told.push(event.data);
    addEventListener("message", listen);
    const one = await opened();
    choose(one, 1);
    const text = `<script>parent.postMessage("script ran", "*")</script>
      <img src="/nowhere.png" onerror="parent.postMessage('onerror ran', '*')">
      <meta http-equiv="refresh" content="0;url=https://example.org"><p style="color: red">fine</p>`;
    await answer({ kind: "html", text, bytes: text.length });
    const frame = one.root.querySelector("iframe");
    expect(frame?.getAttribute("sandbox")).toBe("");
    expect(frame?.srcdoc.indexOf("default-src 'none'")).toBeLessThan(
      frame?.srcdoc.indexOf("fine") ?? 0,
    );
    expect(frame?.srcdoc).not.toContain("script-src");
    expect(frame?.contentDocument).toBeNull();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(told.filter((one) => typeof one === "string" && one.endsWith("ran"))).toEqual([]);
    removeEventListener("message", listen);
  });

  it("show tables with a head, and how much of them", async () => {
    const one = await opened();
    choose(one, 0);
    const table = {
      columns: ["id", "<b>"],
      rows: [
        ["1", "x"],
        ["2", "<i>y</i>"],
      ],
      total: 1204,
    };
    await answer({ kind: "table", table });
    expect([...body(one).querySelectorAll("th")].map((th) => [th.textContent, th.scope])).toEqual([
      ["id", "col"],
      ["<b>", "col"],
    ]);
    expect(body(one).querySelectorAll("tbody tr").length).toBe(2);
    expect(body(one).querySelector("td:last-child")?.textContent).toBe("x");
    expect(one.text(".inlay-preview")).toContain("first 2 of 1,204 rows");
  });

  it.each([
    [{ kind: "gone" }, "This file is no longer in the store"],
    [{ kind: "none" }, "There is no preview of this kind of file"],
    [{}, "There is no preview of this kind of file"],
    [
      { kind: "image", bytes: 90_000_000, truncated: true },
      "This image of 90 MB is too large to show",
    ],
  ])("say what cannot be shown: %o", async (ok, words) => {
    const one = await opened();
    choose(one, 0);
    await answer(ok);
    expect(body(one).textContent).toBe(words);
  });

  it("wait without an error for a kernel that is gone, and go on when it is back", async () => {
    const one = await opened();
    choose(one, 0);
    kernel.die();
    await settle();
    expect(body(one).textContent).toBe("Previews need the kernel that showed this card");
    expect(one.all(".inlay-callback-errors > *")).toEqual([]);
    kernel.reply({ id: "x" }, {});
    await settle();
    expect(body(one).textContent).toContain("Preview follows");
  });

  it("show what went wrong in the kernel under the card", async () => {
    const one = await opened();
    choose(one, 0);
    kernel.fail(kernel.last("artifact"), { type: "OSError", message: "bad disk", traceback: "at" });
    await settle();
    expect(body(one).textContent).toBe("The kernel could not read this");
    expect(one.text(".inlay-callback-errors .inlay-error")).toBe("OSError bad disk");
  });

  it("are downloaded whole", async () => {
    const one = await opened();
    choose(one, 0);
    await answer({ kind: "none" });
    const saved: string[] = [];
    const watch = (event: Event) => {
      if (event.target instanceof HTMLAnchorElement) saved.push(event.target.download);
      event.preventDefault();
    };
    document.addEventListener("click", watch);
    const [save] = one.all(".inlay-preview .inlay-button:not(.inlay-copy)");
    save?.click();
    expect(save?.textContent).toBe("Preparing…");
    expect(kernel.last("artifact")).toMatchObject({ path: "plots/loss.png", whole: true });
    await answer({ kind: "none" }, new Uint8Array([1]));
    expect(saved).toEqual(["loss.png"]);
    expect(save?.textContent).toBe("Download");
    document.removeEventListener("click", watch);
  });

  it("keep the chosen one through updates, and take it anew when it was written again", async () => {
    const model = withDetails({}, "artifacts");
    const one = stage(model);
    await asking();
    choose(one, 0);
    await answer({ kind: "text", text: "old", bytes: 3 });
    const [first, second] = details()["artifacts"] as Record<string, unknown>[];
    const added = { path: "new.txt", bytes: 1, mime: "", kind: "text", hash: "n" };
    const row = one.all(".inlay-file")[0];
    row?.focus();
    model.change("_details", details({ artifacts: [first, second, added] }));
    expect(body(one).textContent).toBe("old");
    expect(document.activeElement).toBe(row);
    const count = kernel.asked.length;
    model.change("_details", details({ artifacts: [{ ...first, hash: "z" }, second] }));
    expect(kernel.asked.length).toBe(count + 1);
  });
});
