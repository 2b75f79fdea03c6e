/**
 * Parallel coordinates (Inselberg, 1985): an axis for each column and a line for each run. A stretch brushed on an axis
 * is a part of the table's filter, and what the filter says of a column is shown as a brush.
 */

import { element, setChildren } from "../../lib/dom.ts";
import type { Theme } from "../../lib/theme.ts";
import { moved } from "../column-names.ts";
import type { ColumnId, ParallelChart } from "../state.ts";
import { type Chosen, readChosen, readValues, type Values } from "./answers.ts";
import { cellText, type Scaled, scaled, share } from "./axis.ts";
import { type Brush, brushOf, nextBrush } from "./brush.ts";
import { type Legend, NO_LEGEND, paintingOf } from "./colours.ts";
import { type Source, sourceOf } from "./desk.ts";
import { BEHIND, type DataTable, Drawing, type DrawingEnv, MOST_RUNS } from "./drawing.ts";
import { type Lane, lanesOf, paintLane, paintLaneDrop, type Stand } from "./lanes.ts";
import { clauseOf, valuesTable } from "./scatter.ts";
import type { Dragging, Size, Spot } from "./stage.ts";
import type { Surface } from "./surface.ts";
import { paintTip } from "./tip.ts";

const REACH_PX = 8;
const GRAB_PX = 12;
const FADED = 0.75;

export class ParallelDrawing extends Drawing<ParallelChart> {
  /** Over the names of the axes: what moves them by mouse and by keys. */
  readonly head = element("div", { class: "inlay-axis-heads" });
  readonly #set: (part: Partial<ParallelChart>) => void;
  readonly #source: Source<Values>;
  readonly #facets = new Map<ColumnId, Source<Chosen>>();
  readonly #heads = new Map<ColumnId, HTMLElement>();
  /** Brushed just now: shown until the table has an answer. */
  readonly #pending = new Map<ColumnId, Brush | null>();
  #asked = "";
  #scaled: Scaled[] = [];
  #lanes: Lane[] = [];
  #stand: Stand = { top: 0, bottom: 1, none: 1 };
  #legend: Legend = NO_LEGEND;
  #colour: (i: number) => string = () => "";
  #drag: { lane: number; brush: Brush } | null = null;
  #move: { from: number; x: number } | null = null;
  #at: Spot | null = null;

  constructor(env: DrawingEnv, spec: ParallelChart, set: (part: Partial<ParallelChart>) => void) {
    super(env, spec);
    this.#set = set;
    this.#source = sourceOf(env, "values", readValues, env.renew);
  }

  get title(): string {
    return this.spec.axes.length > 0
      ? this.spec.axes.map((id) => this.name(id)).join(", ")
      : "Parallel coordinates";
  }

  get late(): boolean {
    return this.#source.late;
  }

  get legend(): Legend {
    return this.#legend;
  }

  ask(): void {
    const { axes, colour } = this.spec;
    const columns = [...new Set([...axes, ...(colour === null ? [] : [colour])])];
    const { version } = this;
    this.#source.want(
      axes.length > 0 ? { columns, scope: "view", limit: MOST_RUNS } : null,
      version,
    );
    if (version !== this.#asked) this.#pending.clear();
    this.#asked = version;
    const { filter } = this.context.state;
    for (const id of axes) {
      const spelling = this.column(id)?.field;
      // Of columns that the filter does not mention there is nothing to show.
      const mentioned = spelling !== undefined && filter.includes(spelling);
      const facet = this.#facets.get(id) ?? sourceOf(this.env, "facet", readChosen, this.env.renew);
      this.#facets.set(id, facet);
      facet.want(mentioned ? { column: id, bins: 1 } : null, version);
    }
  }

  get nothing(): string {
    if (this.spec.axes.length === 0) return "Choose the axes";
    return this.context.view.runs === 0 ? "No runs to show" : "";
  }

  get remark(): string {
    const values = this.#source.value;
    return values === null ? "" : this.shownOf(values.keys.length, values.total);
  }

