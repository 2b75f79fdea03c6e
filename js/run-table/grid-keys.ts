/**
 * The grid under the keyboard, as the ARIA Authoring Practices describe a grid: one tab stop, from which arrows, Home, End
 * and the page keys move. The focus stays on the grid and names the cell, so rows may come, go and change places under it.
 */

import type { ColumnId } from "./state.ts";

/** Rows are counted from 0; the heads are above them. */
export const HEADS = -1;

export interface Cursor {
  row: number;
  /** Its place among the columns; -1 is the check boxes. */
  column: number;
}

export interface KeyEnv {
  cursor: () => Cursor;
  rows: () => number;
  columns: () => readonly ColumnId[];
  /** Rows a page key passes. */
  page: () => number;
  go: (to: Cursor, extend: boolean) => void;
  toggle: (row: number, range: boolean) => void;
  selectAll: () => void;
  clear: () => boolean;
  enter: (at: Cursor) => void;
  edit: (at: Cursor) => void;
  remove: (row: number) => void;
  sort: (column: ColumnId, add: boolean) => void;
  resize: (column: ColumnId, by: number) => void;
  move: (column: ColumnId, by: number) => void;
  open: (row: number, opened: boolean) => boolean;
}

const RESIZE_BY = 16;

/** Does what a key says; true where it was one of ours. */
export function pressed(event: KeyboardEvent, env: KeyEnv): boolean {
  const at = env.cursor();
  const id = env.columns()[at.column];
  const { key, shiftKey } = event;
  const command = event.ctrlKey || event.metaKey;
  const across = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : 0;
  if (event.altKey) {
    if (across === 0 || id === undefined) return false;
    if (shiftKey) env.move(id, across);
    else env.resize(id, across * RESIZE_BY);
    return true;
  }
  const to = target(key, at, env, command);
  if (to !== null) {
    if (across !== 0 && !command && at.row >= 0 && env.open(at.row, across > 0)) return true;
    env.go(to, shiftKey && to.row !== at.row);
    return true;
  }
  switch (key) {
    case " ":
      if (at.row !== HEADS) env.toggle(at.row, shiftKey);
      else if (id === undefined) env.selectAll();
      else env.sort(id, shiftKey);
      return true;
    case "Enter":
      if (at.row === HEADS && id === undefined) env.selectAll();
      else env.enter(at);
      return true;
    case "F2":
      if (at.row >= 0) env.edit(at);
      return true;
    case "Delete":
      if (at.row >= 0) env.remove(at.row);
      return true;
    case "Escape":
      return env.clear();
    case "a":
      if (command) env.selectAll();
      return command;
    default:
      return false;
  }
}

function target(
  key: string,
  { row, column }: Cursor,
  env: KeyEnv,
  command: boolean,
): Cursor | null {
  const lastRow = env.rows() - 1;
  const lastColumn = env.columns().length - 1;
  const at = (toRow: number, toColumn: number): Cursor => ({
    row: Math.max(HEADS, Math.min(lastRow, toRow)),
    column: Math.max(-1, Math.min(lastColumn, toColumn)),
  });
  switch (key) {
    case "ArrowDown":
      return at(command ? lastRow : row + 1, column);
    case "ArrowUp":
      return at(command ? 0 : row - 1, column);
    case "ArrowRight":
      return at(row, command ? lastColumn : column + 1);
    case "ArrowLeft":
      return at(row, command ? -1 : column - 1);
    case "Home":
      return at(command ? 0 : row, -1);
    case "End":
      return at(command ? lastRow : row, lastColumn);
    case "PageDown":
      return at(row + env.page(), column);
    case "PageUp":
      return at(row <= 0 ? row - 1 : Math.max(0, row - env.page()), column);
    default:
      return null;
  }
}
