/**
 * What the colours of a chart mean: the runs with their values, or the words or the scale of a column. Pointing at a run
 * here points at its line in all charts.
 */

import { element, setChildren, setClippedText, setText } from "../../lib/dom.ts";
import { lineColour, type Theme } from "../../lib/theme.ts";
import { dashOf, type Entry, type Legend, stopsOf } from "./colours.ts";
import type { Link } from "./link.ts";

export interface LegendView {
  node: HTMLElement;
  write: (legend: Legend, pointed: string | null, theme: Theme) => void;
}

export function legendView(link: Link, signal: AbortSignal): LegendView {
  const list = element("div", { class: "inlay-runs", role: "list" });
  const bar = element("span", { class: "inlay-scale-bar" });
  const [name, lo, hi] = [
    element("span", { class: "inlay-clip" }),
    element("span"),
    element("span"),
  ];
  const scale = element("div", { class: "inlay-scale" }, name, lo, bar, hi);
  const node = element("div", { class: "inlay-chart-legend" }, list, scale);
  const keyAt = (target: EventTarget | null) => {
    const entry = target instanceof Element ? target.closest<HTMLElement>(".inlay-run") : null;
    return entry?.dataset["key"] || null;
  };
  list.addEventListener("pointerover", ({ target }) => link.point(keyAt(target)), { signal });
  list.addEventListener("pointerleave", () => link.point(null), { signal });
  let shown = "";
  return {
    node,
    write(legend, pointed, theme) {
      const { entries } = legend;
      node.hidden = entries.length === 0 && legend.scale === null;
      list.hidden = entries.length === 0;
      scale.hidden = legend.scale === null;
      const nodes = [...list.children].filter((child) => child instanceof HTMLElement);
      while (nodes.length < entries.length) nodes.push(emptyEntry());
      setChildren(list, nodes.slice(0, entries.length));
      entries.forEach((entry, i) => {
        const one = nodes[i];
        if (one !== undefined)
          writeEntry(one, entry, entry.key !== "" && entry.key === pointed, theme);
      });
      if (pointed !== null && pointed !== shown) reveal(list);
      shown = pointed ?? "";
      if (legend.scale === null) return;
      setClippedText(name, legend.scale.name);
      setText(lo, legend.scale.lo);
      setText(hi, legend.scale.hi);
      bar.style.background = `linear-gradient(to right, ${stopsOf(theme).join(", ")})`;
    },
  };
}

/** Scrolls the list alone, never the page. */
function reveal(list: HTMLElement): void {
  if (list.matches(":hover")) return;
  const one = list.querySelector<HTMLElement>("[data-pointed='true']");
  if (one === null) return;
  const [top, bottom] = [
    one.offsetTop - list.offsetTop,
    one.offsetTop - list.offsetTop + one.offsetHeight,
  ];
  if (top < list.scrollTop) list.scrollTop = top;
  else if (bottom > list.scrollTop + list.clientHeight) list.scrollTop = bottom - list.clientHeight;
}

function writeEntry(node: HTMLElement, entry: Entry, pointed: boolean, theme: Theme): void {
  const [key, label, value] = node.children;
  if (!(key instanceof HTMLElement) || !(label instanceof HTMLElement) || !value) return;
  node.dataset["key"] = entry.key;
  node.dataset["pointed"] = String(pointed);
  const colour = lineColour(theme, entry.place);
  const [on, off] = dashOf(entry.place);
  key.style.background =
    on === undefined
      ? colour
      : `repeating-linear-gradient(to right, ${colour} 0 ${on}px, transparent 0 ${on + (off ?? 0) / 2}px)`;
  setClippedText(label, entry.label);
  setText(value, entry.value);
}

function emptyEntry(): HTMLElement {
  return element(
    "div",
    { class: "inlay-run", role: "listitem" },
    element("span", { class: "inlay-run-key", "aria-hidden": "true" }),
    element("span", { class: "inlay-run-label" }),
    element("span", { class: "inlay-run-value" }),
  );
}
