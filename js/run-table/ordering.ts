/** What sorting a column by hand comes to, and moving it: plain functions on lists. */

import type { ColumnId, Sorting } from "./state.ts";

/** Descending, ascending, not at all; `add` keeps the columns sorted by before. */
export function resorted(order: readonly Sorting[], column: ColumnId, add: boolean): Sorting[] {
  const there = order.find(([id]) => id === column);
  const next: Sorting | null =
    there === undefined ? [column, "desc"] : there[1] === "desc" ? [column, "asc"] : null;
  if (!add) return next === null ? [] : [next];
  if (there === undefined) return next === null ? [...order] : [...order, next];
  return order.flatMap((one): Sorting[] =>
    one[0] !== column ? [one] : next === null ? [] : [next],
  );
}

/** The columns with `column` put before `before`, or at the end. */
export function moved(
  columns: readonly ColumnId[],
  column: ColumnId,
  before: ColumnId | null,
): ColumnId[] {
  if (column === before) return [...columns];
  const others = columns.filter((id) => id !== column);
  const at = before === null ? others.length : others.indexOf(before);
  return at < 0 ? [...columns] : [...others.slice(0, at), column, ...others.slice(at)];
}
