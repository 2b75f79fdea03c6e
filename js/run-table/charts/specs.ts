/**
 * The charts a table is told to draw, made whole: a state comes from Python or an older version, and its charts may lack
 * anything but their kind. And what a new chart shows before anything was chosen for it.
 */

import { asText, field } from "../../lib/wire.ts";
import type { TableContext } from "../context.ts";
import type { ChartSpec, ColumnId } from "../state.ts";
import type { Column } from "../wire.ts";

export const KINDS: readonly (readonly [kind: ChartSpec["kind"], label: string, detail: string])[] =
  [
    ["lines", "Lines", "a metric over steps or time"],
    ["scatter", "Scatter", "any two columns"],
    ["parallel", "Parallel coordinates", "several columns, brushed to filter"],
    ["bars", "Bars", "one column, run by run"],
    ["box", "Box plot", "one column by groups of another"],
  ];

const MOST_SMOOTHING = 0.99;

export function readSpec(value: ChartSpec): ChartSpec {
  const text = (name: string) => asText(field(value, name));
  const flag = (name: string) => field(value, name) === true;
  const texts = (name: string): string[] => {
    const list = field(value, name);
    return Array.isArray(list) ? [...new Set(list.map(asText).filter((one) => one !== ""))] : [];
  };
  const colour = text("colour") || null;
  switch (value.kind) {
    case "lines": {
      const x = text("x");
      const smoothing = Number(field(value, "smoothing") ?? 0) || 0;
      return {
        kind: "lines",
        metric: text("metric"),
        x: x === "time" || x === "relative" ? x : "step",
        smoothing: Math.min(MOST_SMOOTHING, Math.max(0, smoothing)),
        log_x: flag("log_x"),
        log_y: flag("log_y"),
        band: text("band") === "range" ? "range" : "std",
      };
    }
    case "scatter": {
      const [x, y] = [text("x"), text("y")];
      return { kind: "scatter", x, y, colour, log_x: flag("log_x"), log_y: flag("log_y") };
    }
    case "parallel":
      return { kind: "parallel", axes: texts("axes").slice(0, 20), colour, log: texts("log") };
    case "bars":
      return { kind: "bars", column: text("column") };
    case "box":
      return { kind: "box", column: text("column"), by: text("by") };
  }
}

/** A new chart: of the metric that is shown first and has no chart of its kind yet, by the params that are shown. */
export function newSpec(kind: ChartSpec["kind"], context: TableContext): ChartSpec {
  const { state, view, columns } = context;
  const shown = [...view.columns, ...columns.keys()].flatMap((id) => columns.get(id) ?? []);
  const there = shown.filter(({ runs }) => runs > 0);
  const charted = new Set(
    state.charts.flatMap((one) =>
      one.kind !== kind
        ? []
        : "metric" in one
          ? [`metrics.${one.metric}`]
          : "column" in one
            ? [one.column]
            : [],
    ),
  );
  const first = (fits: (column: Column) => boolean): ColumnId => {
    const fitting = there.filter(fits);
    return (fitting.find(({ id }) => !charted.has(id)) ?? fitting[0])?.id ?? "";
  };
  const metric = first(({ entity }) => entity === "metrics");
  const value = metric || first(({ type }) => type === "number") || "duration_s";
  const number = first(({ entity, type }) => entity === "params" && type === "number");
  switch (kind) {
    case "lines": {
      const key = metric.slice("metrics.".length);
      return {
        kind,
        metric: key,
        x: "step",
        smoothing: 0,
        log_x: false,
        log_y: false,
        band: "std",
      };
    }
    case "scatter":
      return {
        kind,
        x: number || "started_at",
        y: value,
        colour: null,
        log_x: false,
        log_y: false,
      };
    case "parallel": {
      const params = [
        ...new Set(there.filter(({ entity }) => entity === "params").map(({ id }) => id)),
      ];
      const axes = [...new Set([...params.slice(0, 4), value])];
      return { kind, axes, colour: value, log: [] };
    }
    case "bars":
      return { kind, column: value };
    case "box": {
      const word = first(({ entity, type }) => entity === "params" && type === "text");
      return { kind, column: value, by: word || number || "status" };
    }
  }
}
