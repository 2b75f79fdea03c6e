/**
 * A metric of several runs over each other. The crosshair is common to all line charts of the table, and so is the part
 * of an x axis that is zoomed to; the line nearest to the pointer stands out, everywhere.
 */

import { type Curve, firstFrom } from "../../lib/curve.ts";
import { formatAny, formatCount } from "../../lib/format.ts";
import { type Picture, pictureOf } from "../../lib/picture.ts";
import { meanSpacing, smoothed } from "../../lib/smoothing.ts";
import { lineColour, type Theme } from "../../lib/theme.ts";
import type { Range } from "../../lib/ticks.ts";
import { formatAcross } from "../../lib/time-ticks.ts";
import type { LinesChart } from "../state.ts";
import { positive, readCurves, type Series } from "./answers.ts";
import { type Axis, valueAt } from "./axis.ts";
import type { Legend } from "./colours.ts";
import { type Source, sourceOf } from "./desk.ts";
import { type DataTable, Drawing, type DrawingEnv } from "./drawing.ts";
import { type Plane, paintPlane, planeOf } from "./plane.ts";
import type { Dragging, Size, Spot } from "./stage.ts";
import { type Drawn, paintBelow, paintLine, widthIn } from "./strokes.ts";
import type { Surface } from "./surface.ts";

/** How near the pointer must be to a line to mean it. */
const REACH_PX = 28;
/** With more lines than this, the bands of single runs would only be a fog. */
const BANDED = 12;
const EDGE_PX = 8;
/** In CSS pixels: a wider chart has room for all the points there are to be had. */
const WIDE = 640;
const FADED = 0.72;

export class LinesDrawing extends Drawing<LinesChart> {
  readonly #source: Source<Series[]>;
  readonly #spacings = new Map<string, number>();
  #made: { from: unknown[]; drawn: Drawn[] } = { from: [], drawn: [] };
  #picture: Picture | null = null;
  #plane: Plane | null = null;
  #drag: Range | null = null;
  #points = 500;

  constructor(env: DrawingEnv, spec: LinesChart) {
    super(env, spec);
    this.#source = sourceOf(env, "curves", readCurves, env.renew);
  }

  get title(): string {
    return this.name(`metrics.${this.spec.metric}`);
  }

  get late(): boolean {
    return this.#source.late;
  }

  get zoom(): Range | null {
    return this.env.link.zooms.get(this.spec.x) ?? null;
  }

