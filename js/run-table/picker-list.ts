/**
 * The list in the column picker: thousands of columns, of which only the rows in sight are on the page. A listbox with one
 * tab stop: arrows move, Space shows or hides, P pins, Alt with arrows moves a column; the pointer does the same.
 */

import { element, icon, setChildren, uniqueId } from "../lib/dom.ts";
import { formatCount } from "../lib/format.ts";
import type { ColumnId } from "./state.ts";

export interface PickerColumn {
  id: ColumnId;
  name: string;
  /** Runs with a value; null of a column that is gone. */
  runs: number | null;
  shown: boolean;
  pinned: boolean;
}

export type PickerRow = PickerColumn | string;

export interface PickerDeeds {
  toggle: (id: ColumnId) => void;
  pin: (id: ColumnId) => void;
  /** To a place among the rows listed. */
  move: (id: ColumnId, to: number) => void;
}

export interface PickerList {
  node: HTMLElement;
  /** Texts are headings. */
  update: (rows: readonly PickerRow[], movable: boolean) => void;
}

const ROW = 26;
const OVERSCAN = 4;
const TICK = "M3.5 8.5l3 3 6-7";
const PIN = "M6 2.5h4M6.5 2.5v4L4.5 9h7l-2-2.5v-4M8 9v4.5";

export function pickerList({ toggle, pin, move }: PickerDeeds): PickerList {
  let rows: readonly PickerRow[] = [];
  let movable = false;
  let active: ColumnId | null = null;
  let dragged: ColumnId | null = null;
  const prefix = uniqueId();
  const inner = element("div", { class: "inlay-picker-rows", role: "presentation" });
  const node = element(
    "div",
    {
      class: "inlay-picker-list",
      role: "listbox",
      tabindex: "0",
      "aria-label": "Columns",
      "aria-multiselectable": "true",
    },
    inner,
  );

  const indexOf = (id: ColumnId | null) =>
    rows.findIndex((row) => typeof row !== "string" && row.id === id);

  const draw = () => {
    inner.style.height = `${rows.length * ROW}px`;
    const first = Math.max(0, Math.floor(node.scrollTop / ROW) - OVERSCAN);
    const last = Math.ceil((node.scrollTop + (node.clientHeight || 320)) / ROW) + OVERSCAN;
    const drawn = rows.slice(first, last).map((row, i) => {
      const line = typeof row === "string" ? heading(row) : option(row, first + i);
      line.style.top = `${(first + i) * ROW}px`;
      return line;
    });
    setChildren(inner, drawn);
    const at = indexOf(active);
    if (at >= first && at < last) node.setAttribute("aria-activedescendant", `${prefix}-${at}`);
    else node.removeAttribute("aria-activedescendant");
  };

  const option = (column: PickerColumn, at: number): HTMLElement => {
    const { id, name, runs, shown, pinned } = column;
    const line = element("div", {
      class: "inlay-picker-row",
      role: "option",
      id: `${prefix}-${at}`,
      "aria-selected": String(shown),
      "aria-setsize": String(rows.length),
      "aria-posinset": String(at + 1),
      "data-pinned": String(pinned),
    });
    line.dataset["column"] = id;
    if (id === active) line.dataset["active"] = "true";
    if (id === dragged) line.dataset["dragged"] = "true";
    const box = element("span", { class: "inlay-picker-box" });
    box.append(icon("inlay-picker-tick", TICK));
    const pinning = element("span", { class: "inlay-picker-pin", title: "Pin (P)" });
    pinning.append(icon("inlay-picker-sign", PIN));
    line.append(
      movable ? element("span", { class: "inlay-picker-grip", title: "Drag to move" }) : "",
      box,
      element("span", { class: "inlay-clip", title: name }, name),
      element("span", { class: "inlay-minor" }, runs === null ? "gone" : formatCount(runs)),
      pinned ? element("span", { class: "inlay-offscreen" }, "pinned") : "",
      pinning,
    );
    return line;
  };

  const activate = (at: number) => {
    const row = rows[at];
    if (row === undefined || typeof row === "string") return;
    active = row.id;
    if (at * ROW < node.scrollTop) node.scrollTop = at * ROW;
    const bottom = (at + 1) * ROW - node.clientHeight;
    if (bottom > node.scrollTop) node.scrollTop = bottom;
    draw();
  };

  /** The next column from a place on, in a direction: headings are passed over. */
  const step = (from: number, by: 1 | -1) => {
    let at = from;
    while (typeof rows[at] === "string") at += by;
    return rows[at] === undefined ? from - by : at;
  };

  node.addEventListener("keydown", (event) => {
    const at = indexOf(active);
    const page = Math.max(1, Math.floor(node.clientHeight / ROW) - 1);
    const last = rows.length - 1;
    const to: Record<string, number> = {
      ArrowDown: step(Math.min(last, at + 1), 1),
      ArrowUp: step(Math.max(0, at - 1), -1),
      PageDown: step(Math.min(last, at + page), 1),
      PageUp: step(Math.max(0, at - page), -1),
      Home: step(0, 1),
      End: last,
    };
    const next = to[event.key];
    if (next !== undefined && event.altKey) {
      if (movable && active !== null) move(active, Math.max(0, Math.min(last, next)));
      activate(indexOf(active));
    } else if (next !== undefined) activate(next);
    else if ((event.key === " " || event.key === "Enter") && active !== null) toggle(active);
    else if (event.key.toLowerCase() === "p" && active !== null && !event.ctrlKey) pin(active);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  node.addEventListener("focus", () => {
    if (indexOf(active) < 0) activate(step(0, 1));
  });
  node.addEventListener("scroll", draw);
  node.addEventListener("pointerdown", (event) => {
    const { target } = event;
    if (!(target instanceof Element)) return;
    const id = target.closest<HTMLElement>("[data-column]")?.dataset["column"];
    if (id === undefined) return;
    // Before the focus comes, which would else mark the first column and draw the list anew under the click.
    active = id;
    if (!target.closest(".inlay-picker-grip")) return;
    dragged = id;
    node.setPointerCapture(event.pointerId);
    event.preventDefault();
    draw();
  });
  node.addEventListener("pointermove", ({ clientY }) => {
    if (dragged === null) return;
    const y = clientY - node.getBoundingClientRect().top + node.scrollTop;
    const to = Math.max(0, Math.min(rows.length - 1, Math.floor(y / ROW)));
    if (to !== indexOf(dragged)) move(dragged, to);
  });
  const drop = () => {
    // Rows that are drawn anew before the button is up are clicked by nobody.
    if (dragged === null) return;
    dragged = null;
    draw();
  };
  node.addEventListener("pointerup", drop);
  node.addEventListener("pointercancel", drop);
  node.addEventListener("click", ({ target }) => {
    if (!(target instanceof Element) || target.closest(".inlay-picker-grip")) return;
    const id = target.closest<HTMLElement>("[data-column]")?.dataset["column"];
    if (id === undefined) return;
    active = id;
    if (target.closest(".inlay-picker-pin")) pin(id);
    else toggle(id);
  });

  return {
    node,
    update(next, canMove) {
      [rows, movable] = [next, canMove];
      draw();
    },
  };
}

function heading(text: string): HTMLElement {
  return element(
    "div",
    { class: "inlay-picker-row inlay-picker-heading inlay-minor", role: "presentation" },
    text,
  );
}
