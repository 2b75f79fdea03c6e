/**
 * One line chart on the page: a plot with its cursor and drag, and on it the axes, bands, lines and marks of a picture. It
 * tells what each line has under the cursor.
 */

import { drawAxes, gutterFor, LABEL_HEIGHT } from "./axes.ts";
import { firstFrom } from "./curve.ts";
import {
  dotsOf,
  floorPen,
  type Line,
  type Picture,
  type Place,
  placeIn,
  traceBand,
  traceLine,
  traceMarks,
  widthOf,
} from "./picture.ts";
import { type Area, Plot, type PlotSize, type Point } from "./plot.ts";
import { faded, lineColour, type Theme } from "./theme.ts";
import type { Range } from "./ticks.ts";

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

export const BAND_OPACITY = 0.16;
export const EDGE_OPACITY = 0.55;
export const RAW_OPACITY = 0.3;
export const MARK_OPACITY = 0.65;
const NARROWEST_GUTTER = 36;

export class LineChart {
  readonly #host: HTMLElement;
  readonly #options: ChartOptions;
  #plot: Plot | null = null;
  #theme: Theme | null = null;
  #picture: Picture | null = null;
  #place: Place | null = null;
  #readout: Readout | null = null;
  #live = false;
  #gutter = NARROWEST_GUTTER;

  constructor(host: HTMLElement, options: ChartOptions) {
    this.#host = host;
    this.#options = options;
  }

  /** The canvas, once something has been drawn. */
  get canvas(): HTMLCanvasElement | null {
    return this.#plot?.canvas ?? null;
  }

  /** Where the cursor is on the x axis. */
  get cursor(): number | null {
    return this.#readout?.x ?? null;
  }

  get picture(): Picture | null {
    return this.#picture;
  }

