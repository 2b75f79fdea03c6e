/**
 * The code of a run. What changed since this cell's previous run comes first, if there was one: that is what somebody
 * looks for. Added and removed lines differ by sign as well as by colour.
 */

import { copyButton } from "../lib/copy.ts";
import type { Code, DiffLine } from "../lib/details.ts";
import { button, element, setText } from "../lib/dom.ts";
import { formatCount } from "../lib/format.ts";
import type { Panel } from "./panels.ts";

/** More lines than this are not laid out; copying gives them all. */
const MOST_LINES = 3000;
const SIGNS: Record<string, string> = { "+": "+", "-": "−" };

export function codePanel(): Panel {
  let code: Code | null = null;
  let whole = false;
  let drawn = "";
  const choose = (all: boolean) => () => {
    whole = all;
    if (code !== null) draw(code);
  };
  const since = button("", choose(false));
  const all = button("All", choose(true));
  const toggle = element("div", { class: "inlay-toggle", role: "group" }, since, all);
  toggle.setAttribute("aria-label", "Lines shown");
  const copy = copyButton();
  const remark = element("span", { class: "inlay-hint" });
  const lines = element("div", { class: "inlay-lines" });
  const node = element(
    "div",
    { class: "inlay-panel", tabindex: "0" },
    element("div", { class: "inlay-panel-top" }, toggle, remark, copy.node),
    lines,
  );

  const draw = (shown: Code) => {
    const changes = changedLines(shown);
    const diff = whole ? null : changes;
    since.setAttribute("aria-pressed", String(diff !== null));
    all.setAttribute("aria-pressed", String(diff === null));
    const state = JSON.stringify([diff, shown.source, shown.previous]);
    if (state === drawn) return;
    drawn = state;
    toggle.hidden = changes === null;
    const before = shown.previous?.short_id ?? "";
    setText(since, `Changes since ${before}`);
    since.title = shown.previous?.name ?? "";
    const same = shown.previous !== null && changes === null ? `As in ${before}` : "";
    copy.update("Copy", shown.source, "Copy the code");
    const rows = diff ? diff.map(diffRow) : sourceRows(shown.source);
    const cut = rows.length > MOST_LINES;
    lines.replaceChildren(...rows.slice(0, MOST_LINES));
    setText(remark, cut ? `first ${formatCount(MOST_LINES)} of ${formatCount(rows.length)}` : same);
  };

  return {
    name: "code",
    label: "Code",
    node,
    badge({ details }) {
      if (details.code === null || details.code.source === "") return null;
      const { added, removed } = details.code;
      if (changedLines(details.code) === null) return [];
      return [
        [`+${formatCount(added)}`, "added"],
        [`−${formatCount(removed)}`, "removed"],
      ];
    },
    update({ details }) {
      code = details.code;
      if (code !== null) draw(code);
    },
  };
}

/** The difference, when there is one to show. */
function changedLines(code: Code): DiffLine[] | null {
  return code.previous !== null && code.added + code.removed > 0 ? code.diff : null;
}

function diffRow([op, text]: DiffLine): HTMLElement {
  if (op === "@") return element("div", { class: "inlay-gap", title: "Unchanged lines" }, "⋯");
  return row(SIGNS[op] ?? "", text, op);
}

function sourceRows(source: string): HTMLElement[] {
  const texts = source.replace(/\n$/, "").split("\n");
  const digits = String(texts.length).length;
  return texts.map((text, i) => row(String(i + 1).padStart(digits), text, "="));
}

/** The gutter is drawn by the style sheet, so that selecting lines does not select numbers and signs. */
function row(gutter: string, text: string, op: string): HTMLElement {
  return element("div", { "data-gutter": gutter.padStart(1), "data-op": op }, `${text}\n`);
}
