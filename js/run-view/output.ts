/**
 * The end of what a run printed. It stays scrolled to the end while the run prints, until the reader scrolls up; then it
 * stays where the reader is, and a selection in it stays as well.
 */

import { element, setText } from "../lib/dom.ts";
import { formatSize } from "../lib/size.ts";
import type { Panel } from "./panels.ts";

export function outputPanel(): Panel {
  const text = document.createTextNode("");
  const remark = element("div", { class: "inlay-hint inlay-panel-top" });
  const pre = element("pre", { class: "inlay-output" });
  pre.append(text);
  const node = element("div", { class: "inlay-panel", tabindex: "0" }, remark, pre);
  let following = true;
  node.addEventListener("scroll", () => {
    // A hidden panel has no height and tells nothing about the reader.
    if (node.clientHeight > 0) following = distance(node) < 8;
  });
  return {
    name: "output",
    label: "Output",
    node,
    badge: ({ details }) => (details.output?.tail ? [] : null),
    update({ details }) {
      if (details.output === null) return;
      const { tail, bytes } = details.output;
      const length = new TextEncoder().encode(tail).length;
      remark.hidden = bytes <= length;
      setText(remark, `last ${formatSize(length)} of ${formatSize(bytes)}`);
      roll(text, tail, node);
      if (following) node.scrollTop = node.scrollHeight;
    },
  };
}

function distance(node: HTMLElement): number {
  return node.scrollHeight - node.clientHeight - node.scrollTop;
}

/** Makes a text node hold `next`, keeping the part that both have, and what is in sight where it is. */
function roll(text: Text, next: string, scroller: HTMLElement): void {
  const old = text.data;
  if (next === old) return;
  const start = old === "" ? -1 : old.indexOf(next.slice(0, 80));
  if (start < 0 || !next.startsWith(old.slice(start))) {
    text.data = next;
    return;
  }
  const before = scroller.scrollHeight;
  text.deleteData(0, start);
  if (start > 0) scroller.scrollTop -= before - scroller.scrollHeight;
  text.appendData(next.slice(old.length - start));
}
