/**
 * Keys against runs, section by section, in one table, so that the columns of all sections are in line. What is equal in
 * all runs is folded away under its number; a search looks there as well.
 */

import { button, element, setText } from "../lib/dom.ts";
import { formatCount } from "../lib/format.ts";
import { statusLook } from "../lib/status.ts";
import { PALETTE_SIZE } from "../lib/theme.ts";
import { durationText, momentText } from "./cell-text.ts";
import type { Difference, DiffRow, DiffRun, DiffSection } from "./diff-wire.ts";

const NAMES: Record<string, string> = {
  params: "Params",
  metrics: "Metrics",
  tags: "Tags",
  attributes: "Run",
  environment: "Environment",
  git: "Git",
  datasets: "Data sets",
};
const SIGNS: Record<string, string> = { added: "+", removed: "−" };

export interface SectionsView {
  node: HTMLElement;
  /** The rows in sight, as lines of columns parted by tabs. */
  text: () => string;
}

/** `palette` gives the place of a run's colour, where it has one, `called` the word for an attribute. */
export function sectionsView(
  { runs, sections }: Difference,
  typed: string,
  open: Set<string>,
  palette: (run: string) => number | null,
  called: (attribute: string) => string,
): SectionsView {
  const bodies = sections
    .map((section) => body(worded(section, called), runs, typed, open))
    .filter(isShown);
  const head = element(
    "thead",
    {},
    element(
      "tr",
      {},
      element("td", { class: "inlay-diff-key" }),
      ...runs.map((run) => runHead(run, palette(run.run))),
    ),
  );
  const table = element(
    "table",
    { class: "inlay-diff-table", "aria-label": "Differences" },
    head,
    ...bodies,
  );
  const nothing = element(
    "p",
    { class: "inlay-hint" },
    typed === "" ? "Nothing is known of these runs." : "No such key",
  );
  const node = element(
    "div",
    { class: "inlay-diff-scroll", tabindex: "0", role: "region", "aria-label": "Differences" },
    bodies.length > 0 ? table : nothing,
  );
  return {
    node,
    text() {
      const names = ["", ...runs.map(({ name, short }) => name || short)];
      const rows = sections.flatMap((section) =>
        chosenRows(section, typed, open).map(({ key, values }) => [
          `${section.name}.${key}`,
          ...values.map((value) => (value === null ? "" : String(value))),
        ]),
      );
      return [names, ...rows].map((row) => row.map(flat).join("\t")).join("\n");
    },
  };
}

/** Attributes as heads of columns name them, and their times and durations as people read them. */
function worded(section: DiffSection, called: (attribute: string) => string): DiffSection {
  if (section.name !== "attributes") return section;
  const rows = section.rows.map((row) => {
    const values = row.values.map((value) => {
      if (row.key.endsWith("_at") && typeof value === "string") {
        return momentText(Date.parse(value) / 1000) || value;
      }
      return row.key === "duration_s" && typeof value === "number" ? durationText(value) : value;
    });
    // Unless that would hide a difference.
    const told = new Set(values).size === new Set(row.values).size;
    return { ...row, key: called(row.key), values: told ? values : row.values };
  });
  return { ...section, rows };
}

function runHead({ name, short, status }: DiffRun, place: number | null): HTMLElement {
  const dot = element("span", { class: "inlay-diff-dot" });
  if (place !== null) dot.style.background = `var(--inlay-line-${place % PALETTE_SIZE})`;
  const head = element(
    "th",
    { title: `${name} (${short}, ${statusLook(status, true).word})` },
    place === null ? null : dot,
    element("span", { class: "inlay-clip" }, name || short),
    name === "" ? null : element("span", { class: "inlay-diff-count inlay-minor" }, short),
  );
  head.scope = "col";
  return head;
}

