/** The rows in sight and the baseline above them: which elements they are, and what their cells say. */

import { element } from "../lib/dom.ts";
import { PALETTE_SIZE } from "../lib/theme.ts";
import type { CellEditor } from "./cell-editor.ts";
import { type CellEnv, lookOf, WAITING } from "./cells.ts";
import type { Geometry } from "./geometry.ts";
import type { Box } from "./layout.ts";
import { RowNode } from "./row-node.ts";
import type { TableSession } from "./session.ts";
import type { Sparks } from "./sparks.ts";
import type { Row } from "./wire.ts";

/** Hides or shows. To say again what is so has the browser look at styles again, and this is said with every frame. */
export function setHidden(node: HTMLElement, hidden: boolean): void {
  if (node.hidden !== hidden) node.hidden = hidden;
}

export interface GridRows {
  node: HTMLElement;
  /** The baseline's row, which stays under the heads. */
  above: HTMLElement;
  /** Draws the rows from `first` to before `last`; `epoch` is another whenever more than the place has changed. */
  draw: (
    first: number,
    last: number,
    boxes: readonly Box[],
    scrolled: number,
    epoch: number,
  ) => void;
  row: (at: number) => RowNode | undefined;
  /** The row that an element of the page is in; null for none. */
  placeOf: (inside: Element) => number | null;
}

export interface RowsEnv {
  session: TableSession;
  geometry: Geometry;
  editor: CellEditor;
  sparks: Sparks;
  prefix: string;
}

export function gridRows({ session, geometry, editor, sparks, prefix }: RowsEnv): GridRows {
  const { pages } = session;
  const rows = new Map<number, RowNode>();
  const free: RowNode[] = [];
  const made = new Map<Element, RowNode>();
  const node = element("div", { class: "inlay-rows", role: "rowgroup" });
  const above = new RowNode(`${prefix}-b`);
  above.node.classList.add("inlay-baseline");
  above.node.setAttribute("aria-rowindex", "2");

  const make = (): RowNode => {
    const row = new RowNode(`${prefix}-${made.size}`);
    made.set(row.node, row);
    node.append(row.node);
    return row;
  };

  const envOf = (box: Box, row: Row, charted: ReadonlySet<string>, now: number): CellEnv => {
    const { state, columns, view } = session;
    const { id } = box;
    const column = columns.get(id);
    const name = "run" in row ? row.run : row.key;
    const place = charted.has(name) ? state.colours[name] : undefined;
    const compared = column?.entity === "metrics" && state.delta !== "off";
    return {
      column,
      id,
      leading: box.at === 0,
      range: view.ranges[id],
      better: state.better[id] ?? column?.better ?? null,
      delta: state.delta,
      base: compared ? pages.baseline?.cells[id] : undefined,
      grouped: state.group.includes(id),
      itself: name === state.baseline,
      connected: session.available,
      now,
      colour: place === undefined ? null : place % PALETTE_SIZE,
      spark: state.spark.includes(id) && "run" in row ? () => sparks.draw(row.run, id) : null,
    };
  };

  /** What a row says of itself, apart from its cells. */
  const mark = (
    { node, check, at }: RowNode,
    record: Row | undefined,
    selected: ReadonlySet<string>,
  ) => {
    const run = record !== undefined && "run" in record ? record.run : null;
    const isSelected = run !== null && selected.has(run);
    const before = pages.baseline === null ? 2 : 3;
    node.setAttribute("aria-rowindex", String(at + before));
    node.setAttribute("aria-selected", String(isSelected));
    const key = record === undefined ? "" : (run ?? ("key" in record ? record.key : ""));
    if (node.dataset["run"] !== key) delete node.dataset["pointed"];
    node.dataset["run"] = key;
    node.dataset["kind"] = record === undefined ? "waiting" : run === null ? "group" : "run";
    node.dataset["baseline"] = String(run !== null && run === session.state.baseline);
    const word = run === null ? "Group" : isSelected ? "Selected" : "Not selected";
    check.setAttribute("aria-label", word);
  };

  return {
    node,
    above: above.node,
    row: (at) => rows.get(at),
    placeOf(inside) {
      const found = inside.closest(".inlay-row");
      const row = found === null ? undefined : made.get(found);
      return row === undefined || row.node.hidden ? null : row.at;
    },
    draw(first, last, boxes, scrolled, epoch) {
      const { view, state } = session;
      for (const [at, row] of rows) {
        if (at >= first && at < last) continue;
        rows.delete(at);
        free.push(row);
      }
      const charted = new Set(view.charted.map((one) => one.key));
      const selected = new Set(state.selected);
      const now = Date.now() / 1000;
      for (let at = first; at < last; at++) {
        const row = rows.get(at) ?? free.pop() ?? make();
        const record = pages.row(at);
        if (row.at !== at || row.epoch !== epoch || row.node.hidden) {
          rows.set(at, row);
          [row.at, row.epoch] = [at, epoch];
          setHidden(row.node, false);
          mark(row, record, selected);
        } else if (row.boxes === boxes) {
          row.move(geometry.rows.top(at, scrolled));
          continue;
        }
        row.move(geometry.rows.top(at, scrolled));
        row.draw(boxes, (box) => {
          if (record === undefined) return WAITING;
          const written = "run" in record ? editor.written(record.run, box.id) : undefined;
          const cell = written ?? pages.cell(at, box.id);
          return lookOf(cell, record, envOf(box, record, charted, now));
        });
      }
      for (const row of free) setHidden(row.node, true);
      const { baseline } = pages;
      setHidden(above.node, baseline === null);
      if (baseline === null) return;
      const isSelected = selected.has(baseline.row.run);
      above.node.setAttribute("aria-selected", String(isSelected));
      above.check.setAttribute("aria-label", isSelected ? "Baseline, selected" : "Baseline");
      above.draw(boxes, (box) =>
        lookOf(baseline.cells[box.id], baseline.row, envOf(box, baseline.row, charted, now)),
      );
    },
  };
}
