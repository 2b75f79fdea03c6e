/**
 * One chart of the card with its title, its newest values and what the reader should know about its points. The height
 * is fixed and every line of text keeps its place while empty, so nothing on the page moves when values change.
 */

import { LineChart, type Readout } from "../lib/chart.ts";
import { element, setChildren, setClippedText, setText } from "../lib/dom.ts";
import type { Series } from "../lib/feed.ts";
import { formatCount, formatStep, formatValue } from "../lib/format.ts";
import type { Watcher } from "../lib/schedule.ts";
import { PALETTE_SIZE, type Theme } from "../lib/theme.ts";
import { extent } from "../lib/ticks.ts";

const PLOT_HEIGHT = 150;

/** A chart of the card: the series that share a title, each with its place in the palette. */
export interface ChartGroup {
  title: string;
  series: Series[];
  colours: number[];
}

export class Tile {
  readonly node: HTMLElement;
  readonly #abort = new AbortController();
  readonly #redraw: () => void;
  readonly #chart: LineChart;
  readonly #title = element("h3", { class: "inlay-chart-title" });
  readonly #remark = element("span", { class: "inlay-remark" });
  readonly #legend = element("div", { class: "inlay-legend" });
  #group: ChartGroup = { title: "", series: [], colours: [] };
  #readout: Readout | null = null;
  #visible = false;
  #width = 0;
  #stale = true;

  constructor(watcher: Watcher, cursorGroup: string, redraw: () => void) {
    this.#redraw = redraw;
    const plot = element("div", { class: "inlay-plot" });
    this.#chart = new LineChart(plot, {
      height: PLOT_HEIGHT,
      cursorGroup,
      onCursor: (readout) => this.#point(readout),
    });
    const top = element("div", { class: "inlay-chart-top" }, this.#title, this.#remark);
    this.node = element("figure", { class: "inlay-chart" }, top, this.#legend, plot);
    watcher.watch(
      plot,
      (visible) => this.#show(visible),
      (width) => this.#resize(width),
      this.#abort.signal,
    );
  }

  /** New points; drawn with the next frame, or when the chart comes on screen. */
  update(group: ChartGroup): void {
    // A push names only the series that changed, and the feed keeps the others as they are.
    if (sameGroup(this.#group, group)) return;
    this.#group = group;
    this.#stale = true;
  }

  /** Something else than the points changed, such as the colours. */
  invalidate(): void {
    this.#stale = true;
  }

  /** Draws what is due, if anybody can see it. */
  draw(theme: Theme, live: boolean): void {
    if (!this.#stale || !this.#visible || this.#width <= 0) return;
    this.#stale = false;
    const { title, series, colours } = this.#group;
    setClippedText(this.#title, title);
    const lines = series.map(({ x, y }, i) => ({ x, y, colour: colours[i] ?? 0 }));
    this.#chart.draw(lines, theme, this.#width, live);
    this.#describe();
    this.#write();
  }

  destroy(): void {
    this.#abort.abort();
    this.#chart.destroy();
    this.node.remove();
  }

  #show(visible: boolean): void {
    this.#visible = visible;
    // Hosts that take cells off the page give the canvas back empty.
    if (visible) this.#stale = true;
    if (visible) this.#redraw();
  }

  #resize(width: number): void {
    if (Math.floor(width) === this.#width) return;
    this.#width = Math.floor(width);
    this.#stale = true;
    this.#redraw();
  }

  #point(readout: Readout | null): void {
    this.#readout = readout;
    this.#write();
  }

  /** The legend and the remark: at the cursor while there is one, else the newest values. */
  #write(): void {
    const { title, series, colours } = this.#group;
    const entries = legendEntries(this.#legend, series.length);
    series.forEach((one, i) => {
      const value = this.#readout ? (this.#readout.values[i] ?? null) : newest(one);
      const entry = entries[i];
      if (entry === undefined) return;
      // A line that stands alone under its own name needs no second mention of it.
      const named = series.length > 1 || one.label !== title;
      writeEntry(entry, one.label, value, named ? (colours[i] ?? 0) : null);
    });
    setChildren(this.#legend, entries);
    this.#legend.dataset["alone"] = String(series.length === 1 && series[0]?.label === title);
    const remark = this.#readout
      ? { text: `step ${formatStep(this.#readout.step)}`, title: "" }
      : pointsRemark(series);
    setText(this.#remark, remark.text);
    this.#remark.title = remark.title;
  }

  /** A canvas says nothing to a screen reader; its name says what the line shows. */
  #describe(): void {
    const canvas = this.#chart.canvas;
    if (canvas === null) return;
    const { title, series } = this.#group;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${title}: ${series.map(spoken).join("; ")}`);
  }
}

function sameGroup(a: ChartGroup, b: ChartGroup): boolean {
  return (
    a.series.length === b.series.length &&
    a.series.every((one, i) => one === b.series[i] && a.colours[i] === b.colours[i])
  );
}

function newest(series: Series): number | null {
  return series.y.at(-1) ?? null;
}

function spoken(series: Series): string {
  const range = extent([series.y]);
  const last = newest(series);
  const values =
    range === null || last === null
      ? "no finite value"
      : `last ${formatValue(last)}, min ${formatValue(range.lo)}, max ${formatValue(range.hi)}`;
  return `${series.label} ${values}`;
}

/** What is not on the drawing: points left out by reduction, and values no line can show. */
function pointsRemark(series: readonly Series[]): { text: string; title: string } {
  const nonfinite = series.reduce((sum, one) => sum + one.nonfinite, 0);
  const reduced = series.filter((one) => one.total > one.x.length);
  const most = reduced.toSorted((a, b) => b.total - a.total)[0];
  const parts: [string, string][] = [];
  if (nonfinite > 0) {
    parts.push([
      `${formatCount(nonfinite)} not finite`,
      "NaN or infinite values; they are gaps in the line.",
    ]);
  }
  if (most !== undefined) {
    const [shown, all] = [formatCount(most.x.length), formatCount(most.total)];
    parts.push([
      `${shown} of ${all}`,
      `Showing ${shown} of ${all} points; the lowest and highest of every stretch are among them.`,
    ]);
  }
  return { text: parts.map((p) => p[0]).join(" · "), title: parts.map((p) => p[1]).join("\n") };
}

/** As many legend entries as there are series, the existing ones first. */
function legendEntries(legend: HTMLElement, count: number): HTMLElement[] {
  const entries = [...legend.children].filter((child) => child instanceof HTMLElement);
  while (entries.length < count) {
    entries.push(
      element(
        "span",
        { class: "inlay-entry" },
        element("span", { class: "inlay-key", "aria-hidden": "true" }),
        element("span", { class: "inlay-label" }),
        element("span", { class: "inlay-value" }),
      ),
    );
  }
  return entries.slice(0, count);
}

function writeEntry(
  entry: HTMLElement,
  label: string,
  value: number | null,
  colour: number | null,
): void {
  const [key, name, number] = entry.children;
  if (!(key instanceof HTMLElement) || !(name instanceof HTMLElement) || !number) return;
  key.hidden = name.hidden = colour === null;
  key.style.background = `var(--inlay-line-${(colour ?? 0) % PALETTE_SIZE})`;
  setClippedText(name, label);
  setText(number, value === null ? "–" : formatValue(value));
  entry.title = value === null ? label : `${label}: ${value}`;
}
