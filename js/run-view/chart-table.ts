/**
 * The numbers of a chart as a table: what a canvas cannot say to a screen reader, and what a reader may want to copy. It
 * stands in the place of the plot and scrolls there, so opening it moves nothing.
 */

import { align } from "../lib/align.ts";
import { element } from "../lib/dom.ts";
import type { Metric } from "../lib/download.ts";
import { formatAny, formatCount, formatStep } from "../lib/format.ts";
import { formatAcross } from "../lib/time-ticks.ts";

const MOST_ROWS = 100;
const EVERY_MS = 1000;

export interface Shown {
  title: string;
  metrics: readonly (Metric & { label: string })[];
  /** Whether a point is in the part of the chart that is shown. */
  where: (metric: number, point: number) => boolean;
  zoomed: boolean;
  /** Says that the points are not all; else empty. */
  reduction: string;
}

/** The table in the place of the plot, which it covers; scrolled by keys as well. */
export class DataPane {
  readonly node = element("div", { class: "inlay-data-frame", role: "region", tabindex: "0" });
  readonly #shown: () => Shown;
  #written = 0;
  #timer = 0;

  constructor(shown: () => Shown) {
    this.#shown = shown;
  }

  /** A table that changed ten times a second could not be read. */
  refresh(): void {
    clearTimeout(this.#timer);
    const wait = this.#written + EVERY_MS - performance.now();
    if (this.#written > 0 && wait > 0) {
      this.#timer = window.setTimeout(() => this.refresh(), wait);
      return;
    }
    this.#written = performance.now();
    const shown = this.#shown();
    this.node.setAttribute("aria-label", `Data of ${shown.title}`);
    this.node.replaceChildren(tableOf(shown));
  }

  remove(): void {
    clearTimeout(this.#timer);
    this.node.remove();
  }
}

/** At most a hundred rows: the last of the run, or evenly through the part that is zoomed to. */
function tableOf({ title, metrics, where, zoomed, reduction }: Shown): HTMLTableElement {
  const inside = metrics.map(({ step }, i) => [...step.keys()].filter((point) => where(i, point)));
  const steps = inside.map((own, i) => Float64Array.from(own, (at) => metrics[i]?.step[at] ?? 0));
  const rows = align(steps);
  const picked = pick(rows.x.length, zoomed);
  const text = [
    `${title}: ${caption(picked.length, rows.x.length, zoomed)}`,
    ...(reduction ? [reduction] : []),
  ].join(", ");
  const names = metrics.map(({ label }) => label);
  const head = ["Step", ...names, "Time"].map((name) => element("th", {}, name));
  for (const cell of head) cell.scope = "col";
  const body = picked.map((row) => {
    const points = metrics.map((_, i) => inside[i]?.[rows.points[i]?.[row] ?? -1]);
    const first = points.findIndex((point) => point !== undefined);
    const time = metrics[first]?.time[points[first] ?? -1] ?? Number.NaN;
    const values = metrics.map(({ value }, i) => value[points[i] ?? -1]);
    return element(
      "tr",
      {},
      element("td", {}, formatStep(rows.x[row] ?? 0)),
      ...values.map((value) => valueCell(value)),
      element("td", {}, formatAcross("time", time)),
    );
  });
  return element(
    "table",
    { class: "inlay-data" },
    element("caption", {}, text),
    element("thead", {}, element("tr", {}, ...head)),
    element("tbody", {}, ...body),
  );
}

function pick(count: number, evenly: boolean): number[] {
  const size = Math.min(count, MOST_ROWS);
  const place = (i: number) =>
    evenly && size > 1 ? Math.round((i * (count - 1)) / (size - 1)) : count - size + i;
  return Array.from({ length: size }, (_, i) => place(i));
}

function caption(rows: number, of: number, zoomed: boolean): string {
  if (rows === of) return `${formatCount(of)} ${of === 1 ? "row" : "rows"}`;
  const which = zoomed ? "evenly chosen" : "last";
  return `${which} ${formatCount(rows)} of ${formatCount(of)} rows`;
}

function valueCell(value: number | undefined): HTMLElement {
  const cell = element("td", {}, value === undefined ? "" : formatAny(value));
  if (value !== undefined) cell.title = String(value);
  return cell;
}
