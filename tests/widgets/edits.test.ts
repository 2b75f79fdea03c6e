/** What a reader writes on a card: notes and tags in place, before, while and after the kernel hears of them. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { page, userEvent } from "vitest/browser";
import { header, StubAnswers, StubModel, settle, show, type View } from "./stub-model.ts";

const views: View[] = [];
let kernel: StubAnswers;
let model: StubModel;

beforeEach(async () => {
  await page.viewport(1000, 800);
  document.body.style.cssText = "--jp-layout-color0: #fff; --jp-ui-font-color1: #222; margin: 0";
  kernel = new StubAnswers();
});

afterEach(() => {
  for (const one of views.splice(0)) one.close();
});

async function stage(more: Record<string, unknown> = {}, _answers = "anywidget:1"): Promise<View> {
  model = new StubModel({ _answers, _header: header(more) });
  const one = show(model, 900, kernel.host);
  views.push(one);
  await new Promise((resolve) => setTimeout(resolve, 10));
  return one;
}

const edits = (one: View) =>
  one.all(".inlay-edits button").flatMap((tool) => (tool.hidden ? [] : [tool.textContent]));
const tool = (one: View, i: number) => one.all(".inlay-edits button")[i];
const area = (one: View) => one.find("textarea");
const pendingNote = (one: View) => !one.find(".inlay-pending").hidden;
const chips = (one: View) => one.all(".inlay-tag").map((chip) => chip.title);
const errors = (one: View) =>
  one.all(".inlay-callback-errors .inlay-error").map((error) => error.textContent);

describe("edits", () => {
  it("are offered only where a kernel can answer", async () => {
    const silent = await stage({ tags: { team: "growth" }, note: "a note" }, "");
    expect(edits(silent)).toEqual([]);
    expect(silent.root.querySelector(".inlay-remove")).toBeNull();
    silent.find(".inlay-note").click();
    expect(area(silent).hidden).toBe(true);
    const one = await stage({ tags: { team: "growth" } });
    expect(edits(one)).toEqual(["+ Tag", "+ Note"]);
    kernel.die();
    expect(edits(one)).toEqual([]);
    expect(one.root.querySelector(".inlay-remove")).toBeNull();
  });

  it("appear when somebody is at the card, without moving anything", async () => {
    const one = await stage();
    const sub = () => one.all(".inlay-sub > *").map((part) => part.getBoundingClientRect().left);
    const before = sub();
    expect(getComputedStyle(one.find(".inlay-edits")).opacity).toBe("0");
    tool(one, 0)?.focus();
    expect(getComputedStyle(one.find(".inlay-edits")).opacity).toBe("1");
    expect(sub()).toEqual(before);
  });
});

describe("the note", () => {
  it("is written in place, shown at once and confirmed by the kernel", async () => {
    const one = await stage();
    tool(one, 1)?.click();
    expect(document.activeElement).toBe(area(one));
    await userEvent.keyboard("first line{Enter}second line{Control>}{Enter}{/Control}");
    expect(kernel.last("set_note")).toMatchObject({
      run: "0193b2f0",
      text: "first line\nsecond line",
    });
    expect(one.text(".inlay-note")).toBe("first line\nsecond line");
    expect(one.text(".inlay-pending")).toBe("saved when the kernel is free");
    expect(pendingNote(one)).toBe(true);
    expect(document.activeElement).toBe(tool(one, 1));
    kernel.reply(kernel.last("set_note"), { note: "first line\nsecond line" });
    await settle();
    expect(pendingNote(one)).toBe(false);
    expect(one.text(".inlay-note")).toBe("first line\nsecond line");
    model.change("_header", header({ note: "first line\nsecond line, and what the kernel says" }));
    expect(one.text(".inlay-note")).toContain("what the kernel says");
  });

  it("is saved when the field is left, and not when nothing changed or Escape took it back", async () => {
    const one = await stage({ note: "old" });
    one.find(".inlay-note").click();
    expect(area(one).hidden).toBe(false);
    await userEvent.keyboard(" and lost{Escape}");
    expect(one.text(".inlay-note")).toBe("old");
    tool(one, 1)?.click();
    await userEvent.click(document.body);
    expect(kernel.asked).toEqual([]);
    tool(one, 1)?.click();
    await userEvent.fill(area(one), "new");
    area(one).blur();
    expect(kernel.last("set_note")).toMatchObject({ text: "new" });
    expect(kernel.asked.length).toBe(1);
  });

  it("that could not be saved is not lost", async () => {
    const one = await stage({ note: "old" });
    tool(one, 1)?.click();
    await userEvent.fill(area(one), "an hour's work");
    area(one).blur();
    kernel.fail(kernel.last("set_note"), {
      type: "OSError",
      message: "disk full",
      traceback: "at",
    });
    await settle();
    expect(one.text(".inlay-note")).toBe("old");
    expect(errors(one)).toEqual(["OSError disk full"]);
    tool(one, 1)?.click();
    expect(one.root.querySelector("textarea")?.value).toBe("an hour's work");
  });

  it("keeps what is being written while headers come", async () => {
    const one = await stage({ note: "old" });
    tool(one, 1)?.click();
    await userEvent.keyboard(" and more");
    model.change("_header", header({ note: "old", params: [["lr", "1"]], params_total: 1 }));
    expect(document.activeElement).toBe(area(one));
    expect(one.root.querySelector("textarea")?.value).toBe("old and more");
  });
});

describe("tags", () => {
  it("are added as key: value, and shown at once", async () => {
    const one = await stage({ tags: { team: "growth" } });
    tool(one, 0)?.click();
    await userEvent.keyboard("url: https://a.b:80 {Enter}");
    expect(kernel.last("set_tag")).toMatchObject({ key: "url", value: "https://a.b:80" });
    expect(chips(one)).toEqual([
      "team: growth",
      "url: https://a.b:80 (saved when the kernel is free)",
    ]);
    expect(document.activeElement).toBe(tool(one, 0));
    kernel.reply(kernel.last("set_tag"), { tags: {} });
    await settle();
    expect(chips(one)).toEqual(["team: growth", "url: https://a.b:80"]);
    model.change("_header", header({ tags: { team: "growth", url: "https://a.b:80" } }));
    expect(chips(one)).toEqual(["team: growth", "url: https://a.b:80"]);
  });

  it("are taken as they are written after %%track, too", async () => {
    const one = await stage();
    tool(one, 0)?.click();
    await userEvent.keyboard("owner=me: and you{Enter}");
    expect(kernel.last("set_tag")).toMatchObject({ key: "owner", value: "me: and you" });
  });

  it("stay where they are when the store tells them in another order", async () => {
    const one = await stage({ tags: { team: "growth" } });
    tool(one, 0)?.click();
    await userEvent.keyboard("owner: me{Enter}");
    kernel.reply(kernel.last("set_tag"), { tags: {} });
    await settle();
    model.change("_header", header({ tags: { owner: "me", stage: "prod", team: "growth" } }));
    expect(chips(one)).toEqual(["team: growth", "owner: me", "stage: prod"]);
  });

  it("are taken away, and the chips keep their size", async () => {
    const one = await stage({ tags: { team: "growth", stage: "prod" } });
    const width = one.find(".inlay-tag").offsetWidth;
    const remove = one.find(".inlay-remove");
    expect(remove.getAttribute("aria-label")).toBe("Remove tag team");
    remove.focus();
    expect(one.find(".inlay-tag").offsetWidth).toBe(width);
    remove.click();
    expect(chips(one)).toEqual(["stage: prod"]);
    expect(kernel.last("set_tag")).toMatchObject({ key: "team", value: null });
    expect(document.activeElement).toBe(tool(one, 0));
    kernel.fail(kernel.last("set_tag"), { type: "OSError", message: "disk full", traceback: "" });
    await settle();
    expect(chips(one)).toEqual(["team: growth", "stage: prod"]);
  });

  it.each(["{Escape}", " : value{Enter}", "{Enter}"])("are not made of %s", async (keys) => {
    const one = await stage();
    tool(one, 0)?.click();
    await userEvent.keyboard(keys);
    expect(kernel.asked).toEqual([]);
    expect(one.find(".inlay-tags").hidden).toBe(true);
  });
});

describe("errors of the kernel", () => {
  it("stand under the card with a folded traceback until they are dismissed", async () => {
    const one = await stage({ tags: { a: "1", b: "2" } });
    for (const i of [0, 1]) {
      one.all(".inlay-remove")[i]?.click();
      const error = { type: "OSError", message: "disk full", traceback: "Traceback\n  line 1" };
      kernel.fail(kernel.last("set_tag"), error);
      await settle();
    }
    // The same error again is one error.
    expect(errors(one)).toEqual(["OSError disk full"]);
    const fold = one.find(".inlay-callback-errors details");
    expect(fold.hasAttribute("open")).toBe(false);
    expect(fold.textContent).toContain("line 1");
    one.find(".inlay-dismiss").click();
    expect(errors(one)).toEqual([]);
  });

  it("are markup to nobody", async () => {
    const bad = "<img src=x onerror='window.hacked=1'>";
    const one = await stage({ tags: { a: "1" } });
    one.find(".inlay-remove").click();
    kernel.fail(kernel.last("set_tag"), { type: bad, message: bad, traceback: bad });
    await settle();
    expect(errors(one)).toEqual([`${bad} ${bad}`]);
    expect(one.root.querySelector("img")).toBeNull();
  });
});
