/** Runs as points between two columns. A rectangle drawn over some of them keeps those: it filters both columns. */

import type { Theme } from "../../lib/theme.ts";
import type { ColumnId, ScatterChart } from "../state.ts";
import type { Clause } from "../wire.ts";
import { readValues, type Values } from "./answers.ts";
import { type Axis, cellText, type Scaled, scaled, valueAt } from "./axis.ts";
import { type Legend, NO_LEGEND, paintingOf } from "./colours.ts";
import { type Source, sourceOf } from "./desk.ts";
import { BEHIND, type DataTable, Drawing, type DrawingEnv, MOST_RUNS } from "./drawing.ts";
import { type Plane, paintPlane, planeOf } from "./plane.ts";
import type { Dragging, Size, Spot } from "./stage.ts";
import type { Surface } from "./surface.ts";
import { paintTip } from "./tip.ts";

const REACH_PX = 12;
/** With more points than this they are smaller, and let each other through. */
const MANY = 200;

export class ScatterDrawing extends Drawing<ScatterChart> {
  readonly #source: Source<Values>;
  #x: Scaled | null = null;
  #y: Scaled | null = null;
  #plane: Plane | null = null;
  #legend: Legend = NO_LEGEND;
  #colour: (i: number) => string = () => "";
  #drag: [Spot, Spot] | null = null;

  constructor(env: DrawingEnv, spec: ScatterChart) {
    super(env, spec);
    this.#source = sourceOf(env, "values", readValues, env.renew);
  }

  get title(): string {
    const { x, y } = this.spec;
    return `${this.name(y)} by ${this.name(x)}`;
  }

  get late(): boolean {
    return this.#source.late;
  }

  get legend(): Legend {
    return this.#legend;
  }

  ask(): void {
    const { x, y, colour } = this.spec;
    const columns = [...new Set([x, y, ...(colour === null ? [] : [colour])])];
    const known = x !== "" && y !== "";
    this.#source.want(known ? { columns, scope: "view", limit: MOST_RUNS } : null, this.version);
  }

