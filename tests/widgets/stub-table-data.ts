/**
 * A made-up store for run tables: as many runs and columns as a test wants, each value worked out from its place by a
 * fixed rule, so that a hundred thousand runs cost nothing until somebody sorts them.
 */

import type { Cell, Clause, Column, ColumnType, RunRow } from "../../js/run-table/wire.ts";
import { STARTED } from "./stub-model.ts";

export interface Sizes {
  runs?: number;
  metrics?: number;
  params?: number;
  tags?: number;
}

export interface Predicate {
  field: string;
  clause: Clause;
  holds: (cell: Cell) => boolean;
}

const NAMED = ["loss", "val/accuracy", "val/loss", "throughput", "rare"];
const PARAMS = ["lr", "model", "batch_size", "dropout", "seed"];
const TAGS = ["team", "stage"];
const MODELS = ["resnet18", "resnet50", "vit-small", "convnext"];
const STATUSES = ["finished", "finished", "finished", "finished", "failed", "running", "killed"];

/** A number in [0, 1) from two whole numbers, always the same. */
function noise(a: number, b: number): number {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 0x165667b1, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return ((h ^ (h >>> 15)) >>> 0) / 4294967296;
}

export class StubStore {
  readonly columns: Column[];
  readonly size: number;
  readonly #deleted = new Set<number>();
  /** What was changed since, by `place column`. */
  readonly #changed = new Map<string, Cell>();
  readonly #kinds = new Map<string, ColumnType>();

  constructor({ runs = 60, metrics = 5, params = 5, tags = 2 }: Sizes = {}) {
    this.size = runs;
    const column = (
      id: string,
      entity: Column["entity"],
      type: ColumnType,
      better: Column["better"] = null,
    ): Column => {
      const name = entity === "attributes" ? id : id.slice(entity.length + 1);
      const field = /^[\w.]+$/.test(id) ? id : `${entity}."${name}"`;
      return {
        id,
        entity,
        name,
        type,
        field,
        runs: name === "rare" ? Math.ceil(runs / 10) : runs,
        better,
      };
    };
    const named = (count: number, names: string[], more: string) =>
      Array.from({ length: count }, (_, i) => names[i] ?? `${more}_${i}`);
    this.columns = [
      column("name", "attributes", "text"),
      column("status", "attributes", "status"),
      column("started_at", "attributes", "time"),
      column("duration_s", "attributes", "duration"),
      column("user_name", "attributes", "text"),
      column("note", "attributes", "text"),
      ...named(metrics, NAMED, "m").map((name) =>
        column(
          `metrics.${name}`,
          "metrics",
          "number",
          /loss/.test(name) ? "min" : /acc|through/.test(name) ? "max" : null,
        ),
      ),
      ...named(params, PARAMS, "p").map((name) =>
        column(`params.${name}`, "params", name === "model" ? "text" : "number"),
      ),
      ...named(tags, TAGS, "t").map((name) => column(`tags.${name}`, "tags", "text")),
    ];
    for (const { id, type } of this.columns) this.#kinds.set(id, type);
  }

  id(i: number): string {
    return `run-${String(i).padStart(6, "0")}`;
  }

  place(run: string): number {
    return Number(run.slice(4));
  }

  row(i: number, level: 0 | 1 = 0): RunRow {
    return {
      run: this.id(i),
      short: (0x5eed00 + i).toString(16).padStart(8, "0"),
      name: String(this.value(i, "name")),
      status: String(this.value(i, "status")),
      deleted: this.#deleted.has(i),
      note: String(this.value(i, "note") ?? ""),
      level,
    };
  }

  delete(i: number, deleted: boolean): void {
    if (deleted) this.#deleted.add(i);
    else this.#deleted.delete(i);
  }

  change(i: number, column: string, cell: Cell): void {
    this.#changed.set(`${i} ${column}`, cell);
  }

  value(i: number, column: string): Cell {
    if (this.#changed.size > 0) {
      const changed = this.#changed.get(`${i} ${column}`);
      if (changed !== undefined) return changed;
    }
    switch (column) {
      case "name":
        return i % 50 === 7 ? `<b>run</b> & "co" ${i}` : `run ${i}`;
      case "status":
        return STATUSES[Math.floor(noise(i, 1) * STATUSES.length)] ?? "finished";
      case "started_at":
        return STARTED - i * 1800;
      case "duration_s":
        return 40 + 4000 * noise(i, 3) ** 3;
      case "user_name":
        return i % 3 === 0 ? "ada" : "grace";
      case "note":
        return i % 9 === 4 ? "the learning rate was too high; see the other one" : null;
      case "params.lr":
        return 10 ** -(1 + Math.floor(noise(i, 5) * 4));
      case "params.model":
        return MODELS[i % MODELS.length] ?? null;
      case "params.batch_size":
        return 16 * 2 ** (i % 4);
      case "params.dropout":
        return Math.round(noise(i, 6) * 5) / 10;
      case "params.seed":
        return Math.floor(i / MODELS.length) % 3;
      case "tags.team":
        return i % 4 === 3 ? null : (["growth", "core", "vision"][i % 3] ?? null);
      case "tags.stage":
        return i % 11 === 0 ? "prod" : null;
      case "metrics.loss":
        if (i % 37 === 5) return "NaN";
        if (i % 53 === 9) return "Infinity";
        return this.#loss(i);
      case "metrics.val/loss":
        return this.#loss(i) * 1.13;
      case "metrics.val/accuracy":
        return 1 - this.#loss(i) / 3;
      case "metrics.throughput":
        return 800 + Math.round(9000 * noise(i, 8));
      case "metrics.rare":
        return i % 10 === 0 ? noise(i, 9) * 1e-5 : null;
      default:
        return column.startsWith("tags.")
          ? `t${i % 7}`
          : (noise(i, column.length + hash(column)) - 0.3) * 100;
    }
  }

