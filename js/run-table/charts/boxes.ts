/**
 * How a column is distributed in each group of another: the quartiles as a box, whiskers to the last values within one
 * and a half times its height, and what lies beyond as dots that know their run (Tukey, 1977).
 */

import { formatAny, formatCount } from "../../lib/format.ts";
import { lineColour, type Theme } from "../../lib/theme.ts";
import { paddedRange } from "../../lib/ticks.ts";
import type { BoxChart } from "../state.ts";
import { type BoxOf, readBoxes } from "./answers.ts";
import { type Axis, textAt } from "./axis.ts";
import { type Legend, NO_LEGEND } from "./colours.ts";
import { type Source, sourceOf } from "./desk.ts";
import { type DataTable, Drawing, type DrawingEnv } from "./drawing.ts";
import { type Plane, paintPlane, planeOf } from "./plane.ts";
import type { Size, Spot } from "./stage.ts";
import { crisp, type Surface } from "./surface.ts";
import { paintTip } from "./tip.ts";

const REACH_PX = 9;
const WIDEST = 56;
const MOST = 40;

export class BoxesDrawing extends Drawing<BoxChart> {
  readonly #source: Source<BoxOf[]>;
  #plane: Plane | null = null;
  #axis: Axis | null = null;
  #group: number | null = null;

  constructor(env: DrawingEnv, spec: BoxChart) {
    super(env, spec);
    this.#source = sourceOf(env, "boxes", readBoxes, env.renew);
  }

  get title(): string {
    return `${this.name(this.spec.column)} by ${this.name(this.spec.by)}`;
  }

  get late(): boolean {
    return this.#source.late;
  }

  get legend(): Legend {
    return NO_LEGEND;
  }

  ask(): void {
    const { column, by } = this.spec;
    const known = column !== "" && by !== "";
    this.#source.want(known ? { column, by, scope: "view" } : null, this.version);
  }

  get #boxes(): BoxOf[] {
    return (this.#source.value ?? [])
      .filter(({ median }) => Number.isFinite(median))
      .sort((a, b) => a.label.localeCompare(b.label, "en", { numeric: true }))
      .slice(0, MOST);
  }

