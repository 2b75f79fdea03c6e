/**
 * The heads of the columns in sight: a name that opens what can be done with the column, a button that sorts, an edge to
 * drag. The kind of a column stands above the first of each kind, so that it need not stand in every head.
 */

import { element, icon, setChildren, setClippedText, setText } from "../lib/dom.ts";
import { columnName } from "./column-names.ts";
import { openColumnPanel } from "./column-panel.ts";
import { dragEdge, dragHead } from "./head-drag.ts";
import type { Box } from "./layout.ts";
import { resorted } from "./ordering.ts";
import { MOST_AT_ONCE } from "./selection.ts";
import type { TableSession } from "./session.ts";
import type { ColumnId } from "./state.ts";

const SELECT = `Select the first ${MOST_AT_ONCE} runs`;
const ARROW = "M8 3.2v9.6M4.6 9.4L8 12.8l3.4-3.4";

export interface HeadEnv {
  session: TableSession;
  prefix: string;
  /** The width that shows all of what is in sight. */
  fit: (id: ColumnId) => number;
  /** A column's width while it is dragged; null for the one it has. */
  preview: (id: ColumnId, width: number | null) => void;
  /** The head that lies under a point of the page. */
  under: (x: number) => Box | null;
  selectAll: () => void;
}

interface HeadCell {
  id: ColumnId;
  node: HTMLElement;
  name: HTMLButtonElement;
  caption: HTMLElement;
  sort: HTMLButtonElement;
  badge: HTMLElement;
  title: HTMLElement;
}

export interface Head {
  node: HTMLElement;
  /** `first` is the place of the column at which those that scroll begin to be whole. */
  draw: (boxes: readonly Box[], first: number, checked: string) => void;
  cell: (id: ColumnId) => HTMLElement | undefined;
  open: (id: ColumnId) => void;
  sort: (id: ColumnId, add: boolean) => void;
}

