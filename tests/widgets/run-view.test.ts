/** The run card as a reader meets it: a real browser, a stub kernel. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { page } from "vitest/browser";
import { frame, header, StubModel, show, until, type View } from "./stub-model.ts";

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

const announced = (one: View) => one.root.lastElementChild?.textContent;
const drawn = (one: View) => until(() => one.root.querySelector("canvas") !== null, "a chart");

describe("the header", () => {
  it.each([
    ["running", "Running"],
    ["finished", "Finished"],
    ["failed", "Failed"],
    ["interrupted", "Interrupted"],
    ["killed", "Killed"],
  ])("says %s in a word, a sign and a colour of its own", (status, word) => {
    const ended = status === "running" ? {} : { ended_at: Date.now() / 1000 };
    const one = view(new StubModel({ _header: header({ status, ...ended }) }));
    expect(one.text(".inlay-status-word")).toBe(word);
    expect(one.find(".inlay-sign").childElementCount).toBeGreaterThan(0);
    const colour = getComputedStyle(one.find(".inlay-status-word")).color;
    expect(colour).not.toBe(getComputedStyle(one.find(".inlay-clock")).color);
  });

  it("tells the five statuses apart", () => {
    const looks = ["running", "finished", "failed", "interrupted", "killed"].map((status) => {
      const one = view(new StubModel({ _header: header({ status }) }));
      const sign = one.find(".inlay-sign").innerHTML;
      return [sign, getComputedStyle(one.find(".inlay-status-word")).color];
    });
    expect(new Set(looks.map(([sign]) => sign)).size).toBe(5);
    expect(new Set(looks.map(([, colour]) => colour)).size).toBe(5);
  });

  it("shows name, experiment, parent, id, tags and note", () => {
    const tags = { model: "gbm", team: "growth" };
    const one = view(
      new StubModel({ _header: header({ tags, note: "a note", parent: "77aa01ff" }) }),
    );
    expect(one.text(".inlay-name")).toBe("baseline");
    expect(one.text(".inlay-about")).toBe("churn · part of 77aa01ff");
    expect(one.text(".inlay-copy-text")).toBe("a81b2c3d");
    expect([...one.root.querySelectorAll(".inlay-tag")].map((tag) => tag.textContent)).toEqual([
      "modelgbm",
      "teamgrowth",
    ]);
    expect(one.text(".inlay-note")).toBe("a note");
  });

  it("moves the clock while running and stops it at the end", async () => {
    const started_at = Date.now() / 1000 - 10;
    const model = new StubModel({ _header: header({ started_at }) });
    const one = view(model);
    const before = one.text(".inlay-clock");
    await until(() => one.text(".inlay-clock") !== before, "the clock to move");
    model.change("_header", header({ status: "finished", started_at, ended_at: started_at + 75 }));
    expect(one.text(".inlay-clock")).toBe("1m 15s");
  });

  it("copies the id and the line that loads the run, and says so", async () => {
    const one = view(new StubModel());
    const copied: string[] = [];
    const clipboard = { writeText: async (text: string) => void copied.push(text) };
    Object.defineProperty(navigator, "clipboard", { value: clipboard, configurable: true });
    for (const [i, label] of ["a81b2c3d", "get_run"].entries()) {
      const copy = one.all(".inlay-copies .inlay-copy")[i];
      const width = copy?.offsetWidth;
      copy?.click();
      await until(() => copy?.textContent === "Copied", "the word Copied");
      expect(copy?.offsetWidth).toBe(width);
      await until(() => copy?.textContent === label, "the label again");
    }
    expect(copied).toEqual(["a81b2c3d", 'inlay.get_run("a81b2c3d")']);
  });

  it("says when another process writes the run", () => {
    const header_ = header({ following: true, source: "train.py" });
    const one = view(new StubModel({ _header: header_ }));
    expect(one.text(".inlay-about")).toBe("churn · written by another process · train.py");
  });

  it("announces a change of status once, and nothing else", () => {
    const model = new StubModel();
    const one = view(model);
    expect(announced(one)).toBe("");
    model.change("_header", header({ params: [["lr", "0.1"]], params_total: 1 }));
    model.push("points", frame(1, [loss(3)]));
    expect(announced(one)).toBe("");
    model.change("_header", header({ status: "failed", ended_at: 5 }));
    expect(announced(one)).toBe("Run baseline: Failed");
  });

  it("no longer says running once the kernel is gone", () => {
    const model = new StubModel();
    const one = view(model);
    model.emit("comm_live_update");
    expect(one.text(".inlay-status-word")).toBe("Disconnected");
    expect(one.text(".inlay-clock")).toBe("");
    model.push("points", frame(1, [loss(2)]));
    expect(one.text(".inlay-status-word")).toBe("Running");
  });
});

describe("params and failures", () => {
  it("keep values at the end of their row where the host styles definition lists", () => {
    // In JupyterLab, whose sheet gives every dd a width, the values stood in the middle of their rows.
    const host = document.createElement("style");
    host.textContent = "dl dd { float: left; width: 63%; margin-left: 40px }";
    document.head.append(host);
    const one = view(
      new StubModel({ _header: header({ params: [["lr", "0.1"]], params_total: 1 }) }),
    );
    const { left, right } = one.find("dd").getBoundingClientRect();
    expect(right).toBe(one.find(".inlay-pair").getBoundingClientRect().right);
    expect(right - left).toBeLessThan(60);
    host.remove();
  });

  it("show the error and fold its traceback", () => {
    const error = { type: "ValueError", message: "bad shape", traceback: "line 1\nline 2\n" };
    const one = view(new StubModel({ _header: header({ status: "failed", error }) }));
    expect(one.text(".inlay-error")).toBe("ValueError bad shape");
    expect(one.text(".inlay-traceback")).toBe("line 1\nline 2");
    expect(one.find(".inlay-failure details").hasAttribute("open")).toBe(false);
  });
});

describe("a view", () => {
  it("draws hostile names as the text they are, inside the card", async () => {
    const bad = `<script>window.hacked = 1</script><img src=x onerror="window.hacked=1"> "'\n🧪 ${"x".repeat(250)}`;
    const model = new StubModel({
      _header: header({
        name: bad,
        experiment: bad,
        note: bad,
        load: bad,
        tags: { [bad]: bad },
        params: [[bad, bad]],
        error: { type: bad, message: bad, traceback: bad },
        status: "failed",
      }),
      _snapshot: frame(1, [
        { ...loss(3), key: bad, label: "a" },
        { ...loss(3), key: bad, label: bad },
      ]),
      _token: `x" onclick="alert(1)`,
    });
    const one = view(model, 500);
    await drawn(one);
    expect(one.root.querySelector("script, img, [onerror], [onclick]")).toBeNull();
    expect(Reflect.get(window, "hacked")).toBeUndefined();
    expect(one.text(".inlay-name")).toBe(bad);
    expect(one.text(".inlay-chart-title")).toBe(bad);
    expect(one.root.scrollWidth).toBeLessThanOrEqual(one.root.clientWidth);
    expect([...one.root.classList]).toEqual(["inlay-card"]);
  });

  it.each([320, 500])("fits into %d px", async (width) => {
    const params = [["a_rather_long_parameter_name", "and/a/rather/long/value/for/it"]];
    const tags = { a_long_tag_name_of_somebody: "with a long value that goes on and on" };
    const parts = ["train", "val"].map((label) => ({
      ...loss(9),
      key: label,
      chart: "loss",
      label,
    }));
    const one = view(
      new StubModel({ _header: header({ params, tags }), _snapshot: frame(1, parts) }),
      width,
    );
    await drawn(one);
    expect(one.root.scrollWidth).toBeLessThanOrEqual(one.root.clientWidth);
    expect(one.find("canvas").getBoundingClientRect().right).toBeLessThanOrEqual(width);
  });

  it("is marked for the static picture, for JupyterLab's keys and for screen readers", () => {
    const { root } = view(new StubModel());
    expect([...root.classList]).toEqual(["inlay-card", "inlay-live-abc123"]);
    const first = root.querySelector("button");
    first?.focus();
    expect(first?.dataset["lmSuppressShortcuts"]).toBe("true");
    expect(root.getAttribute("role")).toBe("region");
    expect(root.getAttribute("aria-label")).toBe("Run baseline");
  });

  it("stands beside other views of its model, each complete", async () => {
    const model = new StubModel({ _snapshot: frame(1, [loss(4)]) });
    const [a, b] = [view(model), view(model)];
    model.push("points", frame(2, [{ from: 4, x: [4], y: [77] }]));
    for (const one of [a, b]) {
      await until(() => one.root.querySelector(".inlay-value")?.textContent === "77", "the value");
    }
    a.close();
    model.push("points", frame(3, [{ from: 5, x: [5], y: [88] }]));
    await until(() => b.text(".inlay-value") === "88", "the other view to go on");
  });

  it("leaves nothing behind when it is closed", async () => {
    const model = new StubModel({ _snapshot: frame(1, [loss(9)]) });
    const one = show(model);
    await drawn(one);
    expect(model.listenerCount).toBeGreaterThan(3);
    const before = one.text(".inlay-clock");
    one.close();
    expect(model.listenerCount).toBe(0);
    expect(document.querySelector(".inlay-card")).toBeNull();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(one.text(".inlay-clock")).toBe(before);
  });

  it("draws something for a header and a snapshot that make no sense", () => {
    for (const value of [
      null,
      undefined,
      7,
      "x",
      [],
      { status: 3, params: "no", tags: [1], error: [] },
    ]) {
      const one = view(new StubModel({ _header: value, _snapshot: value, _token: value }));
      expect(one.text(".inlay-status-word")).toBe("Unknown");
    }
  });
});
