/** The title of a chart, whose words are buttons: each column in it is chosen from a list that is searched. */

import { element, setChildren } from "../../lib/dom.ts";
import { openColumnChoice } from "../column-choice.ts";
import { columnName } from "../column-names.ts";
import type { TableContext } from "../context.ts";
import type { ChartSpec, ColumnId } from "../state.ts";
import type { Column } from "../wire.ts";

interface Word {
  label: string;
  text: string;
  quiet?: boolean;
  columns: () => Column[];
  choose: (id: ColumnId) => void;
}

export function writeNames(
  node: HTMLElement,
  context: TableContext,
  spec: ChartSpec,
  set: (part: Partial<ChartSpec>) => void,
): void {
  const state = JSON.stringify(spec) + context.columns.size;
  if (node.dataset["state"] === state) return;
  node.dataset["state"] = state;
  const parts = partsOf(context, spec, set);
  // Whoever chose by keys goes on from where they were.
  const at = [...node.children].findIndex((child) => child.matches(":focus"));
  setChildren(
    node,
    parts.map((part) =>
      typeof part === "string" ? element("span", {}, part) : word(part, context),
    ),
  );
  const again = node.children[at];
  if (again instanceof HTMLElement) again.focus();
}

function partsOf(
  context: TableContext,
  spec: ChartSpec,
  set: (part: Partial<ChartSpec>) => void,
): (Word | string)[] {
  const all = () => [...context.columns.values()].filter(({ runs }) => runs > 0);
  const metrics = () => all().filter(({ entity }) => entity === "metrics");
  const numbers = () => all().filter(({ type }) => type === "number" || type === "duration");
  const named = (id: ColumnId) => (id === "" ? "Choose a column" : columnName(context, id));
  const of = (
    label: string,
    id: ColumnId,
    columns: () => Column[],
    choose: (id: ColumnId) => void,
  ): Word => ({ label, text: named(id), columns, choose });
  const colour = (id: ColumnId | null): Word => ({
    label: "Column of the colours",
    text: id === null ? "colour" : `colour: ${columnName(context, id)}`,
    quiet: true,
    columns: () => [OWN, ...all()],
    choose: (next) => set({ colour: next || null }),
  });
  switch (spec.kind) {
    case "lines": {
      const id = spec.metric === "" ? "" : `metrics.${spec.metric}`;
      return [of("Metric", id, metrics, (next) => set({ metric: next.slice("metrics.".length) }))];
    }
    case "scatter":
      return [
        of("Column of the y axis", spec.y, all, (y) => set({ y })),
        "by",
        of("Column of the x axis", spec.x, all, (x) => set({ x })),
        colour(spec.colour),
      ];
    case "parallel":
      return [
        "Parallel coordinates",
        {
          label: "Add an axis",
          text: "add axis",
          quiet: true,
          columns: () => all().filter(({ id }) => !spec.axes.includes(id)),
          choose: (id) => set({ axes: [...spec.axes, id] }),
        },
        colour(spec.colour),
      ];
    case "bars":
      return [of("Column", spec.column, numbers, (column) => set({ column }))];
    case "box":
      return [
        of("Column", spec.column, numbers, (column) => set({ column })),
        "by",
        of("Column of the groups", spec.by, all, (by) => set({ by })),
      ];
  }
}

const OWN: Column = {
  id: "",
  entity: "attributes",
  name: "Own colour of each run",
  type: "text",
  field: "",
  runs: 0,
  better: null,
};

function word({ label, text, quiet, columns, choose }: Word, context: TableContext): HTMLElement {
  const node = element(
    "button",
    {
      class: "inlay-chart-name",
      type: "button",
      title: `${text}. ${label}: choose another`,
      "aria-label": `${label}: ${text}`,
      "aria-haspopup": "dialog",
      "aria-expanded": "false",
      "data-quiet": String(quiet === true),
    },
    element("span", { class: "inlay-clip" }, text),
  );
  node.addEventListener("click", () =>
    openColumnChoice(context, node, label, columns(), ({ id }) => choose(id)),
  );
  return node;
}
