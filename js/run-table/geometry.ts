/** The measures of a grid: how wide its columns are, where they lie, and which rows its height shows. */

import { numberOf, numberText } from "./cell-text.ts";
import { columnName } from "./column-names.ts";
import { type Box, fitting, HEAD, type Layout, layOut, ROW, RowWindow } from "./layout.ts";
import type { TableSession } from "./session.ts";
import type { ColumnId } from "./state.ts";

/** Room for a difference behind a value, for a small curve before it, and for a deviation. */
const DELTA_WIDTH = 64;
const SPARK_WIDTH = 68;
const SPREAD_WIDTH = 140;
const GROUP_WIDTH = 250;
/** Rows a column is fitted to. */
const LOOKED_AT = 60;

export class Geometry {
  layout: Layout = { boxes: [], width: 0, edge: 0 };
  width = 0;
  height = 0;
  readonly rows = new RowWindow();
  /** The column that is being made wider, and its width while it is. */
  resizing: [ColumnId, number] | null = null;
  readonly #session: TableSession;
  readonly #natural = new Map<ColumnId, number>();

  constructor(session: TableSession) {
    this.#session = session;
  }

  /** What stands above the rows: the heads, and the baseline where there is one. */
  get over(): number {
    return HEAD + (this.#session.pages.baseline === null ? 0 : ROW);
  }

  lay(): void {
    const { view, state } = this.#session;
    const width = (id: ColumnId) => this.#widthOf(id);
    this.layout = layOut(view.columns, state.pinned, width, this.width || 800);
    this.rows.set(view.rows, Math.max(ROW, this.height - this.over));
  }

  /** The column at a distance from the grid's left edge. */
  at(x: number, scrolled: number): Box | null {
    const hit = ({ left, width, sticky }: Box) => {
      const from = sticky ? left : left - scrolled;
      return x >= from && x < from + width;
    };
    const { boxes } = this.layout;
    return boxes.find((box) => box.sticky && hit(box)) ?? boxes.find(hit) ?? null;
  }

  /** The width that shows all of what came of a column, and its head. */
  fit(id: ColumnId): number {
    const { pages, columns } = this.#session;
    const column = columns.get(id);
    const texts: string[] = [];
    for (let at = 0; at < LOOKED_AT; at++) {
      const cell = pages.cell(at, id);
      if (cell === undefined || cell === null || typeof cell === "object") continue;
      const value = column?.type === "number" ? numberOf(cell) : null;
      if (value !== null) texts.push(numberText(value));
      else if (column === undefined || column.type === "text") texts.push(String(cell));
    }
    return fitting(column, columnName(this.#session, id), texts);
  }

  #leading(): ColumnId | undefined {
    const { view, state } = this.#session;
    return view.columns.find((id) => state.pinned.includes(id)) ?? view.columns[0];
  }

  #widthOf(id: ColumnId): number {
    if (this.resizing?.[0] === id) return this.resizing[1];
    const { state, columns, pages } = this.#session;
    const chosen = state.widths[id];
    if (chosen !== undefined) return chosen;
    // Worked out once, from the first rows that came: a column does not change its width by itself.
    let width = this.#natural.get(id) ?? this.fit(id);
    if (pages.row(0) !== undefined) this.#natural.set(id, width);
    const { type, entity } = columns.get(id) ?? {};
    // The first column says which group a row is.
    if (state.group.length > 0 && id === this.#leading()) width = Math.max(width, GROUP_WIDTH);
    if (type === "number" && state.group.length > 0) width = Math.max(width, SPREAD_WIDTH);
    if (entity === "metrics" && state.baseline !== null && state.delta !== "off")
      width += DELTA_WIDTH;
    if (state.spark.includes(id)) width += SPARK_WIDTH;
    return width;
  }
}
