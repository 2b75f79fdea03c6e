/**
 * What a chart shows, worked out apart from how it is drawn: the part of the x axis, the value axis that fits what is
 * there, and the outlines of bands, lines and marks. The canvas and the SVG file both draw from this.
 */

import type { XAxis } from "./choices.ts";
import { type Curve, firstFrom } from "./curve.ts";
import { fraction, paddedLogRange, paddedRange, type Range, type Scale } from "./ticks.ts";

/** One line of a chart; the colour is an index into the theme's palette. */
export interface Line {
  curve: Curve;
  /** The averages drawn instead of the values, which then stand faint behind them. */
  smooth: Float64Array | null;
  colour: number;
}

export interface Across extends Range {
  kind: XAxis;
  /** There is a single place, which stands in the middle. */
  only: boolean;
}

export interface Picture {
  lines: readonly Line[];
  across: Across;
  scale: Scale;
  /** Nothing in the shown part has a place on the value axis. */
  empty: boolean;
  /** Values a logarithmic axis leaves out. */
  leftOut: number;
}

/** With this few points each gets a dot, for then the reader should see where the measured values are. */
const DOTTED = 24;

/** Canvas paths and SVG path data are written by the same two moves. */
export interface Pen {
  moveTo: (x: number, y: number) => void;
  lineTo: (x: number, y: number) => void;
}

/** From data to the drawing's own units. */
export interface Place {
  x: (x: number) => number;
  y: (value: number) => number;
}

export function pictureOf(
  lines: readonly Line[],
  kind: XAxis,
  zoom: Range | null,
  log: boolean,
): Picture {
  const across = acrossOf(lines, kind, zoom);
  let [lo, hi, leftOut] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  const include = (low: number, high: number) => {
    if (low < lo && !(log && low <= 0)) lo = low;
    if (high > hi && !(log && high <= 0)) hi = high;
  };
  for (const { curve } of lines) {
    const { x, y, low, high } = curve;
    const from = firstFrom(x, across.lo);
    let i = from;
    for (; (x[i] ?? Infinity) <= across.hi; i++) {
      const value = y[i] ?? Number.NaN;
      if (!Number.isFinite(value)) continue;
      if (log && value <= 0) leftOut++;
      else include(value, value);
      if (curve.reduced) include(low[i] ?? value, high[i] ?? value);
    }
    // Where the line enters and leaves the shown part counts, too: there may be no point between.
    for (const [row, edge] of [[from, across.lo] as const, [i, across.hi] as const]) {
      const value = between(curve, row, edge);
      if (Number.isFinite(value)) include(value, value);
    }
  }
  const data = lo <= hi ? { lo, hi } : null;
  const scale = log ? paddedLogRange(data) : paddedRange(data);
  return { lines, across, scale, empty: data === null, leftOut };
}

/** The height of the line at a place between the row before `row` and that row. */
function between({ x, y }: Curve, row: number, at: number): number {
  const [x0 = Number.NaN, x1 = Number.NaN] = [x[row - 1], x[row]];
  const [y0 = Number.NaN, y1 = Number.NaN] = [y[row - 1], y[row]];
  const share = (at - x0) / (x1 - x0);
  return y0 * (1 - share) + y1 * share;
}

/** How many places of a curve, marks among them, are in a range. */
export function countIn({ x, y, marks }: Curve, { lo, hi }: Range): number {
  let count = marks.filter((mark) => mark.x >= lo && mark.x <= hi).length;
  for (let i = firstFrom(x, lo); (x[i] ?? Infinity) <= hi; i++) {
    if (Number.isFinite(y[i])) count++;
  }
  return count;
}

/** The whole of the x axis, or the part that is zoomed to; around the only place where there is one. */
function acrossOf(lines: readonly Line[], kind: XAxis, zoom: Range | null): Across {
  if (zoom !== null) return { ...zoom, kind, only: false };
  let [lo, hi] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { curve } of lines) {
    const ends = [curve.x[0], curve.x.at(-1), curve.marks[0]?.x, curve.marks.at(-1)?.x];
    for (const end of ends) {
      if (end === undefined) continue;
      lo = Math.min(lo, end);
      hi = Math.max(hi, end);
    }
  }
  if (lo < hi) return { lo, hi, kind, only: false };
  const at = lo === hi ? lo : 0;
  // Beyond 2^53 a neighbour one step away is the same double.
  const room = Math.max(1, Math.abs(at) * 1e-9);
  return { lo: at - room, hi: at + room, kind, only: true };
}

/** Where data stands in a rectangle whose y grows downwards. */
export function placeIn(
  { across, scale }: Picture,
  area: { left: number; top: number; width: number; height: number },
): Place {
  return {
    x: (x) => area.left + area.width * fraction(x, across),
    y: (value) => area.top + area.height * (1 - fraction(value, scale)),
  };
}

/**
 * Traces a line, with the nearest points outside of the shown part so that it runs to the edges. Points that share a
 * pixel become their first, highest, lowest and last: what is drawn is the same, at a fraction of the cost.
 */
