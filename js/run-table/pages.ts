/**
 * The rows that came so far, by their place, and what has to be asked for so that those in sight are there. One question
 * is under way at a time; what is in sight when its answer comes decides on the next, so a reader who scrolls on is never
 * kept waiting for places left long ago. Rows of the arrangement before stay until newer ones come: nothing flickers.
 */

import type { ColumnId } from "./state.ts";
import type { Cell, Page, Row } from "./wire.ts";

/** Rows are asked for and kept in blocks of so many. */
export const BLOCK = 100;
/** Blocks kept, for the reader who scrolls back. */
const KEPT = 60;

interface Block {
  rows: (Row | undefined)[];
  cells: Map<ColumnId, (Cell | undefined)[]>;
}

export interface Wanted {
  start: number;
  count: number;
  columns: readonly ColumnId[];
}

export class Pages {
  version = -1;
  baseline: Page["baseline"] = null;
  #blocks = new Map<number, Block>();
  #stale = new Map<number, Block>();

  /** Rows of another version make all others old; of the same one they are put where they belong. */
  take(page: Page): void {
    if (page.version < this.version) return;
    if (page.version > this.version) {
      for (const [place, block] of this.#blocks) this.#stale.set(place, block);
      this.#blocks = new Map();
      this.version = page.version;
    }
    if (page.baseline !== null || page.start === 0) this.baseline = page.baseline;
    page.rows.forEach((row, i) => {
      const at = page.start + i;
      const block = this.#open(Math.floor(at / BLOCK));
      block.rows[at % BLOCK] = row;
      for (const [column, values] of Object.entries(page.cells)) {
        const cells = block.cells.get(column) ?? [];
        cells[at % BLOCK] = values[i] ?? null;
        block.cells.set(column, cells);
      }
    });
  }

  row(at: number): Row | undefined {
    const place = Math.floor(at / BLOCK);
    const row = this.#blocks.get(place)?.rows[at % BLOCK];
    return row ?? this.#stale.get(place)?.rows[at % BLOCK];
  }

  /** Undefined while it is not known: missing values are null. */
  cell(at: number, column: ColumnId): Cell | undefined {
    const place = Math.floor(at / BLOCK);
    const block = this.#blocks.get(place);
    if (block?.rows[at % BLOCK] !== undefined) {
      const cell = block.cells.get(column)?.[at % BLOCK];
      if (cell !== undefined) return cell;
      const old = this.#stale.get(place);
      const same = nameOf(old?.rows[at % BLOCK]) === nameOf(block.rows[at % BLOCK]);
      return same ? old?.cells.get(column)?.[at % BLOCK] : undefined;
    }
    return this.#stale.get(place)?.cells.get(column)?.[at % BLOCK];
  }

  /** Where a run stands, among the rows that are known. */
  placeOf(run: string): number | null {
    for (const [place, { rows }] of this.#blocks) {
      const at = rows.findIndex((row) => row !== undefined && "run" in row && row.run === run);
      if (at >= 0) return place * BLOCK + at;
    }
    return null;
  }

  /** The first stretch that has to be asked for; null when everything wanted is there. */
  missing({ start, count, columns }: Wanted, rows: number): Wanted | null {
    const end = Math.min(rows, start + count);
    const lacks = (at: number, column: ColumnId) =>
      this.#blocks.get(Math.floor(at / BLOCK))?.cells.get(column)?.[at % BLOCK] === undefined;
    const empty = (at: number) =>
      this.#blocks.get(Math.floor(at / BLOCK))?.rows[at % BLOCK] === undefined;
    for (let at = start; at < end; at++) {
      if (!empty(at) && !columns.some((column) => lacks(at, column))) continue;
      const from = Math.floor(at / BLOCK) * BLOCK;
      const whole = Math.min(rows, from + BLOCK) - from;
      // A block that is there but for some columns is asked for those only.
      let known = true;
      for (let i = from; i < from + whole && known; i++) known = !empty(i);
      const wanted = known
        ? columns.filter((column) => lacksAny(from, whole, column, lacks))
        : columns;
      return { start: from, count: whole, columns: [...wanted] };
    }
    return null;
  }

  #open(place: number): Block {
    const block = this.#blocks.get(place) ?? { rows: [], cells: new Map() };
    this.#blocks.delete(place);
    this.#blocks.set(place, block);
    const [oldest] = this.#blocks.keys();
    if (this.#blocks.size > KEPT && oldest !== undefined) this.#blocks.delete(oldest);
    const [old] = this.#stale.keys();
    if (this.#stale.size > KEPT && old !== undefined) this.#stale.delete(old);
    return block;
  }
}

function lacksAny(
  from: number,
  count: number,
  column: ColumnId,
  lacks: (at: number, column: ColumnId) => boolean,
): boolean {
  for (let at = from; at < from + count; at++) if (lacks(at, column)) return true;
  return false;
}

function nameOf(row: Row | undefined): string | undefined {
  return row === undefined ? undefined : "run" in row ? row.run : row.key;
}
