/**
 * A kernel for run tables that is no kernel: it answers what a table asks from a made-up store (stub-table-data.ts), after
 * a while or when it is told to, and records what was asked. Tests and the demo page use it alike.
 */

import type { AnyModel, Experimental, Host } from "@anywidget/types";
import { readState } from "../../js/run-table/reading.ts";
import type { TableState } from "../../js/run-table/state.ts";
import { tableView } from "../../js/run-table/view.ts";
import type { Clause, TableView } from "../../js/run-table/wire.ts";
import { settle, until, type View } from "./stub-model.ts";
import {
  type Args,
  boxesOf,
  completionOf,
  curvesOf,
  diffOf,
  facetOf,
  type Reply,
  START,
  sparksOf,
  texts,
  valuesOf,
} from "./stub-table-answers.ts";
import { FilterFault, parse, type Sizes, StubStore, spelled } from "./stub-table-data.ts";
import { type Arrangement, arrange, chartedOf, pageOf } from "./stub-table-rows.ts";

type Callback = (...args: unknown[]) => void;

export interface StubOptions extends Sizes {
  state?: Partial<TableState>;
  /** How long an answer takes; 0 for at once, which is still after the question. */
  latency?: number;
  /** False for a table whose kernel is gone. */
  kernel?: boolean;
}

export class StubTable {
  readonly store: StubStore;
  readonly table: StubTraits;
  readonly asked: Args[] = [];
  /** While true nothing is answered: the kernel is busy. `release` answers all of it. */
  held = false;
  latency: number;
  state: TableState;
  version = 1;
  #arrangement: Arrangement;
  #shown: string[] = [];
  readonly #kernel: boolean;
  readonly #answers = new StubTraits({});
  readonly #waiting: Args[] = [];
  readonly #faults = new Map<string, Args>();

  constructor({ state = {}, latency = 0, kernel = true, ...sizes }: StubOptions = {}) {
    this.store = new StubStore(sizes);
    this.latency = latency;
    this.#kernel = kernel;
    this.state = { ...START, ...state };
    this.#arrangement = arrange(this.store, this.state);
    this.#answers.send = (content) => this.#receive(content as Args);
    this.table = new StubTraits({
      _library: "",
      _answers: kernel ? "anywidget:answers" : "",
      _token: "table1",
      _store: "store",
      _live: false,
      _columns: this.store.columns,
      _view: this.view(0, 60),
    });
  }

