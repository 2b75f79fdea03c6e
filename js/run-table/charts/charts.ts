/**
 * The charts under the table: which there are is in the table's state, which runs they show is the kernel's word. They
 * are drawn one frame at a time and only while they are on screen.
 */

import { element, setChildren, setText } from "../../lib/dom.ts";
import { formatCount } from "../../lib/format.ts";
import { onFrame, Watcher, watchRatio } from "../../lib/schedule.ts";
import type { Part } from "../context.ts";
import { openMenu } from "../menu.ts";
import type { ChartSpec } from "../state.ts";
import { deskOf } from "./desk.ts";
import { Link, watchRows } from "./link.ts";
import { KINDS, newSpec, readSpec } from "./specs.ts";
import { Tile, type TileEnv } from "./tile.ts";

/** Drawing stops after this long and goes on in the next frame: typing and scrolling stay smooth. */
const FRAME_MS = 12;
/** Values of runs that go on are asked for again this often. */
const LIVE_MS = 2000;
/** What charts show of the state themselves; the rest comes back as a view. */
const SHOWN = ["charts", "selected", "colours", "baseline"] as const;

export const chartsPart: Part = (context) => {
  const { signal } = context;
  let tiles: Tile[] = [];
  let enlarged: Tile | null = null;
  let beat = 0;
  let ticking = 0;
  const link = new Link();
  const grid = element("div", { class: "inlay-charts" });
  const add = element(
    "button",
    {
      class: "inlay-button inlay-add-chart",
      type: "button",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
    },
    "Add chart",
  );
  const shown = element("span", { class: "inlay-hint" });
  const bar = element("div", { class: "inlay-charts-bar" }, add, shown);
  const node = element("section", { class: "inlay-chart-part", "aria-label": "Charts" }, grid, bar);

  const redraw = onFrame(() => {
    const { theme } = context;
    if (theme === null) return;
    const until = performance.now() + FRAME_MS;
    for (const tile of tiles) {
      if (tile.draw(theme) && performance.now() > until) return redraw();
    }
  }, signal);

  const refresh = () => {
    for (const tile of tiles) tile.invalidate();
  };

  const save = () => context.change({ charts: tiles.map(({ spec }) => spec) });

  const env: TileEnv = {
    context,
    desk: deskOf(context),
    link,
    watcher: new Watcher(signal),
    redraw,
    renew: refresh,
    beat: () => beat,
    enlarge: (tile) => {
      const next = enlarged === tile ? null : tile;
      if (enlarged !== null) enlarged.enlarged = false;
      enlarged = next;
      if (next !== null) next.enlarged = true;
      requestAnimationFrame(() => tile.node.scrollIntoView({ block: "nearest" }));
    },
    remove: (tile) => {
      tiles = tiles.filter((one) => one !== tile);
      drop(tile);
      save();
      lay();
      add.focus();
    },
    set: (tile, part) => {
      tile.spec = readSpec({ ...tile.spec, ...part } as ChartSpec);
      save();
      refresh();
    },
  };

  const drop = (tile: Tile) => {
    if (enlarged === tile) enlarged = null;
    tile.destroy();
  };

  const lay = () => {
    setChildren(
      grid,
      tiles.map((tile) => tile.node),
    );
    grid.hidden = tiles.length === 0;
    grid.dataset["count"] = String(tiles.length);
    node.hidden = context.columns.size === 0 && tiles.length === 0;
    say();
  };

  /** Which runs the charts show, where these are not all. */
  const say = () => {
    const { charted, runs } = context.view;
    const groups = charted.some(({ key }) => key.startsWith("["));
    const what = groups
      ? "groups"
      : context.state.selected.length > 0
        ? `selected ${charted.length === 1 ? "run" : "runs"}`
        : "of the runs";
    const count = formatCount(charted.length);
    const first = what === "of the runs" && runs > charted.length;
    setText(
      shown,
      tiles.length === 0 || charted.length === 0
        ? ""
        : charted.length === runs && !groups
          ? ""
          : first
            ? `Lines and bars show the first ${count} of ${formatCount(runs)} runs; select others to see those`
            : `Lines and bars show ${count} ${what === "of the runs" ? "runs" : what}`,
    );
  };

  /** Charts keep their place in the list, and a chart of the same kind keeps its zoom and what it holds. */
  const follow = () => {
    const specs = context.state.charts.map(readSpec);
    const before = tiles;
    tiles = specs.map((spec, i) => {
      const there = before[i];
      if (there?.kind !== spec.kind) return new Tile(env, spec);
      if (JSON.stringify(there.spec) !== JSON.stringify(spec)) there.spec = spec;
      return there;
    });
    for (const tile of before) if (!tiles.includes(tile)) drop(tile);
    lay();
  };

  const hasMetric = () => [...context.columns.values()].some(({ entity }) => entity === "metrics");
  /** New values in rows of runs that go on mean new points. */
  const goesOn = () =>
    context.view.page.rows.some((row) => "run" in row && row.status === "running");
  const tick = () => {
    ticking = 0;
    beat++;
    refresh();
  };

  add.addEventListener("click", () =>
    openMenu(
      add,
      "Add chart",
      KINDS.map(([kind, label, detail]) => ({
        label,
        detail,
        disabled: kind === "lines" && !hasMetric(),
        choose: () => {
          context.change({ charts: [...tiles.map(({ spec }) => spec), newSpec(kind, context)] });
          follow();
          const tile = tiles.at(-1);
          tile?.node.scrollIntoView({ block: "nearest" });
          tile?.node.querySelector<HTMLElement>(".inlay-chart-name")?.focus();
        },
      })),
      signal,
    ),
  );

  watchRows(node, link, signal);
  watchRatio(refresh, signal);
  follow();
  let before = context.state;
  context.onChange((changes) => {
    const { state } = context;
    // Widths that are dragged and a filter that is typed change the state many times a second.
    const different = SHOWN.filter((name) => state[name] !== before[name]);
    before = state;
    if (different.includes("charts") || changes.has("columns")) follow();
    else say();
    const others = [...changes].some((change) => change !== "state" && change !== "rows");
    if (others || different.length > 0) refresh();
    else if (changes.has("rows") && ticking === 0 && goesOn()) {
      ticking = window.setTimeout(tick, LIVE_MS);
    }
  });
  signal.addEventListener("abort", () => {
    clearTimeout(ticking);
    for (const tile of tiles) tile.destroy();
  });
  return node;
};
