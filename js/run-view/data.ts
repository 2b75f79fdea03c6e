/**
 * The data a run used: where it came from, how much it is, what is in its columns. The columns are asked of the kernel
 * when a data set is looked at; what it is, and the digest by which equal data is known, is told with the run.
 */

import { copyButton } from "../lib/copy.ts";
import type { DataEntry } from "../lib/details.ts";
import { element, searchField, setText } from "../lib/dom.ts";
import { formatCount, formatValue } from "../lib/format.ts";
import { formatSize } from "../lib/size.ts";
import { asNumber, asText, field } from "../lib/wire.ts";
import { besideView } from "./beside.ts";
import { barsShape } from "./histogram-chart.ts";
import { type AskEnv, inquiry } from "./inquiry.ts";
import type { Panel } from "./panels.ts";
import { type Listed, treeView } from "./tree.ts";

interface DataSet extends Listed {
  data: DataEntry;
}

const SEARCHED_FROM = 21;
const DIGITS = 8;

export function dataPanel(env: AskEnv): Panel {
  let sets: DataSet[] = [];
  let drawn = "";
  let chosen: DataSet | null = null;

  const tree = treeView<DataSet>("data sets", (set) => choose(set));
  const digest = copyButton();
  const sampled = element("span", { class: "inlay-hint" }, "of a sample");
  sampled.title = "The digest of all data follows";
  const source = element("p", { class: "inlay-hint inlay-source" });
  const place = element("div");
  const beside = besideView(tree.node, "Data set", [digest.node, sampled]);

  const say = (words: string, late = false) =>
    place.replaceChildren(element("p", { class: `inlay-hint${late ? " inlay-late" : ""}` }, words));

  const describe = ({ data }: DataSet) => {
    beside.name(data.name);
    beside.about(
      [data.context, data.kind, sizeOf(data), data.bytes === null ? "" : formatSize(data.bytes)]
        .filter((part) => part !== "")
        .join(" · "),
    );
    digest.node.hidden = data.digest === "";
    sampled.hidden = !data.sampled || data.digest === "";
    digest.update(shortDigest(data.digest), data.digest, `Copy the digest ${data.digest}`);
    source.hidden = data.source === "";
    setText(source, data.source);
  };

  const question = inquiry(env, "input", say, ({ body }) => {
    const columns = chosen && columnsTable(body, chosen.data);
    if (columns === null) say("Nothing is known of its columns");
    else place.replaceChildren(columns);
  });
  const load = () => {
    if (chosen === null) return;
    const { name, context } = chosen.data;
    void question.ask({ name, context });
  };

  const choose = (set: DataSet | null) => {
    if (set?.path === chosen?.path) return;
    chosen = set;
    question.forget();
    beside.side.hidden = set === null;
    tree.update(sets, set?.path ?? null);
    if (set === null) return;
    beside.body.replaceChildren(source, place);
    beside.body.scrollTop = 0;
    describe(set);
    load();
  };

  env.answers.onChange(() => {
    if (!question.drawn) load();
  }, env.signal);

  return {
    name: "data",
    label: "Data",
    node: beside.node,
    badge({ details }) {
      return details.inputs.length > 0 ? [[formatCount(details.inputs.length)]] : null;
    },
    update({ details }) {
      const state = JSON.stringify(details.inputs);
      if (state === drawn) return;
      drawn = state;
      sets = details.inputs.map(listed);
      tree.node.hidden = sets.length === 1;
      const now = sets.find(({ path }) => path === chosen?.path);
      if (now === undefined) return choose(sets[0] ?? null);
      chosen = now;
      tree.update(sets, now.path);
      describe(now);
      // With the digest of all of it comes a profile that may know more.
      load();
    },
  };
}

/** A data set may be used for several things, and is one entry for each. */
function listed(data: DataEntry): DataSet {
  const path = data.context === "" ? data.name : `${data.name} (${data.context})`;
  return { path, kind: "", figure: sizeOf(data), data };
}

function sizeOf({ kind, rows, columns }: DataEntry): string {
  const said = (count: number | null) => (count === null ? "" : formatCount(count));
  if (rows !== null && columns !== null) return `${said(rows)} × ${said(columns)}`;
  if (rows === null) return said(columns) && `${said(columns)} columns`;
  return `${said(rows)} ${kind === "folder" ? "files" : "rows"}`;
}