  get host(): Host {
    return {
      getModel: async () => {
        if (!this.#kernel) throw new Error("no model here");
        return this.#answers as unknown as AnyModel as never;
      },
      getWidget: async () => Promise.reject(new Error("no widget here")),
    };
  }

  /** Every question of an op, oldest first. */
  all(op: string): Args[] {
    return this.asked.filter((one) => one["op"] === `table.${op}`);
  }

  last(op: string): Args {
    const found = this.all(op).at(-1);
    if (found === undefined) throw new Error(`nobody asked for ${op}`);
    return found;
  }

  /** The next answer to an op is this error. */
  failNext(op: string, type = "OSError", message = "disk full"): void {
    this.#faults.set(`table.${op}`, { type, message, traceback: "Traceback\n  line 1" });
  }

  release(): void {
    this.held = false;
    for (const question of this.#waiting.splice(0)) this.#answer(question);
  }

  /** The kernel's own word: its state was set from Python, or runs changed elsewhere. */
  push(more: Partial<TableState> = {}): void {
    this.#arrangeAs({ ...this.state, ...more }, true);
    this.table.emit("msg:custom", { type: "view", view: this.view(0, 60) }, []);
  }

  /** The values of live runs, of the rows asked for last. */
  pushRows(start = 0, count = 60): void {
    const page = pageOf(
      this.store,
      this.#arrangement,
      this.state,
      this.version,
      start,
      count,
      this.shown(),
    );
    this.table.emit("msg:custom", { type: "rows", page }, []);
  }

  die(): void {
    this.#answers.emit("comm_live_update");
    this.table.emit("comm_live_update");
  }

  /** The columns of the view: pinned ones first, and only those in which runs differ where that is wanted. */
  shown(): string[] {
    const { columns, pinned, differences } = this.state;
    const all = columns ?? this.store.columns.map((one) => one.id);
    const known = all.filter((id) => this.store.columns.some((one) => one.id === id));
    const ordered = [
      ...known.filter((id) => pinned.includes(id)),
      ...known.filter((id) => !pinned.includes(id)),
    ];
    if (!differences) return ordered;
    const some = this.#arrangement.runs.slice(0, 200);
    return ordered.filter(
      (id) =>
        pinned.includes(id) || new Set(some.map((i) => String(this.store.value(i, id)))).size > 1,
    );
  }

  view(start: number, count: number, columns?: string[]): TableView {
    this.#shown = this.shown();
    const { runs, rows } = this.#arrangement;
    const wanted = columns ?? this.#shown;
    return {
      version: this.version,
      state: structuredClone(this.state),
      rows: rows.length,
      runs: runs.length,
      all: this.store.size,
      columns: this.#shown,
      ranges: Object.fromEntries(this.state.heat.map((id) => [id, this.#range(id)])),
      charted: chartedOf(this.store, this.#arrangement, this.state),
      sql: `SELECT run_id FROM runs WHERE ${this.state.filter || "true"}`,
      hint:
        runs.length === 0 && this.state.filter !== ""
          ? "No run matches. The nearest name is `metrics.loss`."
          : "",
      error: null,
      page: pageOf(this.store, this.#arrangement, this.state, this.version, start, count, wanted),
    };
  }

  #range(column: string): [number, number] {
    const values = this.#arrangement.runs.map((i) => this.store.value(i, column));
    const numbers = values.filter((cell) => typeof cell === "number");
    return [Math.min(...numbers), Math.max(...numbers)];
  }

  #arrangeAs(next: TableState, always = false): void {
    const key = ({ filter, order, group, open, baseline }: TableState) =>
      JSON.stringify([filter, order, group, open, baseline]);
    const same = !always && key(next) === key(this.state);
    if (!same) {
      this.#arrangement = arrange(this.store, next);
      this.version++;
    }
    this.state = next;
  }

  #receive(question: Args): void {
    this.asked.push(question);
    if (this.held) this.#waiting.push(question);
    else
      setTimeout(
        () => (this.held ? this.#waiting.push(question) : this.#answer(question)),
        this.latency,
      );
  }

  #answer(question: Args): void {
    const { id, op } = question;
    const fault = this.#faults.get(String(op));
    this.#faults.delete(String(op));
    try {
      if (fault !== undefined) throw fault;
      const [ok, ...buffers] = this.#reply(String(op).replace(/^table\./, ""), question);
      this.#answers.emit("msg:custom", { id, ok }, buffers);
    } catch (reason) {
      const error = fault ?? { type: "ValueError", message: String(reason), traceback: "" };
      this.#answers.emit("msg:custom", { id, error }, []);
    }
  }

  #reply(op: string, args: Args): Reply {
    const [start, count] = [Number(args["start"] ?? 0), Number(args["count"] ?? 60)];
    const arrangement = this.#arrangement;
    const keys = chartedOf(this.store, arrangement, this.state).map((one) => one.key);
    switch (op) {
      case "view":
        return [this.#viewed(args, start, count)];
      case "rows": {
        if (args["version"] !== this.version) return [{ stale: true }];
        const columns = texts(args["columns"]);
        return [pageOf(this.store, arrangement, this.state, this.version, start, count, columns)];
      }
      case "keep":
        this.state = readState(args["state"]);
        return [{ charted: chartedOf(this.store, arrangement, this.state) }];
      case "columns":
        return [{ columns: this.store.columns }];
      case "facet":
        return [
          facetOf(
            this.store,
            this.state.filter,
            String(args["column"]),
            Number(args["bins"] ?? 40),
          ),
        ];
      case "complete":
        return completionOf(this.store, args);
      case "sparks":
        return sparksOf(this.store, args);
      case "curves":
        return curvesOf(this.store, arrangement, args);
      case "values":
        return valuesOf(this.store, arrangement, keys, args);
      case "boxes":
        return boxesOf(this.store, arrangement, {
          column: String(args["column"]),
          by: String(args["by"]),
        });
      case "diff":
        return diffOf(this.store, args);
      case "code":
        return [
          {
            code: `inlay.RunTable(inlay.runs(), state=${JSON.stringify({ filter: this.state.filter })})`,
          },
        ];
      case "html":
        return [
          { name: "compare.html" },
          new TextEncoder().encode("<!doctype html><title>Compare</title>"),
        ];
      default:
        return this.#edit(op, args);
    }
  }

  #viewed(args: Args, start: number, count: number): TableView {
    const next = readState(args["state"]);
    try {
      const refine = args["refine"] as { column: string; clause: Clause | null } | undefined;
      if (refine !== undefined)
        next.filter = this.#refined(next.filter, refine.column, refine.clause);
      this.#arrangeAs(next);
    } catch (fault) {
      if (!(fault instanceof FilterFault)) throw fault;
      const { message, start: from, end } = fault;
      return { ...this.view(start, count), error: { message, start: from, end } };
    }
    return this.view(
      start,
      count,
      Array.isArray(args["columns"]) ? texts(args["columns"]) : undefined,
    );
  }

  #refined(filter: string, column: string, clause: Clause | null): string {
    const field = this.store.columns.find((one) => one.id === column)?.field ?? column;
    const kept = parse(filter, this.store.columns).filter((one) => one.field !== field);
    const clauses = kept.map((one) => spelled(one.field, one.clause));
    return [...clauses, ...(clause === null ? [] : [spelled(field, clause)])].join(" AND ");
  }

  #edit(op: string, args: Args): Reply {
    const places = (args["runs"] === undefined ? [String(args["run"])] : texts(args["runs"])).map(
      (run) => this.store.place(run),
    );
    const change = (column: string, cell: string | null) => {
      for (const i of places) this.store.change(i, column, cell);
    };
    if (op === "rename") change("name", String(args["name"]));
    else if (op === "set_note") change("note", String(args["text"]) || null);
    else if (op === "set_tag") {
      change(`tags.${args["key"]}`, args["value"] === null ? null : String(args["value"]));
    } else if (op === "delete" || op === "restore") {
      for (const i of places) this.store.delete(i, op === "delete");
    } else throw new Error(`unknown op ${op}`);
    setTimeout(() => this.push(), this.latency);
    return [{ version: this.version + 1 }];
  }
}

/** Traits and events, and a count of who listens. */
export class StubTraits {
  readonly sent: unknown[] = [];
  readonly #listeners = new Map<string, Callback[]>();

