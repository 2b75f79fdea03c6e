/**
 * The kernel's side of the wire for tests: traits, events and what the view sent, with the binary frames Python makes.
 * It counts its listeners, so that a test can tell whether a closed view left any behind.
 */

import type { AnyModel, Experimental, Host } from "@anywidget/types";
import type { SeriesHead } from "../../js/lib/wire.ts";
import { runView } from "../../js/run-view/view.ts";

type Name = "_token" | "_header" | "_details" | "_progress" | "_choices" | "_answers" | "_snapshot";
type Traits = Record<Name, unknown>;
type Callback = (...args: unknown[]) => void;

/** When the runs of the tests began, in Unix seconds: 21 November 2026, 14:05 in UTC. */
export const STARTED = Date.UTC(2026, 10, 21, 14, 5) / 1000;

export interface Frame {
  seq: number;
  series: SeriesHead[];
  data: DataView;
}

export class StubModel {
  readonly sent: unknown[] = [];
  readonly #traits: Traits;
  readonly #listeners = new Map<string, Callback[]>();

  constructor(traits: Partial<Traits> = {}) {
    this.#traits = {
      _token: "abc123",
      _header: header(),
      _details: {},
      _progress: [],
      _choices: {},
      _answers: "",
      _snapshot: frame(0, []),
      ...traits,
    };
  }

  get listenerCount(): number {
    return [...this.#listeners.values()].reduce((sum, list) => sum + list.length, 0);
  }

  get(name: keyof Traits): unknown {
    return this.#traits[name];
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

  change(name: keyof Traits, value: unknown): void {
    this.#traits[name] = value;
    this.emit(`change:${name}`);
  }

  push(type: "points" | "snapshot", { seq, series, data }: Frame): void {
    this.emit("msg:custom", { type, seq, series }, [data]);
  }

  emit(event: string, ...args: unknown[]): void {
    for (const callback of this.#listeners.get(event) ?? []) callback(...args);
  }

  /** The views need no more of a model than this stub has. */
  asModel(): AnyModel<Traits> {
    return this as unknown as AnyModel<Traits>;
  }
}

/** The kernel's answering model: what was asked, and a way to answer it. */
export class StubAnswers {
  readonly asked: Record<string, unknown>[] = [];
  readonly #model = new StubModel();

  /** The host of a view: it knows this one model. */
  get host(): Host {
    this.#model.send = (content: unknown) => {
      this.asked.push(content as Record<string, unknown>);
    };
    return {
      getModel: async () => this.#model.asModel() as never,
      getWidget: async () => Promise.reject(new Error("no widget here")),
    };
  }

  /** The newest question of a kind. */
  last(op: string): Record<string, unknown> {
    const found = this.asked.findLast((one) => one["op"] === op);
    if (found === undefined) throw new Error(`nobody asked for ${op}`);
    return found;
  }

  reply(question: Record<string, unknown>, ok: unknown, ...buffers: ArrayBufferView[]): void {
    this.#model.emit("msg:custom", { id: question["id"], ok }, buffers);
  }

  fail(question: Record<string, unknown>, error: Record<string, string>): void {
    this.#model.emit("msg:custom", { id: question["id"], error }, []);
  }

  /** The kernel went away. */
  die(): void {
    this.#model.emit("comm_live_update");
  }
}

export interface View {
  root: HTMLElement;
  find: (selector: string) => HTMLElement;
  all: (selector: string) => HTMLElement[];
  text: (selector: string) => string;
  close: () => void;
}

const SILENT_HOST: Host = {
  getModel: async () => Promise.reject(new Error("no model here")),
  getWidget: async () => Promise.reject(new Error("no widget here")),
};

/** Renders a view of the model, 900 px wide, and then puts it on the page: the order JupyterLab has. */
export function show(model: StubModel, width = 900, host: Host = SILENT_HOST): View {
  const el = document.createElement("div");
  el.style.width = `${width}px`;
  const abort = new AbortController();
  runView({
    model: model.asModel(),
    el,
    signal: abort.signal,
    host,
    experimental: {} as Experimental,
  });
  document.body.append(el);
  const root = el.querySelector<HTMLElement>(".inlay-card");
  if (root === null) throw new Error("no card was drawn");
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

/** Choices are shared by the cards of a store, and no test is to see another's. */
let stores = 0;

export function header(more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    run_id: "0193b2f0",
    short_id: "a81b2c3d",
    name: "baseline",
    experiment: "churn",
    status: "running",
    started_at: Date.now() / 1000 - 134,
    ended_at: null,
    tags: {},
    note: "",
    error: null,
    params: [],
    params_total: 0,
    metrics_total: 0,
    load: 'inlay.get_run("a81b2c3d")',
    parent: null,
    store: `store-${++stores}`,
    following: false,
    source: "notebook.ipynb",
    host: "",
    user: "",
    ...more,
  };
}

/** A series of a frame. Without times its points are a second apart; without means nothing of it was reduced. */
/** The `_details` of a run that has everything. */
export function details(more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    code: {
      source: "import inlay\nlr = 0.1\n",
      previous: { run_id: "0192", short_id: "77aa01ff", name: "before" },
      diff: [
        ["=", "import inlay"],
        ["-", "lr = 0.2"],
        ["+", "lr = 0.1"],
        ["@", ""],
      ],
      added: 1,
      removed: 1,
    },
    output: { tail: "epoch 1\nepoch 2\n", bytes: 1_200_000 },
    artifacts: [
      { path: "plots/loss.png", bytes: 18_200, mime: "image/png", kind: "figure", hash: "a" },
      { path: "report.html", bytes: 2400, mime: "text/html", kind: "file", hash: "b" },
    ],
    artifacts_total: 2,
    environment: {
      python: "3.11.9",
      platform: "Linux",
      hardware: [["CPU", "16 cores"]],
      packages: Array.from({ length: 12 }, (_, i) => [`package-${i}`, `1.${i}`]),
      variables: [["CUDA_VISIBLE_DEVICES", "0"]],
    },
    git: { commit: "6c93b54e2a9f77", branch: "main", dirty: true, remote: "" },
    children: [
      { run_id: "1", short_id: "c0ffee00", name: "fold 0", status: "finished", duration_s: 31 },
      { run_id: "2", short_id: "c0ffee01", name: "fold 1", status: "failed", duration_s: null },
    ],
    children_total: 2,
    ...more,
  };
}

