/** Rows of the made-up store: sorted, grouped and cut into pages as the kernel does it. */

import { EMPTY_STATE } from "../../js/run-table/reading.ts";
import type { TableState } from "../../js/run-table/state.ts";
import type { Cell, Charted, Page, Row } from "../../js/run-table/wire.ts";
import { parse, type StubStore } from "./stub-table-data.ts";

export interface Group {
  key: string;
  values: Cell[];
  members: number[];
}

export interface Arrangement {
  runs: number[];
  groups: Group[] | null;
  rows: (number | Group)[];
}

export const state = (more: Partial<TableState> = {}): TableState => ({ ...EMPTY_STATE, ...more });

export function arrange(store: StubStore, wanted: TableState): Arrangement {
  const runs = store.matching(parse(wanted.filter, store.columns));
  const keys = wanted.order.map(([column, direction]) => ({
    of: new Map(runs.map((i) => [i, store.value(i, column)])),
    sign: direction === "desc" ? -1 : 1,
  }));
  if (keys.length > 0) {
    runs.sort((a, b) => {
      for (const { of, sign } of keys) {
        const by = compare(of.get(a) ?? null, of.get(b) ?? null, sign);
        if (by !== 0) return by;
      }
      return a - b;
    });
  }
  if (wanted.group.length === 0) return { runs, groups: null, rows: runs };
  const groups = new Map<string, Group>();
  for (const i of runs) {
    const values = wanted.group.map((column) => store.value(i, column));
    const key = JSON.stringify(values);
    const group = groups.get(key) ?? { key, values, members: [] };
    group.members.push(i);
    groups.set(key, group);
  }
  const rows = [...groups.values()].flatMap((group) =>
    wanted.open.includes(group.key) ? [group, ...group.members] : [group],
  );
  return { runs, groups: [...groups.values()], rows };
}

/** NaN, infinity and missing come last whichever way. */
function compare(a: Cell, b: Cell, sign: number): number {
  const rank = (cell: Cell) =>
    cell === null ? 2 : /^(NaN|-?Infinity)$/.test(String(cell)) ? 1 : 0;
  if (rank(a) !== rank(b)) return rank(a) - rank(b);
  if (rank(a) > 0) return 0;
  if (typeof a === "number" && typeof b === "number") return sign * (a - b);
  return sign * (String(a) < String(b) ? -1 : Number(String(a) > String(b)));
}

export function pageOf(
  store: StubStore,
  { rows }: Arrangement,
  wanted: TableState,
  version: number,
  start: number,
  count: number,
  columns: readonly string[],
): Page {
  const shown = rows.slice(start, start + count);
  const level = wanted.group.length > 0 ? 1 : 0;
  const cells = (column: string) =>
    shown.map((row) =>
      typeof row === "number" ? store.value(row, column) : aggregate(store, row.members, column),
    );
  const { baseline } = wanted;
  const above = baseline === null ? null : store.place(baseline);
  return {
    version,
    start,
    rows: shown.map(
      (row): Row =>
        typeof row === "number"
          ? store.row(row, level)
          : {
              key: row.key,
              values: row.values,
              label: row.values.map((value) => String(value ?? "none")).join(" · "),
              n: row.members.length,
              open: wanted.open.includes(row.key),
            },
    ),
    cells: Object.fromEntries(columns.map((column) => [column, cells(column)])),
    baseline:
      above === null
        ? null
        : {
            row: store.row(above),
            cells: Object.fromEntries(
              columns.map((column) => [column, store.value(above, column)]),
            ),
          },
  };
}

function aggregate(store: StubStore, members: readonly number[], column: string): Cell {
  const values = members.map((i) => store.value(i, column)).filter((cell) => cell !== null);
  const numbers = values.filter((cell) => typeof cell === "number");
  if (values.length === 0) return null;
  if (new Set(values.map(String)).size === 1 && !column.startsWith("metrics."))
    return values[0] ?? null;
  if (numbers.length === 0) return { distinct: new Set(values.map(String)).size };
  const mean = numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
  const square = numbers.reduce((sum, one) => sum + (one - mean) ** 2, 0);
  const std = numbers.length > 1 ? Math.sqrt(square / (numbers.length - 1)) : null;
  return { mean, std, n: numbers.length };
}

export function chartedOf(
  store: StubStore,
  { runs, groups }: Arrangement,
  wanted: TableState,
): Charted[] {
  if (groups !== null) {
    return groups.slice(0, 10).map(({ key, values, members }) => ({
      key,
      label: wanted.group.map((column, i) => `${column.split(".").at(-1)}=${values[i]}`).join(" "),
      n: members.length,
    }));
  }
  const chosen =
    wanted.selected.length > 0 ? wanted.selected : runs.slice(0, 10).map((i) => store.id(i));
  return chosen.map((run) => ({ key: run, label: store.row(store.place(run)).name, n: 1 }));
}
