/**
 * The columns that rows are grouped by, as chips in their order: the first makes the outermost difference. A chip is
 * moved by dragging it or with Alt and an arrow, and taken away with its cross or Delete.
 */

import { button, element, setChildren } from "../lib/dom.ts";
import { openColumnChoice } from "./column-choice.ts";
import { columnName, moved } from "./column-names.ts";
import type { TableContext } from "./context.ts";
import type { ColumnId } from "./state.ts";

export function groupBar(context: TableContext): HTMLElement {
  const chips = element("span", { class: "inlay-group-chips" });
  const add = button("Group by", () => {
    const free = [...context.columns.values()]
      .filter(({ id }) => !context.state.group.includes(id))
      .sort((a, b) => rank(a.entity) - rank(b.entity));
    openColumnChoice(context, add, "Group by a column", free, ({ id, name }) => {
      context.change({ group: [...context.state.group, id] });
      context.announce(`Grouped by ${name}`);
    });
  });
  add.setAttribute("aria-haspopup", "dialog");
  add.setAttribute("aria-expanded", "false");
  const node = element(
    "div",
    { class: "inlay-group-bar", role: "group", "aria-label": "Grouped by" },
    add,
    chips,
  );
  const nodes = new Map<ColumnId, HTMLElement>();

  const remove = (id: ColumnId) => {
    context.change({ group: context.state.group.filter((one) => one !== id) });
    add.focus();
  };
  const move = (id: ColumnId, to: number) => {
    const { group } = context.state;
    if (to < 0 || to >= group.length) return;
    context.change({ group: moved(group, group.indexOf(id), to) });
  };

  const chip = (id: ColumnId): HTMLElement => {
    const name = columnName(context, id);
    const grip = element(
      "button",
      {
        class: "inlay-chip-name inlay-clip",
        type: "button",
        title: `${name} (drag, or Alt and arrows, to move; Delete to remove)`,
        "aria-keyshortcuts": "Alt+ArrowLeft Alt+ArrowRight Delete",
      },
      name,
    );
    const node = element(
      "span",
      { class: "inlay-chip" },
      grip,
      button("×", () => remove(id), {
        class: "inlay-chip-remove",
        "aria-label": `Do not group by ${name}`,
      }),
    );
    grip.addEventListener("keydown", (event) => {
      const at = context.state.group.indexOf(id);
      if (event.altKey && event.key === "ArrowLeft") move(id, at - 1);
      else if (event.altKey && event.key === "ArrowRight") move(id, at + 1);
      else if (event.key === "Delete" || event.key === "Backspace") remove(id);
      else return;
      event.preventDefault();
      event.stopPropagation();
      requestAnimationFrame(() => grip.isConnected && grip.focus());
    });
    grip.addEventListener("pointerdown", (event) => {
      if (event.button === 0) grip.setPointerCapture(event.pointerId);
    });
    grip.addEventListener("pointermove", (event) => {
      if (!grip.hasPointerCapture(event.pointerId)) return;
      const over = [...nodes].find(([, other]) => {
        const { left, right } = other.getBoundingClientRect();
        return other !== node && event.clientX > left && event.clientX < right;
      });
      if (over === undefined) return;
      const { left, width } = over[1].getBoundingClientRect();
      const to = context.state.group.indexOf(over[0]);
      const forward = to > context.state.group.indexOf(id);
      // Past the middle: chips of different widths would else change places for ever.
      if (forward === event.clientX > left + width / 2) move(id, to);
    });
    return node;
  };

  const draw = () => {
    const { group } = context.state;
    for (const id of nodes.keys()) if (!group.includes(id)) nodes.delete(id);
    for (const id of group) nodes.set(id, nodes.get(id) ?? chip(id));
    setChildren(
      chips,
      group.flatMap((id) => nodes.get(id) ?? []),
    );
    add.textContent = group.length > 0 ? "Grouped by" : "Group by";
  };
  context.onChange((changes) => {
    if (changes.has("columns")) nodes.clear();
    if (changes.has("state") || changes.has("columns")) draw();
  });
  draw();
  return node;
}

/** What runs are grouped by is mostly what they were started with. */
function rank(entity: string): number {
  return ["params", "tags", "attributes", "metrics"].indexOf(entity);
}
