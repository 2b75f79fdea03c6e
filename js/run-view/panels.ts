/**
 * What surrounds the charts, one panel at a time: a strip of buttons that say what there is, and under it the panel the
 * reader opened. Which one is remembered for the next card; cards already on the page stay as they are, since one that
 * grew because another was clicked would push the page about.
 */

import type { ChoiceBook } from "../lib/choices.ts";
import type { Details } from "../lib/details.ts";
import { button, element, setChildren, uniqueId } from "../lib/dom.ts";
import type { RunHeader } from "../lib/wire.ts";

/** What the panels draw from. */
export interface RunState {
  header: RunHeader;
  details: Details;
  live: boolean;
}

/** A word beside a panel's name, and the tone it is written in. */
export type Badge = [text: string, tone?: string];

export interface Panel {
  /** What the choice is remembered by. */
  name: string;
  label: string;
  /** The panel's content; it scrolls by itself where it is higher than a panel may be. */
  node: HTMLElement;
  /** What stands beside the label; null when there is nothing to show, and then the panel has no button. */
  badge: (state: RunState) => Badge[] | null;
  /** Draws the newest state; called while the panel is open. */
  update: (state: RunState) => void;
}

/** Remembered when the reader closed the panel that was open. */
const NONE = "none";
const AT_FIRST = "params";

export interface PanelsView {
  node: HTMLElement;
  update: (state: RunState) => void;
}

export function panelsView(panels: readonly Panel[], choices: ChoiceBook): PanelsView {
  let open = choices.current.panel ?? AT_FIRST;
  let state: RunState | null = null;

  const entries = panels.map((panel) => {
    const { name, label, node } = panel;
    node.id = uniqueId();
    node.setAttribute("role", "group");
    node.setAttribute("aria-label", label);
    const badge = element("span", { class: "inlay-badge" });
    const toggle = () => {
      open = open === name ? NONE : name;
      choices.set({ panel: open });
      draw();
    };
    const opener = button(label, toggle, { "aria-controls": node.id, hidden: true }, badge);
    return { panel, opener, badge };
  });
  const strip = element(
    "div",
    { class: "inlay-strip", role: "group", "aria-label": "About this run" },
    ...entries.map(({ opener }) => opener),
  );
  const node = element("div", { class: "inlay-panels", hidden: true }, strip);
  node.append(...panels.map((panel) => panel.node));

  const draw = () => {
    if (state === null) return;
    let any = false;
    for (const { panel, opener, badge } of entries) {
      const words = panel.badge(state);
      const shown = words !== null && panel.name === open;
      any ||= words !== null;
      opener.hidden = words === null;
      opener.setAttribute("aria-expanded", String(shown));
      panel.node.hidden = !shown;
      writeBadge(badge, words ?? []);
      if (shown) panel.update(state);
    }
    node.hidden = !any;
  };

  return {
    node,
    update(next) {
      state = next;
      draw();
    },
  };
}

function writeBadge(badge: HTMLElement, words: readonly Badge[]): void {
  const same = JSON.stringify(words);
  if (badge.dataset["words"] === same) return;
  badge.dataset["words"] = same;
  const spans = words.map(([text, tone]) =>
    element("span", tone === undefined ? {} : { "data-tone": tone }, text),
  );
  setChildren(badge, spans);
}
