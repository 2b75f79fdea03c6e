/**
 * The params of a run as a list of key and value: the first dozen in sight, the rest one click away. The list is built
 * again only when the params change, so an opened list stays open while the run goes on.
 */

import { element, setText } from "../lib/dom.ts";
import { formatCount } from "../lib/format.ts";

const IN_SIGHT = 12;

export interface ParamsView {
  node: HTMLElement;
  update: (params: readonly [string, string][], total: number) => void;
}

export function paramsView(): ParamsView {
  const first = element("dl", { class: "inlay-params" });
  const rest = element("dl", { class: "inlay-params" });
  const summary = element("summary", {});
  const more = element("details", { class: "inlay-more", hidden: true }, summary, rest);
  const cut = element("p", { class: "inlay-hint", hidden: true });
  const node = element(
    "section",
    { class: "inlay-section", "aria-label": "Params", hidden: true },
    element("h3", { class: "inlay-heading" }, "Params"),
    first,
    more,
    cut,
  );
  let drawn = "";
  return {
    node,
    update(params, total) {
      const state = JSON.stringify([params, total]);
      if (state === drawn) return;
      drawn = state;
      node.hidden = params.length === 0;
      first.replaceChildren(...params.slice(0, IN_SIGHT).map(row));
      rest.replaceChildren(...params.slice(IN_SIGHT).map(row));
      more.hidden = params.length <= IN_SIGHT;
      setText(summary, `${formatCount(params.length - IN_SIGHT)} more`);
      cut.hidden = total <= params.length;
      setText(cut, `${formatCount(params.length)} of ${formatCount(total)} params`);
    },
  };
}

function row([key, value]: [string, string]): HTMLElement {
  return element(
    "div",
    { class: "inlay-param" },
    element("dt", { title: key }, key),
    element("dd", { title: value }, value),
  );
}
