/** What differs between runs: keys by section, code in both layouts, what is folded, and what comes of bad answers. */

import axe from "axe-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { page, userEvent } from "vitest/browser";
import { readDifference } from "../../js/run-table/diff-wire.ts";
import { settle, until } from "./stub-model.ts";
import { StubTable } from "./stub-table.ts";
import { type Parts, stageParts } from "./table-parts.ts";

let parts: Parts;
let kernel: StubTable;

beforeEach(async () => {
  await page.viewport(1000, 900);
  document.body.style.cssText = "--jp-layout-color0: #fff; --jp-ui-font-color1: #222; margin: 0";
});

afterEach(() => parts.close());

async function compare(count: number, width = 900): Promise<void> {
  kernel = new StubTable({ runs: 40 });
  parts = await stageParts(kernel, width);
  const selected = Array.from({ length: count }, (_, i) => kernel.store.id(i + 5));
  parts.session.change({ selected });
  await settle(2);
  button("Compare").focus();
  await userEvent.keyboard("{Enter}");
  await until(() => parts.root.querySelector(".inlay-diff-table") !== null, "differences");
}

const button = (label: string) => {
  const found = parts.all("button").find((one) => one.textContent?.includes(label));
  if (found === undefined) throw new Error(`no button ${label}`);
  return found;
};
const section = (name: string) => parts.find(`[data-section="${name}"]`);
const keys = (name: string) =>
  [...section(name).querySelectorAll("th.inlay-diff-key")].map((one) => one.textContent);

describe("the comparison", () => {
  it("shows what differs, and folds what does not", async () => {
    await compare(2);
    expect(parts.text("h3.inlay-diff-title")).toBe("2 runs compared");
    expect(kernel.last("diff")["runs"]).toEqual(["run-000005", "run-000006"]);
    expect(keys("params")).toEqual(["lr", "model", "batch_size"]);
    expect(keys("environment")).toEqual(["packages.numpy", "+packages.polars", "−packages.pandas"]);
    button("87 equal").click();
    expect(keys("environment")).toHaveLength(90);
    button("87 equal").click();
    expect(keys("environment")).toHaveLength(3);
    const { violations } = await axe.run(parts.root);
    expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
  });

  it("searches keys, the equal ones too", async () => {
    await compare(2);
    const search = parts.find<HTMLInputElement>(".inlay-diff input[type=search]");
    search.value = "packages.p8";
    search.dispatchEvent(new InputEvent("input"));
    expect(parts.all("tbody[data-section]").map((one) => one.dataset["section"])).toEqual([
      "environment",
    ]);
    expect(keys("environment")).toHaveLength(8);
  });

  it("mutes what is as in the first of several runs, and shows names as text", async () => {
    await compare(3);
    const dropout = [...section("params").querySelectorAll("tr")].find((row) =>
      row.textContent?.startsWith("dropout"),
    );
    const same = [...(dropout?.querySelectorAll("td") ?? [])].map((one) => one.dataset["same"]);
    expect(same).toEqual([undefined, "true", undefined]);
    expect(parts.text("thead")).toContain("<b>run</b>");
    expect(parts.root.querySelector("b")).toBeNull();
  });

  it("scrolls twenty runs under a key that stays, without widening the card", async () => {
    await compare(22, 480);
    expect(kernel.last("diff")["runs"]).toHaveLength(20);
    const scroll = parts.find(".inlay-diff-scroll");
    scroll.scrollLeft = 500;
    await settle(1);
    const key = section("params").querySelector("th.inlay-diff-key")?.getBoundingClientRect();
    expect(key?.left).toBeCloseTo(scroll.getBoundingClientRect().left, 0);
    expect(parts.root.scrollWidth).toBeLessThanOrEqual(480);
  });

  it("draws code unified and side by side, of the run that is picked", async () => {
    await compare(3);
    const lines = () =>
      parts.all(".inlay-code-line, .inlay-code-gap").map((one) => one.textContent);
    expect(lines()[1]).toContain("−lr = 0.1");
    expect(lines().at(-1)).toBe("40 equal lines");
    expect(parts.find(".inlay-code .inlay-code-k").textContent).toBe("import");
    const color = getComputedStyle(parts.find(".inlay-code .inlay-code-k")).color;
    expect(color).not.toBe(getComputedStyle(parts.root).color);
    parts.find<HTMLInputElement>('.inlay-diff input[value="side"]').click();
    expect(parts.all(".inlay-code-pair")).toHaveLength(3);
    const pick = parts.find<HTMLSelectElement>(".inlay-diff select");
    pick.value = "run-000007";
    pick.dispatchEvent(new Event("change"));
    expect(parts.all(".inlay-code-pair")).toHaveLength(3);
    expect(pick.selectedOptions[0]?.textContent).toContain("<b>run</b>");
  });

  it("closes with Escape, and gives the focus back", async () => {
    await compare(2);
    expect(document.activeElement).toBe(parts.find("h3.inlay-diff-title"));
    await userEvent.keyboard("{Escape}");
    expect(parts.find(".inlay-diff").hidden).toBe(true);
    expect(document.activeElement).toBe(button("Compare"));
  });

  it("says what went wrong, and closes", async () => {
    kernel = new StubTable({ runs: 10 });
    parts = await stageParts(kernel);
    parts.session.change({ selected: ["run-000001", "run-000002"] });
    await settle(2);
    kernel.failNext("diff", "RunNotFoundError", "run 1 is not in the store any more");
    button("Compare").click();
    await until(() => parts.failures.length === 1, "the failure");
    expect(parts.find(".inlay-diff").hidden).toBe(true);
  });
});

describe("what the kernel says of differences", () => {
  it("is read without trust", () => {
    for (const body of [null, 3, [], { runs: 1 }, { sections: [null] }, { code: [[1]] }]) {
      const { runs, sections, code } = readDifference(body);
      expect([runs, sections, code].every(Array.isArray)).toBe(true);
    }
    const odd = { sections: [{ rows: [{ values: [{}, NaN, "x"], change: "what" }] }] };
    expect(readDifference(odd).sections[0]?.rows[0]).toEqual({
      key: "",
      values: [null, Number.NaN, "x"],
      same: false,
      change: null,
    });
    const line = readDifference({ code: [{ side: [[null, { op: "!" }]] }] }).code[0]?.side;
    expect(line).toEqual([[null, null]]);
  });
});