  constructor(private readonly traits: Record<string, unknown>) {}

  get listenerCount(): number {
    return [...this.#listeners.values()].reduce((sum, list) => sum + list.length, 0);
  }

  get(name: string): unknown {
    return this.traits[name];
  }

  on(event: string, callback: Callback): void {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), callback]);
  }

  off(event?: string | null, callback?: Callback | null): void {
    const kept = (this.#listeners.get(event ?? "") ?? []).filter((one) => one !== callback);
    this.#listeners.set(event ?? "", kept);
  }

  send(content: unknown): void {
    this.sent.push(content);
  }

  change(name: string, value: unknown): void {
    this.traits[name] = value;
    this.emit(`change:${name}`);
  }

  emit(event: string, ...args: unknown[]): void {
    for (const callback of this.#listeners.get(event) ?? []) callback(...args);
  }
}

/** Renders a table, 900 px wide, and then puts it on the page: the order JupyterLab has. */
export function showTable(kernel: StubTable, width = 900, parent: Element = document.body): View {
  const el = document.createElement("div");
  el.style.width = `${width}px`;
  const abort = new AbortController();
  tableView({
    model: kernel.table as unknown as AnyModel,
    el,
    signal: abort.signal,
    host: kernel.host,
    experimental: {} as Experimental,
  });
  parent.append(el);
  const root = el.querySelector<HTMLElement>(".inlay-run-table");
  if (root === null) throw new Error("no table was drawn");
  const find = (selector: string) => {
    const found = root.querySelector<HTMLElement>(selector);
    if (found === null) throw new Error(`nothing matches ${selector}`);
    return found;
  };
  return {
    root,
    find,
    all: (selector) => [...root.querySelectorAll<HTMLElement>(selector)],
    text: (selector) => find(selector).textContent ?? "",
    close: () => {
      abort.abort();
      el.remove();
    },
  };
}

/** Shows a table and waits until its kernel is known and its first rows are drawn. */
export async function stageTable(kernel: StubTable, width = 900): Promise<View> {
  const one = showTable(kernel, width);
  await until(
    () => one.root.querySelector('[role="gridcell"], .inlay-grid-empty:not([hidden])') !== null,
    "a row",
  );
  await settle(2);
  return one;
}
