/**
 * A canvas with a cursor and a drag over it: what our charts need of a plotting library, and no more, since the text of
 * this code travels with every page. What is drawn is the chart's business. Plots of one group share a cursor by the
 * value on the x axis.
 */

import { element } from "./dom.ts";
import { fraction, type Range } from "./ticks.ts";

export interface PlotSize {
  width: number;
  height: number;
}

/** The plotted area in pixels of the canvas, and how many of those make a CSS pixel. */
export interface Area {
  left: number;
  top: number;
  width: number;
  height: number;
  ratio: number;
}

/** A point of a line under the cursor, in pixels of the canvas. */
export interface Point {
  x: number;
  y: number;
  colour: string;
}

export interface PlotOptions {
  group: string;
  paint: (context: CanvasRenderingContext2D, area: Area) => void;
  /** The cursor is at this place of the x axis, or nowhere; returns the points to be marked. */
  onCursor: (x: number | null, reach: number) => readonly Point[];
  /** A part of the x axis was dragged over; null after a double click. */
  onSelect: (range: Range | null) => void;
}

/** How near the cursor must be to a thing to mean it, and how far a hand that clicks may move. */
const REACH_PX = 4;
const POINT_PX = 9;

/** The plots of the page, by group. */
const groups = new Map<string, Set<Plot>>();

export class Plot {
  readonly canvas = element("canvas");
  readonly node: HTMLElement;
  readonly #options: PlotOptions;
  readonly #over = element("div", { class: "inlay-over" });
  readonly #hair = element("div", { class: "inlay-hair", hidden: true });
  readonly #drag = element("div", { class: "inlay-drag", hidden: true });
  #points: HTMLElement[] = [];
  #across: Range = { lo: 0, hi: 1 };
  #area: Area = { left: 0, top: 0, width: 1, height: 1, ratio: 1 };
  #cursor: number | null = null;
  #endDrag: (() => void) | null = null;

  constructor(options: PlotOptions) {
    this.#options = options;
    this.#over.append(this.#drag, this.#hair);
    this.node = element("div", { class: "inlay-canvas" }, this.canvas, this.#over);
    const group = groups.get(options.group) ?? new Set();
    groups.set(options.group, group.add(this));
    const over = this.#over;
    // Pointer events, so that fingers and pens drag as the mouse does; scrolling stays the browser's (plot.css).
    over.addEventListener("pointermove", (event) => this.point(this.#valueAt(event)));
    over.addEventListener("pointerleave", () => this.point(null));
    over.addEventListener("pointerdown", (event) => this.#startDrag(event));
    over.addEventListener("dblclick", () => options.onSelect(null));
  }

  /** Draws a part of the x axis; the padding is that around the plotted area: top, right, bottom, left. */
  draw(across: Range, size: PlotSize, padding: [number, number, number, number]): void {
    const ratio = devicePixelRatio || 1;
    const [top, right, bottom, left] = padding;
    const width = Math.max(1, size.width - left - right);
    const height = Math.max(1, size.height - top - bottom);
    this.#across = across;
    this.#area = {
      left: left * ratio,
      top: top * ratio,
      width: width * ratio,
      height: height * ratio,
      ratio,
    };
    const { canvas } = this;
    const pixels = [Math.round(size.width * ratio), Math.round(size.height * ratio)] as const;
    // Setting the size takes new memory even when it is the same.
    if (canvas.width !== pixels[0] || canvas.height !== pixels[1]) {
      [canvas.width, canvas.height] = pixels;
    }
    canvas.style.cssText = `width:${size.width}px;height:${size.height}px`;
    this.#over.style.cssText = `left:${left}px;top:${top}px;width:${width}px;height:${height}px`;
    const context = canvas.getContext("2d");
    if (context === null) return;
    context.clearRect(0, 0, ...pixels);
    this.#options.paint(context, this.#area);
    this.#show();
  }

  /** Puts the cursor of the whole group somewhere on the x axis, or away. */
  point(x: number | null): void {
    for (const plot of groups.get(this.#options.group) ?? []) {
      if (plot.#cursor === null && x === null) continue;
      plot.#cursor = x;
      plot.#show();
    }
  }

  destroy(): void {
    this.#endDrag?.();
    const group = groups.get(this.#options.group);
    group?.delete(this);
    if (group?.size === 0) groups.delete(this.#options.group);
    this.node.remove();
  }

  /** Shows the cursor where it is on this plot; beyond its ends there is none. */
  #show(): void {
    const { lo, hi } = this.#across;
    const { left, top, width, ratio } = this.#area;
    const x = this.#cursor;
    const inside = x !== null && x >= lo && x <= hi;
    const reach = ((hi - lo) * REACH_PX * ratio) / width;
    const points = this.#options.onCursor(inside ? x : null, reach);
    this.#hair.hidden = !inside;
    if (inside) this.#hair.style.left = `${this.#leftOf(x)}px`;
    while (this.#points.length < points.length) {
      const point = element("div", { class: "inlay-point" });
      this.#points.push(point);
      this.#over.append(point);
    }
    this.#points.forEach((node, i) => {
      const point = points[i];
      node.hidden = point === undefined;
      if (point === undefined) return;
      node.style.left = `${(point.x - left) / ratio - POINT_PX / 2}px`;
      node.style.top = `${(point.y - top) / ratio - POINT_PX / 2}px`;
      node.style.background = point.colour;
    });
  }

  /** The value under the pointer; as a share of the width, for the page around may be scaled, as slides are. */
  #valueAt({ clientX }: PointerEvent): number {
    const { lo, hi } = this.#across;
    const { left, width } = this.#over.getBoundingClientRect();
    return lo + Math.min(1, Math.max(0, (clientX - left) / width)) * (hi - lo);
  }

  /** Where a value stands on the plot, in CSS pixels. */
  #leftOf(value: number): number {
    const { lo, hi } = this.#across;
    return (fraction(value, { lo, hi }) * this.#area.width) / this.#area.ratio;
  }

  #startDrag(event: PointerEvent): void {
    if (event.button !== 0 || !event.isPrimary) return;
    this.#endDrag?.();
    // Held by its value: under a drag on a live chart the data moves on.
    const start = this.#valueAt(event);
    const chosen = (to: PointerEvent): Range | null => {
      const end = this.#valueAt(to);
      const [lo, hi] = [Math.min(start, end), Math.max(start, end)];
      const width = Math.min(this.#leftOf(hi) - this.#leftOf(lo), Math.abs(to.x - event.x));
      return width < REACH_PX ? null : { lo, hi };
    };
    const ending = new AbortController();
    this.#endDrag = () => {
      ending.abort();
      this.#drag.hidden = true;
      this.#endDrag = null;
    };
    // The page hears the rest, for a drag may end beside the chart.
    const { signal } = ending;
    const move = (to: PointerEvent) => {
      const range = chosen(to);
      this.#drag.hidden = range === null;
      if (range === null) return;
      const [left, right] = [this.#leftOf(range.lo), this.#leftOf(range.hi)];
      this.#drag.style.cssText = `left:${left}px;width:${right - left}px`;
    };
    const done = (to: PointerEvent) => {
      const range = chosen(to);
      this.#endDrag?.();
      if (range !== null) this.#options.onSelect(range);
    };
    document.addEventListener("pointermove", move, { signal });
    document.addEventListener("pointerup", done, { signal });
    document.addEventListener("pointercancel", () => this.#endDrag?.(), { signal });
  }
}
