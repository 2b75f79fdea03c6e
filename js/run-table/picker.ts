/**
 * The column picker: all columns there are by what they tell of, searched as one types, or those shown in their order, to
 * be moved. What is picked shows at once in the table behind it.
 */

import { button, element, searchField, setText } from "../lib/dom.ts";
import { formatCount } from "../lib/format.ts";
import {
  columnName,
  ENTITIES,
  ENTITY_NAMES,
  matching,
  moved,
  wantedColumns,
} from "./column-names.ts";
import type { TableContext } from "./context.ts";
import { type PickerColumn, type PickerRow, pickerList } from "./picker-list.ts";
import { openPopover } from "./popover.ts";
import { segments } from "./segments.ts";
import type { ColumnId } from "./state.ts";

export function openPicker(context: TableContext, anchor: HTMLElement): void {
  const popover = openPopover(anchor, "Columns", context.signal);
  if (popover === null) return;
  const { node, signal } = popover;
  node.classList.add("inlay-picker");
  let typed = "";
  let view: "all" | "shown" = "all";

  const toggle = (id: ColumnId) => {
    const wanted = wantedColumns(context);
    const there = wanted.includes(id);
    context.change({ columns: there ? wanted.filter((one) => one !== id) : [...wanted, id] });
    update();
  };
  const pin = (id: ColumnId) => {
    const { pinned } = context.state;
    const wanted = wantedColumns(context);
    const there = pinned.includes(id);
    context.change({
      pinned: there ? pinned.filter((one) => one !== id) : [...pinned, id],
      // A column that is not shown cannot be pinned.
      ...(there || wanted.includes(id) ? {} : { columns: [...wanted, id] }),
    });
    update();
  };
  const move = (id: ColumnId, to: number) => {
    const wanted = wantedColumns(context);
    context.change({ columns: moved(wanted, wanted.indexOf(id), to) });
    update();
  };
  const found = () => matching(context.columns.values(), typed).map(({ id }) => id);
  const showFound = () => {
    const wanted = wantedColumns(context);
    context.change({ columns: [...new Set([...wanted, ...found()])] });
    update();
  };
  const hideFound = () => {
    const gone = new Set(found());
    context.change({ columns: wantedColumns(context).filter((id) => !gone.has(id)) });
    update();
  };
  const reset = () => {
    context.change({ columns: null, pinned: [] });
    update();
  };

  const list = pickerList({ toggle, pin, move });
  const search = searchField("Search columns", (text) => {
    typed = text;
    // What is searched for is among all of them.
    if (typed !== "") choose("all");
    else update();
    list.node.scrollTop = 0;
  });
  const views = segments(
    "Columns listed",
    [
      ["all", "All"],
      ["shown", "Shown, in order"],
    ],
    (next) => choose(next),
  );
  const choose = (next: "all" | "shown") => {
    view = next;
    views.show(next);
    update();
  };
  const nothing = element("p", { class: "inlay-hint inlay-picker-none" }, "No such column");
  const showAll = button("", showFound);
  const hideAll = button("", hideFound);
  const count = element("span", { class: "inlay-picker-count inlay-minor", role: "status" });
  node.append(
    element("div", { class: "inlay-picker-top" }, search, views.node),
    list.node,
    nothing,
    element(
      "div",
      { class: "inlay-picker-foot" },
      showAll,
      hideAll,
      button("Reset", reset, { title: "The columns chosen by the kernel" }),
      count,
    ),
  );

  const update = () => {
    const wanted = new Set(wantedColumns(context));
    const pinned = new Set(context.state.pinned);
    const row = (id: ColumnId): PickerColumn => ({
      id,
      name: columnName(context, id),
      runs: context.columns.get(id)?.runs ?? null,
      shown: wanted.has(id),
      pinned: pinned.has(id),
    });
    let rows: PickerRow[] = [...wanted].map(row);
    if (view === "all") {
      const all = matching(context.columns.values(), typed);
      rows = ENTITIES.flatMap((entity): PickerRow[] => {
        const own = all.filter((column) => column.entity === entity).map(({ id }) => row(id));
        return own.length > 0 ? [ENTITY_NAMES[entity], ...own] : [];
      });
    }
    list.update(rows, view === "shown");
    list.node.hidden = rows.length === 0;
    nothing.hidden = rows.length > 0;
    setText(showAll, typed === "" ? "Show all" : "Show all found");
    setText(hideAll, typed === "" ? "Hide all" : "Hide all found");
    setText(count, `${formatCount(wanted.size)} of ${formatCount(context.columns.size)} shown`);
  };
  search.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "Enter") return;
    event.preventDefault();
    list.node.focus();
  });
  context.onChange((changes) => {
    if (changes.has("state") || changes.has("columns") || changes.has("view")) update();
  }, signal);
  choose("all");
  popover.place();
  search.focus({ preventScroll: true });
}
