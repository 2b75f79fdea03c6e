/**
 * A plot has columns that share one x column, while each metric has its own steps. Here they are merged. Points that
 * share a step stay separate rows, so a value logged twice for one step is not lost.
 */

/** One row of a drawn column: a number, null for a gap, undefined where only another series has a point. */
export type Cell = number | null | undefined;

export interface Aligned {
  x: number[];
  /** For each series and row, which of its points stands there; -1 where none does. */
  points: number[][];
}

/** Merges ascending x columns into rows of ascending x. */
export function align(columns: readonly Float64Array[]): Aligned {
  const next = columns.map(() => 0);
  const x: number[] = [];
  const points: number[][] = columns.map(() => []);
  for (;;) {
    let at = Number.POSITIVE_INFINITY;
    columns.forEach((column, i) => {
      const value = column[next[i] ?? 0];
      if (value !== undefined && value < at) at = value;
    });
    if (at === Number.POSITIVE_INFINITY) return { x, points };
    columns.forEach((column, i) => {
      const index = next[i] ?? 0;
      const here = column[index] === at;
      points[i]?.push(here ? index : -1);
      if (here) next[i] = index + 1;
    });
    x.push(at);
  }
}

/** Rows whose point has no drawable neighbour in its series: a line would not show them, so they get a dot. */
export function lonely(column: readonly Cell[]): number[] {
  const rows = column.flatMap((value, row) => (value === undefined ? [] : [row]));
  return rows.filter((row, i) => {
    const drawn = (neighbour: number | undefined) =>
      neighbour !== undefined && typeof column[neighbour] === "number";
    return typeof column[row] === "number" && !drawn(rows[i - 1]) && !drawn(rows[i + 1]);
  });
}
