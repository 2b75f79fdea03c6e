/**
 * The charts of a run: a line of choices, and the charts as small multiples, the first dozen and the rest a click or a
 * search away. Zoom, cursor and choices are common to all of them, and what only one needs is in its tile.
 */

import type { ChoiceBook } from "../lib/choices.ts";
import { element, setChildren, setText } from "../lib/dom.ts";
import type { Series } from "../lib/feed.ts";
import { formatCount } from "../lib/format.ts";
import type { Answers } from "../lib/rpc.ts";
import { type Watcher, watchRatio } from "../lib/schedule.ts";
import type { Theme } from "../lib/theme.ts";
import type { Range } from "../lib/ticks.ts";
import type { Look } from "./chart-lines.ts";
import { Details, type Wish } from "./detail.ts";
import { type ChartGroup, found, groupByChart, type Section, sectionsOf } from "./grouping.ts";
import { Tile, type TileEnv } from "./tile.ts";
import { toolbar } from "./toolbar.ts";

const EXAMPLE = 'inlay.log({"loss": 0.1})';
const FIRST = 12;
/** With more charts than this, those that are off screen give their canvas back. */
const DRAWN = 36;
/** The most metrics the kernel is asked for at once (views/requests.py). */
const KEYS = 48;
/** Drawing stops after this many charts or this long and goes on in the next frame: typing and scrolling stay smooth. */
const FRAME_CHARTS = 4;
const FRAME_MS = 12;

export interface ChartsEnv {
  run: () => string;
  watcher: Watcher;
  redraw: () => void;
  answers: Answers;
  choices: ChoiceBook;
  fail: (reason: unknown) => void;
  signal: AbortSignal;
}

export interface ChartsState {
  metricsTotal: number;
  live: boolean;
  /** Unix seconds. */
  startedAt: number | null;
}

export interface ChartsView {
  node: HTMLElement;
  /** New points, or something else about the run. */
  update: (series: readonly Series[], state: ChartsState) => void;
  /** Every chart is to be drawn again with the next frame. */
  invalidate: () => void;
  draw: (theme: Theme, live: boolean) => void;
}

