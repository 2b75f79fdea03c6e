/**
 * What every part of a run table knows of the others: the state, what the kernel made of it, and the few ways to change
 * it. A part never talks to another part; it changes the state, and is told when that or the rows have changed.
 */

import type { Answer } from "../lib/rpc.ts";
import type { Theme } from "../lib/theme.ts";
import type { ColumnId, TableState } from "./state.ts";
import type { Clause, Column, TableView } from "./wire.ts";

export type Change = "state" | "view" | "columns" | "rows" | "theme" | "kernel";

export interface TableContext {
  readonly state: TableState;
  readonly view: TableView;
  readonly columns: ReadonlyMap<ColumnId, Column>;
  /** Null while the table is not on the page. */
  readonly theme: Theme | null;
  /** Whether there is a kernel to ask. */
  readonly available: boolean;
  /** An answer is overdue: it follows when the kernel is free, which is no error. */
  readonly busy: boolean;
  /** Ends with the view. */
  readonly signal: AbortSignal;
  /** Changes the state at once and tells the kernel; where rows depend on it, a new view follows. */
  change: (part: Partial<TableState>) => void;
  /** Lets a facet change the filter. */
  refine: (column: ColumnId, clause: Clause | null) => void;
  /**
   * Asks the kernel: `table.` and the table's token are put before. Of one `op` one question is under way at a time; one
   * whose signal is aborted while it waits is never sent, so whoever asks again aborts what it asked before.
   */
  ask: (op: string, args: Record<string, unknown>, signal: AbortSignal) => Promise<Answer>;
  /** Calls back, once a frame at most, with all that has changed since. */
  onChange: (changed: (changes: ReadonlySet<Change>) => void, until?: AbortSignal) => void;
  /** Shows an error of the kernel under the table; aborted questions are no error. */
  fail: (reason: unknown) => void;
  /** Says something to who cannot see it happen. */
  announce: (text: string) => void;
  /** The palette's place of a run or a group, given away once and kept in the state. */
  colour: (key: string) => number;
}

/** A part of the table: its element. It listens by itself. */
export type Part = (context: TableContext) => HTMLElement;
