/**
 * What stands above the grid: the filter with what opens beside it, and a line of what shapes the rows (groups, the
 * baseline, only differences) with what can be done with those selected. The line is there also when it is empty, so that
 * selecting the first row moves nothing under the pointer.
 */

import { copyText } from "../lib/copy.ts";
import { button, element, icon } from "../lib/dom.ts";
import { download } from "../lib/download.ts";
import { asText, field } from "../lib/wire.ts";
import { baselineChip } from "./baseline.ts";
import type { Part, TableContext } from "./context.ts";
import { filterBar } from "./filter-bar.ts";
import { groupBar } from "./group-bar.ts";
import { openMenu } from "./menu.ts";
import { openPicker } from "./picker.ts";
import { EMPTY_STATE } from "./reading.ts";
import { selectionLine } from "./selection-line.ts";

const COLUMNS = "M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10";
const DOTS = "M3.5 8h.01M8 8h.01M12.5 8h.01";

export const toolbarPart: Part = (context) => {
  const columns = button("", () => openPicker(context, columns), {
    class: "inlay-tool-button",
    "aria-haspopup": "dialog",
    "aria-expanded": "false",
  });
  columns.append(icon("inlay-tool-icon", COLUMNS), "Columns");
  const more = button("", () => openMore(context, more), {
    class: "inlay-tool-button",
    title: "More",
    "aria-label": "More",
    "aria-haspopup": "menu",
    "aria-expanded": "false",
  });
  more.append(icon("inlay-tool-icon inlay-dots", DOTS));
  more.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    if (more.ariaExpanded !== "true") openMore(context, more);
  });
  const differences = button(
    "Only differences",
    () => context.change({ differences: !context.state.differences }),
    { title: "Only columns in which the runs differ" },
  );
  const selection = selectionLine(context);
  const shaping = element(
    "div",
    { class: "inlay-above-line inlay-shaping" },
    groupBar(context),
    baselineChip(context),
    differences,
    selection,
  );
  const draw = () => {
    differences.setAttribute("aria-pressed", String(context.state.differences));
    // Said here: to look for it with :has() had the whole table styled anew with every row that scrolled past.
    shaping.dataset["selecting"] = String(selection.dataset["empty"] === "false");
  };
  context.onChange((changes) => {
    if (changes.has("state") || changes.has("kernel")) draw();
  });
  draw();
  return element(
    "div",
    { class: "inlay-above" },
    element("div", { class: "inlay-above-line" }, filterBar(context), columns, more),
    shaping,
  );
};

function openMore(context: TableContext, anchor: HTMLElement): void {
  const { available } = context;
  const copy = async (text: string, what: string) => {
    const done = await copyText(text, anchor);
    context.announce(done ? `${what} copied` : "The browser refused to copy");
    flash(anchor, done ? "Copied" : "Refused");
  };
  const code = async () => {
    const { body } = await context.ask("code", {}, context.signal);
    await copy(asText(field(body, "code")), "Code");
  };
  const html = async () => {
    const { body, buffers } = await context.ask("html", {}, context.signal);
    const name = asText(field(body, "name")) || "compare.html";
    const [view] = buffers;
    if (view === undefined) return;
    const bytes = new Uint8Array(view.byteLength);
    bytes.set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
    download(name, new Blob([bytes], { type: "text/html" }));
    context.announce(`${name} saved`);
  };
  openMenu(
    anchor,
    "More",
    [
      {
        label: "Copy as code",
        detail: "the cell for this view",
        disabled: !available,
        choose: () => void code().catch(context.fail),
      },
      { label: "Copy SQL", choose: () => void copy(context.view.sql, "SQL") },
      {
        label: "Export HTML",
        detail: "one file",
        disabled: !available,
        choose: () => void html().catch(context.fail),
      },
      { label: "Reset the view", choose: () => reset(context) },
    ],
    context.signal,
  );
}

/** Back to what the table began with; what was selected and the colours of runs stay. */
function reset({ change, state: { selected, colours } }: TableContext): void {
  change({ ...EMPTY_STATE, pinned: ["name"], selected, colours });
}

/** Says for a moment, where somebody has just clicked, what came of it. */
function flash(near: HTMLElement, text: string): void {
  const word = element("span", { class: "inlay-flash", "aria-hidden": "true" }, text);
  near.append(word);
  setTimeout(() => word.remove(), 1600);
}
