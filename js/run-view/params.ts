/** The params of a run, in aligned columns. */

import { element } from "../lib/dom.ts";
import { formatCount } from "../lib/format.ts";
import { pairList } from "./pair-list.ts";
import type { Panel } from "./panels.ts";

export function paramsPanel(): Panel {
  const list = pairList("params");
  return {
    name: "params",
    label: "Params",
    node: element("div", { class: "inlay-panel", tabindex: "0" }, list.node),
    badge: ({ header }) => (header.params.length > 0 ? [[formatCount(header.params_total)]] : null),
    update: ({ header }) => list.update(header.params, header.params_total),
  };
}
