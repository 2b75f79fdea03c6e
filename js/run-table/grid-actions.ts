/** What a reader does to the rows, by pointer or by key: moving, selecting, opening groups, editing, deleting. */

import type { CellEditor } from "./cell-editor.ts";
import { askForDeletion, setDeleted } from "./deletion.ts";
import type { Geometry } from "./geometry.ts";
import { type Cursor, HEADS, type KeyEnv } from "./grid-keys.ts";
import type { Head } from "./head.ts";
import { putBefore } from "./head-drag.ts";
import { ROW, scrollTo } from "./layout.ts";
import { extended, MOST_AT_ONCE, toggled } from "./selection.ts";
import type { TableSession } from "./session.ts";
import type { ColumnId } from "./state.ts";

/** Rows looked at for those that are selected at once. */
const LOOKED_AT = 200;

export interface Actions extends KeyEnv {
  cursor: () => Cursor;
  /** A row was clicked: it alone is selected, or as well, or all from the last one to it. */
  pick: (to: Cursor, more: boolean, range: boolean) => void;
  /** A run was clicked: it alone is selected, or as well. */
  pickRun: (run: string, more: boolean) => void;
  /** The runs at the top, as many as are selected at once. */
  shown: () => string[];
  /** The rows were arranged anew: the cursor goes with its run. */
  rearranged: () => void;
  /** The columns were: it goes with its column. */
  relaid: () => void;
}

export interface ActionsEnv {
  session: TableSession;
  geometry: Geometry;
  grid: HTMLElement;
  editor: CellEditor;
  /** Gives the focus back to the grid. */
  leave: () => void;
  head: Head;
  draw: () => void;
}

export function actionsOf(env: ActionsEnv): Actions {
  const { session, geometry, grid, editor, leave, head, draw } = env;
  const { pages } = session;
  const cursor: Cursor = { row: 0, column: 0 };
  /** What it is on, which may be put elsewhere; an empty column is the check boxes. */
  let cursorRun: string | null = null;
  let cursorColumn: ColumnId | null = null;
  /** The row a range of selected rows begins at. */
  let anchor = 0;

  const columns = () => geometry.layout.boxes.map((box) => box.id);
  const runAt = (at: number): string | null => {
    const row = pages.row(at);
    return row !== undefined && "run" in row ? row.run : null;
  };
  const select = (selected: string[]) => session.change({ selected });
  const runsBetween = (a: number, b: number): string[] => {
    const runs: string[] = [];
    for (let at = Math.min(a, b); at <= Math.max(a, b); at++) runs.push(...(one(runAt(at)) ?? []));
    return runs;
  };
  const shown = () => {
    const end = Math.min(session.view.rows, LOOKED_AT);
    return runsBetween(0, end - 1).slice(0, MOST_AT_ONCE);
  };

  const pickRun = (run: string, more: boolean) => {
    const { selected } = session.state;
    if (more) select(toggled(selected, run));
    // A second click on the only one that is selected takes it back.
    else select(selected.length === 1 && selected[0] === run ? [] : [run]);
  };

  const open = (at: number, opened?: boolean): boolean => {
    const row = pages.row(at);
    if (row === undefined || !("key" in row)) return false;
    const others = session.state.open.filter((key) => key !== row.key);
    const isOpen = others.length < session.state.open.length;
    if (opened === isOpen) return false;
    session.change({ open: isOpen ? others : [...others, row.key] });
    return true;
  };

  const go = (to: Cursor, extend: boolean) => {
    if (extend && to.row !== HEADS) {
      select(extended(session.state.selected, runsBetween(anchor, to.row)));
    } else if (to.row !== HEADS) anchor = to.row;
    [cursor.row, cursor.column] = [to.row, to.column];
    cursorRun = runAt(to.row);
    cursorColumn = columns()[to.column] ?? null;
    const top = to.row === HEADS ? null : geometry.rows.reveal(to.row, grid.scrollTop);
    if (top !== null) grid.scrollTop = top;
    const box = geometry.layout.boxes[to.column];
    const { layout, width } = geometry;
    const left = box === undefined ? null : scrollTo(box, layout, grid.scrollLeft, width);
    if (left !== null) grid.scrollLeft = left;
    draw();
  };

  const edit = (at: Cursor) => {
    const row = pages.row(at.row);
    if (row === undefined || !("run" in row)) return;
    const here = columns()[at.column];
    const id = here !== undefined && editor.edits(here) ? here : "name";
    const column = columns().indexOf(id);
    if (column < 0) return;
    go({ row: at.row, column }, false);
    // At once, for the next key may be the first of what is written; the field follows its cell.
    editor.open(row, id, pages.cell(at.row, id));
  };

  return {
    cursor: () => cursor,
    rows: () => session.view.rows,
    columns,
    page: () => Math.max(1, Math.floor((geometry.height - geometry.over) / ROW) - 1),
    go,
    shown,
    open,
    edit,
    pick(to, more, range) {
      const at = to.row;
      go(to, range);
      if (range) return;
      const run = runAt(at);
      if (run === null) open(at);
      else pickRun(run, more);
    },
    pickRun,
    toggle(at, range) {
      const run = runAt(at);
      if (run === null) open(at);
      else if (range) select(extended(session.state.selected, runsBetween(anchor, at)));
      else {
        anchor = at;
        select(toggled(session.state.selected, run));
      }
    },
    selectAll() {
      const runs = session.state.selected.length > 0 ? [] : shown();
      select(runs);
      session.announce(runs.length === 0 ? "Nothing is selected" : `${runs.length} runs selected`);
    },
    clear() {
      if (session.state.selected.length === 0) return false;
      select([]);
      return true;
    },
    enter(at) {
      const id = columns()[at.column];
      if (at.row === HEADS && id !== undefined) head.open(id);
      else if (at.row !== HEADS && !open(at.row)) edit(at);
    },
    remove(at) {
      const row = pages.row(at);
      if (row === undefined || !("run" in row)) return;
      const { selected } = session.state;
      const runs = selected.includes(row.run) ? selected : [row.run];
      if (row.deleted) void setDeleted(session, [row.run], false);
      else askForDeletion(session, runs, row.name || row.short, leave);
    },
    sort: head.sort,
    resize(id, by) {
      const box = geometry.layout.boxes.find((one) => one.id === id);
      const width = Math.round((box?.width ?? 100) + by);
      session.change({ widths: { ...session.state.widths, [id]: Math.max(48, width) } });
    },
    move(id, by) {
      const all = columns();
      const at = all.indexOf(id);
      const before = by < 0 ? all[at - 1] : (all[at + 2] ?? null);
      if (before !== undefined && at + by < all.length) putBefore(session, id, before);
    },
    rearranged() {
      const at = cursorRun === null ? null : pages.placeOf(cursorRun);
      if (cursor.row === HEADS) return;
      // Where nothing matches it waits for the first row: in the heads, keys would do something else.
      cursor.row = Math.max(0, Math.min(at ?? cursor.row, session.view.rows - 1));
    },
    relaid() {
      const at = cursorColumn === null ? -1 : columns().indexOf(cursorColumn);
      if (at >= 0) cursor.column = at;
      cursor.column = Math.min(cursor.column, geometry.layout.boxes.length - 1);
    },
  };
}

function one(run: string | null): string[] | null {
  return run === null ? null : [run];
}
