/**
 * One line chart: uPlot for the lines and the cursor, our own axes around it. Values are drawn as fractions of the
 * value axis, so that uPlot's arithmetic never meets a number near the ends of double precision.
 */

import uPlot from "uplot";
import { type Aligned, align, type Cell, lonely } from "./align.ts";
import { drawAxes, gutterFor, LABEL_HEIGHT } from "./axes.ts";
import type { Theme } from "./theme.ts";
import { extent, fraction, paddedRange, type Range } from "./ticks.ts";

/** One line: its points, and its colour as an index into the theme's palette. */
export interface Line {
  x: Float64Array;
  y: Float64Array;
  colour: number;
}

/** What is under the cursor: the step, and for each line its value there (null where it has none). */
export interface Readout {
  step: number;
  values: (number | null)[];
}

export interface ChartOptions {
  height: number;
  /** Charts with the same key share one cursor. */
  cursorGroup: string;
  onCursor: (readout: Readout | null) => void;
}

const LINE_WIDTH = 1.5;
/** With this few points each gets a dot, for then the reader should see where the measured values are. */
const DOTTED = 24;

export class LineChart {
  readonly #host: HTMLElement;
  readonly #options: ChartOptions;
  #plot: uPlot | null = null;
  #theme: Theme | null = null;
  #lines: readonly Line[] = [];
  #rows: Aligned = { x: [], columns: [] };
  #range: Range = { lo: 0, hi: 1 };
  #dots: number[][] = [];
  #live = false;
  #empty = true;
  #gutter = 0;
  #width = 0;

  constructor(host: HTMLElement, options: ChartOptions) {
    this.#host = host;
    this.#options = options;
  }

  /** The canvas, once something has been drawn. */
  get canvas(): HTMLCanvasElement | null {
    return this.#plot?.ctx.canvas ?? null;
  }

