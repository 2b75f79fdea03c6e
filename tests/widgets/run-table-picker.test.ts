/** Which columns are shown and in what order, and what rows are grouped by. */

import axe from "axe-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { page, userEvent } from "vitest/browser";
import { settle, until } from "./stub-model.ts";
import { StubTable } from "./stub-table.ts";
import { type Parts, stageParts } from "./table-parts.ts";

let parts: Parts;
let kernel: StubTable;

beforeEach(async () => {
  await page.viewport(1000, 700);
  document.body.style.cssText = "--jp-layout-color0: #fff; --jp-ui-font-color1: #222; margin: 0";
});

afterEach(() => parts.close());

async function stage(options: ConstructorParameters<typeof StubTable>[0] = {}): Promise<void> {
  kernel = new StubTable({ runs: 20, ...options });
  parts = await stageParts(kernel);
}

const button = (label: string) => {
  const found = parts.all("button").find((one) => one.textContent === label);
  if (found === undefined) throw new Error(`no button ${label}`);
  return found;
};
const rows = () => parts.all(".inlay-picker-row[role=option]");
const names = () => rows().map((row) => row.querySelector(".inlay-clip")?.textContent);
const columns = () => parts.session.state.columns;

async function search(text: string): Promise<void> {
  const field = parts.find<HTMLInputElement>(".inlay-popover input[type=search]");
  field.value = text;
  field.dispatchEvent(new InputEvent("input"));
  await settle(1);
}

describe("the column picker", () => {
  it("finds columns among thousands, and draws only those in sight", async () => {
    await stage({ metrics: 5000 });
    button("Columns").click();
    await settle(2);
    expect(rows().length).toBeLessThan(40);
    expect(parts.find(".inlay-picker-list").scrollHeight).toBeGreaterThan(100_000);
    await search("loss val");
    expect(names()).toEqual(["val/loss"]);
    // With all that the pointer does before it has clicked.
    await userEvent.click(rows()[0] ?? parts.root);
    expect(columns()).not.toContain("metrics.val/loss");
    await search("m_4999");
    button("Hide all found").click();
    expect(columns()).not.toContain("metrics.m_4999");
    expect(columns()?.length).toBe(kernel.store.columns.length - 2);
    await search("");
    button("Hide all").click();
    expect(columns()).toEqual([]);
    await search("params.");
    button("Show all found").click();
    expect(columns()?.every((id) => id.startsWith("params."))).toBe(true);
    button("Reset").click();
    expect(columns()).toBeNull();
    await search("no such thing");
    expect(parts.text(".inlay-picker-none")).toBe("No such column");
  });

  it("is used with the keyboard alone", async () => {
    await stage();
    button("Columns").focus();
    await userEvent.keyboard("{Enter}");
    await settle(1);
    expect(document.activeElement).toBe(parts.find(".inlay-popover input[type=search]"));
    await userEvent.keyboard("{ArrowDown}{ArrowDown} ");
    const list = parts.find(".inlay-picker-list");
    const active = () => parts.find(`[id="${list.getAttribute("aria-activedescendant")}"]`);
    expect(document.activeElement).toBe(list);
    expect(active().textContent).toContain("status");
    expect(active().getAttribute("aria-selected")).toBe("false");
    expect(columns()).not.toContain("status");
    await userEvent.keyboard("{End}p");
    expect(parts.session.state.pinned).toEqual(["name", "tags.stage"]);
    const { violations } = await axe.run(parts.root);
    expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
    await userEvent.keyboard("{Escape}");
    expect(document.activeElement).toBe(button("Columns"));
  });

  it("moves shown columns by keys and by dragging", async () => {
    await stage({ state: { columns: ["name", "params.lr", "metrics.loss", "status"] } });
    button("Columns").click();
    parts.find<HTMLInputElement>('.inlay-popover input[value="shown"]').click();
    await settle(1);
    expect(names()).toEqual(["name", "lr", "loss", "status"]);
    parts.find(".inlay-picker-list").focus();
    await userEvent.keyboard("{ArrowDown}{Alt>}{ArrowDown}{/Alt}");
    expect(columns()).toEqual(["name", "metrics.loss", "params.lr", "status"]);
    await userEvent.keyboard("{Alt>}{ArrowUp}{ArrowUp}{/Alt}");
    expect(columns()).toEqual(["params.lr", "name", "metrics.loss", "status"]);
    const list = parts.find(".inlay-picker-list");
    list.setPointerCapture = () => undefined;
    const { left, top } = list.getBoundingClientRect();
    const at = (row: number) => ({
      clientX: left + 12,
      clientY: top + row * 26 + 13,
      bubbles: true,
      pointerId: 1,
    });
    const grip = rows()[3]?.querySelector(".inlay-picker-grip");
    grip?.dispatchEvent(new PointerEvent("pointerdown", at(3)));
    list.dispatchEvent(new PointerEvent("pointermove", at(1)));
    list.dispatchEvent(new PointerEvent("pointerup", at(1)));
    expect(columns()).toEqual(["params.lr", "status", "name", "metrics.loss"]);
  });
});