export function chartsView(env: ChartsEnv): ChartsView {
  const { choices, redraw, signal } = env;
  const tiles = new Map<string, Tile>();
  let groups = new Map<string, ChartGroup>();
  let titles: string[] = [];
  let query = "";
  let all = false;
  let enlarged: Tile | null = null;
  let zoom: Range | null = null;
  let live = false;
  let turn = 0;
  let due = false;
  let axis = choices.current.x;
  let chosen = "";
  let startedAt = 0;

  const bar = toolbar({
    choices,
    search: (text) => {
      query = text;
      lay();
      redraw();
    },
    resetZoom: () => setZoom(null),
    signal,
  });
  const sections = sectionsView();
  const empty = element("p", { class: "inlay-empty" });
  const more = element("button", { class: "inlay-show-all", type: "button", hidden: true });
  const count = element("p", { class: "inlay-hint", hidden: true });
  const said = element("div", { class: "inlay-offscreen", role: "status" });
  const node = element("section", {
    class: "inlay-section inlay-metrics",
    "aria-label": "Metrics",
  });
  node.append(bar.node, empty, sections.node, more, count, said);
  more.addEventListener(
    "click",
    () => {
      all = !all;
      lay();
      redraw();
    },
    { signal },
  );

  const look = (): Look => ({
    x: choices.current.x,
    smoothing: choices.current.smoothing,
    zoom,
    startedAt,
  });

  const invalidate = () => {
    for (const tile of tiles.values()) tile.invalidate();
  };

  const refresh = () => {
    invalidate();
    redraw();
  };

  const setZoom = (next: Range | null) => {
    // So small a part that no chart has a line there would show all charts whole, as if nothing had been zoomed.
    const reached = next === null || [...tiles.values()].some((tile) => tile.reaches(next));
    if (!reached) return;
    zoom = next;
    bar.update(groups.size, titles.length, zoom !== null);
    refresh();
  };

  /** The wishes of all visible charts that are for the same part of the x axis, the zoomed before the others. */
  const wish = (): Wish | null => {
    const wishes = [...tiles.values()].flatMap((tile) => tile.wish(look()) ?? []);
    const parts = wishes.filter(({ whole }) => !whole);
    const chosen = parts.length > 0 ? parts : wishes;
    const [first] = chosen;
    if (first === undefined) return null;
    return {
      x: first.x,
      // The others are asked for when these are there.
      keys: chosen.flatMap(({ keys }) => keys).slice(0, KEYS),
      lo: Math.min(...chosen.map(({ lo }) => lo)),
      hi: Math.max(...chosen.map(({ hi }) => hi)),
      whole: first.whole,
    };
  };

  const details = new Details(env, wish, refresh);

  const tileEnv: TileEnv = {
    watcher: env.watcher,
    cursorGroup: crypto.getRandomValues(new Uint32Array(2)).join("-"),
    details,
    redraw,
    zoom: setZoom,
    enlarge: (tile) => {
      enlarged?.setEnlarged(false);
      enlarged = enlarged === tile ? null : tile;
      enlarged?.setEnlarged(true);
      redraw();
      requestAnimationFrame(() => tile.node.scrollIntoView({ block: "nearest" }));
    },
    isLog: (title) => choices.current.log.includes(title),
    toggleLog: (title) => {
      const { log } = choices.current;
      const others = log.filter((one) => one !== title);
      choices.set({ log: others.length < log.length ? others : [...log, title] });
    },
    say: (text) => setText(said, text),
    fail: env.fail,
  };

  choices.onChange(() => {
    const { x, smoothing, log } = choices.current;
    const before = chosen;
    chosen = JSON.stringify([x, smoothing, log]);
    if (chosen === before) return;
    // A part of one axis is not a part of another.
    if (x !== axis) zoom = null;
    axis = x;
    bar.update(groups.size, titles.length, zoom !== null);
    refresh();
  }, signal);

  watchRatio(refresh, signal);
  signal.addEventListener("abort", () => {
    for (const tile of tiles.values()) tile.destroy();
    tiles.clear();
  });

  const tileFor = (title: string): Tile => {
    const tile = tiles.get(title) ?? new Tile(tileEnv);
    tiles.set(title, tile);
    return tile;
  };

  /** Puts the charts in place that are to be seen. */
  const lay = () => {
    titles = found(groups, query);
    const whole = sectionsOf(titles);
    const laid = all ? whole : shortened(whole, FIRST);
    const sizes = new Map(whole.map((section) => [section.heading, section.titles.length]));
    sections.update(laid, sizes, (title) => {
      const tile = tileFor(title);
      const group = groups.get(title);
      if (group !== undefined) tile.update(group);
      return tile.node;
    });
    bar.update(groups.size, titles.length, zoom !== null);
    empty.hidden = titles.length > 0;
    writeEmpty(empty, groups.size > 0 ? "searched" : live ? "live" : "ended");
    more.hidden = titles.length <= FIRST;
    setText(more, all ? "Show fewer" : `Show all ${formatCount(titles.length)}`);
  };

  lay();
  return {
    node,
    update(series, { metricsTotal, live: goesOn, startedAt: started }) {
      const before = groups;
      groups = groupByChart(series);
      startedAt = started ?? earliest(series, startedAt);
      for (const [title, tile] of tiles) {
        const group = groups.get(title);
        if (group !== undefined) {
          tile.update(group);
          continue;
        }
        if (tile === enlarged) enlarged = null;
        tile.destroy();
        tiles.delete(title);
      }
      const turned = live !== goesOn;
      live = goesOn;
      if (turned || !sameTitles(before, groups)) lay();
      count.hidden = series.length === 0 || metricsTotal <= series.length;
      setText(count, `${formatCount(series.length)} of ${formatCount(metricsTotal)} metrics`);
    },
    invalidate,
    draw(theme, drawnLive) {
      const now = look();
      const until = performance.now() + FRAME_MS;
      const all = [...tiles.values()];
      let drawn = 0;
      // Whoever had no turn is first in the next frame, also when all have new points again by then.
      const first = turn;
      turn = 0;
      for (let i = 0; i < all.length; i++) {
        const place = (first + i) % all.length;
        if (drawn >= FRAME_CHARTS || performance.now() > until) {
          turn = place;
          redraw();
          return;
        }
        const tile = all[place];
        if (tile?.draw(theme, now, drawnLive)) {
          drawn++;
          due = true;
        }
        if (all.length > DRAWN) tile?.rest();
      }
      if (due) details.ask();
      due = false;
    },
  };
}

