/**
 * Where columns lie and which of them are in sight: plain arithmetic on widths, so that two hundred columns cost what is
 * seen of them. Pinned columns come first and stay, as long as they leave room for others to scroll.
 */

import type { ColumnId } from "./state.ts";
import type { Column } from "./wire.ts";

export const ROW = 28;
export const HEAD = 44;
/** The column of check boxes. */
export const CHECK = 34;
export const NARROWEST = 48;
const WIDEST = 640;
/** Of the width, what pinned columns may take. */
const PINNED_PART = 0.62;
/** Columns drawn beyond what is in sight, so that scrolling meets them. */
const BESIDE = 1;

export interface Box {
  id: ColumnId;
  /** Its place among the columns shown. */
  at: number;
  left: number;
  width: number;
  sticky: boolean;
  /** The last of those that stay: what scrolls goes under it. */
  last: boolean;
}

export interface Layout {
  boxes: Box[];
  /** Of everything, the check boxes included. */
  width: number;
  /** Where what scrolls begins. */
  edge: number;
}

/** Lays out columns in `viewport` CSS pixels; a pinned one may be made narrower than it wants to be. */
export function layOut(
  columns: readonly ColumnId[],
  pinned: readonly ColumnId[],
  widthOf: (id: ColumnId) => number,
  viewport: number,
): Layout {
  const first = columns.filter((id) => pinned.includes(id));
  const ordered = [...first, ...columns.filter((id) => !pinned.includes(id))];
  const room = Math.max(0, viewport * PINNED_PART - CHECK);
  let left = CHECK;
  let edge = CHECK;
  const boxes = ordered.map((id, at) => {
    const from = left;
    let width = Math.min(WIDEST, Math.max(NARROWEST, widthOf(id)));
    if (at === 0 && first.length > 0) width = Math.min(width, Math.max(108, viewport * 0.4));
    const sticky = at < first.length && from + width - CHECK <= room && edge === from;
    left += width;
    if (sticky) edge = left;
    return { id, at, left: from, width, sticky, last: false };
  });
  const last = boxes.findLast((box) => box.sticky);
  if (last !== undefined) last.last = true;
  return { boxes, width: left, edge };
}

/** The columns to draw: those that stay, and those of the others in sight. */
export function inSight({ boxes, edge }: Layout, scrolled: number, viewport: number): Box[] {
  const [from, to] = [scrolled + edge, scrolled + viewport];
  const seen = boxes.filter((box) => !box.sticky && box.left + box.width > from && box.left < to);
  const [first, last] = [seen[0]?.at ?? 0, seen.at(-1)?.at ?? -1];
  return boxes.filter((box) => box.sticky || (box.at >= first - BESIDE && box.at <= last + BESIDE));
}

/** How far to scroll so that a column is in sight; null where it is. */
export function scrollTo(
  box: Box,
  { edge }: Layout,
  scrolled: number,
  viewport: number,
): number | null {
  if (box.sticky) return null;
  if (box.left < scrolled + edge) return box.left - edge;
  if (box.left + box.width > scrolled + viewport) {
    return Math.min(box.left - edge, box.left + box.width - viewport);
  }
  return null;
}

const TYPICAL: Record<Column["type"], number> = {
  number: 92,
  text: 112,
  time: 108,
  duration: 88,
  status: 112,
  flag: 72,
};

/** What a column needs for its head and for these texts, before anybody has said otherwise. */
export function fitting(
  column: Column | undefined,
  name: string,
  texts: readonly string[],
): number {
  const longest = texts.reduce((most, text) => Math.max(most, text.length), 0);
  const typical = column === undefined ? 100 : TYPICAL[column.type];
  const head = name.length * 6.9 + 48;
  const body = longest * 6.9 + 30;
  if (column?.id === "name") return Math.min(260, Math.max(170, body + 16));
  return Math.round(Math.min(240, Math.max(typical, head, body)));
}

/** Taller than this no browser lays out an element (Firefox: 17.9 million CSS pixels). */
const TALLEST = 8_000_000;

/**
 * The stretch of rows in sight. Where all rows together are taller than an element can be, scrolling moves faster than
 * the wheel: by the factor that brings its end to theirs.
 */
export class RowWindow {
  #rows = 0;
  #room = 0;

  set(rows: number, room: number): void {
    this.#rows = rows;
    this.#room = room;
  }

  get height(): number {
    return Math.min(this.#rows * ROW, TALLEST);
  }

  /** How far the rows are moved up, of their whole height. */
  moved(scrolled: number): number {
    const most = this.height - this.#room;
    if (this.#rows * ROW <= TALLEST || most <= 0) return Math.max(0, scrolled);
    return (Math.min(Math.max(0, scrolled), most) / most) * (this.#rows * ROW - this.#room);
  }

  /** Where to scroll to for the rows to be moved up so far. */
  scrolled(moved: number): number {
    const most = this.#rows * ROW - this.#room;
    if (this.#rows * ROW <= TALLEST || most <= 0) return moved;
    return (moved / most) * (this.height - this.#room);
  }

  /** The first row in sight and the one after the last. */
  sight(scrolled: number): [from: number, to: number] {
    const moved = this.moved(scrolled);
    const from = Math.floor(moved / ROW);
    return [
      Math.min(from, this.#rows),
      Math.min(this.#rows, Math.ceil((moved + this.#room) / ROW)),
    ];
  }

  /** Where a row is put, within the element that scrolls. */
  top(row: number, scrolled: number): number {
    return scrolled + row * ROW - this.moved(scrolled);
  }

  /** Where to scroll to so that a row is in sight; null where it is. */
  reveal(row: number, scrolled: number): number | null {
    const moved = this.moved(scrolled);
    if (row * ROW < moved) return this.scrolled(row * ROW);
    if ((row + 1) * ROW > moved + this.#room) return this.scrolled((row + 1) * ROW - this.#room);
    return null;
  }
}
