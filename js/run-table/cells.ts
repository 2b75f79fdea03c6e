/**
 * How a cell looks: what it says, what it says when pointed at, and whatever stands beside the text. A look is worked out
 * for every cell in sight whenever rows come, and touches the page only where it differs from what is there.
 */

import { element } from "../lib/dom.ts";
import { statusLook, statusSign } from "../lib/status.ts";
import {
  anyNumber,
  deltaOf,
  durationText,
  isNotFinite,
  momentText,
  numberOf,
  numberText,
  settingText,
  spreadText,
  timeText,
  wholeNumber,
} from "./cell-text.ts";
import type { Better, ColumnId, TableState } from "./state.ts";
import type { Cell, Column, GroupRow, Row } from "./wire.ts";

export interface Look {
  /** Says all of it: the same key, the same look. */
  key: string;
  className: string;
  text: string;
  title: string;
  /** What stands around the text, made anew. */
  parts?: () => Node[];
  /** How strong the tint is, from 0 to 1. */
  heat?: number;
  /** Whether a group shows its runs. */
  expanded?: boolean;
}

/** What a cell depends on besides its value. */
export interface CellEnv {
  column: Column | undefined;
  id: ColumnId;
  /** The first column of all: it says which group a row is. */
  leading: boolean;
  range: [number, number] | undefined;
  better: Better | null;
  delta: TableState["delta"];
  /** The baseline's value; undefined where nothing is compared with one. */
  base: Cell | undefined;
  /** Whether runs are grouped by the column: the name of a group has said what stands in it. */
  grouped: boolean;
  /** Whether the row is the baseline. */
  itself: boolean;
  connected: boolean;
  now: number;
  /** The place in the palette of a run that is charted. */
  colour: number | null;
  spark: (() => SVGElement | null) | null;
}

const EMPTY: Look = { key: "", className: "", text: "", title: "" };
export const WAITING: Look = { key: "waiting", className: "inlay-waiting", text: "", title: "" };

export function lookOf(cell: Cell | undefined, row: Row, env: CellEnv): Look {
  if (env.leading && "key" in row) return groupLook(row, env);
  if (env.id === "name" && "run" in row) return nameLook(cell, row, env);
  if (cell === undefined) return WAITING;
  if (env.grouped && "key" in row) return saidLook(lookOf(cell, row, { ...env, grouped: false }));
  if (cell === null) return env.spark === null ? EMPTY : numberLook(cell, env);
  if (typeof cell === "object" && "distinct" in cell) {
    return quiet(`${cell.distinct} values`, `${cell.distinct} different values in this group`);
  }
  const type = env.column?.type ?? (typeof cell === "number" ? "number" : "text");
  if (type === "number" || (typeof cell === "object" && type !== "time" && type !== "duration")) {
    return typeof cell === "string" && !isNotFinite(cell) ? textLook(cell) : numberLook(cell, env);
  }
  const value = numberOf(cell);
  if (type === "time" && value !== null) {
    return { ...quiet(timeText(value, env.now), momentText(value)), className: "inlay-time" };
  }
  if (type === "duration" && value !== null) {
    const text = durationText(value);
    const mean = typeof cell === "object" ? " on average" : "";
    return figure(text, `${numberText(value)} s${mean}`, "inlay-number");
  }
  if (type === "status") return statusOf(String(cell), env.connected);
  if (type === "flag" || typeof cell === "boolean") return textLook(String(cell));
  return textLook(String(cell));
}

function textLook(text: string): Look {
  return { key: `t${text}`, className: "", text, title: text };
}

function saidLook(look: Look): Look {
  return {
    ...look,
    key: `said${look.key}`,
    className: `${look.className} inlay-quiet-cell`.trim(),
  };
}

function quiet(text: string, title: string): Look {
  return { key: `q${text}${title}`, className: "inlay-quiet-cell", text, title };
}

function figure(text: string, title: string, className: string): Look {
  return { key: `f${className}${text}${title}`, className, text, title };
}

function statusOf(status: string, connected: boolean): Look {
  const look = statusLook(status, connected);
  const parts = () => {
    const node = element("span", { class: "inlay-state" }, statusSign(look), look.word);
    node.dataset["status"] = look.tone;
    return [node];
  };
  return { key: `s${look.word}`, className: "", text: look.word, title: look.word, parts };
}

