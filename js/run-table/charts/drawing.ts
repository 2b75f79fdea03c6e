/**
 * What all kinds of charts have in common, as their tile sees it: what they ask of the kernel, how they paint themselves
 * on a page or into a file, and what they say in words. A kind knows nothing of titles, menus or sizes.
 */

import { formatCount } from "../../lib/format.ts";
import type { Theme } from "../../lib/theme.ts";
import type { Range } from "../../lib/ticks.ts";
import { columnName } from "../column-names.ts";
import type { TableContext } from "../context.ts";
import type { ChartSpec, ColumnId } from "../state.ts";
import type { Legend } from "./colours.ts";
import type { SourceEnv } from "./desk.ts";
import type { Link } from "./link.ts";
import type { Dragging, Size, Spot } from "./stage.ts";
import type { Surface } from "./surface.ts";

export interface DrawingEnv extends SourceEnv {
  link: Link;
  /** Draws with the next frame: all of it, or only what follows the pointer. */
  redraw: (all: boolean) => void;
  /** An answer has come, or something else that is to be asked about. */
  renew: () => void;
  /** Goes up while runs go on. */
  beat: () => number;
}

export interface DataTable {
  head: string[];
  rows: string[][];
  /** Rows there are, of which there may be fewer here. */
  total: number;
}

/** More rows than this no chart asks for. */
export const MOST_RUNS = 1000;
/** What is left of the colour of runs behind those that are selected. */
export const BEHIND = 0.4;

export abstract class Drawing<S extends ChartSpec> {
  spec: S;
  /** In CSS pixels; what it wants to be when it is taller than its place. */
  size: Size = { width: 0, height: 0 };
  theme: Theme | null = null;
  /** The pointer or the keys are in this chart: only here are values written beside what is pointed at. */
  here = false;
  protected readonly env: DrawingEnv;

  constructor(env: DrawingEnv, spec: S) {
    this.env = env;
    this.spec = spec;
  }

  abstract get title(): string;
  /** The answer to what is wanted is not there yet. */
  abstract get late(): boolean;
  /** Why there is nothing to see; "" where there is. */
  abstract get nothing(): string;
  abstract get remark(): string;
  abstract get legend(): Legend;
  abstract get table(): DataTable;
  /** Asks for what it lacks. */
  abstract ask(): void;
  /** Works out everything for a size, and paints it. */
  abstract paint(surface: Surface, size: Size, theme: Theme): void;
  /** Paints what follows the pointer. */
  abstract paintOver(surface: Surface, theme: Theme): void;
  abstract hover(spot: Spot | null): void;
  /** What can be stepped through by keys, as keys of runs or places. */
  abstract step(by: number, down: boolean): void;
  /** What is pointed at, in words. */
  abstract get spoken(): string;
  click(_spot: Spot): void {}
  drag(_from: Spot): Dragging | null {
    return null;
  }
  twice(_spot: Spot): void {}
  cursor(_spot: Spot): string {
    return "";
  }
  /** Acts on Enter and Space. */
  act(): void {}
  /** Goes back from a zoom or a brush; false where there is none. */
  reset(): boolean {
    return false;
  }
  /** Rows that the chart needs to be readable; scrolled where there are too many. */
  heightFor(room: number): number {
    return room;
  }

  protected get context(): TableContext {
    return this.env.context;
  }

  protected name(id: ColumnId): string {
    return columnName(this.context, id);
  }

  protected column(id: ColumnId) {
    return this.context.columns.get(id);
  }

  /** Tells one state of the rows from the next. */
  protected get version(): string {
    return `${this.context.view.version}.${this.env.beat()}`;
  }

  /** What the table calls a run or a group. */
  protected label(key: string, otherwise: string): string {
    return this.context.view.charted.find((one) => one.key === key)?.label ?? otherwise;
  }

  /** The run that is pointed at, if it is one of these. */
  protected pointed(keys: readonly string[]): number {
    const { key } = this.env.link;
    return key === null ? -1 : keys.indexOf(key);
  }

  /** Steps through keys from the one pointed at. */
  protected stepThrough(keys: readonly string[], by: number): void {
    const at = this.pointed(keys);
    const from = at < 0 ? (by > 0 ? -1 : keys.length) : at;
    this.env.link.point(keys[Math.min(keys.length - 1, Math.max(0, from + by))] ?? null);
  }

  /** Selects a run, or lets it go. */
  protected select(key: string | undefined): void {
    // Keys of groups are no ids: they are lists as JSON.
    if (key === undefined || key.startsWith("[")) return;
    const { selected } = this.context.state;
    const others = selected.filter((one) => one !== key);
    this.context.change({
      selected: others.length < selected.length ? others : [...selected, key],
    });
  }

  /** That not all runs are shown. */
  protected shownOf(shown: number, total: number): string {
    if (total > shown) return `showing ${formatCount(shown)} of ${formatCount(total)} runs`;
    return "";
  }
}

/** A scale that holds zero, for bars. */
export function withZero(data: Range): Range {
  const lo = Math.min(0, data.lo);
  const hi = Math.max(0, data.hi);
  if (lo === hi) return { lo: 0, hi: 1 };
  const air = (hi - lo) * 0.04;
  return { lo: lo < 0 ? lo - air : 0, hi: hi > 0 ? hi + air : 0 };
}
