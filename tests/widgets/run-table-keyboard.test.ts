/** The grid of a run table under the keyboard, as a screen reader and as axe find it. */

import axe from "axe-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { page, userEvent } from "vitest/browser";
import { settle, until, type View } from "./stub-model.ts";
import { type StubOptions, StubTable, stageTable } from "./stub-table.ts";

const views: View[] = [];
let kernel: StubTable;

const LIGHT = "--jp-layout-color0: #fff; --jp-ui-font-color1: #222; background: #fff; margin: 0";
const DARK = "--jp-layout-color0: #111; --jp-ui-font-color1: #eee; background: #111; margin: 0";

beforeEach(async () => {
  await page.viewport(1000, 900);
  document.body.style.cssText = LIGHT;
});

afterEach(() => {
  for (const one of views.splice(0)) one.close();
});

async function stage(options: StubOptions = {}): Promise<View> {
  kernel = new StubTable(options);
  const one = await stageTable(kernel);
  views.push(one);
  return one;
}

const grid = (one: View) => one.find(".inlay-grid");
/** What the grid says the cursor is on. */
const active = (one: View) => {
  const node = document.getElementById(grid(one).getAttribute("aria-activedescendant") ?? "");
  return { node, text: node?.textContent ?? "", column: node?.dataset["column"] ?? "" };
};
const press = async (keys: string) => {
  await userEvent.keyboard(keys);
  await settle(3);
};
const changed = (op: string, count = 1) => until(() => kernel.all(op).length >= count, `a ${op}`);

describe("keys", () => {
  it("move from one tab stop, and bring what they move to into sight", async () => {
    const one = await stage({ runs: 400 });
    grid(one).focus();
    await press("{ArrowDown}{ArrowDown}");
    expect(active(one).text).toBe("run 2");
    await press("{ArrowRight}");
    expect(active(one).column).toBe("status");
    await press("{End}");
    expect(active(one).column).toBe("tags.stage");
    expect(grid(one).scrollLeft).toBeGreaterThan(100);
    await press("{Home}");
    expect(active(one).node?.classList).toContain("inlay-check");
    await press("{Control>}{End}{/Control}");
    await until(() => active(one).node?.parentElement?.ariaRowIndex === "401", "the last row");
    await press("{Control>}{Home}{/Control}{ArrowRight}{PageDown}");
    expect(Number(active(one).text.slice(4))).toBeGreaterThan(8);
    await press("{PageUp}{ArrowUp}");
    expect(active(one).node?.role).toBe("columnheader");
    // The whole grid is one stop.
    expect(document.activeElement).toBe(grid(one));
    expect(one.all('.inlay-grid [tabindex="0"]')).toEqual([]);
    expect(grid(one).dataset["lmSuppressShortcuts"]).toBe("true");
  });

  it("select, sort, make wider and put elsewhere", async () => {
    const one = await stage({ runs: 20, state: { pinned: ["name"] } });
    grid(one).focus();
    await press("{ArrowDown} {Shift>}{ArrowDown}{ArrowDown}{/Shift}");
    await until(() => kernel.state.selected.length === 3, "three selected runs");
    expect(kernel.state.selected).toEqual(["run-000001", "run-000002", "run-000003"]);
    await press("{Escape}{Control>}{Home}{/Control}{ArrowUp}{ArrowRight}{ArrowRight}");
    expect(active(one).column).toBe("status");
    const width = active(one).node?.offsetWidth ?? 0;
    await press("{Alt>}{ArrowRight}{/Alt}");
    expect(active(one).node?.offsetWidth).toBe(width + 16);
    await press(" {Shift>} {/Shift}");
    await changed("view");
    await until(() => active(one).node?.ariaSort === "ascending", "a sorted column");
    await press("{Alt>}{Shift>}{ArrowRight}{/Shift}{/Alt}");
    await until(() => kernel.state.columns?.[1] === "started_at", "the column moved");
    expect(active(one).column).toBe("status");
    expect(kernel.state.selected).toEqual([]);
  });

  it("open a group, and the cursor stays with its run when rows are sorted", async () => {
    const one = await stage({ runs: 12, state: { group: ["params.model"] } });
    grid(one).focus();
    await press("{ArrowRight}");
    await until(() => active(one).node?.ariaExpanded === "true", "an open group");
    await press("{ArrowDown}");
    expect(active(one).text).toBe("run 0");
    await press("{ArrowUp}{ArrowLeft}");
    await until(() => active(one).node?.ariaExpanded === "false", "a closed group");
    kernel.push({ group: [] });
    await until(() => grid(one).ariaRowCount === "13", "all runs");
    await press("{Control>}{Home}{/Control}{ArrowRight}");
    const run = active(one).text;
    kernel.push({ order: [["started_at", "asc"]] });
    await until(() => active(one).node?.parentElement?.ariaRowIndex === "13", "the same run below");
    expect(active(one).text).toBe(run);
  });
});

