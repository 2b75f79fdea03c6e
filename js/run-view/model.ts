/** What is known of a model without reading it: nothing of it is loaded here, or anywhere before somebody says so. */

import type { Artifact } from "../lib/details.ts";
import { element, pairs } from "../lib/dom.ts";
import { formatCount } from "../lib/format.ts";
import { formatSize } from "../lib/size.ts";

/** `line` is that of Python which loads it. */
export function modelView(artifact: Artifact, line: string): HTMLElement {
  const { model, count } = artifact;
  const facts: [string, string][] = [
    ["Format", model?.format ?? ""],
    ["Class", model?.class ?? ""],
    ["Size", formatSize(artifact.all_bytes)],
    ["Files", count > 1 ? formatCount(count) : ""],
  ];
  return element(
    "div",
    { class: "inlay-model" },
    pairs(facts.filter(([, value]) => value !== "")),
    element("div", { class: "inlay-load" }, element("code", {}, line)),
    model?.unsafe
      ? element(
          "p",
          { class: "inlay-hint" },
          "Loading it runs code from this file. Load it if you trust whoever made it.",
        )
      : null,
  );
}
