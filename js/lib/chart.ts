/**
 * One line chart on the page: a plot with its cursor and drag, axes around it, and bands, faint raw lines and marks below.
 * Values are drawn as fractions of the value axis, so that no arithmetic meets a number near the ends of double precision.
 */

import { type Aligned, align, type Cell, lonely } from "./align.ts";
import { type Area, drawAxes, gutterFor, LABEL_HEIGHT } from "./axes.ts";
import {
  type Line,
  type Picture,
  type Place,
  placeIn,
  traceBand,
  traceLine,
  traceMarks,
} from "./picture.ts";
import { type Box, Plot, type PlotOptions, type PlotSize } from "./plot.ts";
import { faded, lineColour, type Theme } from "./theme.ts";
import { fraction, type Range } from "./ticks.ts";

/** What one line has under the cursor; a mark's value is not finite. */
export interface Reading {
  value: number;
  smooth: number | null;
  /** The lowest and the highest of the stretch, where the points are reduced. */
  range: Range | null;
}

export interface Readout {
  x: number;
  readings: (Reading | null)[];
}

export interface ChartOptions {
  /** Charts with the same key share one cursor. */
  cursorGroup: string;
  onCursor: (readout: Readout | null) => void;
  /** A part of the x axis was chosen by dragging; null by a double click. */
  onZoom: (zoom: Range | null) => void;
}

export type Size = PlotSize;

export const LINE_WIDTH = 1.5;
export const BAND_OPACITY = 0.16;
export const RAW_OPACITY = 0.3;
/** With this few points each gets a dot, for then the reader should see where the measured values are. */
const DOTTED = 24;
/** How near the cursor must be to a mark to name it, in CSS pixels. */
const MARK_REACH = 4;

export class LineChart {
  readonly #host: HTMLElement;
  readonly #options: ChartOptions;
  #plot: Plot | null = null;
  #theme: Theme | null = null;
  #picture: Picture | null = null;
  #rows: Aligned = { x: [], points: [] };
  #columns: Cell[][] = [];
  #dots: number[][] = [];
  #live = false;
  #gutter = 0;

  constructor(host: HTMLElement, options: ChartOptions) {
    this.#host = host;
    this.#options = options;
  }

  /** The canvas, once something has been drawn. */
  get canvas(): HTMLCanvasElement | null {
    return this.#plot?.canvas ?? null;
  }

  get picture(): Picture | null {
    return this.#picture;
  }

