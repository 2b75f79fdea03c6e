/**
 * The differences between runs that a reader picked: what they were started with, what came out, where they ran, their
 * code. It opens under the table, stays while the table is used on, and goes when it is closed.
 */

import { copyButton } from "../lib/copy.ts";
import { button, element, searchField, setText } from "../lib/dom.ts";
import { formatCount } from "../lib/format.ts";
import { columnName } from "./column-names.ts";
import { compare, compared, onCompare } from "./comparing.ts";
import type { Part } from "./context.ts";
import { type CodeChoice, codeView } from "./diff-code.ts";
import { sectionsView } from "./diff-sections.ts";
import { type Difference, readDifference } from "./diff-wire.ts";

export const diffPart: Part = (context) => {
  let difference: Difference | null = null;
  let asking = new AbortController();
  let typed = "";
  const open = new Set<string>();
  const code: CodeChoice = { layout: "unified", run: "" };
  let before: HTMLElement | null = null;

  const heading = element("h3", { class: "inlay-diff-title", tabindex: "-1" });
  const search = searchField("Search keys", (text) => {
    typed = text;
    draw();
  });
  const copy = copyButton();
  const close = button(
    "×",
    () => {
      compare(context, []);
      before?.isConnected && before.focus();
    },
    { class: "inlay-diff-close", "aria-label": "Close the comparison", title: "Close" },
  );
  const place = element("div", { class: "inlay-diff-place" });
  const node = element(
    "section",
    { class: "inlay-diff", "aria-label": "Comparison", hidden: true },
    element("div", { class: "inlay-diff-top" }, heading, search, copy.node, close),
    place,
  );

  const draw = () => {
    if (difference === null) return;
    const { runs } = difference;
    setText(heading, `${formatCount(runs.length)} runs compared`);
    const { state, view } = context;
    const charted = new Set(view.charted.map(({ key }) => key));
    const palette = (run: string) => (charted.has(run) ? (state.colours[run] ?? null) : null);
    const sections = sectionsView(difference, typed, open, palette, (id) =>
      columnName(context, id),
    );
    place.replaceChildren(sections.node, codeView(difference.code, runs, code));
    const tell = () => copy.update("Copy", sections.text(), "Copy the rows in sight as a table");
    // Opening a fold changes what is in sight.
    sections.node.addEventListener("click", tell);
    tell();
  };
  const load = async () => {
    asking.abort();
    const runs = compared(context);
    node.hidden = runs.length === 0;
    if (runs.length === 0) {
      difference = null;
      place.replaceChildren();
      return;
    }
    asking = new AbortController();
    const { signal } = asking;
    const { activeElement } = document;
    if (activeElement instanceof HTMLElement && !node.contains(activeElement)) {
      before = activeElement;
    }
    setText(heading, "Comparing…");
    place.replaceChildren(element("p", { class: "inlay-hint inlay-late" }, "Reading the runs…"));
    heading.focus({ preventScroll: true });
    try {
      const { body } = await context.ask("diff", { runs: [...runs] }, signal);
      if (signal.aborted) return;
      difference = readDifference(body);
      code.run = "";
      draw();
      context.announce(heading.textContent ?? "");
      node.scrollIntoView({ block: "nearest" });
    } catch (reason) {
      if (signal.aborted) return;
      context.fail(reason);
      compare(context, []);
    }
  };
  onCompare(context, () => void load());
  context.signal.addEventListener("abort", () => asking.abort());
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || search.value !== "") return;
    event.preventDefault();
    event.stopPropagation();
    close.click();
  });
  return node;
};