  #brushOn(id: ColumnId, lane: number): Brush | null {
    if (this.#pending.has(id)) return this.#pending.get(id) ?? null;
    const axis = this.#scaled[lane]?.axis;
    const chosen = this.#facets.get(id)?.value ?? null;
    return axis === undefined || chosen === null ? null : brushOf(axis, chosen);
  }

  paint(surface: Surface, size: Size, theme: Theme): void {
    const { axes, colour, log } = this.spec;
    const values = this.#source.value;
    const keys = values?.keys ?? [];
    this.#scaled = axes.map((id) => {
      const chosen = this.#facets.get(id)?.value ?? null;
      return scaled(values?.columns.get(id) ?? [], this.column(id), {
        log: log.includes(id),
        padded: false,
        wider: chosen?.range === null ? null : (chosen?.all ?? null),
        more: chosen?.words === null ? [] : (chosen?.allWords ?? []),
      });
    });
    const { lanes, stand } = lanesOf(axes, size);
    [this.#lanes, this.#stand] = [lanes, stand];
    const by = colour === null ? undefined : (values?.columns.get(colour) ?? []);
    const column = colour === null ? undefined : this.column(colour);
    const painting = paintingOf(this.context, theme, keys, column, by);
    [this.#legend, this.#colour] = [painting.legend, painting.colour];
    const selected = new Set(this.context.state.selected);
    const behind = keys.some((key) => selected.has(key)) ? BEHIND : 1;
    const alpha = Math.min(0.85, 6 / Math.sqrt(Math.max(1, keys.length))) * behind;
    for (let i = keys.length - 1; i >= 0; i--) {
      this.#paintLine(surface, i, { stroke: painting.colour(i), alpha, width: 1.25 });
    }
    keys.forEach((key, i) => {
      if (selected.has(key))
        this.#paintLine(surface, i, { stroke: painting.colour(i), width: 2.25 });
    });
    lanes.forEach((lane, i) => {
      const one = this.#scaled[i];
      if (one === undefined || values === null) return;
      paintLane(surface, lane, stand, one, this.name(lane.id), theme);
      const brush = this.#brushOn(lane.id, i);
      if (brush !== null) this.#paintBrush(surface, lane, brush, theme);
    });
    this.#layHeads();
  }

  #paintBrush(surface: Surface, { x }: Lane, { from, to }: Brush, theme: Theme): void {
    const { top, bottom } = this.#stand;
    const y = (at: number) => bottom - at * (bottom - top);
    const box = { left: x - 7, top: y(to), width: 14, height: Math.max(2, y(from) - y(to)) };
    surface.box(box, { fill: theme.text, alpha: 0.14 });
    surface.box(box, { stroke: theme.muted });
  }

  #y(lane: number, i: number): number {
    const one = this.#scaled[lane];
    const value = one?.values[i] ?? Number.NaN;
    const { top, bottom, none } = this.#stand;
    if (one === undefined || Number.isNaN(value)) return none;
    return bottom - share(one.axis, value) * (bottom - top);
  }

  #paintLine(surface: Surface, i: number, style: Parameters<Surface["path"]>[1]): void {
    surface.path((pen) => {
      this.#lanes.forEach(({ x }, lane) => {
        pen[lane === 0 ? "moveTo" : "lineTo"](x, this.#y(lane, i));
      });
    }, style);
  }

  paintOver(surface: Surface, theme: Theme): void {
    const keys = this.#source.value?.keys ?? [];
    const { width, height } = this.size;
    const i = this.pointed(keys);
    if (i >= 0 && this.#drag === null) {
      const { top, none } = this.#stand;
      const box = { left: 0, top: top - 6, width, height: none - top + 12 };
      surface.box(box, { fill: theme.background, alpha: FADED });
      this.#lanes.forEach((lane, at) => {
        const one = this.#scaled[at];
        if (one !== undefined) paintLane(surface, lane, this.#stand, one, "", theme);
      });
      this.#paintLine(surface, i, { stroke: this.#colour(i), width: 2.25 });
      this.#lanes.forEach(({ x }, lane) => {
        const look = { fill: this.#colour(i), stroke: theme.background, width: 1.5 };
        surface.dot(x, this.#y(lane, i), 4, look);
      });
      const spot = this.#at ?? { x: (this.#lanes[0]?.x ?? 0) + 4, y: this.#y(0, i) };
      if (this.here) paintTip(surface, spot, this.#lines(i), { width, height }, theme);
    }
    if (this.#drag !== null) {
      const lane = this.#lanes[this.#drag.lane];
      if (lane !== undefined) this.#paintBrush(surface, lane, this.#drag.brush, theme);
    }
    if (this.#move !== null) {
      const { from, x } = this.#move;
      const lane = this.#lanes[from];
      if (lane !== undefined) paintLaneDrop(surface, x, this.#stand, this.name(lane.id), theme);
    }
  }

  #lines(i: number): [string, ...string[]] {
    const values = this.#source.value;
    const rows = this.spec.axes.slice(0, 8).map((id) => {
      const cell = values?.columns.get(id)?.[i] ?? null;
      return `${this.name(id)} ${cellText(cell, this.column(id))}`;
    });
    return [values?.labels[i] ?? "", ...rows];
  }

  hover(spot: Spot | null): void {
    const keys = this.#source.value?.keys ?? [];
    this.#at = spot;
    let [best, key]: [number, string | null] = [REACH_PX, null];
    const lanes = this.#lanes;
    const right = spot === null ? -1 : lanes.findIndex(({ x }) => x >= spot.x);
    const [a, b] = [lanes[right - 1], lanes[right]];
    if (spot !== null && a !== undefined && b !== undefined && this.#laneAt(spot) < 0) {
      const part = (spot.x - a.x) / (b.x - a.x);
      keys.forEach((one, i) => {
        const y = this.#y(right - 1, i) * (1 - part) + this.#y(right, i) * part;
        const distance = Math.abs(y - spot.y);
        if (distance < best) [best, key] = [distance, one];
      });
    }
    this.env.link.point(key);
  }

  #laneAt({ x }: Spot): number {
    return this.#lanes.findIndex((lane) => Math.abs(lane.x - x) <= GRAB_PX);
  }

  override cursor(spot: Spot): string {
    if (this.#laneAt(spot) >= 0) return "ns-resize";
    return this.env.link.key === null ? "" : "pointer";
  }

  override click(spot: Spot): void {
    const lane = this.#laneAt(spot);
    const id = this.#lanes[lane]?.id;
    if (id === undefined) this.act();
    else if (this.#brushOn(id, lane) !== null) this.#brush(id, lane, null);
  }

  override act(): void {
    const { key } = this.env.link;
    if (key !== null && this.#source.value?.keys.includes(key)) this.select(key);
  }

  override drag(from: Spot): Dragging | null {
    const lane = this.#laneAt(from);
    const id = this.#lanes[lane]?.id;
    if (id === undefined) return null;
    const { top, bottom } = this.#stand;
    const at = ({ y }: Spot) => Math.min(1, Math.max(0, (bottom - y) / (bottom - top)));
    const next = nextBrush(this.#brushOn(id, lane), at(from), 6 / (bottom - top));
    const show = (brush: Brush | null) => {
      this.#drag = brush === null ? null : { lane, brush };
      this.env.redraw(false);
    };
    return {
      move: (to) => show(next(at(to))),
      end: (to) => {
        show(null);
        this.#brush(id, lane, next(at(to)));
      },
      cancel: () => show(null),
    };
  }

  #brush(id: ColumnId, lane: number, brush: Brush | null): void {
    const axis = this.#scaled[lane]?.axis;
    if (axis === undefined) return;
    const clause = brush === null ? null : clauseOf(axis, brush.from, brush.to);
    if (brush !== null && clause === null) return;
    this.#pending.set(id, brush);
    this.env.redraw(true);
    this.context.refine(id, clause);
  }

  override reset(): boolean {
    const brushed = this.#lanes.filter(({ id }, i) => this.#brushOn(id, i) !== null);
    for (const { id } of brushed) this.context.refine(id, null);
    return brushed.length > 0;
  }

  override twice(spot: Spot): void {
    if (this.#laneAt(spot) < 0) this.reset();
  }

  /** The heads are buttons over the painted names. */
  #layHeads(): void {
    const nodes = this.#lanes.map(({ id, x, room }) => {
      const node = this.#heads.get(id) ?? this.#headOf(id);
      this.#heads.set(id, node);
      node.style.left = `${Math.max(0, x - room / 2)}px`;
      node.style.width = `${room}px`;
      return node;
    });
    setChildren(this.head, nodes);
  }

  #headOf(id: ColumnId): HTMLElement {
    const name = this.name(id);
    const node = element("button", {
      class: "inlay-axis-head",
      type: "button",
      title: `${name}: drag to move`,
      "aria-label": `Axis ${name}. Left and right move it, L makes it logarithmic, Delete removes it.`,
    });
    const { signal } = this.env;
    const place = () => this.spec.axes.indexOf(id);
    const put = (to: number) => {
      const from = place();
      const axes = moved(
        this.spec.axes,
        from,
        Math.min(this.spec.axes.length - 1, Math.max(0, to)),
      );
      if (axes.join("\n") === this.spec.axes.join("\n")) return;
      this.#set({ axes });
      this.context.announce(`${name} is axis ${axes.indexOf(id) + 1} of ${axes.length}`);
    };
    const acts: Record<string, () => void> = {
      ArrowLeft: () => put(place() - 1),
      ArrowRight: () => put(place() + 1),
      Delete: () => this.#set({ axes: this.spec.axes.filter((one) => one !== id) }),
      l: () => this.toggleLog(id),
    };
    node.addEventListener(
      "keydown",
      (event) => {
        const act = acts[event.key];
        if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        event.stopPropagation();
        act();
        node.focus();
      },
      { signal },
    );
    node.addEventListener("pointerdown", (event) => this.#dragHead(event, place(), put), {
      signal,
    });
    return node;
  }

  #dragHead(event: PointerEvent, from: number, put: (to: number) => void): void {
    if (event.button !== 0) return;
    const start = this.#lanes[from]?.x ?? 0;
    const ending = new AbortController();
    const signal = AbortSignal.any([ending.signal, this.env.signal]);
    const show = (move: { from: number; x: number } | null) => {
      this.#move = move;
      this.env.redraw(false);
    };
    const xOf = (to: PointerEvent) => start + to.clientX - event.clientX;
    document.addEventListener("pointermove", (to) => show({ from, x: xOf(to) }), { signal });
    const end = (to: PointerEvent) => {
      ending.abort();
      show(null);
      const x = xOf(to);
      const nearest = [...this.#lanes.keys()].sort(
        (a, b) => Math.abs((this.#lanes[a]?.x ?? 0) - x) - Math.abs((this.#lanes[b]?.x ?? 0) - x),
      )[0];
      if (nearest !== undefined && to.type === "pointerup") put(nearest);
    };
    document.addEventListener("pointerup", end, { signal });
    document.addEventListener("pointercancel", end, { signal });
  }

  toggleLog(id: ColumnId): void {
    const others = this.spec.log.filter((one) => one !== id);
    this.#set({ log: others.length < this.spec.log.length ? others : [...this.spec.log, id] });
  }

  step(by: number): void {
    this.#at = null;
    this.stepThrough(this.#source.value?.keys ?? [], by);
  }

  get spoken(): string {
    const i = this.pointed(this.#source.value?.keys ?? []);
    return i < 0 ? "" : this.#lines(i).join(", ");
  }

  get table(): DataTable {
    const { axes, colour } = this.spec;
    const columns = [...new Set([...axes, ...(colour === null ? [] : [colour])])];
    return valuesTable(this.#source.value, columns, (id) => [this.name(id), this.column(id)]);
  }
}