  /** Draws at a size in CSS pixels; a live chart marks where each line has got to. */
  draw(picture: Picture, theme: Theme, size: PlotSize, live: boolean): void {
    const { lines, across, scale, empty } = picture;
    const otherLines = lines.length !== this.#picture?.lines.length;
    if (otherLines || lines.some(({ curve }, i) => curve !== this.#picture?.lines[i]?.curve)) {
      this.#rows = align(lines.map(({ curve }) => curve.x));
      // A chart of marks alone has an x axis, too.
      if (this.#rows.x.length === 0) this.#rows = emptyRows(across, lines.length);
    }
    this.#picture = picture;
    this.#theme = theme;
    this.#live = live;
    this.#columns = lines.map((line, i) => {
      const y = line.smooth ?? line.curve.y;
      return (this.#rows.points[i] ?? []).map((point) => {
        if (point < 0) return undefined;
        const value = y[point] ?? Number.NaN;
        return Number.isFinite(value) && !(scale.log && value <= 0) ? fraction(value, scale) : null;
      });
    });
    this.#dots = this.#columns.map((column) => this.#dotted(column));
    const gutter = empty ? this.#gutter : gutterFor(scale, plotHeight(size), theme);
    this.#gutter = Math.max(36, this.#gutter, gutter);
    if (this.#plot === null) {
      this.#plot = new Plot(this.#plotOptions());
      this.#host.append(this.#plot.node);
    }
    this.#plot.draw({ x: this.#rows.x, columns: this.#columns, dots: this.#dots }, size);
  }

  /** Moves the cursor to a place on the x axis, on the other charts of its group as well; null takes it away. */
  point(x: number | null): void {
    this.#plot?.point(x === null ? null : this.#plot.place(x), true);
  }

  /** The x of the row that is `by` rows from the one at the cursor, or from the end without one. */
  neighbour(by: number): number | null {
    const { x } = this.#rows;
    const picture = this.#picture;
    if (picture === null || x.length === 0) return null;
    const inside = (at: number | undefined) =>
      at !== undefined && at >= picture.across.lo && at <= picture.across.hi;
    const first = x.findIndex(inside);
    const last = x.findLastIndex(inside);
    const from = this.#plot?.cursor?.row ?? (by > 0 ? first - 1 : last + 1);
    return x[Math.min(last, Math.max(first, from + by))] ?? null;
  }

  destroy(): void {
    this.#plot?.destroy();
    this.#plot = null;
    this.#picture = null;
  }

  #plotOptions(): PlotOptions {
    return {
      padding: () => [8, 10, LABEL_HEIGHT, this.#gutter],
      across: () => this.#picture?.across ?? { lo: 0, hi: 1 },
      lineWidth: LINE_WIDTH,
      colour: (line) => this.#colour(line),
      background: () => this.#theme?.background ?? "",
      shade: (context, box) => this.#shade(context, box),
      below: (plot) => this.#drawBelow(plot),
      above: (plot) => this.#drawHeads(plot),
      group: this.#options.cursorGroup,
      onCursor: () => this.#options.onCursor(this.#readout()),
      onSelect: (zoom) => this.#options.onZoom(zoom),
    };
  }

  #colour(index: number): string {
    return lineColour(this.#theme, this.#picture?.lines[index]?.colour ?? 0);
  }

  /** A breath of the line's colour below it, fading out: it leads the eye and covers nothing. */
  #shade(context: CanvasRenderingContext2D, { top, height }: Box): CanvasGradient {
    const line = this.#picture?.lines[0];
    const gradient = context.createLinearGradient(0, top, 0, top + height);
    // Where there is a band, a second shade would only blur it.
    const opacity = line?.curve.reduced || line?.smooth ? 0 : 0.14;
    gradient.addColorStop(0, faded(this.#colour(0), opacity));
    gradient.addColorStop(1, faded(this.#colour(0), 0));
    return gradient;
  }

  /** Dots where few points are to be seen, and where a point is alone between gaps. */
  #dotted(column: readonly Cell[]): number[] {
    const { lo = 0, hi = 0 } = this.#picture?.across ?? {};
    const rows = column.flatMap((value, row) => {
      const at = this.#rows.x[row] ?? 0;
      return typeof value === "number" && at >= lo && at <= hi ? [row] : [];
    });
    return rows.length <= DOTTED ? rows : lonely(column);
  }

  #drawBelow(plot: Plot): void {
    const [picture, theme] = [this.#picture, this.#theme];
    if (picture === null || theme === null) return;
    const area: Area = { ...plot.box, ratio: Plot.ratio };
    const place = placeIn(picture, area);
    const { context: ctx } = plot;
    if (ctx === null) return;
    drawAxes(ctx, area, picture, theme);
    ctx.save();
    ctx.beginPath();
    // A little wider, for marks at the ends.
    const room = 4 * area.ratio;
    ctx.rect(area.left - room, area.top, area.width + 2 * room, area.height);
    ctx.clip();
    picture.lines.forEach((line, i) => {
      this.#drawLineBelow(ctx, line, this.#colour(i), place);
      ctx.globalAlpha = 0.85;
      const marks = new Path2D();
      traceMarks(marks, line.curve, picture, place, area, area.ratio);
      ctx.fill(marks);
      ctx.globalAlpha = 1;
    });
    ctx.restore();
  }

  #drawLineBelow(
    ctx: CanvasRenderingContext2D,
    { curve, smooth }: Line,
    colour: string,
    place: Place,
  ): void {
    if (this.#picture === null) return;
    ctx.fillStyle = ctx.strokeStyle = colour;
    if (curve.reduced) {
      const band = new Path2D();
      traceBand(band, curve, this.#picture, place);
      ctx.globalAlpha = BAND_OPACITY;
      ctx.fill(band);
      // A lone spike is narrower than a pixel: filled alone, it would hardly be seen.
      ctx.globalAlpha = RAW_OPACITY;
      ctx.lineWidth = Plot.ratio / 2;
      ctx.stroke(band);
    }
    if (smooth !== null) {
      const raw = new Path2D();
      traceLine(raw, curve.x, curve.y, this.#picture, place);
      ctx.globalAlpha = RAW_OPACITY;
      ctx.lineWidth = Plot.ratio;
      ctx.lineJoin = "round";
      ctx.stroke(raw);
    }
  }

  /** The newest point of every line of a run still going. */
  #drawHeads(plot: Plot): void {
    if (!this.#live || this.#theme === null || this.#picture === null) return;
    const { context: ctx } = plot;
    if (ctx === null) return;
    const { across } = this.#picture;
    ctx.save();
    ctx.strokeStyle = this.#theme.background;
    ctx.lineWidth = 2 * Plot.ratio;
    this.#columns.forEach((column, i) => {
      const row = column.findLastIndex((value) => typeof value === "number");
      const [at, value] = [this.#rows.x[row] ?? Number.NaN, column[row]];
      if (typeof value !== "number" || !(at >= across.lo && at <= across.hi)) return;
      ctx.fillStyle = this.#colour(i);
      ctx.beginPath();
      const radius = 4 * Plot.ratio;
      ctx.arc(...plot.onCanvas(at, value), radius, 0, 7);
      ctx.stroke();
      ctx.fill();
    });
    ctx.restore();
  }

  #readout(): Readout | null {
    const plot = this.#plot;
    if (plot === null || plot.cursor === null || this.#picture === null) return null;
    const { row: nearest, rows, left } = plot.cursor;
    const x = this.#rows.x[nearest] ?? 0;
    const at = plot.value(left);
    const reach = plot.value(left + MARK_REACH) - at;
    const readings = this.#picture.lines.map(({ curve, smooth }, i): Reading | null => {
      const point = this.#rows.points[i]?.[rows[i] ?? -1] ?? -1;
      const distance = point < 0 ? Infinity : Math.abs((curve.x[point] ?? 0) - at);
      const mark = curve.marks.find((one) => Math.abs(one.x - at) <= Math.min(reach, distance));
      if (mark !== undefined) return { value: mark.value, smooth: null, range: null };
      const value = curve.y[point];
      if (value === undefined || Number.isNaN(value)) return null;
      const range = curve.reduced
        ? { lo: curve.low[point] ?? 0, hi: curve.high[point] ?? 0 }
        : null;
      return { value, smooth: smooth?.[point] ?? null, range };
    });
    return { x, readings };
  }
}

function plotHeight({ height }: PlotSize): number {
  return height - LABEL_HEIGHT - 8;
}

function emptyRows({ lo, hi }: Range, lines: number): Aligned {
  return { x: [lo, hi], points: Array.from({ length: lines }, () => [-1, -1]) };
}
