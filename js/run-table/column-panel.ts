/**
 * What a column's head opens: how its values are distributed, with which the filter is set, and below it how the column
 * is sorted, grouped by, shown and charted. What holds for it already is drawn as chosen, and a second click takes it back.
 */

import { button, element, setText } from "../lib/dom.ts";
import { formatCount } from "../lib/format.ts";
import { columnName, ENTITY_NAMES, wantedColumns } from "./column-names.ts";
import type { TableContext } from "./context.ts";
import { facetView } from "./facet.ts";
import { openPopover } from "./popover.ts";
import { segments } from "./segments.ts";
import type { Better, ColumnId, LinesChart, Summary, TableState } from "./state.ts";

export function openColumnPanel(
  context: TableContext,
  column: ColumnId,
  anchor: HTMLElement,
): void {
  const known = context.columns.get(column);
  const name = columnName(context, column);
  const popover = openPopover(anchor, `Column ${name}`, context.signal);
  if (popover === null) return;
  const { node, close, signal } = popover;
  node.classList.add("inlay-column-panel");

  const title = element("span", { class: "inlay-panel-name inlay-clip", title: name }, name);
  const about = known
    ? `${ENTITY_NAMES[known.entity].replace(/s$/, "")} · ${formatCount(known.runs)} runs`
    : "";
  node.append(
    element(
      "div",
      { class: "inlay-panel-head" },
      title,
      element("span", { class: "inlay-minor" }, about),
    ),
  );
  if (known) node.append(facetView(context, known, signal, popover.place));

  const updates: (() => void)[] = [];
  const choices = element("div", { class: "inlay-panel-choices" });
  const deeds = element("div", { class: "inlay-panel-deeds" });
  const row = (label: string, control: HTMLElement) =>
    choices.append(
      element("div", { class: "inlay-panel-row" }, element("span", {}, label), control),
    );
  /** A deed that holds or not. */
  const toggle = (
    label: string,
    holds: (state: TableState) => boolean,
    act: (on: boolean) => void,
    leave = false,
  ) => {
    const node = button(label, () => {
      act(!holds(context.state));
      if (leave) close(true);
    });
    node.classList.add("inlay-panel-toggle");
    updates.push(() => node.setAttribute("aria-pressed", String(holds(context.state))));
    return node;
  };
  const listed = (key: "pinned" | "group" | "heat" | "spark") => (state: TableState) =>
    state[key].includes(column);
  const list = (key: "pinned" | "group" | "heat" | "spark") => (on: boolean) => {
    const others = context.state[key].filter((one) => one !== column);
    context.change({ [key]: on ? [...others, column] : others });
  };

  const sorted = () => context.state.order.find(([id]) => id === column)?.[1] ?? null;
  /** Shift adds to the order there is; without it the column alone decides. */
  const sort = (direction: "asc" | "desc", label: string) => {
    const node = button(label, ({ shiftKey }) => {
      const { order } = context.state;
      const others = order.filter(([id]) => id !== column);
      if (sorted() === direction) context.change({ order: others });
      else if (shiftKey && others.length < order.length) {
        context.change({
          order: order.map(([id, is]) => [id, id === column ? direction : is]),
        });
      } else context.change({ order: [...(shiftKey ? others : []), [column, direction]] });
    });
    node.title = "With Shift: after the columns sorted by";
    updates.push(() => node.setAttribute("aria-pressed", String(sorted() === direction)));
    return node;
  };
  row(
    "Sort",
    element(
      "div",
      { class: "inlay-panel-pair", role: "group", "aria-label": "Sort" },
      sort("asc", "Ascending"),
      sort("desc", "Descending"),
    ),
  );

  if (known?.entity === "metrics") {
    const summary = segments<Summary>(
      "Value shown",
      [
        ["last", "Last"],
        ["min", "Min"],
        ["max", "Max"],
      ],
      (value) => context.change({ summary: { ...context.state.summary, [column]: value } }),
    );
    updates.push(() => summary.show(context.state.summary[column] ?? "last"));
    row("Value", summary.node);
    const better = segments<Better>(
      "Better is",
      [
        ["min", "Lower"],
        ["max", "Higher"],
      ],
      (value) => context.change({ better: { ...context.state.better, [column]: value } }),
    );
    updates.push(() => better.show(context.state.better[column] ?? known.better));
    row("Better", better.node);
  }

  const { change } = context;
  if (known?.type === "number") {
    deeds.append(toggle("Colour scale", listed("heat"), list("heat")));
  }
  if (known?.entity === "metrics") {
    deeds.append(toggle("Sparkline", listed("spark"), list("spark")));
  }
  deeds.append(
    toggle("Group by this", listed("group"), list("group")),
    toggle("Pin", listed("pinned"), list("pinned")),
  );
  if (known?.entity === "metrics") {
    // Charts name a metric by its key.
    const metric = column.slice("metrics.".length);
    const chart = button("Chart this", () => {
      const { charts } = context.state;
      const there = charts.some((one) => one.kind === "lines" && one.metric === metric);
      if (!there) change({ charts: [...charts, linesOf(metric)] });
      close(true);
      context.announce(there ? `${name} is charted already` : `Chart of ${name} added`);
    });
    deeds.append(chart);
  }
  deeds.append(
    button("Hide", () => {
      change({
        columns: wantedColumns(context).filter((id) => id !== column),
        pinned: context.state.pinned.filter((id) => id !== column),
      });
      close(true);
    }),
  );
  node.append(choices, deeds);

  const update = () => {
    for (const one of updates) one();
    setText(title, columnName(context, column));
  };
  context.onChange((changes) => {
    if (changes.has("state")) update();
  }, signal);
  update();
  popover.place();
  choices.querySelector<HTMLElement>("button")?.focus({ preventScroll: true });
}

function linesOf(metric: string): LinesChart {
  return {
    kind: "lines",
    metric,
    x: "step",
    smoothing: 0,
    log_x: false,
    log_y: false,
    band: "std",
  };
}
