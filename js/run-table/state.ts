/**
 * What a run table shows and how: the one record that the mouse changes, that Python reads as `table.state`, and that
 * brings the same view back. Read without trust, like everything that comes over the wire.
 */

/** "started_at", "params.lr", "metrics.val/loss", "tags.team": an attribute, or an entity, a dot and the raw key. */
export type ColumnId = string;

export type Sorting = [column: ColumnId, direction: "asc" | "desc"];
export type Summary = "last" | "min" | "max";
export type Better = "min" | "max";
export type Scale = "linear" | "log";

export interface LinesChart {
  kind: "lines";
  metric: string;
  x: "step" | "time" | "relative";
  smoothing: number;
  log_x: boolean;
  log_y: boolean;
  /** What the band around the mean of a group is. */
  band: "std" | "range";
}

export interface ScatterChart {
  kind: "scatter";
  x: ColumnId;
  y: ColumnId;
  colour: ColumnId | null;
  log_x: boolean;
  log_y: boolean;
}

export interface ParallelChart {
  kind: "parallel";
  axes: ColumnId[];
  colour: ColumnId | null;
  /** Axes drawn on a logarithmic scale. */
  log: ColumnId[];
}

export interface BarsChart {
  kind: "bars";
  column: ColumnId;
}

export interface BoxChart {
  kind: "box";
  column: ColumnId;
  by: ColumnId;
}

export type ChartSpec = LinesChart | ScatterChart | ParallelChart | BarsChart | BoxChart;

export interface TableState {
  /** In the filter language, on top of the runs the table was made of. */
  filter: string;
  order: Sorting[];
  group: ColumnId[];
  /** Keys (`GroupRow.key`) of the groups that show their runs. */
  open: string[];
  /** Columns in their order; null for the choice the kernel makes. */
  columns: ColumnId[] | null;
  pinned: ColumnId[];
  widths: Record<ColumnId, number>;
  /** What a metric column shows where it is not the last value. */
  summary: Record<ColumnId, Summary>;
  /** Only columns in which the runs differ. */
  differences: boolean;
  /** The run that others are compared with. */
  baseline: string | null;
  delta: "absolute" | "percent" | "off";
  /** Which way a metric is better, where it is not what its name says. */
  better: Record<ColumnId, Better>;
  /** Columns with a colour scale. */
  heat: ColumnId[];
  /** Metric columns that draw a small curve. */
  spark: ColumnId[];
  selected: string[];
  /** Places in the palette, by run id or by `GroupRow.key`: a run keeps its colour. */
  colours: Record<string, number>;
  charts: ChartSpec[];
  /** Height of the grid in CSS pixels; null for as many rows as there are, up to a page. */
  height: number | null;
}
