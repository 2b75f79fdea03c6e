/** The card as axe and a keyboard find it, in each of its states. */

import axe from "axe-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { page, userEvent } from "vitest/browser";
import {
  details,
  frame,
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
  kernel = new StubAnswers();
});

afterEach(() => {
  for (const one of views.splice(0)) one.close();
});

const LIGHT = "--jp-layout-color0: #fff; --jp-ui-font-color1: #222; background: #fff; margin: 0";
const DARK = "--jp-layout-color0: #111; --jp-ui-font-color1: #eee; background: #111; margin: 0";

const bars = [
  { desc: "epochs", n: 3, total: 10, elapsed_s: 4, rate: 1, left_s: 7, state: "running" },
  { desc: "stream", n: 3, total: null, elapsed_s: 4, rate: 1, left_s: null, state: "running" },
];
const full = (more: Record<string, unknown> = {}, panel = "none") =>
  new StubModel({
    _answers: "anywidget:1",
    _header: header({
      tags: { team: "growth", stage: "prod" },
      note: "a note",
      params: Array.from({ length: 12 }, (_, i) => [`p${i}`, String(i)]),
      params_total: 12,
      ...more,
    }),
    _details: details(),
    _choices: { panel },
    _snapshot: frame(1, [
      { key: "loss", x: [0, 1, 2], y: [3, 2, 1] },
      { key: "acc", x: [0, 1, 2], y: [1, 2, 3] },
    ]),
  });

async function stage(model: StubModel, theme = LIGHT): Promise<View> {
  document.body.style.cssText = theme;
  const one = show(model, 900, kernel.host);
  views.push(one);
  await until(() => one.root.querySelector("canvas") !== null, "a chart");
  await settle();
  return one;
}

/** Where everything lies: axe reads the places one by one, so they must not move while it does. */
const places = (one: View): string =>
  [...one.root.querySelectorAll("*")]
    .map((element) => {
      const { x, y, width, height } = element.getBoundingClientRect();
      return `${x} ${y} ${width} ${height}`;
    })
    .join();

/** What axe has to say of the card at rest, in one line each. Nothing is hidden from it by an opacity of 0. */
async function violations(one: View): Promise<string[]> {
  const shown = document.createElement("style");
  shown.textContent =
    ".inlay-card .inlay-edits, .inlay-card .inlay-remove { opacity: 1 !important }";
  document.head.append(shown);
  let found: axe.Result[] = [];
  let before = "";
  do {
    do {
      before = places(one);
      await settle();
    } while (before !== places(one));
    ({ violations: found } = await axe.run(one.root, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }));
  } while (before !== places(one));
  shown.remove();
  return found.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 150)}`));
}

describe.each([
  ["light", LIGHT],
  ["dark", DARK],
])("axe finds nothing on a %s card", (_, theme) => {
  it.each(["none", "params", "code", "output", "artifacts", "environment", "children"])(
    "with the panel %s",
    async (panel) => {
      expect(await violations(await stage(full({}, panel), theme))).toEqual([]);
    },
  );

  it.each(["running", "finished", "failed", "interrupted", "killed"])(
    "that is %s",
    async (status) => {
      const error = { type: "ValueError", message: "bad shape", traceback: "line 1\nline 2" };
      const model = full({ status, error: status === "failed" ? error : null });
      model.change("_progress", bars);
      const one = await stage(model, theme);
      for (const fold of one.root.querySelectorAll("details")) fold.open = true;
      await settle(); // what lies below has moved
      expect(await violations(one)).toEqual([]);
    },
  );

  it.each([
    { kind: "table", table: { columns: ["a"], rows: [["1"]], total: 3 } },
    { kind: "html", text: "<h1>page</h1>", bytes: 9 },
    { kind: "text", text: "line\n".repeat(300), bytes: 1500 },
    { kind: "gone" },
    { kind: "html", text: "<script></script>", bytes: 9, scripts: true },
  ])("with a preview of $kind", async (ok) => {
    const one = await stage(full({}, "artifacts"), theme);
    one.find(".inlay-file").click();
    kernel.reply(kernel.last("artifact"), ok);
    await settle();
    expect(await violations(one)).toEqual([]);
  });

  it("while it is edited, and when that failed", async () => {
    const one = await stage(full(), theme);
    const [tag, note] = one.all(".inlay-edits button");
    one.find(".inlay-remove").click();
    kernel.fail(kernel.last("set_tag"), { type: "OSError", message: "full", traceback: "at" });
    await settle();
    note?.click();
    expect(await violations(one)).toEqual([]);
    tag?.click();
    expect(await violations(one)).toEqual([]);
  });
});

describe("a keyboard", () => {
  it("reaches everything, in the order it is read", async () => {
    const one = await stage(full({}, "artifacts"));
    const names: string[] = [];
    one.root.tabIndex = -1;
    one.root.focus();
    for (let i = 0; i < 80; i++) {
      await userEvent.tab();
      const at = document.activeElement;
      if (!(at instanceof HTMLElement) || !one.root.contains(at)) break;
      names.push(at.getAttribute("aria-label") ?? at.textContent ?? "");
      // Whoever has the focus shows it.
      const { outlineStyle, outlineWidth } = getComputedStyle(at);
      const seen = outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 1;
      expect(seen || at.matches("input"), `${at.className} shows its focus`).toBe(true);
    }
    const order = [
      "a81b2c3d: Copy the run's id",
      "+ Tag: add a tag",
      "Edit note",
      "Remove tag team",
      "Params12",
      "Code+1−1",
      "Runs2",
      // A tree is one stop; arrows go on from there.
      "plots",
    ];
    expect(names.filter((name) => order.includes(name))).toEqual(order);
  });

  it("opens a panel, and its keys are nobody else's", async () => {
    const one = await stage(full());
    one.all(".inlay-strip button")[1]?.focus();
    await userEvent.keyboard("{Enter}");
    expect(one.find('.inlay-panel[aria-label="Code"]').hidden).toBe(false);
    expect((document.activeElement as HTMLElement).dataset["lmSuppressShortcuts"]).toBe("true");
  });
});
