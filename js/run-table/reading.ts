/**
 * What the kernel says of a table, read without trust: a field that is missing or of another kind becomes its empty value.
 * Rows and cells are passed on as they are, since there are thousands of them; who draws one looks at what it got.
 */

import { asNumber, asText, field } from "../lib/wire.ts";
import type { ChartSpec, ColumnId, Sorting, Summary, TableState } from "./state.ts";
import type { Charted, Column, ColumnType, FilterError, Page, Row, TableView } from "./wire.ts";

const ENTITIES = ["attributes", "metrics", "params", "tags"] as const;
const TYPES: readonly ColumnType[] = ["number", "text", "time", "duration", "status", "flag"];

export const EMPTY_STATE: TableState = {
  filter: "",
  order: [],
  group: [],
  open: [],
  columns: null,
  pinned: [],
  widths: {},
  summary: {},
  differences: false,
  baseline: null,
  delta: "absolute",
  better: {},
  heat: [],
  spark: [],
  selected: [],
  colours: {},
  charts: [],
  height: null,
};

export function readState(value: unknown): TableState {
  const delta = field(value, "delta");
  return {
    filter: asText(field(value, "filter")),
    order: list(field(value, "order")).flatMap(readSorting),
    group: texts(field(value, "group")),
    open: texts(field(value, "open")),
    columns: Array.isArray(field(value, "columns")) ? texts(field(value, "columns")) : null,
    pinned: texts(field(value, "pinned")),
    widths: record(field(value, "widths"), asNumber),
    summary: record(field(value, "summary"), (one): Summary | null =>
      one === "last" || one === "min" || one === "max" ? one : null,
    ),
    differences: field(value, "differences") === true,
    baseline: asText(field(value, "baseline")) || null,
    delta: delta === "percent" || delta === "off" ? delta : "absolute",
    better: record(field(value, "better"), (one) => (one === "min" || one === "max" ? one : null)),
    heat: texts(field(value, "heat")),
    spark: texts(field(value, "spark")),
    selected: texts(field(value, "selected")),
    colours: record(field(value, "colours"), asNumber),
    charts: list(field(value, "charts")).filter(isChart),
    height: asNumber(field(value, "height")),
  };
}

export function readView(value: unknown): TableView {
  return {
    version: asNumber(field(value, "version")) ?? 0,
    state: readState(field(value, "state")),
    rows: asNumber(field(value, "rows")) ?? 0,
    runs: asNumber(field(value, "runs")) ?? 0,
    all: asNumber(field(value, "all")) ?? 0,
    columns: texts(field(value, "columns")),
    ranges: record(field(value, "ranges"), (one): [number, number] | null => {
      const [low, high] = list(one).map(asNumber);
      return typeof low === "number" && typeof high === "number" ? [low, high] : null;
    }),
    charted: readCharted(field(value, "charted")),
    sql: asText(field(value, "sql")),
    hint: asText(field(value, "hint")),
    error: readError(field(value, "error")),
    page: readPage(field(value, "page")),
  };
}

export function readPage(value: unknown): Page {
  const cells = field(value, "cells");
  const baseline = field(value, "baseline");
  const above = field(baseline, "row");
  return {
    version: asNumber(field(value, "version")) ?? -1,
    start: asNumber(field(value, "start")) ?? 0,
    rows: list(field(value, "rows")).filter(isRow),
    cells: isRecord(cells) ? (cells as Page["cells"]) : {},
    baseline:
      isRow(above) && "run" in above
        ? {
            row: above,
            cells: (field(baseline, "cells") ?? {}) as NonNullable<Page["baseline"]>["cells"],
          }
        : null,
  };
}

/** The columns there are, by id, in the order the kernel tells them. */
export function readColumns(value: unknown): ReadonlyMap<ColumnId, Column> {
  const columns = list(value).flatMap((one): Column[] => {
    const id = asText(field(one, "id"));
    const better = field(one, "better");
    if (id === "") return [];
    return [
      {
        id,
        entity: ENTITIES.find((name) => name === field(one, "entity")) ?? "attributes",
        name: asText(field(one, "name")) || id,
        type: TYPES.find((name) => name === field(one, "type")) ?? "text",
        field: asText(field(one, "field")) || id,
        runs: asNumber(field(one, "runs")) ?? 0,
        better: better === "min" || better === "max" ? better : null,
      },
    ];
  });
  return new Map(columns.map((column) => [column.id, column]));
}

export function readCharted(value: unknown): Charted[] {
  return list(value).map((one) => ({
    key: asText(field(one, "key")),
    label: asText(field(one, "label")),
    n: asNumber(field(one, "n")) ?? 1,
  }));
}

function readError(value: unknown): FilterError | null {
  const message = asText(field(value, "message"));
  if (message === "") return null;
  const [start, end] = [asNumber(field(value, "start")), asNumber(field(value, "end"))];
  return { message, start: start ?? 0, end: end ?? start ?? 0 };
}

function readSorting(value: unknown): Sorting[] {
  const [column, direction] = list(value);
  if (typeof column !== "string" || column === "") return [];
  return [[column, direction === "desc" ? "desc" : "asc"]];
}

function isRow(value: unknown): value is Row {
  return typeof field(value, "run") === "string" || typeof field(value, "key") === "string";
}

function isChart(value: unknown): value is ChartSpec {
  const kind = field(value, "kind");
  return ["lines", "scatter", "parallel", "bars", "box"].includes(asText(kind));
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function texts(value: unknown): string[] {
  return list(value).filter((one) => typeof one === "string");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function record<T>(value: unknown, read: (one: unknown) => T | null): Record<string, T> {
  if (!isRecord(value)) return {};
  const kept = Object.entries(value).map(([key, one]): [string, T | null] => [key, read(one)]);
  return Object.fromEntries(kept.filter((pair): pair is [string, T] => pair[1] !== null));
}
