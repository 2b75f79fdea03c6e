/**
 * What the kernel says of the runs in a table. The names are the ones on the wire (views/table_requests.py), so both
 * sides can be searched with one word. Numbers that JSON cannot hold are the texts "NaN", "Infinity" and "-Infinity".
 */

import type { Better, ColumnId, TableState } from "./state.ts";

export type ColumnType = "number" | "text" | "time" | "duration" | "status" | "flag";

/** One column there is, shown or not. */
export interface Column {
  id: ColumnId;
  entity: "attributes" | "metrics" | "params" | "tags";
  /** What stands in its head: the key, or the word for an attribute. */
  name: string;
  type: ColumnType;
  /** As a filter spells it. */
  field: string;
  /** Runs that have a value. */
  runs: number;
  /** Which way a metric is better, by its name; null where nobody can tell. */
  better: Better | null;
}

/** Missing is null. In a row of a group: a mean, or the text all runs share, or how many there are. */
export type Cell =
  | null
  | number
  | string
  | boolean
  | { mean: number | string; std: number | string | null; n: number }
  | { distinct: number };

export interface RunRow {
  run: string;
  short: string;
  name: string;
  status: string;
  deleted: boolean;
  note: string;
  /** 1 inside an open group. */
  level: 0 | 1;
}

export interface GroupRow {
  /** Names the group in `TableState.open` and `.colours`: its values as JSON. */
  key: string;
  values: Cell[];
  /** The values with the names of their columns. */
  label: string;
  n: number;
  open: boolean;
}

export type Row = RunRow | GroupRow;

/** A part of the rows of a view; `cells` has a list as long as `rows` for each column that was asked for. */
export interface Page {
  version: number;
  start: number;
  rows: Row[];
  cells: Record<ColumnId, Cell[]>;
  /** The baseline, which stands above all rows and is none of them. */
  baseline: { row: RunRow; cells: Record<ColumnId, Cell> } | null;
}

export interface FilterError {
  message: string;
  /** The part of the filter it speaks of, in characters. */
  start: number;
  end: number;
}

/** What a state comes to: told for every `table.view`. */
export interface TableView {
  /** Goes up with each arrangement of rows; pages of an older one are of no use. */
  version: number;
  /** As the kernel took it: checked, with the filter that a facet made of it. */
  state: TableState;
  /** Rows to scroll through: runs, or groups and the runs of open ones. */
  rows: number;
  /** Runs that match. */
  runs: number;
  /** Runs the table was made of. */
  all: number;
  /** Columns shown, in order; those in which runs do not differ left out when only differences are wanted. */
  columns: ColumnId[];
  /** Lowest and highest value of the columns with a colour scale. */
  ranges: Record<ColumnId, [number, number]>;
  /** The runs that charts show: those selected, else the first ten; with groups on, the first ten groups. */
  charted: Charted[];
  /** The statement behind the rows. */
  sql: string;
  /** Said where nothing matches: the nearest name. */
  hint: string;
  /** The filter could not be read; everything else is of the one before. */
  error: FilterError | null;
  page: Page;
}

export interface Charted {
  /** A run's id, or a group's key. */
  key: string;
  label: string;
  /** Runs behind it: 1 for a run. */
  n: number;
}

/** A change to the filter by a column's facet; null takes away what there is on the column. */
export type Clause =
  | { between: [number, number] }
  | { in: (string | number)[] }
  | { not_in: (string | number)[] }
  | { missing: true };

/** How the values of a column are distributed over the runs that match all of the filter but this column's part. */
export type Facet =
  | {
      kind: "numbers";
      edges: number[];
      counts: number[];
      /** Chosen by the filter at present. */
      chosen: [number, number] | null;
      missing: number;
      nonfinite: number;
      total: number;
    }
  | {
      kind: "texts";
      /** The most frequent first. */
      values: [text: string, runs: number][];
      chosen: string[] | null;
      /** Left out by the filter at present. */
      excluded?: string[] | null;
      distinct: number;
      missing: number;
      total: number;
    };