  #loss(i: number): number {
    const lr = Math.log10(Number(this.value(i, "params.lr")));
    return 0.18 + 0.11 * (lr + 2.6) ** 2 + 0.05 * (i % MODELS.length) + 0.08 * noise(i, 7);
  }

  /** A metric's way there, as `steps` values that end with the last one. */
  curve(i: number, metric: string, steps: number): number[] {
    const end = Number(this.value(i, metric) ?? 0.5);
    const last = Number.isFinite(end) ? end : 0.5;
    return Array.from(
      { length: steps },
      (_, step) =>
        last * (1 + 2 * Math.exp((-6 * step) / steps) + 0.08 * (1 - step / steps) * noise(i, step)),
    );
  }

  /** The runs that hold all of it, in the order they began, newest first; deleted ones are not among them. */
  matching(predicates: readonly Predicate[]): number[] {
    const found: number[] = [];
    for (let i = 0; i < this.size; i++) {
      if (this.#deleted.has(i)) continue;
      if (predicates.every(({ field, holds }) => holds(this.value(i, this.idOf(field)))))
        found.push(i);
    }
    return found;
  }

  idOf(field: string): string {
    return this.columns.find((one) => one.field === field)?.id ?? field;
  }
}

function hash(text: string): number {
  let all = 7;
  for (let i = 0; i < text.length; i++) all = Math.imul(all, 31) + text.charCodeAt(i);
  return all;
}

const CLAUSE =
  /^\s*([\w.]+(?:"[^"]+")?)\s*(?:(<=|>=|!=|=|<|>)\s*(?:'([^']*)'|(-?[\d.e+-]+))|(IS NULL)|(NOT IN|IN)\s*\(([^)]*)\)|BETWEEN\s+(-?[\d.e+-]+)\s+AND\s+(-?[\d.e+-]+))\s*(?:AND|$)/i;

/** The little of the language that the stub knows: comparisons, IN, BETWEEN and IS NULL, joined by AND. */
export function parse(filter: string, columns: readonly Column[]): Predicate[] {
  const predicates: Predicate[] = [];
  let rest = filter;
  while (rest.trim() !== "") {
    const start = filter.length - rest.length;
    const found = CLAUSE.exec(rest);
    const field = found?.[1] ?? "";
    if (found === null || !columns.some((one) => one.field === field)) {
      throw new FilterFault(`no such field: ${rest.trim()}`, start, filter.length);
    }
    const [whole, , operator, text, number, missing, among, list = "", low, high] = found;
    rest = rest.slice(whole.length);
    if (missing !== undefined) {
      predicates.push({ field, clause: { missing: true }, holds: (cell) => cell === null });
    } else if (among !== undefined) {
      const values = list.split(",").map((one) => one.trim().replace(/^'|'$/g, ""));
      const inside = (cell: Cell) => values.includes(String(cell));
      if (/not/i.test(among))
        predicates.push({ field, clause: { not_in: values }, holds: (cell) => !inside(cell) });
      else predicates.push({ field, clause: { in: values }, holds: inside });
    } else if (operator !== undefined) {
      predicates.push(comparison(field, operator, text ?? Number(number)));
    } else {
      const range: [number, number] = [Number(low), Number(high)];
      const holds = (cell: Cell) =>
        typeof cell === "number" && cell >= range[0] && cell <= range[1];
      predicates.push({ field, clause: { between: range }, holds });
    }
  }
  return predicates;
}

export class FilterFault extends Error {
  constructor(
    message: string,
    readonly start: number,
    readonly end: number,
  ) {
    super(message);
  }
}

function comparison(field: string, operator: string, wanted: string | number): Predicate {
  const holds = (cell: Cell) => {
    if (cell === null) return false;
    if (operator === "=") return String(cell) === String(wanted);
    if (operator === "!=") return String(cell) !== String(wanted);
    if (typeof cell !== "number" || typeof wanted !== "number") return false;
    if (operator === "<") return cell < wanted;
    if (operator === ">") return cell > wanted;
    return operator === "<=" ? cell <= wanted : cell >= wanted;
  };
  return { field, clause: { in: [wanted] }, holds };
}

/** A clause as the filter spells it. */
export function spelled(field: string, clause: Clause): string {
  const text = (value: string | number) =>
    typeof value === "number" ? String(value) : `'${value}'`;
  if ("between" in clause) return `${field} BETWEEN ${clause.between[0]} AND ${clause.between[1]}`;
  if ("in" in clause) return `${field} IN (${clause.in.map(text).join(", ")})`;
  if ("not_in" in clause) return `${field} NOT IN (${clause.not_in.map(text).join(", ")})`;
  return `${field} IS NULL`;
}
