/**
 * A list, and beside it the one thing chosen from it: the shape of the panels of files, histograms and data. Both have
 * all of the panel's height, so that nothing moves when something is chosen or what was asked for comes.
 */

import { element, setClippedText, uniqueId } from "../lib/dom.ts";

export interface Beside {
  node: HTMLElement;
  /** What stands beside the list; hidden until something is chosen. */
  side: HTMLElement;
  /** Where what was chosen is drawn; it scrolls. */
  body: HTMLElement;
  name: (title: string) => void;
  about: (remark: string) => void;
  /** Draws a sentence in place of the thing; one that is due to go is said only after a moment. */
  say: (words: string, late?: boolean) => void;
}

/** `tools` stand at the end of the line above the body, `below` under it. */
export function besideView(
  list: HTMLElement,
  label: string,
  tools: readonly HTMLElement[] = [],
  below: readonly HTMLElement[] = [],
): Beside {
  const title = element("span", { class: "inlay-title inlay-clip" });
  const remark = element("span", { class: "inlay-hint inlay-clip" });
  const body = element("div", { class: "inlay-preview-body", tabindex: "0" });
  const side = element(
    "div",
    { class: "inlay-preview", id: uniqueId(), role: "group", "aria-label": label, hidden: true },
    element("div", { class: "inlay-panel-top" }, title, remark, ...tools),
    body,
    ...below,
  );
  return {
    node: element("div", { class: "inlay-panel inlay-beside" }, list, side),
    side,
    body,
    name: (text) => setClippedText(title, text),
    about: (text) => setClippedText(remark, text),
    say: (words, late = false) =>
      body.replaceChildren(
        element("p", { class: `inlay-hint${late ? " inlay-late" : ""}` }, words),
      ),
  };
}