/** `sha256:ab12…` or `ab12…`: what is read are the first digits. */
function shortDigest(digest: string): string {
  return (digest.split(":").at(-1) ?? "").slice(0, DIGITS);
}

const FACTS = ["Missing", "Distinct", "Min", "Mean", "Max"];

/** The columns of an answer, or the files of a folder, with what is known of any of them; null where there are none. */
function columnsTable(body: unknown, { kind, rows }: DataEntry): HTMLElement | null {
  const found = field(body, "columns");
  if (!Array.isArray(found) || found.length === 0) return null;
  const total = asNumber(field(body, "total")) ?? found.length;
  const facts = FACTS.filter((fact) => found.some((column) => factOf(column, fact) !== null));
  const values = found.map(valuesOf);
  const spread = values.some((value) => value !== null);
  const lines = found.map((column: unknown, i) => {
    const line = columnRow(column, facts, rows);
    if (spread)
      line.children[0]?.after(element("td", { class: "inlay-values" }, values[i] ?? null));
    return line;
  });
  const what = kind === "folder" ? "files" : "columns";
  const headings = [kind === "folder" ? "File" : "Column", ...(spread ? ["Values"] : []), ...facts];
  const head = headings.map((heading) => {
    const cell = element("th", facts.includes(heading) ? { class: "inlay-figure" } : {}, heading);
    cell.scope = "col";
    return cell;
  });
  const table = element(
    "table",
    { class: "inlay-table inlay-columns" },
    element("thead", {}, element("tr", {}, ...head)),
    element("tbody", {}, ...lines),
  );
  const count = element("span", { class: "inlay-hint", role: "status" });
  const filter = (typed: string) => {
    for (const line of lines) line.hidden = !(line.dataset["name"] ?? "").includes(typed);
    const left = lines.filter((line) => !line.hidden).length;
    setText(count, left < total ? `${formatCount(left)} of ${formatCount(total)} ${what}` : "");
  };
  filter("");
  const search = searchField(`Search ${what}`, filter);
  const tools = element("div", { class: "inlay-panel-top" }, search, count);
  search.hidden = lines.length < SEARCHED_FROM;
  tools.hidden = search.hidden && total <= lines.length;
  return element("div", {}, tools, table);
}

const factOf = (column: unknown, fact: string) => field(column, fact.toLowerCase()) ?? null;

function columnRow(column: unknown, facts: readonly string[], rows: number | null) {
  const [name, type] = [asText(field(column, "name")), asText(field(column, "type"))];
  const title = element("th", { title: `${name} ${type}` }, `${name} `);
  title.append(element("span", { class: "inlay-hint" }, type));
  title.scope = "row";
  const cells = facts.map((fact) => {
    const value = factOf(column, fact);
    const number = asNumber(value);
    const text = number === null ? asText(value) : formatValue(number);
    const cell = element("td", { class: "inlay-figure", title: text }, text);
    if (fact === FACTS[0] && number !== null && rows) {
      cell.title = `${formatValue((100 * number) / rows)} % of the rows`;
    }
    return cell;
  });
  return element("tr", { "data-name": name.toLowerCase() }, title, ...cells);
}

/** How the values lie: bars for numbers, the most frequent ones for texts. */
function valuesOf(column: unknown): Node | null {
  const counts = field(column, "counts");
  if (Array.isArray(counts) && counts.length > 0) {
    const heights = counts.map((count) => asNumber(count) ?? 0);
    const bars = barsShape("inlay-spark");
    bars.draw(
      Array.from({ length: heights.length + 1 }, (_, i) => i),
      heights,
      0,
      heights.length,
    );
    return bars.node;
  }
  const top = field(column, "top");
  const texts = (Array.isArray(top) ? top : []).flatMap((pair: unknown) => {
    if (!Array.isArray(pair)) return [];
    const [value, count] = [asText(pair[0]), asNumber(pair[1])];
    return count === null ? [] : [`${value === "" ? "“”" : value} ${formatCount(count)}`];
  });
  return texts.length === 0 ? null : element("span", { class: "inlay-hint" }, texts.join(" · "));
}