describe("editing in place", () => {
  it("renames with F2, and Escape takes it back", async () => {
    const one = await stage({ runs: 6 });
    grid(one).focus();
    await press("{ArrowDown}{F2}");
    await until(() => document.activeElement?.ariaLabel === "Name of run 1", "a field");
    await press("lost{Escape}");
    expect(kernel.all("rename")).toEqual([]);
    expect(document.activeElement).toBe(grid(one));
    await press("{F2}");
    await until(() => document.activeElement instanceof HTMLInputElement, "a field");
    await press("<i>best</i>{Enter}");
    // At once, before the kernel says so.
    expect(active(one).text).toBe("<i>best</i>");
    await changed("rename");
    expect(kernel.last("rename")).toMatchObject({
      run: "run-000001",
      name: "<i>best</i>",
      table: "table1",
    });
    expect(document.activeElement).toBe(grid(one));
  });

  it("sets a note and a tag on double click; what failed is shown under the table", async () => {
    const one = await stage({
      runs: 6,
      state: { columns: ["name", "note", "tags.team"] },
    });
    const cell = (column: string) =>
      one.find(`.inlay-rows .inlay-row:nth-child(2) [data-column="${column}"]`);
    await userEvent.dblClick(cell("note"));
    await until(() => document.activeElement instanceof HTMLInputElement, "a field");
    await press("too high{Enter}");
    await changed("set_note");
    expect(kernel.last("set_note")["text"]).toBe("too high");
    kernel.failNext("set_tag");
    const before = cell("tags.team").textContent;
    await userEvent.dblClick(cell("tags.team"));
    await until(() => document.activeElement instanceof HTMLInputElement, "a field");
    await userEvent.fill(document.activeElement as HTMLInputElement, "mine");
    await press("{Enter}");
    await until(() => one.all(".inlay-callback-errors .inlay-error").length === 1, "the error");
    expect(one.text(".inlay-callback-errors")).toContain("disk full");
    expect(cell("tags.team").textContent).toBe(before);
  });

  it("deletes when asked twice, and brings back", async () => {
    const one = await stage({ runs: 6 });
    grid(one).focus();
    await press("{ArrowDown}{Delete}");
    expect(one.text(".inlay-selection")).toContain("Delete “run 1”?");
    await press("{Escape}");
    expect(document.activeElement).toBe(grid(one));
    await press("{Delete}{Enter}");
    await until(() => grid(one).ariaRowCount === "6", "one row less");
    expect(kernel.last("delete")["runs"]).toEqual(["run-000001"]);
    await until(() => one.text(".inlay-selection").includes("“run 1” deleted"), "a way back");
    const [undo] = one.all(".inlay-selection button");
    undo?.click();
    await until(() => grid(one).ariaRowCount === "7", "the row");
  });
});

/** Where everything lies: axe reads the places one by one, so they must not move while it does. */
const places = (one: View): string =>
  [...one.root.querySelectorAll("*")]
    .map((node) => JSON.stringify(node.getBoundingClientRect()))
    .join();

async function violations(one: View): Promise<string[]> {
  let found: axe.Result[] = [];
  let before = "";
  do {
    do {
      before = places(one);
      await settle();
    } while (before !== places(one));
    ({ violations: found } = await axe.run(grid(one).parentElement as Element, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }));
  } while (before !== places(one));
  return found.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 200)}`));
}

describe.each([
  ["light", LIGHT],
  ["dark", DARK],
])("axe finds nothing on a %s grid", (_, theme) => {
  it("with everything in its cells, and grouped, and empty", async () => {
    document.body.style.cssText = theme;
    const one = await stage({
      runs: 30,
      state: {
        baseline: "run-000003",
        order: [["metrics.loss", "asc"]],
        columns: [
          "name",
          "status",
          "metrics.loss",
          "metrics.val/loss",
          "params.model",
          "tags.team",
        ],
        heat: ["metrics.val/loss"],
        spark: ["metrics.loss"],
        selected: ["run-000001"],
      },
    });
    grid(one).focus();
    await press("{ArrowDown}");
    expect(await violations(one)).toEqual([]);
    kernel.push({ group: ["params.model"], open: ['["resnet18"]'] });
    await until(() => one.all(".inlay-group-cell").length === 4, "groups");
    expect(await violations(one)).toEqual([]);
    kernel.push({ group: [], filter: "metrics.loss > 100" });
    await until(() => !one.find(".inlay-grid-empty").hidden, "a hint");
    expect(await violations(one)).toEqual([]);
  });
});
