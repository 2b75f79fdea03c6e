/**
 * Editing in place: a field over the cell, for a run's name, its note and its tags. It lies over the grid and not in it,
 * so that rows may come and go while somebody writes. What was written shows at once, until the kernel says the same.
 */

import { element } from "../lib/dom.ts";
import type { TableSession } from "./session.ts";
import type { ColumnId } from "./state.ts";
import type { Cell, RunRow } from "./wire.ts";

export interface Place {
  left: number;
  top: number;
  width: number;
}

export interface CellEditor {
  node: HTMLElement;
  /** Whether a column can be edited at all. */
  edits: (id: ColumnId) => boolean;
  open: (row: RunRow, id: ColumnId, value: Cell | undefined) => void;
  /** What was written and is not confirmed yet; undefined where nothing was. */
  written: (run: string, id: ColumnId) => Cell | undefined;
  /** Puts the field where its cell is now. */
  follow: () => void;
}

export interface EditorEnv {
  session: TableSession;
  /** Where a cell lies in the frame around the grid; null while it is out of sight. */
  place: (run: string, id: ColumnId) => Place | null;
  /** Something was written or taken back. */
  changed: () => void;
  /** Gives the focus back to the grid. */
  leave: () => void;
}

export function cellEditor({ session, place, changed, leave }: EditorEnv): CellEditor {
  const input = element("input", { class: "inlay-field inlay-cell-field", hidden: true });
  input.spellcheck = false;
  const unsaved = new Map<string, string>();
  const name = (run: string, id: ColumnId) => JSON.stringify([run, id]);
  let editing: { run: string; id: ColumnId; before: string } | null = null;

  const follow = () => {
    if (editing === null) return;
    const at = place(editing.run, editing.id);
    // Not hidden, or it would lose the focus, and with it what is being written.
    input.style.opacity = at === null ? "0" : "1";
    if (at === null) return;
    input.style.left = `${at.left}px`;
    input.style.top = `${at.top}px`;
    input.style.width = `${Math.max(at.width, 140)}px`;
  };

  const close = (save: boolean, refocus: boolean) => {
    if (editing === null) return;
    const { run, id, before } = editing;
    editing = null;
    input.hidden = true;
    const text = input.value.trim();
    // A run is always called something.
    if (save && text !== before && !(id === "name" && text === "")) void write(run, id, text);
    if (refocus) leave();
    changed();
  };

  const write = async (run: string, id: ColumnId, text: string) => {
    const key = name(run, id);
    unsaved.set(key, text);
    changed();
    try {
      await session.ask(...request(run, id, text), session.signal);
      session.announce("Saved");
    } catch (reason) {
      session.fail(reason);
      if (unsaved.get(key) === text) unsaved.delete(key);
      changed();
      return;
    }
    // The kernel's own word comes as a new view; it counts from then on.
    setTimeout(() => {
      if (unsaved.get(key) === text) unsaved.delete(key);
      changed();
    }, 1500);
  };

  input.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    close(event.key === "Enter", true);
  });
  input.addEventListener("blur", () => close(true, false));

  return {
    node: input,
    edits: (id) => id === "name" || id === "note" || id.startsWith("tags."),
    open(row, id, value) {
      if (!session.available) return;
      const before = String(
        unsaved.get(name(row.run, id)) ?? value ?? (id === "name" ? row.name : ""),
      );
      editing = { run: row.run, id, before };
      input.value = before;
      input.hidden = false;
      const what = id === "name" ? "Name" : id === "note" ? "Note" : `Tag ${id.slice(5)}`;
      input.setAttribute("aria-label", `${what} of ${row.name || row.short}`);
      follow();
      input.focus({ preventScroll: true });
      input.select();
    },
    written: (run, id) => unsaved.get(name(run, id)),
    follow,
  };
}

function request(run: string, id: ColumnId, text: string): [string, Record<string, unknown>] {
  if (id === "name") return ["rename", { run, name: text }];
  if (id === "note") return ["set_note", { run, text }];
  return ["set_tag", { run, key: id.slice(5), value: text === "" ? null : text }];
}
