/**
 * What the kernel says for charts, typed, and read without trust: what is missing or of another kind is left out, never
 * an exception.
 */

import { type Curve, firstFrom } from "../../lib/curve.ts";
import { asDoubles } from "../../lib/frame.ts";
import type { Answer } from "../../lib/rpc.ts";
import { asNumber, asText, field } from "../../lib/wire.ts";
import type { ColumnId } from "../state.ts";
import type { Cell } from "../wire.ts";
import { numberOf } from "./axis.ts";

export interface Series {
  key: string;
  label: string;
  curve: Curve;
  /** Points logged, of which there may be fewer here. */
  total: number;
  group: boolean;
  /** Runs behind it. */
  runs: number;
}

const DOUBLE = Float64Array.BYTES_PER_ELEMENT;

/** `table.curves`: heads, and one buffer with the columns x, y, low and high of each series. */
export function readCurves({ body, buffers }: Answer): Series[] {
  const heads = asList(field(body, "series"));
  const sizes = heads.map((head) => Math.max(0, Math.floor(asNumber(field(head, "n")) ?? 0)));
  const all = sizes.reduce((sum, size) => sum + size, 0);
  const [buffer] = buffers;
  if (all === 0 || buffer === undefined || buffer.byteLength !== all * 4 * DOUBLE) return [];
  const numbers = asDoubles(buffer);
  let offset = 0;
  return heads.map((head, i) => {
    const size = sizes[i] ?? 0;
    const [x, y, low, high] = [0, 1, 2, 3].map((column) =>
      numbers.subarray(offset + column * size, offset + (column + 1) * size),
    );
    offset += 4 * size;
    const total = asNumber(field(head, "total")) ?? size;
    const group = field(head, "group") === true;
    return {
      key: asText(field(head, "key")),
      label: asText(field(head, "label")),
      curve: curveOf({ x, y, low, high }, group || total > size),
      total,
      group,
      runs: asNumber(field(head, "runs")) ?? 1,
    };
  });
}

type Columns = Record<"x" | "y" | "low" | "high", Float64Array | undefined>;

const NONE = new Float64Array(0);

/** What is not finite becomes a mark and a gap. */
function curveOf({ x = NONE, y = NONE, low = NONE, high = NONE }: Columns, reduced: boolean) {
  const marks: Curve["marks"] = [];
  y.forEach((value, i) => {
    if (Number.isFinite(value)) return;
    marks.push({ x: x[i] ?? 0, value });
    y[i] = Number.NaN;
  });
  return { x, y, low, high, marks, reduced };
}

/** The part of a curve that has a place on a logarithmic x axis. */
export function positive(curve: Curve): Curve {
  const from = firstFrom(curve.x, Number.MIN_VALUE);
  if (from === 0) return curve;
  const { x, y, low, high, marks, reduced } = curve;
  const [xs, ys, lows, highs] = [x, y, low, high].map((column) => column.subarray(from));
  return {
    x: xs ?? NONE,
    y: ys ?? NONE,
    low: lows ?? NONE,
    high: highs ?? NONE,
    marks: marks.filter((mark) => mark.x > 0),
    reduced,
  };
}

/** `table.values`: a row for each run or group. */
export interface Values {
  keys: string[];
  labels: string[];
  columns: Map<ColumnId, Cell[]>;
  /** Runs there are, of which there may be fewer here. */
  total: number;
}

export function readValues({ body }: Answer): Values {
  const keys = asList(field(body, "keys")).map(asText);
  const labels = asList(field(body, "labels"));
  const columns = field(body, "columns");
  const names = typeof columns === "object" && columns !== null ? Object.keys(columns) : [];
  return {
    keys,
    labels: keys.map((_, i) => asText(labels[i])),
    columns: new Map(
      names.map((name) => {
        const cells = asList(field(columns, name));
        return [name, keys.map((_, i) => asCell(cells[i]))];
      }),
    ),
    total: asNumber(field(body, "total")) ?? keys.length,
  };
}

export interface BoxOf {
  label: string;
  n: number;
  low: number;
  q1: number;
  median: number;
  q3: number;
  high: number;
  outliers: { key: string; label: string; value: number }[];
}

/** `table.boxes`. */
export function readBoxes({ body }: Answer): BoxOf[] {
  return asList(field(body, "boxes")).map((box) => {
    const number = (name: string) => asNumber(field(box, name)) ?? Number.NaN;
    const outliers = asList(field(box, "outliers")).flatMap((one) => {
      const [key, label, value] = asList(one);
      const at = numberOf(asCell(value));
      if (at === null || !Number.isFinite(at)) return [];
      return [{ key: asText(key), label: asText(label), value: at }];
    });
    return {
      label: asText(field(box, "label")),
      n: number("n"),
      low: number("low"),
      q1: number("q1"),
      median: number("median"),
      q3: number("q3"),
      high: number("high"),
      outliers,
    };
  });
}

/** The part of a column that the filter keeps, and the whole of it that it chose from. */
export interface Chosen {
  all: { lo: number; hi: number } | null;
  range: { lo: number; hi: number } | null;
  words: string[] | null;
  allWords: string[];
}

/** `table.facet`, as far as an axis shows it. */
export function readChosen({ body }: Answer): Chosen {
  const chosen = asList(field(body, "chosen"));
  const edges = asList(field(body, "edges")).flatMap((edge) => asNumber(edge) ?? []);
  const [lo, hi] = [asNumber(chosen[0]), asNumber(chosen[1])];
  const texts = field(body, "kind") === "texts";
  const [first, last] = [edges[0], edges.at(-1)];
  return {
    all: first === undefined || last === undefined ? null : { lo: first, hi: last },
    range: texts || lo === null || hi === null ? null : { lo, hi },
    words: texts && chosen.length > 0 ? chosen.map(asText) : null,
    allWords: asList(field(body, "values")).map((pair) => asText(asList(pair)[0])),
  };
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function asCell(value: unknown): Cell {
  const plain = asPlain(value);
  if (typeof value === "boolean" || plain !== null) return plain ?? value === true;
  const distinct = asNumber(field(value, "distinct"));
  if (distinct !== null) return { distinct };
  const mean = asPlain(field(value, "mean"));
  if (mean === null) return null;
  return { mean, std: asPlain(field(value, "std")), n: asNumber(field(value, "n")) ?? 1 };
}

function asPlain(value: unknown): number | string | null {
  return typeof value === "number" || typeof value === "string" ? value : null;
}
