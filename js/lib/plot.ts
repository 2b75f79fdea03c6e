/**
 * Lines on a canvas, with a cursor and a drag: what our charts need of a plotting library, and no more, since the text of
 * this code travels with every notebook. A card never holds more than 2,000 points of a line, so every frame draws all
 * of them. Plots of one group share a cursor by the value on the x axis.
 */

import type { Cell } from "./align.ts";
import { element } from "./dom.ts";
import type { Range } from "./ticks.ts";

export interface PlotSize {
  width: number;
  height: number;
}

/** The plotted area, in pixels of the canvas. */
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** What stands under the cursor: its place in CSS pixels, the nearest row, and for each line its nearest row. */
export interface Cursor {
  left: number;
  row: number;
  rows: number[];
}

/** The rows of a drawing: one x column, and for each line a column of fractions of the height. */
export interface PlotData {
  x: readonly number[];
  columns: readonly (readonly Cell[])[];
  /** Rows of each line that get a dot. */
  dots: readonly (readonly number[])[];
}

export interface PlotOptions {
  /** Top, right, bottom and left of the plotted area, in CSS pixels. */
  padding: () => [number, number, number, number];
  across: () => Range;
  lineWidth: number;
  colour: (line: number) => string;
  background: () => string;
  /** What is under a line that stands alone. */
  shade: (context: CanvasRenderingContext2D, box: Box) => CanvasGradient;
  below: (plot: Plot) => void;
  above: (plot: Plot) => void;
  group: string;
  onCursor: (cursor: Cursor | null) => void;
  /** A part of the x axis was dragged over; null after a double click. */
  onSelect: (range: Range | null) => void;
}

const POINT_PX = 9;
const DOT_PX = 5;
/** A hand that clicks moves this far without meaning to drag. */
const DRAG_PX = 4;

/** The plots of the page, by group. */
const groups = new Map<string, Set<Plot>>();

export class Plot {
  readonly canvas = element("canvas");
  readonly context: CanvasRenderingContext2D | null = this.canvas.getContext("2d");
  readonly node: HTMLElement;
  box: Box = { left: 0, top: 0, width: 0, height: 0 };
  cursor: Cursor | null = null;
  readonly #options: PlotOptions;
  readonly #over = element("div", { class: "inlay-over" });
  readonly #hair = element("div", { class: "inlay-hair", hidden: true });
  readonly #drag = element("div", { class: "inlay-drag", hidden: true });
  #points: HTMLElement[] = [];
  #data: PlotData = { x: [], columns: [], dots: [] };
  #left: number | null = null;
  #endDrag: (() => void) | null = null;