  /** Draws at a size in CSS pixels; a live chart marks where each line has got to. */
  draw(picture: Picture, theme: Theme, size: PlotSize, live: boolean): void {
    this.#picture = picture;
    this.#theme = theme;
    this.#live = live;
    // It never shrinks: a live chart whose width changed with its labels would twitch.
    const height = size.height - LABEL_HEIGHT - 8;
    if (!picture.empty) {
      this.#gutter = Math.max(this.#gutter, gutterFor(picture.scale, height, theme));
    }
    if (this.#plot === null) {
      this.#plot = new Plot({
        group: this.#options.cursorGroup,
        paint: (context, area) => this.#paint(context, area),
        onCursor: (x, reach) => this.#point(x, reach),
        onSelect: this.#options.onZoom,
      });
      this.#host.append(this.#plot.node);
    }
    this.#plot.draw(picture.across, size, [8, 10, LABEL_HEIGHT, this.#gutter]);
  }

  /** Moves the cursor to a place on the x axis, on the other charts of its group as well; null takes it away. */
  point(x: number | null): void {
    this.#plot?.point(x);
  }

  /** Where the cursor goes `by` points on, or back; from the ends where there is none. */
  neighbour(by: number): number | null {
    if (this.#picture === null) return null;
    const { lines, across } = this.#picture;
    const places = lines.flatMap(({ curve }) => {
      const [from, to] = [firstFrom(curve.x, across.lo), firstFrom(curve.x, across.hi)];
      const end = curve.x[to] === across.hi ? to + 1 : to;
      const marks = curve.marks.map(({ x }) => x).filter((x) => x >= across.lo && x <= across.hi);
      return [...curve.x.subarray(from, end), ...marks];
    });
    const sorted = [...new Set(places)].sort((a, b) => a - b);
    const at = this.#readout === null ? -1 : sorted.indexOf(this.#readout.x);
    const from = at >= 0 ? at : by > 0 ? -1 : sorted.length;
    return sorted[Math.min(sorted.length - 1, Math.max(0, from + by))] ?? null;
  }

  destroy(): void {
    this.#plot?.destroy();
    this.#plot = null;
    this.#picture = null;
    this.#readout = null;
  }

  #paint(context: CanvasRenderingContext2D, area: Area): void {
    const [picture, theme] = [this.#picture, this.#theme];
    if (picture === null || theme === null) return;
    const place = placeIn(picture, area);
    this.#place = place;
    drawAxes(context, area, picture, theme);
    context.save();
    context.beginPath();
    // Lines go on beyond a part that is zoomed to; along an edge they keep their whole width.
    const room = area.ratio;
    context.rect(area.left - room, 0, area.width + 2 * room, area.top + area.height + room);
    context.clip();
    context.lineJoin = context.lineCap = "round";
    for (const line of picture.lines) {
      context.fillStyle = context.strokeStyle = lineColour(theme, line.colour);
      paintBelow(context, line, picture, place, area.ratio);
    }
    for (const line of picture.lines) {
      const colour = lineColour(theme, line.colour);
      context.fillStyle = context.strokeStyle = colour;
      if (picture.lines.length === 1) shade(context, line, picture, place, area, colour);
      const path = new Path2D();
      traceLine(path, line.curve.x, line.smooth ?? line.curve.y, picture, place);
      context.lineWidth = widthOf(line, picture, area.width / area.ratio) * area.ratio;
      context.stroke(path);
    }
    context.restore();
    for (const line of picture.lines) {
      context.fillStyle = lineColour(theme, line.colour);
      paintPoints(context, line, picture, place, area);
    }
    if (this.#live) paintHeads(context, picture, place, theme, area.ratio);
  }

  /** Reads the lines at a place, tells what they say, and returns where they are. */
  #point(x: number | null, reach: number): Point[] {
    const [picture, place] = [this.#picture, this.#place];
    if (picture === null || place === null || x === null) {
      if (this.#readout !== null) this.#options.onCursor(null);
      this.#readout = null;
      return [];
    }
    const near = picture.lines.map((line) => nearest(line, x, reach, picture.across));
    const closest = near.flatMap((one) => one ?? []).sort((a, b) => a.distance - b.distance)[0];
    this.#readout = { x: closest?.x ?? x, readings: near.map((one) => one?.reading ?? null) };
    this.#options.onCursor(this.#readout);
    return near.flatMap((one, i) => {
      const value = one?.reading?.smooth ?? one?.reading?.value;
      if (value === undefined || !Number.isFinite(value)) return [];
      if (picture.scale.log && value <= 0) return [];
      const colour = lineColour(this.#theme, picture.lines[i]?.colour ?? 0);
      return [{ x: place.x(one?.x ?? 0), y: place.y(value), colour }];
    });
  }
}

interface Near {
  x: number;
  distance: number;
  /** Null in a gap. */
  reading: Reading | null;
}

/** The row of a line nearest to a place, or a mark there; null where the line has nothing in the shown part. */
function nearest({ curve, smooth }: Line, x: number, reach: number, across: Range): Near | null {
  const after = firstFrom(curve.x, x);
  const [row] = [after - 1, after]
    .filter((i) => (curve.x[i] ?? Infinity) <= across.hi && (curve.x[i] ?? -Infinity) >= across.lo)
    .sort((a, b) => Math.abs((curve.x[a] ?? 0) - x) - Math.abs((curve.x[b] ?? 0) - x));
  const at = curve.x[row ?? -1];
  const distance = at === undefined ? Infinity : Math.abs(at - x);
  const mark = curve.marks.find((one) => Math.abs(one.x - x) <= Math.min(reach, distance));
  if (mark !== undefined) {
    const reading = { value: mark.value, smooth: null, range: null };
    return { x: mark.x, distance: Math.abs(mark.x - x), reading };
  }
  if (row === undefined || at === undefined) return null;
  const value = curve.y[row] ?? Number.NaN;
  if (Number.isNaN(value)) return { x: at, distance, reading: null };
  const range = curve.reduced ? { lo: curve.low[row] ?? 0, hi: curve.high[row] ?? 0 } : null;
  return { x: at, distance, reading: { value, smooth: smooth?.[row] ?? null, range } };
}

/** What stands behind all lines: bands, and the raw lines of smoothed ones. */
function paintBelow(
  context: CanvasRenderingContext2D,
  { curve, smooth }: Line,
  picture: Picture,
  place: Place,
  ratio: number,
): void {
  if (curve.reduced) {
    const band = new Path2D();
    traceBand(band, curve, picture, place);
    context.globalAlpha = BAND_OPACITY;
    context.fill(band);
    // A lone spike is narrower than a pixel: filled alone, it would hardly be seen.
    context.globalAlpha = EDGE_OPACITY;
    context.lineWidth = ratio / 2;
    context.stroke(band);
  }
  if (smooth !== null) {
    const raw = new Path2D();
    traceLine(raw, curve.x, curve.y, picture, place);
    context.globalAlpha = RAW_OPACITY;
    context.lineWidth = ratio;
    context.stroke(raw);
  }
  context.globalAlpha = 1;
}

/** A breath of the line's colour below it, fading out: it leads the eye and covers nothing. */
function shade(
  context: CanvasRenderingContext2D,
  { curve, smooth }: Line,
  picture: Picture,
  place: Place,
  { top, height }: Area,
  colour: string,
): void {
  // Where there is a band or a raw line, a second shade would only blur it.
  if (curve.reduced || smooth !== null) return;
  const gradient = context.createLinearGradient(0, top, 0, top + height);
  gradient.addColorStop(0, faded(colour, 0.14));
  gradient.addColorStop(1, faded(colour, 0));
  const below = new Path2D();
  const pen = floorPen(below, top + height);
  traceLine(pen, curve.x, curve.y, picture, place);
  pen.end();
  context.fillStyle = gradient;
  context.fill(below);
}

/** Marks of what is not finite, and the dots of points that stand alone or among few. */
function paintPoints(
  context: CanvasRenderingContext2D,
  line: Line,
  picture: Picture,
  place: Place,
  area: Area,
): void {
  const { curve, smooth } = line;
  const marks = new Path2D();
  traceMarks(marks, curve, picture, place, area, area.ratio);
  context.globalAlpha = MARK_OPACITY;
  context.fill(marks);
  context.globalAlpha = 1;
  const points = new Path2D();
  for (const i of dotsOf(line, picture)) {
    const [x, y] = [place.x(curve.x[i] ?? 0), place.y((smooth ?? curve.y)[i] ?? 0)];
    points.moveTo(x, y);
    points.arc(x, y, 2.5 * area.ratio, 0, 7);
  }
  context.fill(points);
}

/** The newest point of every line of a run still going. */
function paintHeads(
  context: CanvasRenderingContext2D,
  { lines, across, scale }: Picture,
  place: Place,
  theme: Theme,
  ratio: number,
): void {
  context.strokeStyle = theme.background;
  context.lineWidth = 2 * ratio;
  for (const { curve, smooth, colour } of lines) {
    const y = smooth ?? curve.y;
    const row = y.findLastIndex((value) => Number.isFinite(value) && !(scale.log && value <= 0));
    const at = curve.x[row] ?? Number.NaN;
    if (!(at >= across.lo && at <= across.hi)) continue;
    context.fillStyle = lineColour(theme, colour);
    context.beginPath();
    context.arc(place.x(at), place.y(y[row] ?? 0), 4 * ratio, 0, 7);
    context.stroke();
    context.fill();
  }
}