export function traceLine(
  pen: Pen,
  x: Float64Array,
  y: Float64Array,
  { across, scale }: Picture,
  place: Place,
): void {
  let [pixel, down, count, at, end, top, bottom] = [Number.NaN, false, 0, 0, 0, 0, 0];
  const flush = () => {
    if (count > 2 && bottom - top > 0.5) {
      pen.lineTo(at, top);
      pen.lineTo(at, bottom);
    }
    if (count > 1) pen.lineTo(at, end);
    count = 0;
  };
  for (let i = Math.max(0, firstFrom(x, across.lo) - 1); i < x.length; i++) {
    const value = y[i] ?? Number.NaN;
    if (!Number.isFinite(value) || (scale.log && value <= 0)) {
      flush();
      down = false;
    } else {
      const [px, py] = [place.x(x[i] ?? 0), place.y(value)];
      if (count > 0 && Math.floor(px) === pixel) {
        top = Math.min(top, py);
        bottom = Math.max(bottom, py);
        count++;
      } else {
        flush();
        pen[down ? "lineTo" : "moveTo"](px, py);
        [pixel, count, down, top, bottom] = [Math.floor(px), 1, true, py, py];
      }
      [at, end] = [px, py];
    }
    if ((x[i] ?? 0) > across.hi) break;
  }
  flush();
}

/**
 * How wide a line is, in CSS pixels. Where many points share a pixel it is a hairline: that shows more of them, and is
 * drawn ten times as fast without a graphics card (0.3 ms against 2.5 ms for 2,000 points).
 */
export function widthOf(
  { curve: { x }, smooth }: Line,
  { across }: Picture,
  pixels: number,
): number {
  const rows = firstFrom(x, across.hi) - firstFrom(x, across.lo);
  return smooth === null && rows > 3 * pixels ? 1 : 1.5;
}

/** Rows that get a dot: each where few are to be seen, else those that no line reaches. */
export function dotsOf({ curve, smooth }: Line, { across, scale }: Picture): number[] {
  const y = smooth ?? curve.y;
  const drawn = (i: number) => {
    const value = y[i] ?? Number.NaN;
    return Number.isFinite(value) && !(scale.log && value <= 0);
  };
  const rows: number[] = [];
  for (let i = firstFrom(curve.x, across.lo); (curve.x[i] ?? Infinity) <= across.hi; i++) {
    if (drawn(i)) rows.push(i);
  }
  return rows.length <= DOTTED ? rows : rows.filter((i) => !drawn(i - 1) && !drawn(i + 1));
}

/** A pen that draws what is between a line and the floor. */
export function floorPen(pen: Pen, floor: number): Pen & { end: () => void } {
  let last: number | null = null;
  const end = () => {
    if (last !== null) pen.lineTo(last, floor);
    last = null;
  };
  return {
    moveTo: (x, y) => {
      end();
      pen.moveTo(x, floor);
      pen.lineTo(x, y);
      last = x;
    },
    lineTo: (x, y) => {
      pen.lineTo(x, y);
      last = x;
    },
    end,
  };
}

/** Traces the outline of everything between the lowest and the highest values of a reduced curve. */
export function traceBand(pen: Pen, curve: Curve, { across }: Picture, place: Place): void {
  const { x, low, high } = curve;
  const from = Math.max(0, firstFrom(x, across.lo) - 1);
  const to = Math.min(x.length - 1, firstFrom(x, across.hi) + 1);
  for (let i = from; i <= to; i++) {
    pen[i === from ? "moveTo" : "lineTo"](place.x(x[i] ?? 0), place.y(high[i] ?? 0));
  }
  for (let i = to; i >= from; i--) pen.lineTo(place.x(x[i] ?? 0), place.y(low[i] ?? 0));
}

/**
 * Traces the marks of what is not finite: at the edge where such a value would be, a triangle that points beyond it, and
 * for NaN, which is nowhere, a short bar on the floor. `unit` is the size of a CSS pixel.
 */
export function traceMarks(
  pen: Pen,
  curve: Curve,
  { across }: Picture,
  place: Place,
  area: { top: number; height: number },
  unit: number,
): void {
  let last = Number.NaN;
  for (const mark of curve.marks) {
    if (mark.x < across.lo || mark.x > across.hi) continue;
    const x = place.x(mark.x);
    const up = mark.value > 0;
    const floor = area.top + area.height;
    // Thousands of marks are no more than there are pixels.
    if (Math.abs(x - last) < unit / 2) continue;
    last = x;
    if (Number.isNaN(mark.value)) {
      bar(pen, x, floor, unit);
    } else {
      const tip = up ? area.top : floor;
      const foot = tip + (up ? 6 : -6) * unit;
      pen.moveTo(x, tip);
      pen.lineTo(x + 3.5 * unit, foot);
      pen.lineTo(x - 3.5 * unit, foot);
      pen.lineTo(x, tip);
    }
  }
}

function bar(pen: Pen, x: number, floor: number, unit: number): void {
  pen.moveTo(x - unit, floor);
  pen.lineTo(x - unit, floor - 6 * unit);
  pen.lineTo(x + unit, floor - 6 * unit);
  pen.lineTo(x + unit, floor);
}
