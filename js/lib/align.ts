/**
 * Metrics have their own steps; a table has rows that all of them share. Points that share a step stay separate rows, so
 * a value logged twice for one step is not lost.
 */

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