  /** Draws the lines at a width in CSS pixels; a live chart marks where each line has got to. */
  draw(lines: readonly Line[], theme: Theme, width: number, live: boolean): void {
    const otherLines = lines.length !== this.#lines.length;
    this.#lines = lines;
    this.#theme = theme;
    this.#live = live;
    this.#rows = align(lines);
    const values = extent(lines.map((line) => line.y));
    this.#empty = values === null;
    this.#range = paddedRange(values);
    this.#dots = this.#rows.columns.map(dotted);
    if (this.#rows.x.length === 0 || width <= 0) return;
    const gutter = Math.max(this.#gutter, gutterFor(this.#range, this.#plotHeight, theme));
    const moved = gutter !== this.#gutter || width !== this.#width;
    this.#gutter = gutter;
    this.#width = width;
    if (this.#plot === null || otherLines) {
      this.#plot?.destroy();
      this.#plot = new uPlot(this.#uplotOptions(), this.#columns(), this.#host);
      return;
    }
    this.#plot.setData(this.#columns());
    if (moved) this.#plot.setSize({ width, height: this.#options.height });
  }

  destroy(): void {
    this.#plot?.destroy();
    this.#plot = null;
  }

  get #plotHeight(): number {
    return this.#options.height - LABEL_HEIGHT - 8;
  }

  #columns(): uPlot.AlignedData {
    const scaled = this.#rows.columns.map((column) =>
      column.map((value) => (typeof value === "number" ? fraction(value, this.#range) : value)),
    );
    return [this.#rows.x, ...scaled];
  }

  #uplotOptions(): uPlot.Options {
    return {
      width: this.#width,
      height: this.#options.height,
      legend: { show: false },
      // Points stand where they are, not on whole pixels: slow curves looked like stairs.
      pxAlign: 0,
      padding: [8, 10, LABEL_HEIGHT, () => this.#gutter],
      axes: [{ show: false }, { show: false }],
      scales: {
        x: { time: false, range: () => this.#across() },
        y: { range: () => [0, 1] },
      },
      series: [{}, ...this.#lines.map((_, i) => this.#uplotSeries(i))],
      cursor: {
        y: false,
        drag: { x: false, y: false, setScale: false },
        points: {
          size: 9,
          width: 2,
          stroke: () => this.#theme?.background ?? "",
          fill: (_, i) => this.#colour(i - 1),
        },
        sync: { key: this.#options.cursorGroup, scales: ["x", null], setSeries: false },
      },
      hooks: {
        drawClear: [(plot) => this.#drawAxes(plot)],
        draw: [(plot) => this.#drawHeads(plot)],
        setCursor: [(plot) => this.#options.onCursor(this.#readout(plot))],
      },
    };
  }

  #uplotSeries(index: number): uPlot.Series {
    const alone = this.#lines.length === 1;
    return {
      width: LINE_WIDTH,
      cap: "round",
      stroke: () => this.#colour(index),
      ...(alone ? { fill: (plot) => this.#shade(plot), fillTo: () => 0 } : {}),
      points: {
        size: 5,
        width: 0,
        show: () => (this.#dots[index]?.length ?? 0) > 0,
        filter: () => this.#dots[index] ?? null,
        fill: () => this.#colour(index),
      },
    };
  }

  #colour(index: number): string {
    const palette = this.#theme?.palette ?? [];
    return palette[(this.#lines[index]?.colour ?? 0) % Math.max(1, palette.length)] ?? "#808080";
  }

  /** A breath of the line's colour below it, fading out: it leads the eye and covers nothing. */
  #shade(plot: uPlot): CanvasGradient {
    const { top, height } = plot.bbox;
    const gradient = plot.ctx.createLinearGradient(0, top, 0, top + height);
    gradient.addColorStop(0, faded(this.#colour(0), 0.14));
    gradient.addColorStop(1, faded(this.#colour(0), 0));
    return gradient;
  }

  /** The step axis: from the first step to the last, or around the only one. */
  #across(): [number, number] {
    const first = this.#rows.x[0] ?? 0;
    const last = this.#rows.x.at(-1) ?? first;
    return first < last ? [first, last] : [first - 1, last + 1];
  }

  #drawAxes(plot: uPlot): void {
    if (this.#theme === null) return;
    const [lo, hi] = this.#across();
    const steps = { lo, hi, only: this.#rows.x[0] === this.#rows.x.at(-1) };
    const area = { ...plot.bbox, ratio: uPlot.pxRatio };
    drawAxes(plot.ctx, area, steps, this.#empty ? null : this.#range, this.#theme);
  }

  /** The newest point of every line of a run still going. */
  #drawHeads(plot: uPlot): void {
    if (!this.#live || this.#theme === null) return;
    const { ctx } = plot;
    ctx.save();
    ctx.strokeStyle = this.#theme.background;
    ctx.lineWidth = 2 * uPlot.pxRatio;
    this.#rows.columns.forEach((column, i) => {
      const row = column.findLastIndex((value) => typeof value === "number");
      const value = column[row];
      if (typeof value !== "number") return;
      const x = plot.valToPos(this.#rows.x[row] ?? 0, "x", true);
      const y = plot.valToPos(fraction(value, this.#range), "y", true);
      ctx.fillStyle = this.#colour(i);
      ctx.beginPath();
      ctx.arc(x, y, 4 * uPlot.pxRatio, 0, 2 * Math.PI);
      ctx.stroke();
      ctx.fill();
    });
    ctx.restore();
  }

  #readout(plot: uPlot): Readout | null {
    const { idx, idxs, left } = plot.cursor;
    if (idx == null || left == null || left < 0) return null;
    const values = this.#rows.columns.map((column, i) => {
      const row = idxs?.[i + 1];
      return row == null ? null : (column[row] ?? null);
    });
    return { step: this.#rows.x[idx] ?? 0, values };
  }
}

function dotted(column: readonly Cell[]): number[] {
  const rows = column.flatMap((value, row) => (typeof value === "number" ? [row] : []));
  return rows.length <= DOTTED ? rows : lonely(column);
}

/** A colour as the browser computed it, `rgb(r, g, b)`, at another opacity. */
function faded(colour: string, opacity: number): string {
  return colour.replace(/^rgb\((.*)\)$/, `rgba($1, ${opacity})`);
}