describe("the group bar", () => {
  const chips = () =>
    parts.all(".inlay-group-chips .inlay-chip-name").map((one) => one.textContent);

  it("takes columns from a list, moves them and takes them away", async () => {
    await stage();
    button("Group by").click();
    await userEvent.keyboard("mod{Enter}");
    await until(() => chips().join() === "model", "a chip");
    expect(document.activeElement).toBe(parts.find(".inlay-group-bar > button"));
    await userEvent.keyboard("{Enter}seed{Enter}");
    await until(() => chips().join() === "model,seed", "two chips");
    await until(() => parts.session.view.rows === 12, "groups");
    parts.all(".inlay-group-chips .inlay-chip-name")[1]?.focus();
    await userEvent.keyboard("{Alt>}{ArrowLeft}{/Alt}");
    await until(() => chips().join() === "seed,model", "the other order");
    await settle(2);
    await userEvent.keyboard("{Delete}");
    await until(() => chips().join() === "model", "one chip");
    parts.find(".inlay-chip-remove").click();
    expect(parts.session.state.group).toEqual([]);
  });
});

describe("the selection", () => {
  const words = () => parts.all(".inlay-selection > *").map((one) => one.textContent);

  it("offers what can be done with it, without moving anything", async () => {
    await stage();
    const height = () => parts.find(".inlay-above").getBoundingClientRect().height;
    const before = height();
    parts.session.change({ selected: ["run-000001"] });
    await settle(2);
    expect(words()).toEqual(["1 selected", "Set as baseline", "Tag…", "Delete", "×"]);
    button("Set as baseline").click();
    await until(() => parts.text(".inlay-baseline-chip").includes("run 1"), "the baseline");
    expect(height()).toBe(before);
    parts.find<HTMLInputElement>('.inlay-baseline-chip input[value="percent"]').click();
    expect(parts.session.state.delta).toBe("percent");
    parts.find(".inlay-baseline-chip button").click();
    expect(parts.session.state.baseline).toBeNull();
  });

  it("is deleted after one question, and brought back", async () => {
    await stage();
    parts.session.change({ selected: ["run-000001", "run-000002"] });
    await settle(2);
    button("Delete").click();
    expect(words()).toEqual(["Delete 2 runs?", "Delete", "Keep"]);
    expect(kernel.all("delete")).toEqual([]);
    await userEvent.keyboard("{Enter}");
    await until(() => words()[0] === "2 runs deleted", "the end of them");
    expect(kernel.last("delete")["runs"]).toEqual(["run-000001", "run-000002"]);
    expect(parts.session.state.selected).toEqual([]);
    button("Undo").click();
    await until(() => kernel.all("restore").length === 1, "their return");
    expect(kernel.last("restore")["runs"]).toEqual(["run-000001", "run-000002"]);
  });

  it("is tagged", async () => {
    await stage();
    parts.session.change({ selected: ["run-000001", "run-000002"] });
    await settle(2);
    button("Tag…").click();
    await userEvent.keyboard("team = growth{Enter}");
    await until(() => kernel.all("set_tag").length === 1, "the tag");
    expect(kernel.last("set_tag")).toMatchObject({
      runs: ["run-000001", "run-000002"],
      key: "team",
      value: "growth",
    });
  });

  it("can be kept from the kernel's failure", async () => {
    await stage();
    parts.session.change({ selected: ["run-000001"] });
    await settle(2);
    kernel.failNext("delete");
    button("Delete").click();
    button("Delete").click();
    await until(() => parts.failures.length === 1, "the failure");
    expect(words()[0]).toBe("1 selected");
  });
});

describe("the menu", () => {
  it("copies, exports and resets", async () => {
    await stage({ state: { filter: "params.seed = 1", group: ["params.model"] } });
    const more = parts.find('[aria-label="More"]');
    more.focus();
    await userEvent.keyboard("{Enter}");
    const items = () => parts.all('[role="menuitem"]').map((one) => one.textContent);
    expect(items()).toHaveLength(4);
    await userEvent.keyboard("{Enter}");
    await until(() => parts.said.length > 0, "a word on the code");
    expect(kernel.all("code")).toHaveLength(1);
    more.click();
    await userEvent.keyboard("{End}{Enter}");
    await until(() => kernel.state.filter === "" && kernel.state.group.length === 0, "the reset");
    expect(document.activeElement).toBe(more);
  });
});
