/** The line under a chart's title: what each line is called and its value, newest or under the cursor. */

import type { Reading } from "../lib/chart.ts";
import { element, setChildren, setClippedText, setText } from "../lib/dom.ts";
import { formatAny } from "../lib/format.ts";
import { PALETTE_SIZE } from "../lib/theme.ts";

export interface Entry {
  label: string;
  /** Null for a line that stands alone under its own name, which needs no second mention. */
  colour: number | null;
  reading: Reading | null;
}

export function writeLegend(legend: HTMLElement, entries: readonly Entry[]): void {
  const nodes = [...legend.children].filter((child) => child instanceof HTMLElement);
  while (nodes.length < entries.length) nodes.push(emptyEntry());
  setChildren(legend, nodes.slice(0, entries.length));
  legend.dataset["alone"] = String(entries.length === 1 && entries[0]?.colour === null);
  entries.forEach((entry, i) => {
    const node = nodes[i];
    if (node !== undefined) writeEntry(node, entry, entries.length === 1);
  });
}

/** A value and what stands muted beside it: the raw value of a smoothed one, the range of a mean. */
export function readingTexts(reading: Reading | null, roomy: boolean): [string, string] {
  if (reading === null) return ["–", ""];
  const { value, smooth, range } = reading;
  if (smooth !== null) return [formatAny(smooth), formatAny(value)];
  const wide = roomy && range !== null && range.lo < range.hi;
  return [formatAny(value), wide ? `${formatAny(range.lo)} – ${formatAny(range.hi)}` : ""];
}

function writeEntry(node: HTMLElement, { label, colour, reading }: Entry, alone: boolean): void {
  const [key, name, number, beside] = node.children;
  if (!(key instanceof HTMLElement) || !(name instanceof HTMLElement)) return;
  if (!number || !beside) return;
  key.hidden = name.hidden = colour === null;
  key.style.background = `var(--inlay-line-${(colour ?? 0) % PALETTE_SIZE})`;
  setClippedText(name, label);
  const [main, muted] = readingTexts(reading, alone);
  setText(number, main);
  setText(beside, muted);
  node.title = reading === null ? label : `${label}: ${reading.value}`;
}

function emptyEntry(): HTMLElement {
  return element(
    "span",
    { class: "inlay-entry" },
    element("span", { class: "inlay-key", "aria-hidden": "true" }),
    element("span", { class: "inlay-label" }),
    element("span", { class: "inlay-value" }),
    element("span", { class: "inlay-beside" }),
  );
}
