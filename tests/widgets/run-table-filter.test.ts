/** Writing a filter: suggestions, when it takes effect, what is said of a text that cannot be read. */

import axe from "axe-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { page, userEvent } from "vitest/browser";
import { accepted, toPoints, toUnits } from "../../js/run-table/completion.ts";
import { settle, until } from "./stub-model.ts";
import { StubTable } from "./stub-table.ts";
import { type Parts, stageParts } from "./table-parts.ts";

let parts: Parts | null = null;
let kernel: StubTable;

beforeEach(async () => {
  await page.viewport(1000, 700);
  document.body.style.cssText = "--jp-layout-color0: #fff; --jp-ui-font-color1: #222; margin: 0";
});

afterEach(() => {
  parts?.close();
  parts = null;
});

async function stage(options: ConstructorParameters<typeof StubTable>[0] = {}): Promise<Parts> {
  kernel = new StubTable({ runs: 40, ...options });
  parts = await stageParts(kernel);
  return parts;
}

const input = () => parts?.find<HTMLInputElement>(".inlay-filter-input") as HTMLInputElement;
const options = () => parts?.all(".inlay-suggestion-text").map((one) => one.textContent) ?? [];
const listed = () => parts?.root.querySelector(".inlay-suggestions") !== null;
const fault = () => parts?.find(".inlay-filter-fault").textContent ?? "";
const message = () => {
  const node = parts?.find(".inlay-filter-message");
  return node?.hidden ? "" : (node?.textContent ?? "");
};

async function write(text: string): Promise<void> {
  input().focus();
  input().setRangeText(text, input().value.length, input().value.length, "end");
  input().dispatchEvent(new InputEvent("input", { bubbles: true }));
  await settle(1);
}

describe("a filter", () => {
  it("takes effect after a pause, and at once with Enter", async () => {
    await stage();
    await write("params.seed = 1");
    expect(kernel.all("view")).toEqual([]);
    await until(() => kernel.state.filter === "params.seed = 1", "the pause");
    await write(" ");
    await until(listed, "suggestions");
    await userEvent.keyboard("{Escape}");
    await write("AND params.lr < 0.05");
    await userEvent.keyboard("{Escape}{Enter}");
    await until(() => kernel.state.filter === "params.seed = 1 AND params.lr < 0.05", "Enter", 300);
    expect(input().value).toBe("params.seed = 1 AND params.lr < 0.05");
  });

  it("that cannot be read is underlined, and keeps the rows and the text", async () => {
    await stage();
    await write("params.seed = 1 AND params.lrr < 3");
    await userEvent.keyboard("{Escape}{Enter}");
    await until(() => message() !== "", "the error");
    expect(message()).toContain("no such field: params.lrr");
    expect(fault().trim()).toBe("params.lrr < 3");
    expect(input().getAttribute("aria-invalid")).toBe("true");
    expect(input().getAttribute("aria-describedby")).toBe(parts?.find(".inlay-filter-message").id);
    expect(input().value).toBe("params.seed = 1 AND params.lrr < 3");
    expect(parts?.session.view.runs).toBe(40);
    await write("0");
    expect(fault()).toBe("");
  });

  it("belongs to who writes it, until a facet or Python changes it", async () => {
    await stage();
    await write("params.seed = 1 ");
    await until(() => kernel.state.filter !== "", "the filter");
    await settle(2);
    expect(input().value).toBe("params.seed = 1 ");
    parts?.session.refine("params.model", { in: ["resnet18"] });
    await until(() => input().value.includes("resnet18"), "the facet");
    kernel.push({ filter: "params.lr = 0.1" });
    await until(() => input().value === "params.lr = 0.1", "Python");
  });

  it("is cleared by its cross, and written again by the arrow", async () => {
    await stage({ state: { filter: "params.seed = 1" } });
    expect(input().value).toBe("params.seed = 1");
    await write(" AND params.lr < 1");
    await userEvent.keyboard("{Escape}{Enter}");
    await until(() => kernel.state.filter.includes("lr"), "the filter");
    parts?.find(".inlay-filter-clear").click();
    await until(() => kernel.state.filter === "", "the empty filter");
    expect(document.activeElement).toBe(input());
    await userEvent.keyboard("{ArrowUp}");
    expect(input().value).toBe("params.seed = 1 AND params.lr < 1");
  });

  it("shows what it cannot read as text", async () => {
    await stage();
    await write("<img src=x onerror=alert(1)>");
    await userEvent.keyboard("{Enter}");
    await until(() => message() !== "", "the error");
    expect(parts?.root.querySelector("img")).toBeNull();
    expect(message()).toContain("<img");
  });
});

describe("suggestions", () => {
  it("are taken with the arrows and Enter, without applying the filter", async () => {
    await stage();
    await write("val");
    await until(listed, "suggestions");
    expect(options()).toHaveLength(2);
    expect(input().getAttribute("aria-expanded")).toBe("true");
    await userEvent.keyboard("{ArrowDown}{ArrowDown}");
    const active = input().getAttribute("aria-activedescendant");
    expect(parts?.find(`[id="${active}"]`).getAttribute("aria-selected")).toBe("true");
    const taken = parts?.find('[aria-selected="true"] .inlay-suggestion-text').textContent;
    await userEvent.keyboard("{Enter}");
    expect(input().value).toBe(`${taken} `);
    const applied = kernel.all("view").map((one) => (one["state"] as { filter: string }).filter);
    expect(applied).not.toContain(taken);
  });

  it("are taken with Tab when something is begun, and with the mouse", async () => {
    await stage();
    await write("params.s");
    await until(listed, "suggestions");
    await userEvent.keyboard("{Tab}");
    expect(input().value).toBe("params.seed ");
    expect(document.activeElement).toBe(input());
    await userEvent.keyboard("{Escape}{Tab}");
    expect(document.activeElement).not.toBe(input());
    input().value = "";
    await write("params.d");
    await until(listed, "suggestions");
    parts?.find(".inlay-suggestion").click();
    expect(input().value).toBe("params.dropout ");
    expect(document.activeElement).toBe(input());
  });

  it("that come too late are dropped", async () => {
    await stage();
    kernel.held = true;
    await write("metrics.lo");
    await write("ss < 1");
    kernel.release();
    await settle(3);
    const shown = options();
    expect(shown).not.toContain("metrics.loss");
    // Of those that were overtaken while one was under way, only the newest was sent.
    expect(kernel.all("complete").length).toBeLessThanOrEqual(2);
  });

  it("stay inside the card, under the word that is written", async () => {
    await stage();
    await write("params.lr > 0.01 AND params.s");
    await until(listed, "suggestions");
    const list = parts?.find(".inlay-suggestions") as HTMLElement;
    const [box, field] = [list.getBoundingClientRect(), input().getBoundingClientRect()];
    expect(parts?.root.contains(list)).toBe(true);
    expect(box.top).toBeGreaterThanOrEqual(field.bottom);
    expect(box.left).toBeGreaterThan(field.left + 100);
    const { violations } = await axe.run(parts?.root as HTMLElement);
    expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
  });

  it("count characters as Python does", () => {
    expect(toPoints("a👍b", 3)).toBe(2);
    expect(toUnits("a👍b", 2)).toBe(3);
    const range = { start: 0, end: 3, items: [] };
    const one = (text: string) => accepted("met", range, { text, kind: "", detail: "" })[0];
    expect(one("metrics.")).toBe("metrics.");
    expect(one("max(")).toBe("max(");
    expect(one("name")).toBe("name ");
  });
});