  get #log(): boolean {
    return this.spec.log_x && this.spec.x !== "time";
  }

  ask(): void {
    const { metric, x, band } = this.spec;
    const { charted } = this.context.view;
    const keys = charted.map(({ key }) => key);
    const { zoom } = this;
    // A little more than is seen, so that lines run on to the edges.
    const air = zoom === null ? 0 : (zoom.hi - zoom.lo) * 0.05;
    const [lo, hi] = zoom === null ? [null, null] : [zoom.lo - air, zoom.hi + air];
    // A chart that was wide once has what it needs when it is narrow again.
    if (this.size.width > WIDE) this.#points = 1000;
    const known = keys.length > 0 && metric !== "" && this.size.width > 0;
    const grouped = charted.some(({ key }) => key.startsWith("["));
    this.#source.want(
      known ? { keys, metric, x, lo, hi, points: this.#points, band } : null,
      grouped ? this.version : String(this.env.beat()),
    );
  }

  /** The lines, made anew when what they are made of differs. */
  get #lines(): Drawn[] {
    const series = this.#source.value ?? [];
    const { smoothing, x } = this.spec;
    const from = [series, smoothing, this.#log, x];
    if (from.every((one, i) => one === this.#made.from[i])) return this.#made.drawn;
    const drawn = series.map((one) => {
      const curve = this.#log ? positive(one.curve) : one.curve;
      // The spacing is that of the whole, so that a line is as smooth in a part that is zoomed to.
      const name = JSON.stringify([one.key, x]);
      const spacing = this.zoom === null ? undefined : this.#spacings.get(name);
      if (this.zoom === null) this.#spacings.set(name, meanSpacing(one.curve.x));
      const smooth = smoothing > 0 ? smoothed(curve.x, curve.y, smoothing, spacing) : null;
      return { series: one, line: { curve, smooth, colour: this.context.colour(one.key) } };
    });
    this.#made = { from, drawn };
    return drawn;
  }

  get nothing(): string {
    if (this.spec.metric === "") return "Choose a metric";
    if (this.context.view.charted.length === 0) return "No runs to show";
    if (this.#source.value === null) return "";
    const drawn = this.#lines;
    const points = drawn.some(({ line }) => line.curve.x.length > 0);
    if (!points) return "No run shown has this metric";
    if (this.#picture?.empty) {
      return this.#picture.leftOut > 0 ? "Nothing above zero to show" : "Nothing finite to show";
    }
    return "";
  }

  get remark(): string {
    const { cursor } = this.env.link;
    if (cursor?.axis === this.spec.x) return formatAcross(cursor.axis, cursor.x);
    const { view } = this.context;
    const groups = this.#lines.some(({ series }) => series.group);
    const drawn = this.#lines.length;
    const parts = [
      groups ? `mean, ${this.spec.band === "std" ? "± std" : "min to max"}` : "",
      !groups && view.runs > drawn && drawn > 0
        ? `${formatCount(drawn)} of ${formatCount(view.runs)} runs`
        : "",
      this.zoom === null ? "" : "zoomed",
    ];
    return parts.filter(Boolean).join(", ");
  }

  paint(surface: Surface, size: Size, theme: Theme): void {
    const drawn = this.#lines;
    const { x, log_y } = this.spec;
    const picture = pictureOf(
      drawn.map(({ line }) => line),
      x,
      this.zoom,
      log_y,
    );
    const { across } = picture;
    if (this.#log && across.only) {
      const at = (across.lo + across.hi) / 2;
      [across.lo, across.hi] = [at / 2, at * 2];
    }
    const axes = this.#axes(picture);
    const plane = planeOf(axes.x, axes.y, size, theme);
    [this.#picture, this.#plane] = [picture, plane];
    paintPlane(surface, plane, axes.x, axes.y, theme, {}, picture.empty);
    const frame = { picture, plane };
    const many = drawn.length > BANDED;
    const { left, top, width, height } = plane.box;
    // Lines go on beyond a part that is zoomed to; along an edge they keep their whole width.
    surface.inside({ left: left - 1, top: top - 1, width: width + 2, height: height + 2 }, () => {
      // The first row of the table lies above the others.
      const order = [...drawn].reverse();
      for (const one of order) paintBelow(surface, one, frame, theme, many);
      for (const one of order) paintLine(surface, one, frame, theme, widthIn(one, frame, many));
    });
  }

  #axes({ across, scale }: Picture): { x: Axis; y: Axis } {
    const { x } = this.spec;
    return {
      x: { lo: across.lo, hi: across.hi, log: this.#log, kind: x, words: [] },
      y: { ...scale, kind: "number", words: [] },
    };
  }

  paintOver(surface: Surface, theme: Theme): void {
    const [plane, picture] = [this.#plane, this.#picture];
    if (plane === null || picture === null) return;
    const { box } = plane;
    const { cursor } = this.env.link;
    const drawn = this.#lines;
    const at = this.pointed(drawn.map(({ series }) => series.key));
    const one = drawn[at];
    surface.inside(
      { ...box, left: box.left - 1, width: box.width + 2, height: box.height + 1 },
      () => {
        if (one !== undefined && drawn.length > 1) {
          surface.box(box, { fill: theme.background, alpha: FADED });
          paintBelow(surface, one, { picture, plane }, theme, false);
          paintLine(surface, one, { picture, plane }, theme, 2.25);
        }
        if (this.#drag !== null) {
          const [from, to] = [plane.x(this.#drag.lo), plane.x(this.#drag.hi)];
          surface.box({ ...box, left: from, width: to - from }, { fill: theme.text, alpha: 0.1 });
        }
        if (cursor?.axis !== this.spec.x) return;
        const hair = plane.x(cursor.x);
        surface.path(
          (pen) => {
            pen.moveTo(Math.round(hair) + 0.5, box.top);
            pen.lineTo(Math.round(hair) + 0.5, box.top + box.height);
          },
          { stroke: theme.muted, alpha: 0.5 },
        );
      },
    );
    if (cursor?.axis !== this.spec.x) return;
    const marked = one !== undefined ? [one] : drawn.length <= BANDED ? drawn : [];
    for (const { line } of marked) {
      const row = this.#rowAt(line.curve, cursor.x);
      const y = (line.smooth ?? line.curve.y)[row] ?? Number.NaN;
      const spot = { x: plane.x(line.curve.x[row] ?? 0), y: plane.y(y) };
      if (!Number.isFinite(y) || !within(spot, box)) continue;
      const look = { fill: lineColour(theme, line.colour), stroke: theme.background, width: 2 };
      surface.dot(spot.x, spot.y, 4.5, look);
    }
  }

  /** The row nearest to a place of the x axis; -1 beyond the ends of the line. */
  #rowAt({ x }: Curve, at: number): number {
    const plane = this.#plane;
    if (plane === null || x.length === 0) return -1;
    const after = Math.min(x.length - 1, firstFrom(x, at));
    const before = Math.max(0, after - 1);
    const distance = (row: number) => Math.abs(plane.x(x[row] ?? 0) - plane.x(at));
    const row = distance(before) < distance(after) ? before : after;
    const inside = at >= (x[0] ?? 0) && at <= (x.at(-1) ?? 0);
    return inside || distance(row) <= EDGE_PX ? row : -1;
  }

  hover(spot: Spot | null): void {
    const { link } = this.env;
    const plane = this.#plane;
    if (spot === null || plane === null || this.#picture === null || !near(spot, plane)) {
      link.point(null);
      return;
    }
    const x = this.#valueAt(spot);
    let [best, key]: [number, string | null] = [REACH_PX, null];
    for (const { series, line } of this.#lines) {
      const row = this.#rowAt(line.curve, x);
      const y = (line.smooth ?? line.curve.y)[row] ?? Number.NaN;
      const distance = Math.abs(plane.y(y) - spot.y);
      if (distance < best) [best, key] = [distance, series.key];
    }
    link.point(key, { axis: this.spec.x, x });
  }

  #valueAt({ x }: Spot): number {
    const { box } = this.#plane ?? { box: { left: 0, width: 1 } };
    const across = this.#picture?.across ?? { lo: 0, hi: 1 };
    const at = Math.min(1, Math.max(0, (x - box.left) / box.width));
    return valueAt({ lo: across.lo, hi: across.hi, log: this.#log }, at);
  }

  override drag(from: Spot): Dragging | null {
    const start = this.#valueAt(from);
    const over = (range: Range | null) => {
      this.#drag = range;
      this.env.redraw(false);
    };
    const to = (spot: Spot) => {
      const end = this.#valueAt(spot);
      return { lo: Math.min(start, end), hi: Math.max(start, end) };
    };
    return {
      move: (spot) => over(to(spot)),
      end: (spot) => {
        over(null);
        const range = to(spot);
        if (range.lo < range.hi && this.#reaches(range)) this.#setZoom(range);
      },
      cancel: () => over(null),
    };
  }

  /** Whether there is anything to see in a part; of reduced lines that cannot be told before the kernel was asked. */
  #reaches({ lo, hi }: Range): boolean {
    return this.#lines.some(({ line: { curve } }) => {
      const [first = Infinity, last = -Infinity] = [curve.x[0], curve.x.at(-1)];
      return curve.reduced
        ? lo < last && hi > first
        : firstFrom(curve.x, hi) > firstFrom(curve.x, lo);
    });
  }

  #setZoom(zoom: Range | null): void {
    const { link } = this.env;
    if (zoom === null) link.zooms.delete(this.spec.x);
    else link.zooms.set(this.spec.x, zoom);
    this.env.renew();
  }

  override twice(): void {
    this.reset();
  }

  override reset(): boolean {
    const zoomed = this.zoom !== null;
    if (zoomed) this.#setZoom(null);
    return zoomed;
  }

  step(by: number, down: boolean): void {
    const { link } = this.env;
    const keys = this.#lines.map(({ series }) => series.key);
    const { cursor } = link;
    if (down) {
      const at = this.pointed(keys);
      const next = Math.min(keys.length - 1, Math.max(0, at < 0 ? 0 : at + by));
      link.point(keys[next] ?? null, cursor);
      return;
    }
    const across = this.#picture?.across ?? { lo: 0, hi: 0 };
    const one = this.#lines.find(({ series }) => series.key === link.key);
    const lines = one === undefined ? this.#lines : [one];
    const places = lines.flatMap(({ line }) => [...line.curve.x]);
    const all = [...new Set(places)].filter((x) => x >= across.lo && x <= across.hi);
    all.sort((a, b) => a - b);
    const at = cursor?.axis === this.spec.x ? firstFrom(all, cursor.x) : by > 0 ? -1 : all.length;
    const x = all[Math.min(all.length - 1, Math.max(0, at + by))];
    if (x !== undefined) link.point(link.key, { axis: this.spec.x, x });
  }

  /** Plus and minus of the keyboard. */
  zoomBy(closer: boolean): void {
    const { across } = this.#picture ?? {};
    if (!closer || across === undefined) return void this.reset();
    const { cursor } = this.env.link;
    const middle = cursor?.axis === this.spec.x ? cursor.x : (across.lo + across.hi) / 2;
    const quarter = (across.hi - across.lo) / 4;
    const range = {
      lo: Math.max(across.lo, middle - quarter),
      hi: Math.min(across.hi, middle + quarter),
    };
    if (this.#reaches(range)) this.#setZoom(range);
  }

  #valueOf({ line }: Drawn): string {
    const { cursor } = this.env.link;
    const y = line.smooth ?? line.curve.y;
    if (cursor?.axis === this.spec.x) {
      const row = this.#rowAt(line.curve, cursor.x);
      const value = y[row];
      return value === undefined ? "–" : formatAny(value);
    }
    const last = y.findLast(Number.isFinite);
    return last === undefined ? "–" : formatAny(last);
  }

  #name({ key, label, group, runs }: Series): string {
    const name = this.label(key, label);
    return group ? `${name} (${runs})` : name;
  }

  get legend(): Legend {
    const entries = this.#lines.map((one) => ({
      key: one.series.key,
      label: this.#name(one.series),
      place: one.line.colour,
      value: this.#valueOf(one),
    }));
    return { entries, scale: null };
  }

  get spoken(): string {
    const { cursor, key } = this.env.link;
    if (cursor === null) return "";
    const entries = this.legend.entries.filter((entry) => key === null || entry.key === key);
    const values = entries.slice(0, 10).map(({ label, value }) => `${label} ${value}`);
    return `${formatAcross(cursor.axis, cursor.x)}: ${values.join("; ")}`;
  }

  get table(): DataTable {
    const groups = this.#lines.some(({ series }) => series.group);
    const rows = this.#lines.map(({ series, line: { curve } }) => {
      const finite = curve.y.filter(Number.isFinite);
      const ends = [finite.at(-1), least(curve.reduced ? curve.low : curve.y, Math.min)];
      const all = [...ends, least(curve.reduced ? curve.high : curve.y, Math.max)];
      return [
        this.#name(series),
        ...all.map((value) => (value === undefined ? "–" : formatAny(value))),
        formatCount(series.total),
      ];
    });
    const head = [groups ? "group" : "run", "last", "min", "max", "points"];
    return { head, rows, total: rows.length };
  }
}

function least(column: Float64Array, pick: (a: number, b: number) => number): number | undefined {
  return column
    .filter(Number.isFinite)
    .reduce<number | undefined>(
      (best, value) => (best === undefined ? value : pick(best, value)),
      undefined,
    );
}

function within({ x, y }: Spot, { left, top, width, height }: Plane["box"]): boolean {
  return x >= left - 1 && x <= left + width + 1 && y >= top - 1 && y <= top + height + 1;
}

/** In the plane, or beside it by a hand's width. */
function near({ x, y }: Spot, { box }: Plane): boolean {
  const { left, top, width, height } = box;
  return within({ x, y }, { left: left - 4, top: top - 8, width: width + 8, height: height + 16 });
}
