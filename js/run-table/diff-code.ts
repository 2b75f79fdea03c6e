/**
 * How the code of each further run differs from that of the first, unified or side by side. The kernel has matched the
 * lines and named the kinds of words; here they are only laid out.
 */

import { element, setText } from "../lib/dom.ts";
import { formatCount } from "../lib/format.ts";
import type { CodeDiff, CodeLine, DiffRun } from "./diff-wire.ts";
import { segments } from "./segments.ts";

/** More lines than this are not laid out. */
const MOST_LINES = 3000;
const SIGNS: Record<string, string> = { "+": "+", "-": "−" };
const KINDS = new Set(["k", "s", "c", "n", "f"]);

export type CodeLayout = "unified" | "side";

export interface CodeChoice {
  layout: CodeLayout;
  /** Of the runs whose code differs, which is shown. */
  run: string;
}

/** What is chosen is written into `choice`, so that it outlasts a drawing. */
export function codeView(
  code: readonly CodeDiff[],
  runs: readonly DiffRun[],
  choice: CodeChoice,
): HTMLElement {
  const node = element("section", { class: "inlay-diff-code", "aria-label": "Code" });
  const nameOf = (id: string) => {
    const run = runs.find((one) => one.run === id);
    return run ? run.name || run.short : id;
  };
  if (code.length === 0) {
    node.append(
      element(
        "div",
        { class: "inlay-diff-code-top" },
        element("span", { class: "inlay-diff-title" }, "Code"),
        element("span", { class: "inlay-minor" }, "equal"),
      ),
    );
    return node;
  }
  const lines = element("div", { class: "inlay-code", tabindex: "0", role: "group" });
  lines.setAttribute("aria-label", "Code differences");
  const counts = element("span", { class: "inlay-diff-counts" });
  const remark = element("span", { class: "inlay-hint" });
  const layout = segments<CodeLayout>(
    "Layout",
    [
      ["unified", "Unified"],
      ["side", "Side by side"],
    ],
    (next) => {
      choice.layout = next;
      draw();
    },
  );
  const pick = element("select", { class: "inlay-field", "aria-label": "Code of" });
  for (const { run } of code) {
    const option = element("option", {}, nameOf(run));
    option.value = run;
    pick.append(option);
  }
  pick.hidden = code.length === 1;
  pick.addEventListener("change", () => {
    choice.run = pick.value;
    draw();
  });
  const title = element("span", { class: "inlay-diff-title" }, "Code");
  const against = element("span", { class: "inlay-minor inlay-clip" });
  node.append(
    element("div", { class: "inlay-diff-code-top" }, title, pick, against, counts, layout.node),
    remark,
    lines,
  );

  const draw = () => {
    const shown = code.find(({ run }) => run === choice.run) ?? code[0];
    if (shown === undefined) return;
    pick.value = shown.run;
    layout.show(choice.layout);
    const first = nameOf(shown.against);
    setText(against, `${code.length > 1 ? "" : `${nameOf(shown.run)} `}against ${first}`);
    counts.replaceChildren(
      element("span", { "data-tone": "added" }, `+${formatCount(shown.added)}`),
      element("span", { "data-tone": "removed" }, `−${formatCount(shown.removed)}`),
    );
    counts.hidden = shown.missing;
    layout.node.hidden = shown.missing;
    lines.hidden = shown.missing;
    lines.dataset["layout"] = choice.layout;
    const rows = choice.layout === "side" ? shown.side.map(sideRow) : shown.unified.map(unifiedRow);
    lines.replaceChildren(...rows.slice(0, MOST_LINES));
    const cut =
      rows.length > MOST_LINES
        ? `first ${formatCount(MOST_LINES)} of ${formatCount(rows.length)} lines`
        : "";
    setText(remark, shown.missing ? "One of the two has no code on record." : cut);
    remark.hidden = remark.textContent === "";
  };
  draw();
  return node;
}

function unifiedRow(line: CodeLine): HTMLElement {
  if (line.op === "@") return gap(line);
  return element(
    "div",
    { class: "inlay-code-line", "data-op": line.op },
    gutter(line.old),
    gutter(line.new),
    element("span", { class: "inlay-code-sign" }, SIGNS[line.op] ?? " "),
    words(line),
  );
}

function sideRow([left, right]: [CodeLine | null, CodeLine | null]): HTMLElement {
  if (left?.op === "@") return gap(left);
  const half = (line: CodeLine | null, number: number | null) =>
    line === null
      ? element("div", { class: "inlay-code-half", "data-op": "none" })
      : element(
          "div",
          { class: "inlay-code-half", "data-op": line.op },
          gutter(number),
          element("span", { class: "inlay-code-sign" }, SIGNS[line.op] ?? " "),
          words(line),
        );
  return element(
    "div",
    { class: "inlay-code-pair" },
    half(left, left?.old ?? null),
    half(right, right?.new ?? null),
  );
}

function gap({ no }: CodeLine): HTMLElement {
  const text = no === 1 ? "1 equal line" : `${formatCount(no)} equal lines`;
  return element("div", { class: "inlay-code-gap" }, text);
}

/** Numbers are drawn by the style sheet, so that selecting lines does not select them. */
function gutter(number: number | null): HTMLElement {
  return element("span", {
    class: "inlay-code-number",
    "data-number": number === null ? "" : String(number),
  });
}

function words({ spans }: CodeLine): HTMLElement {
  const code = element("code", {});
  for (const [kind, text] of spans) {
    code.append(KINDS.has(kind) ? element("span", { class: `inlay-code-${kind}` }, text) : text);
  }
  // An empty line is as high as any.
  code.append("\n");
  return code;
}
