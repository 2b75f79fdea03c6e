/**
 * The grid of charts. Which series share a chart is Python's decision, so that the saved picture shows the same; here
 * they are gathered by title and given colours, one colour for one label across the whole card.
 */

import { element, setChildren, setText } from "../lib/dom.ts";
import type { Series } from "../lib/feed.ts";
import { formatCount } from "../lib/format.ts";
import type { Watcher } from "../lib/schedule.ts";
import type { Theme } from "../lib/theme.ts";
import { type ChartGroup, Tile } from "./tile.ts";

const EXAMPLE = 'inlay.log({"loss": 0.1})';

export interface ChartsView {
  node: HTMLElement;
  /** New points, or another count of metrics. */
  update: (series: readonly Series[], metricsTotal: number, running: boolean) => void;
  /** Every chart is to be drawn again with the next frame. */
  invalidate: () => void;
  draw: (theme: Theme, live: boolean) => void;
}

export function chartsView(watcher: Watcher, redraw: () => void, signal: AbortSignal): ChartsView {
  const cursorGroup = crypto.getRandomValues(new Uint32Array(2)).join("-");
  const tiles = new Map<string, Tile>();
  const grid = element("div", { class: "inlay-charts" });
  const empty = element("p", { class: "inlay-empty" });
  const count = element("p", { class: "inlay-hint", hidden: true });
  const node = element("section", { class: "inlay-section", "aria-label": "Metrics" });
  node.append(empty, grid, count);
  signal.addEventListener("abort", () => {
    for (const tile of tiles.values()) tile.destroy();
    tiles.clear();
  });

  const tileFor = (title: string): Tile => {
    const tile = tiles.get(title) ?? new Tile(watcher, cursorGroup, redraw);
    tiles.set(title, tile);
    return tile;
  };

  return {
    node,
    update(series, metricsTotal, running) {
      const groups = groupByChart(series);
      for (const [title, tile] of tiles) {
        if (groups.has(title)) continue;
        tile.destroy();
        tiles.delete(title);
      }
      const nodes = [...groups].map(([title, group]) => {
        const tile = tileFor(title);
        tile.update(group);
        return tile.node;
      });
      setChildren(grid, nodes);
      grid.dataset["count"] = String(Math.min(3, nodes.length));
      grid.hidden = nodes.length === 0;
      empty.hidden = nodes.length > 0;
      writeEmpty(empty, running);
      count.hidden = series.length === 0 || metricsTotal <= series.length;
      setText(count, `${formatCount(series.length)} of ${formatCount(metricsTotal)} metrics`);
    },
    invalidate() {
      for (const tile of tiles.values()) tile.invalidate();
    },
    draw(theme, live) {
      for (const tile of tiles.values()) tile.draw(theme, live);
    },
  };
}

/** Charts by title, in the order their first series came. */
export function groupByChart(series: readonly Series[]): Map<string, ChartGroup> {
  const groups = new Map<string, ChartGroup>();
  for (const one of series) {
    const group = groups.get(one.chart) ?? { title: one.chart, series: [], colours: [] };
    group.series.push(one);
    groups.set(one.chart, group);
  }
  const colours = labelColours([...groups.values()]);
  for (const group of groups.values()) {
    group.colours = group.series.map((one) => colours.get(one.label) ?? 0);
  }
  return groups;
}

/** Labels that stand side by side somewhere get a colour each and keep it everywhere; a line alone gets the first. */
function labelColours(groups: readonly ChartGroup[]): Map<string, number> {
  const colours = new Map<string, number>();
  for (const { series } of groups) {
    if (series.length < 2) continue;
    for (const { label } of series) {
      if (!colours.has(label)) colours.set(label, colours.size);
    }
  }
  return colours;
}

function writeEmpty(empty: HTMLElement, running: boolean): void {
  const state = String(running);
  if (empty.dataset["running"] === state) return;
  empty.dataset["running"] = state;
  empty.replaceChildren(
    ...(running
      ? ["Nothing logged yet. Try ", element("code", {}, EXAMPLE)]
      : ["No metrics were logged"]),
  );
}