export interface Part extends Partial<SeriesHead> {
  x: number[];
  y: number[];
  time?: number[];
  mean?: number[];
}

/** A frame as Python packs it; `odd` puts the doubles at an address where doubles cannot be read in place. */
export function frame(seq: number, parts: Part[], odd = false): Frame {
  const columns = parts.flatMap(({ x, y, time, mean }) => [
    x,
    time ?? x.map((step) => STARTED + step),
    y,
    mean ?? y.map((value) => (Number.isFinite(value) ? value : Number.NaN)),
  ]);
  const numbers = Float64Array.from(columns.flat());
  const shift = odd ? 3 : 0;
  const bytes = new Uint8Array(numbers.byteLength + shift);
  bytes.set(new Uint8Array(numbers.buffer), shift);
  const series = parts.map(({ x, y, time: _, mean: __, ...head }, i) => {
    const key = head.key ?? "loss";
    const from = head.from ?? 0;
    const given = { id: i + 1, key, chart: key, label: key, from, n: x.length, nonfinite: 0 };
    return { total: from + x.length, ...given, ...summary(y), ...head };
  });
  return { seq, series, data: new DataView(bytes.buffer, shift, numbers.byteLength) };
}

function summary(y: number[]): Pick<SeriesHead, "last" | "min" | "max"> {
  const finite = y.filter(Number.isFinite);
  const last = y.at(-1) ?? null;
  return {
    last: Number.isFinite(last) ? last : null,
    min: finite.length > 0 ? Math.min(...finite) : null,
    max: finite.length > 0 ? Math.max(...finite) : null,
  };
}

/** Waits until something holds, looking once a frame. */
export async function until(holds: () => boolean, what: string, timeout = 5000): Promise<void> {
  const end = performance.now() + timeout;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
}

/** Long enough for everything that is due to have been drawn. */
export async function settle(frames = 6): Promise<void> {
  for (let i = 0; i < frames; i++) await new Promise((resolve) => requestAnimationFrame(resolve));
}