function body(
  section: DiffSection,
  runs: readonly DiffRun[],
  typed: string,
  open: Set<string>,
): HTMLTableSectionElement {
  const found = section.rows.filter((row) => matches(row, typed));
  const differing = found.filter((row) => !row.same);
  const equal = found.filter((row) => row.same);
  const node = element("tbody", { "data-section": section.name });
  if (found.length === 0) return node;
  const count = differing.length === 0 ? "" : differ(differing.length);
  const heading = element(
    "th",
    { class: "inlay-diff-heading" },
    element("span", {}, NAMES[section.name] ?? section.name),
    element("span", { class: "inlay-diff-count inlay-minor" }, count),
  );
  heading.scope = "rowgroup";
  heading.colSpan = runs.length + 1;
  node.append(element("tr", {}, heading), ...differing.map((row) => line(row, section.name)));
  if (equal.length === 0) return node;
  // A search has named what it wants to see.
  if (typed !== "") node.append(...equal.map((row) => line(row, section.name)));
  else node.append(...fold(section.name, equal, runs.length, open));
  return node;
}

function fold(
  name: string,
  equal: readonly DiffRow[],
  runs: number,
  open: Set<string>,
): HTMLElement[] {
  const cell = element("td", { class: "inlay-diff-fold" });
  const row = element("tr", {}, cell);
  let lines: HTMLElement[] = [];
  const show = () => {
    const opened = open.has(name);
    setText(toggle, `${opened ? "▾" : "▸"} ${formatCount(equal.length)} equal`);
    toggle.setAttribute("aria-expanded", String(opened));
    for (const one of lines) one.remove();
    // Hundreds of packages are laid out for who asks to see them.
    lines = opened ? equal.map((one) => line(one, name)) : [];
    row.after(...lines);
  };
  const toggle = button("", () => {
    if (!open.delete(name)) open.add(name);
    show();
  });
  cell.append(toggle);
  cell.colSpan = runs + 1;
  show();
  return [row, ...lines];
}

function line({ key, values, same, change }: DiffRow, section: string): HTMLElement {
  const sign =
    section === "environment" || section === "datasets" ? SIGNS[change ?? ""] : undefined;
  const name = element(
    "th",
    { class: "inlay-diff-key", title: key },
    sign ? element("span", { class: "inlay-diff-sign", "aria-label": change ?? "" }, sign) : null,
    key,
  );
  name.scope = "row";
  const [first] = values;
  const shown = section === "metrics" ? shortened(values) : values;
  const cells = values.map((value, i) => {
    const cell = element("td", {}, value === null ? "–" : String(shown[i]));
    if (shown[i] !== value) cell.title = String(value);
    cell.dataset["kind"] = value === null ? "none" : typeof value;
    // Among several runs, those that do as the first one does step back.
    if (i > 0 && values.length > 2 && value === first) cell.dataset["same"] = "true";
    return cell;
  });
  const row = element("tr", { "data-same": String(same) }, name, ...cells);
  if (sign) row.dataset["change"] = change ?? "";
  return row;
}

/** Metrics to six digits, unless those would hide a difference. */
function shortened(values: DiffRow["values"]): DiffRow["values"] {
  const short = values.map((value) =>
    typeof value === "number" ? Number(value.toPrecision(6)) : value,
  );
  return new Set(short).size === new Set(values).size ? short : values;
}

function differ(count: number): string {
  return count === 1 ? "1 differs" : `${formatCount(count)} differ`;
}

function chosenRows(section: DiffSection, typed: string, open: Set<string>): DiffRow[] {
  return section.rows.filter(
    (row) => matches(row, typed) && (!row.same || typed !== "" || open.has(section.name)),
  );
}

function matches({ key }: DiffRow, typed: string): boolean {
  return key.toLowerCase().includes(typed);
}

function isShown(body: HTMLTableSectionElement): boolean {
  return body.childElementCount > 0;
}

/** Tabs and line ends inside a value would make columns and rows of it. */
function flat(text: string): string {
  return text.replace(/[\t\r\n]+/g, " ");
}