  constructor(options: PlotOptions) {
    this.#options = options;
    this.#over.append(this.#drag, this.#hair);
    this.node = element("div", { class: "inlay-canvas" }, this.canvas, this.#over);
    const group = groups.get(options.group) ?? new Set();
    groups.set(options.group, group.add(this));
    const over = this.#over;
    over.addEventListener("mousemove", (event) => this.point(this.#at(event), true));
    over.addEventListener("mouseleave", () => this.point(null, true));
    over.addEventListener("mousedown", (event) => this.#startDrag(event));
    over.addEventListener("dblclick", () => options.onSelect(null));
  }

  static get ratio(): number {
    return devicePixelRatio || 1;
  }

  draw(data: PlotData, { width, height }: PlotSize): void {
    const { canvas, context } = this;
    const [top, right, bottom, left] = this.#options.padding();
    const ratio = Plot.ratio;
    const inner = { width: Math.max(1, width - left - right), height: height - top - bottom };
    this.#data = data;
    this.box = {
      left: left * ratio,
      top: top * ratio,
      width: inner.width * ratio,
      height: inner.height * ratio,
    };
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.cssText = `width:${width}px;height:${height}px`;
    this.#over.style.cssText = `left:${left}px;top:${top}px;width:${inner.width}px;height:${inner.height}px`;
    if (context === null) return;
    this.#options.below(this);
    context.save();
    context.beginPath();
    // A line along the edge keeps its whole width.
    context.rect(this.box.left, 0, this.box.width, canvas.height);
    context.clip();
    data.columns.forEach((column, line) => {
      this.#line(context, column, line);
    });
    context.restore();
    this.#options.above(this);
    this.point(this.#left, false);
  }

  /** Where a value of the x axis is, in CSS pixels of the plotted area. */
  place(x: number): number {
    const { lo, hi } = this.#options.across();
    return ((x - lo) / (hi - lo)) * (this.box.width / Plot.ratio);
  }

  value(left: number): number {
    const { lo, hi } = this.#options.across();
    return lo + (left / (this.box.width / Plot.ratio)) * (hi - lo);
  }

  /** The same on the canvas, and a fraction of the height. */
  onCanvas(x: number, fraction: number): [x: number, y: number] {
    const { left, top, height } = this.box;
    return [left + this.place(x) * Plot.ratio, top + height * (1 - fraction)];
  }

  /** Puts the cursor somewhere, or away; `tell` moves those of its group along. */
  point(left: number | null, tell: boolean): void {
    const width = this.box.width / Plot.ratio;
    const inside = left !== null && left >= 0 && left <= width && this.#data.x.length > 0;
    const before = this.cursor;
    this.#left = left;
    this.cursor = inside ? this.#cursorAt(left) : null;
    this.#showCursor();
    if (before !== null || this.cursor !== null) this.#options.onCursor(this.cursor);
    if (!tell) return;
    const x = left === null ? null : this.value(left);
    for (const other of groups.get(this.#options.group) ?? []) {
      if (other !== this) other.point(x === null ? null : other.place(x), false);
    }
  }

  destroy(): void {
    this.#endDrag?.();
    const group = groups.get(this.#options.group);
    group?.delete(this);
    if (group?.size === 0) groups.delete(this.#options.group);
    this.node.remove();
  }

  #line(context: CanvasRenderingContext2D, column: readonly Cell[], line: number): void {
    const ratio = Plot.ratio;
    const stroke = new Path2D();
    const fill = new Path2D();
    const floor = this.box.top + this.box.height;
    let last = 0;
    let pen = false;
    const lift = () => {
      if (pen) fill.lineTo(last, floor);
      pen = false;
    };
    column.forEach((value, row) => {
      if (value === null) lift();
      if (typeof value !== "number") return;
      const [x, y] = this.onCanvas(this.#data.x[row] ?? 0, value);
      if (pen) stroke.lineTo(x, y);
      else stroke.moveTo(x, y);
      if (!pen) fill.moveTo(x, floor);
      fill.lineTo(x, y);
      [last, pen] = [x, true];
    });
    lift();
    if (this.#data.columns.length === 1) {
      context.fillStyle = this.#options.shade(context, this.box);
      context.fill(fill);
    }
    context.strokeStyle = context.fillStyle = this.#options.colour(line);
    context.lineWidth = this.#options.lineWidth * ratio;
    context.lineJoin = context.lineCap = "round";
    context.stroke(stroke);
    context.beginPath();
    for (const row of this.#data.dots[line] ?? []) {
      const value = column[row];
      if (typeof value !== "number") continue;
      const [x, y] = this.onCanvas(this.#data.x[row] ?? 0, value);
      context.moveTo(x, y);
      context.arc(x, y, (DOT_PX / 2) * ratio, 0, 7);
    }
    context.fill();
  }

  #cursorAt(left: number): Cursor {
    const x = this.value(left);
    const row = this.#nearest(x, () => true);
    const rows = this.#data.columns.map((column) =>
      column[row] === undefined ? this.#nearest(x, (at) => column[at] !== undefined) : row,
    );
    return { left, row, rows };
  }

  /** The row nearest to `x` among those that count; -1 without any. */
  #nearest(x: number, counts: (row: number) => boolean): number {
    let found = -1;
    let least = Number.POSITIVE_INFINITY;
    this.#data.x.forEach((at, row) => {
      const distance = Math.abs(at - x);
      if (distance < least && counts(row)) [found, least] = [row, distance];
    });
    return found;
  }

  #showCursor(): void {
    const { cursor } = this;
    this.#hair.hidden = cursor === null;
    this.#hair.style.left = `${cursor?.left ?? 0}px`;
    const { columns, x } = this.#data;
    while (this.#points.length < columns.length) {
      const point = element("div", { class: "inlay-point" });
      this.#points.push(point);
      this.#over.append(point);
    }
    this.#points.forEach((point, line) => {
      const row = cursor?.rows[line] ?? -1;
      const value = columns[line]?.[row];
      point.hidden = typeof value !== "number";
      if (typeof value !== "number") return;
      const top = (1 - value) * (this.box.height / Plot.ratio);
      point.style.left = `${this.place(x[row] ?? 0) - POINT_PX / 2}px`;
      point.style.top = `${top - POINT_PX / 2}px`;
      point.style.background = this.#options.colour(line);
      point.style.borderColor = this.#options.background();
    });
  }

  #at(event: MouseEvent): number {
    return event.clientX - this.#over.getBoundingClientRect().left;
  }

  #startDrag(event: MouseEvent): void {
    if (event.button !== 0) return;
    this.#endDrag?.();
    const from = this.#at(event);
    const width = this.box.width / Plot.ratio;
    const range = (to: MouseEvent): [number, number] => {
      const end = Math.min(width, Math.max(0, this.#at(to)));
      return [Math.min(from, end), Math.max(from, end)];
    };
    const move = (to: MouseEvent) => {
      const [lo, hi] = range(to);
      this.#drag.hidden = hi - lo < DRAG_PX;
      this.#drag.style.cssText = `left:${lo}px;width:${hi - lo}px`;
    };
    const done = (to: MouseEvent) => {
      const [lo, hi] = range(to);
      this.#endDrag?.();
      if (hi - lo < DRAG_PX) return;
      const chosen = { lo: this.value(lo), hi: this.value(hi) };
      // Something else will stand under the pointer; it is read when the pointer moves.
      this.point(null, true);
      this.#options.onSelect(chosen);
    };
    document.addEventListener("mousemove", move);
    document.addEventListener("mouseup", done);
    this.#endDrag = () => {
      document.removeEventListener("mousemove", move);
      document.removeEventListener("mouseup", done);
      this.#drag.hidden = true;
      this.#endDrag = null;
    };
  }
}
