/** The run that others are compared with, as a chip: its name, how differences are told, and the way to be rid of it. */

import { button, element, setClippedText } from "../lib/dom.ts";
import type { TableContext } from "./context.ts";
import { segments } from "./segments.ts";

export function baselineChip(context: TableContext): HTMLElement {
  const name = element("span", { class: "inlay-chip-name inlay-clip" });
  const delta = segments<"absolute" | "percent" | "off">(
    "Differences from the baseline",
    [
      ["absolute", "±"],
      ["percent", "%"],
      ["off", "Off"],
    ],
    (value) => context.change({ delta: value }),
  );
  const titles = ["Absolute differences", "Differences in percent", "No differences"];
  delta.node.querySelectorAll("input").forEach((input, i) => {
    input.setAttribute("aria-label", titles[i] ?? "");
    input.title = titles[i] ?? "";
  });
  const remove = button("×", () => context.change({ baseline: null }), {
    class: "inlay-chip-remove",
    "aria-label": "No baseline",
    title: "No baseline",
  });
  const node = element(
    "div",
    { class: "inlay-baseline-chip", role: "group", "aria-label": "Baseline" },
    element("span", { class: "inlay-baseline-word" }, "Baseline"),
    element("span", { class: "inlay-chip" }, name, remove),
    delta.node,
  );
  const draw = () => {
    const { baseline } = context.state;
    node.hidden = baseline === null;
    if (baseline === null) return;
    const row = context.view.page.baseline?.row;
    const known = row?.run === baseline ? row.name || row.short : "";
    // Until the kernel has told of it, the end of its id: the beginning is a time that many runs share.
    setClippedText(name, known || `…${baseline.slice(-6)}`);
    delta.show(context.state.delta);
  };
  context.onChange((changes) => {
    if (changes.has("state") || changes.has("view")) draw();
  });
  draw();
  return node;
}
