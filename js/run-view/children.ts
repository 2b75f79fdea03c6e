/** The runs inside a run, such as the folds of a cross-validation. */

import { copyButton } from "../lib/copy.ts";
import type { ChildRun } from "../lib/details.ts";
import { element, setChildren, setText } from "../lib/dom.ts";
import { formatCount, formatDuration } from "../lib/format.ts";
import { statusLook, statusSign } from "../lib/status.ts";
import type { Panel } from "./panels.ts";

export function childrenPanel(): Panel {
  const list = element("ul", { class: "inlay-list" });
  const rest = element("p", { class: "inlay-hint" });
  let rows = new Map<string, HTMLElement>();
  return {
    name: "children",
    label: "Runs",
    node: element("div", { class: "inlay-panel", tabindex: "0" }, list, rest),
    badge({ details }) {
      return details.children.length > 0 ? [[formatCount(details.children_total)]] : null;
    },
    update({ details }) {
      const { children, children_total } = details;
      // A row that says the same as before stays, with its focus and what was just copied.
      const next = children.map((run): [string, HTMLElement] => {
        const said = JSON.stringify(run);
        return [said, rows.get(said) ?? row(run)];
      });
      rows = new Map(next);
      setChildren(
        list,
        next.map(([, node]) => node),
      );
      rest.hidden = children_total <= children.length;
      setText(rest, `${formatCount(children.length)} of ${formatCount(children_total)} runs`);
    },
  };
}

function row(run: ChildRun): HTMLElement {
  const look = statusLook(run.status, true);
  const copy = copyButton();
  const load = `inlay.get_run("${run.short_id}")`;
  copy.update(run.short_id, load, `Copy ${load}`);
  const sign = element("span", { class: "inlay-status-sign", "data-status": look.tone });
  sign.append(statusSign(look), element("span", { class: "inlay-offscreen" }, look.word));
  sign.title = look.word;
  const took = run.duration_s === null ? "" : formatDuration(run.duration_s);
  return element(
    "li",
    { class: "inlay-child" },
    sign,
    element("span", { class: "inlay-clip", title: run.name }, run.name || run.short_id),
    copy.node,
    element("span", { class: "inlay-figure" }, took),
  );
}
