/** One column of the charted runs or groups as bars, in the order of the table. */

import { LABEL_SIZE, textWidth } from "../../lib/axes.ts";
import { cut } from "../../lib/svg.ts";
import { lineColour, type Theme } from "../../lib/theme.ts";
import { fraction } from "../../lib/ticks.ts";
import { spreadText } from "../cell-text.ts";
import type { BarsChart } from "../state.ts";
import { readValues, type Values } from "./answers.ts";
import { type Axis, cellText, numberOf, ticksOf } from "./axis.ts";
import { type Legend, NO_LEGEND } from "./colours.ts";
import { type Source, sourceOf } from "./desk.ts";
import { type DataTable, Drawing, type DrawingEnv, MOST_RUNS, withZero } from "./drawing.ts";
import { valuesTable } from "./scatter.ts";
import type { Size, Spot } from "./stage.ts";
import { type Box, crisp, type Surface } from "./surface.ts";

const ROW = 22;
const THINNEST = 16;
const FLOOR = 20;
const TOP = 4;

interface Bar {
  key: string;
  label: string;
  value: number;
  /** Half of the whisker. */
  std: number;
  text: string;
}

export class BarsDrawing extends Drawing<BarsChart> {
  readonly #source: Source<Values>;
  #rows: { bar: Bar; top: number; height: number }[] = [];

  constructor(env: DrawingEnv, spec: BarsChart) {
    super(env, spec);
    this.#source = sourceOf(env, "values", readValues, env.renew);
  }

  get title(): string {
    return this.name(this.spec.column);
  }

  get late(): boolean {
    return this.#source.late;
  }

  get legend(): Legend {
    return NO_LEGEND;
  }

