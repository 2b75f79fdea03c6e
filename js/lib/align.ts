/**
 * uPlot draws columns that share one x column, while each metric has its own steps. Here they are merged, each in step
 * order. Points that share a step stay separate rows, so a value logged twice for one step is not lost and the highest
 * of a reduced stretch is not merged away.
 */

/** One row of a drawn column: a number, null for a gap, undefined where only another series has a point. */
export type Cell = number | null | undefined;

export interface Points {
  x: Float64Array;
  y: Float64Array;
}

export interface Aligned {
  x: number[];
  /** One column a series, as long as x. */
  columns: Cell[][];
}

/** Merges several series into rows of ascending x. */
export function align(series: readonly Points[]): Aligned {
  const sorted = series.map(ascending);
  const next = sorted.map(() => 0);
  const x: number[] = [];
  const columns: Cell[][] = sorted.map(() => []);
  for (;;) {
    const at = smallest(sorted, next);
    if (at === null) return { x, columns };
    sorted.forEach((points, i) => {
      const index = next[i] ?? 0;
      const here = points.x[index] === at;
      columns[i]?.push(here ? cell(points.y[index]) : undefined);
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

function smallest(series: readonly Points[], next: readonly number[]): number | null {
  let least: number | null = null;
  series.forEach((points, i) => {
    const x = points.x[next[i] ?? 0];
    if (x !== undefined && (least === null || x < least)) least = x;
  });
  return least;
}

/** Steps may be logged in any order, and a resumed run may go back; ties keep the order they were logged in. */
function ascending({ x, y }: Points): Points {
  const usable = x.every(
    (value, i) => Number.isFinite(value) && (i === 0 || value >= (x[i - 1] ?? 0)),
  );
  if (usable) return { x, y };
  const order = [...x.keys()].filter((i) => Number.isFinite(x[i]));
  order.sort((a, b) => (x[a] ?? 0) - (x[b] ?? 0));
  return {
    x: Float64Array.from(order, (i) => x[i] ?? 0),
    y: Float64Array.from(order, (i) => y[i] ?? Number.NaN),
  };
}

function cell(value: number | undefined): Cell {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
