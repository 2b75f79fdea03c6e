/**
 * What can be done with the runs that are selected: compare them, make one the baseline, tag them, delete them. Deleting
 * asks once, in place, and can be taken back.
 */

import { button, element, setChildren, setText } from "../lib/dom.ts";
import { formatCount } from "../lib/format.ts";
import { compare, MOST_COMPARED } from "./comparing.ts";
import type { TableContext } from "./context.ts";
import { askForDeletion, asksForDeletion, setDeleted } from "./deletion.ts";
import { openPopover } from "./popover.ts";

export function selectionLine(context: TableContext): HTMLElement {
  /** Runs that are to be deleted when the reader says so once more; asked of `chosen`, where the focus goes back to. */
  let doomed: { runs: readonly string[]; what: string; chosen: string; leave: () => void } | null =
    null;
  /** Runs that were deleted and can be brought back. */
  let deleted: { runs: readonly string[]; what: string; chosen: string; leave: () => void } | null =
    null;

  const many = (runs: readonly string[]) =>
    `${formatCount(runs.length)} ${runs.length === 1 ? "run" : "runs"}`;
  const edit = async (op: string, args: Record<string, unknown>): Promise<boolean> => {
    try {
      await context.ask(op, args, context.signal);
      return true;
    } catch (reason) {
      context.fail(reason);
      return false;
    }
  };

  const count = element("span", { class: "inlay-selection-count", role: "status" });
  /** A single run is compared with the baseline. */
  const wanted = () => {
    const { selected, baseline } = context.state;
    return selected.length === 1 && baseline !== null
      ? [...new Set([baseline, ...selected])]
      : selected;
  };
  const comparing = button("Compare", () => compare(context, wanted()));
  const baseline = button("Set as baseline", () => {
    const [run] = context.state.selected;
    if (run !== undefined) context.change({ baseline: run });
  });
  const tag = button("Tag…", () => openTag(), {
    "aria-haspopup": "dialog",
    "aria-expanded": "false",
  });
  const remove = button("Delete", () => {
    askForDeletion(context, context.state.selected, "", () => remove.focus());
  });
  const clear = button("×", () => context.change({ selected: [] }), {
    "aria-label": "Clear the selection",
    title: "Clear the selection",
  });
  const confirm = button("Delete", () => void erase(), { class: "inlay-danger" });
  const keep = button("Keep", () => spare());
  const undo = button("Undo", () => void restore());
  const dismiss = button(
    "×",
    () => {
      deleted = null;
      draw();
    },
    { "aria-label": "Dismiss" },
  );
  const node = element("div", {
    class: "inlay-selection",
    role: "group",
    "aria-label": "Selected runs",
  });

  const spare = () => {
    const leave = doomed?.leave;
    doomed = null;
    draw();
    leave?.();
  };
  const erase = async () => {
    if (doomed === null) return;
    const { runs, what, leave } = doomed;
    doomed = null;
    draw();
    if (!(await setDeleted(context, runs, true))) return;
    const gone = new Set(runs);
    const left = context.state.selected.filter((run) => !gone.has(run));
    deleted = { runs, what, chosen: left.join(), leave };
    context.change({ selected: left });
    draw();
    undo.focus();
  };
  const restore = async () => {
    if (deleted === null) return;
    const { runs, what, leave } = deleted;
    deleted = null;
    draw();
    leave();
    if (await setDeleted(context, runs, false)) context.announce(`${what} restored`);
  };
  asksForDeletion(context, (runs, name, leave) => {
    const what = runs.length === 1 && name !== "" ? `“${name}”` : many(runs);
    doomed = { runs, what, chosen: context.state.selected.join(), leave };
    deleted = null;
    draw();
    confirm.focus();
  });
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || doomed === null) return;
    event.preventDefault();
    event.stopPropagation();
    spare();
  });

  const openTag = () => {
    const popover = openPopover(tag, "Tag the selected runs", context.signal);
    if (popover === null) return;
    const { selected } = context.state;
    const input = element("input", {
      class: "inlay-field",
      type: "text",
      "aria-label": "Tag, as key: value",
      placeholder: "key: value",
      spellcheck: "false",
    });
    const add = () => {
      // With "=" as well, for so tags are written after %%track.
      const [, key = "", value = ""] = /^([^:=]*)[:=]?(.*)$/s.exec(input.value) ?? [];
      if (key.trim() === "") return input.focus();
      popover.close(true);
      const args = { runs: selected, key: key.trim(), value: value.trim() };
      void edit("set_tag", args).then((done) => {
        if (done) context.announce(`${many(selected)} tagged ${key.trim()}`);
      });
    };
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      add();
    });
    popover.node.classList.add("inlay-tagging");
    popover.node.append(input, button("Add", add));
    popover.place();
    input.focus({ preventScroll: true });
  };

  const draw = () => {
    const { selected } = context.state;
    // What is asked about is what was selected when it was asked.
    if (doomed !== null && doomed.chosen !== selected.join()) doomed = null;
    if (deleted !== null && deleted.chosen !== selected.join()) deleted = null;
    const able = context.available;
    const parts: HTMLElement[] = [count];
    if (doomed !== null) {
      setText(count, `Delete ${doomed.what}?`);
      parts.push(confirm, keep);
    } else if (deleted !== null) {
      setText(count, `${deleted.what} deleted`);
      parts.push(undo, dismiss);
    } else if (selected.length > 0) {
      setText(count, `${formatCount(selected.length)} selected`);
      if (wanted().length > 1 && able) parts.push(comparing);
      if (selected.length === 1 && selected[0] !== context.state.baseline && able) {
        parts.push(baseline);
      }
      if (able) parts.push(tag, remove);
      parts.push(clear);
    } else setText(count, "");
    comparing.title =
      selected.length > MOST_COMPARED
        ? `The first ${MOST_COMPARED} of them`
        : selected.length > 1
          ? "What differs"
          : "What differs from the baseline";
    const held = parts.find((part) => part.matches(":focus"));
    setChildren(node, parts);
    held?.focus();
    node.dataset["empty"] = String(count.textContent === "");
  };
  context.onChange((changes) => {
    if (changes.has("state") || changes.has("kernel")) draw();
  });
  draw();
  return node;
}