export function headOf(env: HeadEnv): Head {
  const { session, prefix } = env;
  const cells = new Map<ColumnId, HeadCell>();
  const mark = element("span", { class: "inlay-check-box", "aria-hidden": "true" });
  const all = element(
    "div",
    {
      class: "inlay-cell inlay-check inlay-head-cell",
      role: "columnheader",
      id: `${prefix}-h-0`,
      title: SELECT,
      "aria-colindex": "1",
    },
    mark,
    element("span", { class: "inlay-offscreen" }, SELECT),
  );
  all.addEventListener("click", env.selectAll);
  const node = element(
    "div",
    { class: "inlay-row inlay-head", role: "row", "aria-rowindex": "1" },
    all,
  );

  const sort = (id: ColumnId, add: boolean) => {
    session.change({ order: resorted(session.state.order, id, add) });
  };
  const open = (id: ColumnId) => {
    const cell = cells.get(id);
    if (cell !== undefined) openColumnPanel(session, id, cell.name);
  };

  const make = (id: ColumnId): HeadCell => {
    const title = element("span", { class: "inlay-head-title inlay-clip" });
    const caption = element("span", { class: "inlay-head-kind", "aria-hidden": "true" });
    const name = element(
      "button",
      { class: "inlay-head-name", type: "button", tabindex: "-1" },
      title,
    );
    name.setAttribute("aria-haspopup", "dialog");
    const badge = element("span", { class: "inlay-head-badge", "aria-hidden": "true" });
    const button = element("button", { class: "inlay-head-sort", type: "button", tabindex: "-1" });
    button.append(icon("inlay-head-arrow", ARROW), badge);
    const edge = element("div", { class: "inlay-head-edge", "aria-hidden": "true" });
    const node = element(
      "div",
      { class: "inlay-cell inlay-head-cell", role: "columnheader" },
      caption,
      name,
      button,
      edge,
    );
    name.addEventListener("click", () => open(id));
    button.addEventListener("click", (event) => sort(id, event.shiftKey));
    dragEdge(edge, node, (width) => env.preview(id, width), {
      done: (width) => session.change({ widths: { ...session.state.widths, [id]: width } }),
      snug: () => session.change({ widths: { ...session.state.widths, [id]: env.fit(id) } }),
    });
    dragHead(node, id, session, env.under);
    return { id, node, name, caption, sort: button, badge, title };
  };

  const place = (cell: HeadCell, box: Box, kind: string) => {
    const { order, baseline } = session.state;
    const { node } = cell;
    const column = session.columns.get(box.id);
    const named = columnName(session, box.id);
    node.id = `${prefix}-h-${box.at + 1}`;
    node.setAttribute("aria-colindex", String(box.at + 2));
    node.dataset["sticky"] = String(box.sticky);
    if (box.last) node.dataset["edge"] = "true";
    else delete node.dataset["edge"];
    node.dataset["column"] = box.id;
    node.dataset["type"] = column?.type ?? "text";
    node.style.width = `${box.width}px`;
    node.style.left = `${box.left}px`;
    const summary = session.state.summary[box.id];
    setClippedText(cell.title, summary && summary !== "last" ? `${summary} ${named}` : named);
    cell.name.title = headTitle(session, box.id, baseline !== null);
    setText(cell.caption, kind);
    const place = order.findIndex(([id]) => id === box.id);
    const way = order[place]?.[1];
    const said = way === undefined ? "none" : way === "desc" ? "descending" : "ascending";
    if (way === undefined) node.removeAttribute("aria-sort");
    else node.setAttribute("aria-sort", said);
    cell.sort.dataset["way"] = way ?? "none";
    const next = way === undefined ? "descending" : way === "desc" ? "ascending" : "no longer";
    cell.sort.setAttribute("aria-label", `Sort by ${named}: ${next}`);
    cell.sort.title = `Sort ${next}; with Shift as well as by others`;
    setText(cell.badge, order.length > 1 && place >= 0 ? String(place + 1) : "");
  };

  return {
    node,
    sort,
    open,
    cell: (id) => (id === "" ? all : cells.get(id)?.node),
    draw(boxes, start, checked) {
      const wanted = new Set(boxes.map((box) => box.id));
      const active = document.activeElement;
      for (const [id, cell] of cells) {
        // One that has the focus stays, out of sight, until the focus has left it.
        if (wanted.has(id) || cell.node.contains(active)) continue;
        cells.delete(id);
      }
      let before = "";
      for (const box of boxes) {
        const cell = cells.get(box.id) ?? make(box.id);
        cells.set(box.id, cell);
        const kind = kindOf(session, box.id);
        // Where columns begin to scroll, the kind is said again.
        place(cell, box, kind !== before || box.at === start ? kind : "");
        before = kind;
      }
      setChildren(node, [all, ...[...cells.values()].sort(byPlace).map((cell) => cell.node)]);
      all.dataset["checked"] = checked;
    },
  };
}

function kindOf(session: TableSession, id: ColumnId): string {
  const entity = session.columns.get(id)?.entity ?? id.split(".")[0] ?? "";
  return entity === "attributes" || !["metrics", "params", "tags"].includes(entity) ? "" : entity;
}

function byPlace(a: HeadCell, b: HeadCell): number {
  return (
    Number(a.node.getAttribute("aria-colindex")) - Number(b.node.getAttribute("aria-colindex"))
  );
}

function headTitle(session: TableSession, id: ColumnId, compared: boolean): string {
  const column = session.columns.get(id);
  if (column === undefined) return id;
  const runs = column.runs === 1 ? "1 run" : `${column.runs} runs`;
  const better = session.state.better[id] ?? column.better;
  const way =
    better === null || !compared ? "" : `, ${better === "min" ? "lower" : "higher"} is better`;
  return `${column.field}\n${column.type}, ${runs}${way}`;
}