  get nothing(): string {
    const { x, y } = this.spec;
    if (x === "" || y === "") return "Choose two columns";
    if (this.context.view.runs === 0) return "No runs to show";
    if (this.#source.value === null || this.#x === null || this.#y === null) return "";
    return this.#places().length === 0 ? "No run shown has both values" : "";
  }

  get remark(): string {
    const values = this.#source.value;
    if (values === null) return "";
    const without = values.keys.length - this.#places().length;
    const parts = [
      this.shownOf(values.keys.length, values.total),
      without > 0 ? `${without} without a place` : "",
    ];
    return parts.filter(Boolean).join(", ");
  }

  /** The rows that have a place on both axes. */
  #places(): number[] {
    const [xs, ys] = [this.#x?.values, this.#y?.values];
    return [...(xs ?? []).keys()].filter(
      (i) => Number.isFinite(xs?.[i]) && Number.isFinite(ys?.[i]),
    );
  }

  #spot(i: number): Spot {
    const nowhere = () => Number.NaN;
    const { x, y } = this.#plane ?? { x: nowhere, y: nowhere };
    return { x: x(this.#x?.values[i] ?? Number.NaN), y: y(this.#y?.values[i] ?? Number.NaN) };
  }

  paint(surface: Surface, size: Size, theme: Theme): void {
    const { x, y, colour, log_x, log_y } = this.spec;
    const values = this.#source.value;
    const cells = (id: ColumnId) => values?.columns.get(id) ?? [];
    this.#x = scaled(cells(x), this.column(x), { log: log_x });
    this.#y = scaled(cells(y), this.column(y), { log: log_y });
    const names = { x: this.name(x), y: this.name(y) };
    const [across, up] = [this.#x.axis, this.#y.axis];
    const plane = planeOf(across, up, size, theme, names);
    this.#plane = plane;
    const places = this.#places();
    paintPlane(surface, plane, across, up, theme, names, places.length === 0);
    const keys = values?.keys ?? [];
    const by = colour === null ? undefined : cells(colour);
    const column = colour === null ? undefined : this.column(colour);
    const painting = paintingOf(this.context, theme, keys, column, by);
    [this.#legend, this.#colour] = [painting.legend, painting.colour];
    const [radius, alpha] = places.length > MANY ? [2.75, 0.6] : [4, 0.85];
    const selected = new Set(this.context.state.selected);
    const faint = keys.some((key) => selected.has(key)) ? alpha * BEHIND : alpha;
    for (const i of places) {
      const spot = this.#spot(i);
      surface.dot(spot.x, spot.y, radius, { fill: painting.colour(i), alpha: faint });
    }
    for (const i of places) {
      if (!selected.has(keys[i] ?? "")) continue;
      const spot = this.#spot(i);
      const look = { fill: painting.colour(i), stroke: theme.text, width: 1.5 };
      surface.dot(spot.x, spot.y, radius + 1, look);
    }
  }

  paintOver(surface: Surface, theme: Theme): void {
    const values = this.#source.value;
    const plane = this.#plane;
    if (values === null || plane === null) return;
    if (this.#drag !== null) {
      const [a, b] = this.#drag;
      const box = {
        left: Math.min(a.x, b.x),
        top: Math.min(a.y, b.y),
        width: Math.abs(a.x - b.x),
        height: Math.abs(a.y - b.y),
      };
      surface.box(box, { fill: theme.text, alpha: 0.08 });
      surface.box(box, { stroke: theme.muted });
      return;
    }
    const i = this.pointed(values.keys);
    const spot = this.#spot(i);
    if (i < 0 || !Number.isFinite(spot.x + spot.y)) return;
    const look = { fill: this.#colour(i), stroke: theme.background, width: 2 };
    surface.dot(spot.x, spot.y, 6, look);
    if (this.here) paintTip(surface, spot, this.#lines(i), this.size, theme);
  }

  #lines(i: number): [string, ...string[]] {
    const values = this.#source.value;
    const { x, y, colour } = this.spec;
    const columns = [...new Set([x, y, ...(colour === null ? [] : [colour])])];
    const rows = columns.map((id) => {
      const cell = values?.columns.get(id)?.[i] ?? null;
      return `${this.name(id)} ${cellText(cell, this.column(id))}`;
    });
    return [values?.labels[i] ?? "", ...rows];
  }

  hover(spot: Spot | null): void {
    const keys = this.#source.value?.keys ?? [];
    let [best, key]: [number, string | null] = [REACH_PX, null];
    if (spot !== null && this.#drag === null) {
      for (const i of this.#places()) {
        const at = this.#spot(i);
        const distance = Math.hypot(at.x - spot.x, at.y - spot.y);
        if (distance < best) [best, key] = [distance, keys[i] ?? null];
      }
    }
    this.env.link.point(key);
  }

  override click(): void {
    const key = this.env.link.key;
    if (key !== null && this.#source.value?.keys.includes(key)) this.select(key);
  }

  override act(): void {
    this.click();
  }

  override cursor(): string {
    return this.env.link.key === null ? "crosshair" : "pointer";
  }

  override drag(from: Spot): Dragging {
    const show = (drag: [Spot, Spot] | null) => {
      this.#drag = drag;
      this.env.redraw(false);
    };
    return {
      move: (to) => show([from, to]),
      end: (to) => {
        show(null);
        this.#keep(from, to);
      },
      cancel: () => show(null),
    };
  }

  #keep(from: Spot, to: Spot): void {
    const plane = this.#plane;
    if (plane === null || this.#x === null || this.#y === null) return;
    const { left, top, width, height } = plane.box;
    const part = (a: number, b: number, start: number, length: number): [number, number] => {
      const [lo, hi] = [Math.min(a, b), Math.max(a, b)].map((at) => (at - start) / length);
      return [Math.max(0, lo ?? 0), Math.min(1, hi ?? 1)];
    };
    const [x0, x1] = part(from.x, to.x, left, width);
    const [y0, y1] = part(top + height - from.y, top + height - to.y, 0, height);
    const clauses = [clauseOf(this.#x.axis, x0, x1), clauseOf(this.#y.axis, y0, y1)] as const;
    if (clauses[0] === null || clauses[1] === null) return;
    this.context.refine(this.spec.x, clauses[0]);
    this.context.refine(this.spec.y, clauses[1]);
  }

  override twice(): void {
    this.reset();
  }

  override reset(): boolean {
    const { filter } = this.context.state;
    const filtered = [...new Set([this.spec.x, this.spec.y])].filter((id) => {
      const spelling = this.column(id)?.field;
      return spelling !== undefined && filter.includes(spelling);
    });
    for (const id of filtered) this.context.refine(id, null);
    return filtered.length > 0;
  }

  step(by: number): void {
    const keys = this.#source.value?.keys ?? [];
    const order = this.#places().sort((a, b) => this.#spot(a).x - this.#spot(b).x);
    this.stepThrough(
      order.map((i) => keys[i] ?? ""),
      by,
    );
  }

  get spoken(): string {
    const i = this.pointed(this.#source.value?.keys ?? []);
    return i < 0 ? "" : this.#lines(i).join(", ");
  }

  get table(): DataTable {
    const values = this.#source.value;
    const columns = [this.spec.x, this.spec.y, this.spec.colour].filter((id) => id !== null);
    return valuesTable(values, [...new Set(columns)], (id) => [this.name(id), this.column(id)]);
  }
}

/** A part of an axis as a filter: a range of numbers, or the words in it; null where there are none. */
export function clauseOf(axis: Axis, from: number, to: number): Clause | null {
  const [lo, hi] = [valueAt(axis, from), valueAt(axis, to)];
  if (axis.kind !== "words") return { between: [round(lo, axis), round(hi, axis)] };
  const words = axis.words.filter((_, at) => at >= lo && at <= hi);
  return words.length > 0 ? { in: words } : null;
}

/** As many digits as a hand can mean. */
function round(value: number, { lo, hi, log, kind }: Axis): number {
  if (log) return Number(value.toPrecision(4));
  const digits = Math.ceil(-Math.log10((hi - lo) / 1000));
  if (kind === "time") return Math.round(value);
  return Number.isFinite(digits) && Math.abs(digits) < 100
    ? Number(value.toFixed(Math.max(0, digits)))
    : value;
}

export function valuesTable(
  values: Values | null,
  columns: readonly ColumnId[],
  about: (id: ColumnId) => [string, Parameters<typeof cellText>[1]],
): DataTable {
  const head = ["run", ...columns.map((id) => about(id)[0])];
  const rows = (values?.keys ?? []).map((_, i) => [
    values?.labels[i] ?? "",
    ...columns.map((id) => cellText(values?.columns.get(id)?.[i] ?? null, about(id)[1])),
  ]);
  return { head, rows, total: values?.total ?? 0 };
}
