/**
 * What Python sends, typed, and read without trust: a field that is missing or of another kind becomes its empty
 * value, never an exception. The names are the ones on the wire (views/run_view.py), so both sides can be searched
 * with one word.
 */

export interface RunFailure {
  type: string;
  message: string;
  traceback: string;
}

export interface RunHeader {
  run_id: string;
  short_id: string;
  name: string;
  experiment: string;
  status: string;
  /** Unix seconds by the kernel's clock; null when unknown. */
  started_at: number | null;
  ended_at: number | null;
  tags: [string, string][];
  note: string;
  error: RunFailure | null;
  params: [string, string][];
  params_total: number;
  metrics_total: number;
  /** The line of Python that brings the run back. */
  load: string;
  parent: string | null;
  /** Names the store, without telling where it is. */
  store: string;
  /** Another process writes the run. */
  following: boolean;
  /** What wrote it, such as "train.py". */
  source: string;
  host: string;
  user: string;
}

/** One metric of a frame. In a push, the first `from` points held are kept and the rest replaced by `n` new ones. */
export interface SeriesHead {
  id: number;
  key: string;
  chart: string;
  label: string;
  from: number;
  n: number;
  /** Points logged, of which the card may hold fewer. */
  total: number;
  nonfinite: number;
  /** Of all points logged, not of those held; null where there is none or it is not finite. */
  last: number | null;
  min: number | null;
  max: number | null;
}

/** The `_header` trait. */
export function readHeader(value: unknown): RunHeader {
  const params = asPairs(field(value, "params"));
  return {
    run_id: asText(field(value, "run_id")),
    short_id: asText(field(value, "short_id")),
    name: asText(field(value, "name")),
    experiment: asText(field(value, "experiment")),
    status: asText(field(value, "status")),
    started_at: asNumber(field(value, "started_at")),
    ended_at: asNumber(field(value, "ended_at")),
    tags: asEntries(field(value, "tags")),
    note: asText(field(value, "note")),
    error: readFailure(field(value, "error")),
    params,
    params_total: asNumber(field(value, "params_total")) ?? params.length,
    metrics_total: asNumber(field(value, "metrics_total")) ?? 0,
    load: asText(field(value, "load")),
    parent: asText(field(value, "parent")) || null,
    store: asText(field(value, "store")),
    following: field(value, "following") === true,
    source: asText(field(value, "source")),
    host: asText(field(value, "host")),
    user: asText(field(value, "user")),
  };
}

/** The `series` list of a snapshot or push; null when any entry is not one, for then no buffer offset is certain. */
export function readSeriesHeads(value: unknown): SeriesHead[] | null {
  if (!Array.isArray(value)) return null;
  const heads: SeriesHead[] = [];
  for (const entry of value) {
    const id = asNumber(field(entry, "id"));
    const from = asCount(field(entry, "from"));
    const n = asCount(field(entry, "n"));
    if (id === null || from === null || n === null) return null;
    const key = asText(field(entry, "key"));
    heads.push({
      id,
      key,
      chart: asText(field(entry, "chart")) || key,
      label: asText(field(entry, "label")) || key,
      from,
      n,
      total: asCount(field(entry, "total")) ?? from + n,
      nonfinite: asCount(field(entry, "nonfinite")) ?? 0,
      last: asNumber(field(entry, "last")),
      min: asNumber(field(entry, "min")),
      max: asNumber(field(entry, "max")),
    });
  }
  return heads;
}

/** One field of something that may not even be an object. */
export function field(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
}

export function asNumber(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

export function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function asCount(value: unknown): number | null {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 ? value : null;
}

export function asPairs(value: unknown): [string, string][] {
  if (!Array.isArray(value)) return [];
  return value
    .filter((pair) => Array.isArray(pair) && pair.length >= 2)
    .map((pair: unknown[]) => [asText(pair[0]), asText(pair[1])]);
}

function asEntries(value: unknown): [string, string][] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return Object.entries(value).map(([key, text]) => [key, asText(text)]);
}

function readFailure(value: unknown): RunFailure | null {
  if (typeof value !== "object" || value === null) return null;
  return {
    type: asText(field(value, "type")),
    message: asText(field(value, "message")),
    traceback: asText(field(value, "traceback")),
  };
}
