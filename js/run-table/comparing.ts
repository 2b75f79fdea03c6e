/**
 * Which runs are being compared, of each table on the page: asked for above the grid and shown below it. It is no part of
 * the state, since a difference is looked at and closed again.
 */

import type { TableContext } from "./context.ts";

interface Comparison {
  runs: readonly string[];
  callbacks: (() => void)[];
}

/** More columns than this are not read side by side. */
export const MOST_COMPARED = 20;

const comparisons = new WeakMap<TableContext, Comparison>();

/** The runs compared at present; none when nothing is. */
export function compared(context: TableContext): readonly string[] {
  return of(context).runs;
}

/** Compares these runs, the first with each of the others; fewer than two close the comparison. */
export function compare(context: TableContext, runs: readonly string[]): void {
  const comparison = of(context);
  comparison.runs = runs.length > 1 ? runs.slice(0, MOST_COMPARED) : [];
  for (const callback of comparison.callbacks) callback();
}

export function onCompare(context: TableContext, changed: () => void): void {
  of(context).callbacks.push(changed);
}

function of(context: TableContext): Comparison {
  const known = comparisons.get(context) ?? { runs: [], callbacks: [] };
  comparisons.set(context, known);
  return known;
}
