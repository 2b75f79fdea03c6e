/** A small list of columns to choose one from, searched as one types: for grouping, and wherever a column is asked for. */

import { element, setChildren, setText, uniqueId } from "../lib/dom.ts";
import { formatCount } from "../lib/format.ts";
import { matching } from "./column-names.ts";
import type { TableContext } from "./context.ts";
import { openPopover } from "./popover.ts";
import type { Column } from "./wire.ts";

const MOST = 40;

export function openColumnChoice(
  context: TableContext,
  anchor: HTMLElement,
  label: string,
  columns: readonly Column[],
  choose: (column: Column) => void,
): void {
  const popover = openPopover(anchor, label, context.signal);
  if (popover === null) return;
  const { node, close } = popover;
  node.classList.add("inlay-column-choice");
  const list = element("div", { class: "inlay-choices", role: "listbox", id: uniqueId() });
  list.setAttribute("aria-label", label);
  const more = element("p", { class: "inlay-hint" });
  const search = element("input", {
    class: "inlay-field",
    type: "text",
    role: "combobox",
    placeholder: label,
    spellcheck: "false",
    "aria-label": label,
    "aria-expanded": "true",
    "aria-autocomplete": "list",
    "aria-controls": list.id,
  });
  let found: Column[] = [];
  let at = 0;

  const pick = (column: Column | undefined) => {
    if (column === undefined) return;
    close(true);
    choose(column);
  };
  const mark = () => {
    [...list.children].forEach((option, i) => {
      option.setAttribute("aria-selected", String(i === at));
      if (i === at) option.scrollIntoView({ block: "nearest" });
    });
    const id = list.children[at]?.id;
    if (id === undefined) search.removeAttribute("aria-activedescendant");
    else search.setAttribute("aria-activedescendant", id);
  };
  const draw = () => {
    found = matching(columns, search.value);
    at = 0;
    const options = found.slice(0, MOST).map((column) => {
      const option = element(
        "div",
        { class: "inlay-menu-item inlay-choice", role: "option", id: uniqueId() },
        element("span", { class: "inlay-clip", title: column.name }, column.name),
        element("span", { class: "inlay-minor" }, column.entity.replace(/s$/, "")),
      );
      option.addEventListener("click", () => pick(column));
      return option;
    });
    setChildren(list, options);
    const rest = found.length - options.length;
    setText(more, found.length === 0 ? "No such column" : `${formatCount(rest)} more`);
    more.hidden = found.length > 0 && rest === 0;
    mark();
    popover.place();
  };
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  search.addEventListener("input", draw);
  search.addEventListener("keydown", (event) => {
    const size = Math.max(1, list.children.length);
    if (event.key === "ArrowDown") at = (at + 1) % size;
    else if (event.key === "ArrowUp") at = (at + size - 1) % size;
    else if (event.key !== "Enter") return;
    // Else Enter would go on to the button that gets the focus back, and press it.
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Enter") pick(found[at]);
    else mark();
  });
  node.append(search, list, more);
  draw();
  search.focus({ preventScroll: true });
}
