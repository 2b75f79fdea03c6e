/** Columns as readers name them, and which are shown: asked in the same way wherever columns are chosen. */

import type { TableContext } from "./context.ts";
import type { ColumnId } from "./state.ts";
import type { Column } from "./wire.ts";

export const ENTITIES = ["attributes", "metrics", "params", "tags"] as const;

export const ENTITY_NAMES: Record<Column["entity"], string> = {
  attributes: "Attributes",
  metrics: "Metrics",
  params: "Params",
  tags: "Tags",
};

/** What stands in a column's head; of one that is gone, the key in its id. */
export function columnName({ columns }: TableContext, id: ColumnId): string {
  return columns.get(id)?.name ?? id.slice(id.indexOf(".") + 1);
}

/** The columns wanted, in order: those of the state, else those the kernel chose. */
export function wantedColumns({ state, view }: TableContext): readonly ColumnId[] {
  return state.columns ?? view.columns;
}

/** Those whose name or field has all the words typed. Words in any order: `loss val` finds `val/loss`. */
export function matching(columns: Iterable<Column>, typed: string): Column[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return [...columns].filter(({ name, id }) => {
    const text = `${name} ${id}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** The list with one of its entries moved by some places, no further than its ends. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const next = [...list];
  const [one] = next.splice(from, 1);
  if (one !== undefined) next.splice(Math.max(0, Math.min(to, next.length)), 0, one);
  return next;
}
