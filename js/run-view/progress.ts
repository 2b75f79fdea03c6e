/**
 * How far the loops of a run are (`inlay.progress`). Bars keep their place: while the run lives, the room of the most bars
 * there have been stays, so that inner loops may come and go without moving the charts.
 */

import type { Bar } from "../lib/details.ts";
import { element, setChildren, setClippedText, setText } from "../lib/dom.ts";
import { formatCount, formatDuration, formatValue } from "../lib/format.ts";
import { formatPart, formatSize } from "../lib/size.ts";

const ROW_PX = 22;

export interface ProgressView {
  node: HTMLElement;
  update: (bars: readonly Bar[], live: boolean) => void;
}

export function progressView(): ProgressView {
  const grid = element("div");
  const node = element("div", { class: "inlay-progress", hidden: true }, grid);
  const rows: Row[] = [];
  let most = 0;
  return {
    node,
    update(bars, live) {
      while (rows.length < bars.length) rows.push(progressRow());
      const shown = rows.slice(0, bars.length);
      shown.forEach((row, i) => {
        const bar = bars[i];
        if (bar !== undefined) row.update(bar, live);
      });
      setChildren(
        grid,
        shown.map((row) => row.node),
      );
      most = live ? Math.max(most, bars.length) : bars.length;
      node.style.minHeight = `${most * ROW_PX}px`;
      node.hidden = most === 0;
    },
  };
}

interface Row {
  node: HTMLElement;
  update: (bar: Bar, live: boolean) => void;
}

function progressRow(): Row {
  const desc = element("span", { class: "inlay-clip" });
  const fill = element("div");
  const track = element("div", { class: "inlay-track", role: "progressbar" }, fill);
  const count = element("span", { class: "inlay-figure" });
  const pace = element("span", { class: "inlay-figure" });
  const node = element("div", { class: "inlay-bar" }, desc, track, count, pace);
  return {
    node,
    update(bar, live) {
      const { n, total, rate, left_s } = bar;
      // The kernel is gone or the run is over: nothing goes on, whatever was said last.
      const state = bar.state === "running" && !live ? "stopped" : bar.state;
      const amount = bar.unit === "bytes" ? formatSize : formatCount;
      const counted =
        total === null
          ? amount(n)
          : bar.unit === "bytes"
            ? formatPart(n, total)
            : `${formatCount(n)} of ${formatCount(total)}`;
      node.dataset["state"] = state;
      node.dataset["known"] = String(total !== null);
      setClippedText(desc, bar.desc);
      setText(count, counted);
      setText(pace, paceText(bar, state));
      const name = bar.desc || "Progress";
      track.setAttribute("aria-label", name);
      track.setAttribute("aria-valuetext", [counted, pace.textContent].filter(Boolean).join(", "));
      if (total === null) {
        // Without a value it counts as a bar of unknown length.
        for (const key of ["now", "min", "max"]) track.removeAttribute(`aria-value${key}`);
        fill.style.width = "";
      } else {
        track.setAttribute("aria-valuemin", "0");
        track.setAttribute("aria-valuemax", String(total));
        track.setAttribute("aria-valuenow", String(Math.min(n, total)));
        fill.style.width = `${total > 0 ? Math.min(100, (100 * n) / total) : 100}%`;
      }
      node.title =
        rate === null
          ? ""
          : `${(bar.unit === "bytes" ? formatSize : formatValue)(rate)} per second`;
      if (left_s === null) return;
      node.title += `, about ${formatDuration(left_s)} left`;
    },
  };
}

/** `12.3/s · 3m 12s left`; slow loops are told in seconds for one. */
function paceText({ rate, left_s, elapsed_s, unit }: Bar, state: string): string {
  if (state !== "running") {
    const took = formatDuration(elapsed_s);
    return state === "done" ? took : `stopped after ${took}`;
  }
  const parts: string[] = [];
  if (rate !== null && rate > 0) {
    if (unit === "bytes") parts.push(`${formatSize(rate)}/s`);
    else parts.push(rate >= 1 ? `${formatPace(rate)}/s` : `${formatPace(1 / rate)} s each`);
  }
  if (left_s !== null) parts.push(`${formatDuration(left_s, true)} left`);
  return parts.join(" · ");
}

/** Three digits say how fast something is. */
function formatPace(value: number): string {
  return value >= 100 ? formatCount(value) : value.toPrecision(3);
}