interface SectionsView {
  node: HTMLElement;
  /** `sizes` says how many charts each heading has, those that are not shown among them. */
  update: (
    sections: readonly Section[],
    sizes: ReadonlyMap<string, number>,
    tileOf: (title: string) => HTMLElement,
  ) => void;
}

/** The sections with their grids; one that the reader closed stays closed, whatever comes and goes. */
function sectionsView(): SectionsView {
  const node = element("div", { class: "inlay-chart-sections" });
  const grids = new Map<string, HTMLElement>();
  const folds = new Map<string, HTMLElement>();
  const gridFor = (heading: string): HTMLElement => {
    const grid = grids.get(heading) ?? element("div", { class: "inlay-charts" });
    grids.set(heading, grid);
    return grid;
  };
  const sectionFor = ({ heading, titles }: Section, size: number): HTMLElement => {
    const grid = gridFor(heading);
    if (heading === "") return grid;
    let fold = folds.get(heading);
    if (fold === undefined) {
      fold = element("details", { class: "inlay-chart-section" }, element("summary"), grid);
      fold.setAttribute("open", "");
      folds.set(heading, fold);
    }
    const summary = fold.querySelector("summary");
    if (summary !== null) {
      const label = element("span", { class: "inlay-section-name" }, heading);
      const count = size > titles.length ? `${titles.length} of ${size}` : String(size);
      summary.replaceChildren(label, element("span", { class: "inlay-section-count" }, count));
    }
    return fold;
  };
  return {
    node,
    update(sections, sizes, tileOf) {
      for (const section of sections) {
        const grid = gridFor(section.heading);
        setChildren(grid, section.titles.map(tileOf));
        // One or two charts alone may be wider than those that stand among others.
        grid.dataset["count"] = sections.length > 1 ? "" : String(section.titles.length);
      }
      const sized = (one: Section) => sectionFor(one, sizes.get(one.heading) ?? one.titles.length);
      setChildren(node, sections.map(sized));
      node.hidden = sections.every(({ titles }) => titles.length === 0);
    },
  };
}

function shortened(sections: readonly Section[], most: number): Section[] {
  let room = most;
  return sections.flatMap(({ heading, titles }) => {
    const shown = titles.slice(0, room);
    room -= shown.length;
    return shown.length > 0 ? [{ heading, titles: shown }] : [];
  });
}

function sameTitles(a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): boolean {
  return a.size === b.size && [...a.keys()].every((title) => b.has(title));
}

/** When a run began of which that is not known: with its first point. */
function earliest(series: readonly Series[], before: number): number {
  if (before > 0) return before;
  const times = series.map(({ time }) => time[0] ?? Infinity).filter(Number.isFinite);
  return times.length > 0 ? Math.min(...times) : 0;
}

function writeEmpty(empty: HTMLElement, state: "searched" | "live" | "ended"): void {
  if (empty.dataset["state"] === state) return;
  empty.dataset["state"] = state;
  empty.replaceChildren(
    ...(state === "live"
      ? ["Nothing logged yet. Try ", element("code", {}, EXAMPLE)]
      : [state === "ended" ? "No metrics were logged" : "No chart has a name like that"]),
  );
}