function nameLook(cell: Cell | undefined, row: Row, { colour }: CellEnv): Look {
  if (!("run" in row)) return EMPTY;
  const name = (typeof cell === "string" && cell !== "" ? cell : row.name) || row.short;
  const title = row.note === "" ? `${name} (${row.short})` : `${name} (${row.short})\n${row.note}`;
  const parts = () => {
    const dot = dotOf(colour);
    const text = element("span", { class: "inlay-clip" }, name);
    return [dot, text, row.deleted ? element("span", { class: "inlay-gone" }, "deleted") : ""].map(
      (part) => (typeof part === "string" ? document.createTextNode(part) : part),
    );
  };
  const className = `inlay-name-cell${row.level === 1 ? " inlay-inside" : ""}${row.deleted ? " inlay-deleted" : ""}`;
  return { key: `n${title}${colour}${className}`, className, text: name, title, parts };
}

function dotOf(colour: number | null): HTMLElement {
  const dot = element("span", { class: "inlay-dot", "aria-hidden": "true" });
  if (colour !== null) dot.style.background = `var(--inlay-line-${colour})`;
  else dot.dataset["colour"] = "none";
  return dot;
}

function groupLook(row: GroupRow, { colour }: CellEnv): Look {
  const { label } = row;
  const runs = row.n === 1 ? "1 run" : `${row.n} runs`;
  const parts = () => [
    element("span", { class: "inlay-chevron", "aria-hidden": "true" }),
    dotOf(colour),
    element("span", { class: "inlay-clip" }, label),
    element("span", { class: "inlay-group-count" }, runs),
  ];
  const className = `inlay-group-cell${row.open ? " inlay-open" : ""}`;
  return {
    key: `g${label}${runs}${row.open}${colour}`,
    className,
    text: label,
    title: `${label}, ${runs}`,
    parts,
    expanded: row.open,
  };
}

function numberLook(cell: Cell, env: CellEnv): Look {
  const value = numberOf(cell);
  const spread = typeof cell === "object" && cell !== null && "mean" in cell ? cell : null;
  const said = spread ? spread.mean : (cell as number | string | null);
  const isSetting = env.column?.entity === "params" && typeof said === "number" && !spread?.std;
  const text = said === null ? "" : isSetting ? settingText(said) : anyNumber(said);
  const off = !spread?.std ? "" : spreadText(spread.std);
  const base = numberOf(env.base ?? null);
  const delta =
    value === null || base === null || env.itself
      ? null
      : deltaOf(value, base, env.delta, env.better);
  const heat = heatOf(value, env);
  const whole = said === null ? "" : wholeNumber(said);
  const of =
    spread === null ? "" : `${off && ` ± ${wholeNumber(spread.std ?? "")}`} (n = ${spread.n})`;
  const title = `${whole}${of}${delta ? `\n${delta.title}` : ""}`;
  const spark = env.spark;
  const plain = spread === null && delta === null && spark === null && env.base === undefined;
  const className = `inlay-number${isNotFinite(said) ? " inlay-not-finite" : ""}`;
  const look: Look = {
    key: `f${className}${text}${title}${heat}`,
    className,
    text,
    title,
    ...(heat === undefined ? {} : { heat }),
  };
  if (plain) return look;
  const drawn = spark?.() ?? null;
  const parts = () => [
    ...(spark === null ? [] : [drawn ?? element("span", { class: "inlay-spark" })]),
    element("span", { class: "inlay-value" }, text),
    ...(off === "" ? [] : [element("span", { class: "inlay-spread" }, ` ± ${off}`)]),
    ...(env.base === undefined ? [] : [deltaNode(delta)]),
  ];
  const traced = drawn?.lastElementChild?.getAttribute("d") ?? "";
  return { ...look, key: `${look.key}|${delta?.text}|${env.delta}|${traced}`, parts };
}

function deltaNode(delta: ReturnType<typeof deltaOf>): HTMLElement {
  const node = element("span", { class: "inlay-delta" }, delta?.text ?? "");
  if (delta?.tone) node.dataset["tone"] = delta.tone;
  return node;
}

/** The better, the stronger; where nobody knows which way is better, the higher. */
function heatOf(value: number | null, { range, better }: CellEnv): number | undefined {
  if (range === undefined || value === null || !Number.isFinite(value)) return undefined;
  const [low, high] = range;
  const part = high > low ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 0.5;
  return Math.round(100 * (better === "min" ? 1 - part : part)) / 100;
}