  ask(): void {
    const { column } = this.spec;
    const keys = this.context.view.charted.map(({ key }) => key);
    const known = column !== "" && keys.length > 0;
    // The keys are no argument: which runs are charted is the kernel's to say.
    this.#source.want(
      known ? { columns: [column], scope: "charted", limit: MOST_RUNS } : null,
      JSON.stringify([this.version, keys]),
    );
  }

  get #bars(): Bar[] {
    const values = this.#source.value;
    const cells = values?.columns.get(this.spec.column) ?? [];
    return (values?.keys ?? []).map((key, i) => {
      const cell = cells[i] ?? null;
      const value = numberOf(cell) ?? Number.NaN;
      const std = cell !== null && typeof cell === "object" && "std" in cell ? cell.std : null;
      const off = std === null ? 0 : (numberOf(std) ?? 0);
      const text = cellText(cell, this.column(this.spec.column));
      return {
        key,
        label: this.label(key, values?.labels[i] ?? ""),
        value,
        std: Number.isFinite(off) ? off : 0,
        text: off > 0 ? `${text} ± ${spreadText(off)}` : text,
      };
    });
  }

  get nothing(): string {
    if (this.spec.column === "") return "Choose a column";
    if (this.context.view.charted.length === 0) return "No runs to show";
    if (this.#source.value === null) return "";
    const any = this.#bars.some(({ value }) => Number.isFinite(value));
    return any ? "" : "No run shown has a number here";
  }

  get remark(): string {
    const values = this.#source.value;
    if (values === null) return "";
    const groups = values.keys.some((key) => key.startsWith("["));
    if (groups) return "mean ± std";
    const { runs } = this.context.view;
    return this.shownOf(values.keys.length, Math.max(values.total, runs));
  }

  override heightFor(room: number): number {
    return Math.max(room, this.#bars.length * THINNEST + FLOOR + TOP);
  }

  get #baseline(): { value: number; label: string } | null {
    const { baseline } = this.context.view.page;
    const cell = baseline?.cells[this.spec.column] ?? null;
    const at = this.#bars.find(({ key }) => key === this.context.state.baseline)?.value;
    const value = at ?? numberOf(cell) ?? Number.NaN;
    return Number.isFinite(value) ? { value, label: baseline?.row.name ?? "baseline" } : null;
  }

  paint(surface: Surface, size: Size, theme: Theme): void {
    const bars = this.#bars;
    this.#rows = [];
    if (bars.length === 0) return;
    const baseline = this.#baseline;
    const ends = bars.flatMap(({ value, std }) =>
      Number.isFinite(value) ? [value - std, value + std] : [],
    );
    if (baseline !== null) ends.push(baseline.value);
    const range = { lo: Math.min(...ends, 0), hi: Math.max(...ends, 0) };
    const type = this.column(this.spec.column)?.type;
    const kind = type === "duration" ? "relative" : type === "time" ? "time" : "number";
    const axis: Axis = { ...withZero(range), kind, words: [] };
    const names = bars.map(({ label }) => textWidth(label, theme));
    const left = Math.round(Math.min(size.width * 0.3, Math.max(24, ...names) + 10));
    const texts = bars.map(({ text }) => textWidth(text, theme));
    const right = Math.min(size.width * 0.3, Math.max(0, ...texts) + 8);
    const rowHeight = Math.min(ROW, (size.height - FLOOR - TOP) / Math.max(1, bars.length));
    const box = {
      left,
      top: TOP,
      width: Math.max(1, size.width - left - right),
      height: Math.max(1, bars.length) * rowHeight,
    };
    const x = (value: number) => box.left + box.width * fraction(value, axis);
    const zero = Math.min(box.left + box.width, Math.max(box.left, x(0)));
    this.#paintRules(surface, axis, box, x, theme);
    this.#rows = bars.map((bar, i) => ({ bar, top: TOP + i * rowHeight, height: rowHeight }));
    for (const { bar, top, height } of this.#rows) {
      const middle = top + height / 2;
      const name = cut(bar.label, left - 10, theme);
      surface.text(name, left - 8, middle, { fill: theme.muted, align: "end" });
      const end = Number.isFinite(bar.value) ? x(bar.value) : zero;
      const colour = lineColour(theme, this.context.colour(bar.key));
      const thick = Math.min(14, height - 4);
      const from = Math.min(zero, end);
      const width = Math.max(Number.isFinite(bar.value) ? 1 : 0, Math.abs(end - zero));
      surface.box(
        { left: from, top: middle - thick / 2, width, height: thick },
        { fill: colour, alpha: 0.82 },
      );
      if (bar.std > 0)
        whisker(surface, x(bar.value - bar.std), x(bar.value + bar.std), middle, theme);
      const edge = Math.max(zero, end, bar.std > 0 ? x(bar.value + bar.std) : 0);
      const fill = Number.isFinite(bar.value) ? theme.text : theme.muted;
      surface.text(bar.text, edge + 6, middle, { fill });
    }
    if (baseline !== null) this.#paintBaseline(surface, x(baseline.value), box, theme);
  }

  #paintRules(surface: Surface, axis: Axis, box: Box, x: (value: number) => number, theme: Theme) {
    const floor = box.top + box.height;
    const ticks = ticksOf(axis, box.width, 72);
    surface.path(
      (pen) => {
        for (const { at } of [...ticks, { at: 0 }]) {
          pen.moveTo(crisp(x(at)), box.top);
          pen.lineTo(crisp(x(at)), floor);
        }
      },
      { stroke: theme.grid },
    );
    for (const { at, label } of ticks) {
      const middle = floor + 6 + LABEL_SIZE / 2;
      surface.text(label, x(at), middle, { fill: theme.muted, align: "middle" });
    }
  }

  #paintBaseline(surface: Surface, at: number, { top, height }: Box, theme: Theme): void {
    surface.path(
      (pen) => {
        pen.moveTo(crisp(at), top);
        pen.lineTo(crisp(at), top + height);
      },
      { stroke: theme.text, dash: [4, 3], alpha: 0.7 },
    );
  }

  paintOver(surface: Surface, theme: Theme): void {
    const { key } = this.env.link;
    const row = this.#rows.find(({ bar }) => bar.key === key);
    if (row === undefined) return;
    const box = { left: 0, top: row.top, width: this.size.width, height: row.height };
    surface.box(box, { fill: theme.text, alpha: 0.07 });
  }

  hover(spot: Spot | null): void {
    const row =
      spot === null
        ? undefined
        : this.#rows.find(({ top, height }) => spot.y >= top && spot.y < top + height);
    this.env.link.point(row?.bar.key ?? null);
  }

  override cursor(): string {
    return this.env.link.key === null ? "" : "pointer";
  }

  override click(): void {
    this.select(this.#rows.find(({ bar }) => bar.key === this.env.link.key)?.bar.key);
  }

  override act(): void {
    this.click();
  }

  step(by: number): void {
    this.stepThrough(
      this.#rows.map(({ bar }) => bar.key),
      by,
    );
  }

  get spoken(): string {
    const bar = this.#bars.find(({ key }) => key === this.env.link.key);
    return bar === undefined ? "" : `${bar.label} ${bar.text}`;
  }

  get table(): DataTable {
    const { column } = this.spec;
    return valuesTable(this.#source.value, [column], (id) => [this.name(id), this.column(id)]);
  }
}

function whisker(surface: Surface, from: number, to: number, middle: number, theme: Theme): void {
  surface.path(
    (pen) => {
      pen.moveTo(from, middle);
      pen.lineTo(to, middle);
      for (const end of [from, to]) {
        pen.moveTo(end, middle - 3);
        pen.lineTo(end, middle + 3);
      }
    },
    { stroke: theme.text, width: 1.25 },
  );
}