  get nothing(): string {
    const { column, by } = this.spec;
    if (column === "" || by === "") return "Choose two columns";
    if (this.context.view.runs === 0) return "No runs to show";
    if (this.#source.value === null) return "";
    return this.#boxes.length === 0 ? "No run shown has a number here" : "";
  }

  get remark(): string {
    const all = this.#source.value?.length ?? 0;
    const shown = this.#boxes.length;
    return all > shown && shown > 0 ? `${shown} of ${formatCount(all)} groups` : "";
  }

  paint(surface: Surface, size: Size, theme: Theme): void {
    const boxes = this.#boxes;
    const ends = boxes.flatMap(({ low, high, outliers }) => [
      low,
      high,
      ...outliers.map(({ value }) => value),
    ]);
    const data = ends.length > 0 ? { lo: Math.min(...ends), hi: Math.max(...ends) } : null;
    const kind = this.column(this.spec.column)?.type === "duration" ? "relative" : "number";
    const up: Axis = { ...paddedRange(data), kind, words: [] };
    const words = boxes.map(({ label }) => label);
    const across: Axis = { lo: -0.5, hi: Math.max(1, words.length) - 0.5, kind: "words", words };
    const plane = planeOf(across, up, size, theme);
    [this.#plane, this.#axis] = [plane, up];
    paintPlane(surface, plane, across, up, theme, {}, boxes.length === 0);
    const half = Math.min(WIDEST, (plane.box.width / Math.max(1, boxes.length)) * 0.6) / 2;
    boxes.forEach((box, i) => {
      const middle = plane.x(i);
      const colour = lineColour(theme, i);
      const [q1, q3] = [plane.y(box.q1), plane.y(box.q3)];
      surface.path(
        (pen) => {
          for (const [from, to] of [
            [box.low, box.q1],
            [box.q3, box.high],
          ] as const) {
            pen.moveTo(middle, plane.y(from));
            pen.lineTo(middle, plane.y(to));
          }
          for (const end of [box.low, box.high]) {
            pen.moveTo(middle - half / 2, crisp(plane.y(end)));
            pen.lineTo(middle + half / 2, crisp(plane.y(end)));
          }
        },
        { stroke: colour, width: 1.25 },
      );
      const frame = { left: middle - half, top: q3, width: 2 * half, height: Math.max(1, q1 - q3) };
      surface.box(frame, { fill: theme.background });
      surface.box(frame, { fill: colour, alpha: 0.22 });
      surface.box(frame, { stroke: colour, width: 1.25 });
      surface.path(
        (pen) => {
          pen.moveTo(middle - half, plane.y(box.median));
          pen.lineTo(middle + half, plane.y(box.median));
        },
        { stroke: colour, width: 2.5 },
      );
      for (const { value } of box.outliers) {
        surface.dot(middle, plane.y(value), 3, { fill: colour, alpha: 0.8 });
      }
    });
  }

  get #outliers(): { key: string; label: string; value: number; at: number }[] {
    return this.#boxes.flatMap(({ outliers }, at) => outliers.map((one) => ({ ...one, at })));
  }

  paintOver(surface: Surface, theme: Theme): void {
    const [plane, axis] = [this.#plane, this.#axis];
    if (plane === null || axis === null) return;
    const one = this.#outliers.find(({ key }) => key === this.env.link.key);
    if (one !== undefined) {
      const spot = { x: plane.x(one.at), y: plane.y(one.value) };
      const look = { fill: lineColour(theme, one.at), stroke: theme.background, width: 2 };
      surface.dot(spot.x, spot.y, 5, look);
      if (this.here)
        paintTip(surface, spot, [one.label, textAt(axis, one.value)], this.size, theme);
      return;
    }
    const box = this.#boxes[this.#group ?? -1];
    if (box === undefined) return;
    const spot = { x: plane.x(this.#group ?? 0) + 20, y: plane.y(box.median) };
    paintTip(surface, spot, this.#lines(box), this.size, theme);
  }

  #lines({ label, n, low, q1, median, q3, high }: BoxOf): [string, ...string[]] {
    const runs = `${formatCount(n)} ${n === 1 ? "run" : "runs"}`;
    return [
      `${label}, ${runs}`,
      `median ${formatAny(median)}`,
      `quartiles ${formatAny(q1)} – ${formatAny(q3)}`,
      `whiskers ${formatAny(low)} – ${formatAny(high)}`,
    ];
  }

  hover(spot: Spot | null): void {
    const plane = this.#plane;
    let [best, key]: [number, string | null] = [REACH_PX, null];
    let group: number | null = null;
    if (spot !== null && plane !== null) {
      for (const one of this.#outliers) {
        const distance = Math.hypot(plane.x(one.at) - spot.x, plane.y(one.value) - spot.y);
        if (distance < best) [best, key] = [distance, one.key];
      }
      const { left, width } = plane.box;
      const at = Math.floor(((spot.x - left) / width) * this.#boxes.length);
      group = this.#boxes[at] === undefined ? null : at;
    }
    if (group !== this.#group) this.env.redraw(false);
    this.#group = group;
    this.env.link.point(key);
  }

  override cursor(): string {
    return this.env.link.key === null ? "" : "pointer";
  }

  override click(): void {
    this.select(this.#outliers.find(({ key }) => key === this.env.link.key)?.key);
  }

  override act(): void {
    this.click();
  }

  /** Boxes sideways, and the dots up and down. */
  step(by: number, down: boolean): void {
    if (down) {
      const sorted = this.#outliers.sort((a, b) => b.value - a.value);
      this.stepThrough(
        sorted.map(({ key }) => key),
        by,
      );
      return;
    }
    const last = this.#boxes.length - 1;
    const from = this.#group ?? (by > 0 ? -1 : last + 1);
    this.#group = Math.min(last, Math.max(0, from + by));
    this.env.link.point(null);
    this.env.redraw(false);
  }

  get spoken(): string {
    const one = this.#outliers.find(({ key }) => key === this.env.link.key);
    if (one !== undefined) return `${one.label} ${formatAny(one.value)}`;
    const box = this.#boxes[this.#group ?? -1];
    return box === undefined ? "" : this.#lines(box).join(", ");
  }

  get table(): DataTable {
    const boxes = this.#source.value ?? [];
    const head = [this.name(this.spec.by), "runs", "low", "q1", "median", "q3", "high", "outliers"];
    const rows = boxes.map(({ label, n, low, q1, median, q3, high, outliers }) => [
      label,
      formatCount(n),
      ...[low, q1, median, q3, high].map(formatAny),
      outliers.map((one) => `${one.label} ${formatAny(one.value)}`).join(", "),
    ]);
    return { head, rows, total: rows.length };
  }
}
