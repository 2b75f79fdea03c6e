/**
 * How the reader likes to see runs: remembered by the kernel for each store, and the same on every card of a page that
 * shows runs of that store. What is chosen here wins over what the kernel says; it is told a moment later.
 */

import type { Answers } from "./rpc.ts";
import { asNumber, asText, field } from "./wire.ts";

export type XAxis = "step" | "time" | "relative";

export interface Choices {
  x: XAxis;
  smoothing: number;
  /** Titles of the charts with a logarithmic value axis. */
  log: string[];
  /** The open panel; "" when the reader closed it, null before any choice. */
  panel: string | null;
}

const SAVE_AFTER_MS = 400;

export class ChoiceBook {
  readonly #store: string;
  readonly #callbacks = new Set<() => void>();
  readonly #answers = new Set<Answers>();
  #current: Choices;
  #chosen = false;
  #timer = 0;
  #saving: AbortController | null = null;

  constructor(store: string, start: Choices) {
    this.#store = store;
    this.#current = start;
  }

  get current(): Choices {
    return this.#current;
  }

  /** The reader chose something. */
  set(part: Partial<Choices>): void {
    this.#chosen = true;
    this.#change({ ...this.#current, ...part });
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#save(), SAVE_AFTER_MS);
  }

  /** What the kernel remembers; it counts until something is chosen on this page. */
  learn(choices: Choices): void {
    if (!this.#chosen) this.#change(choices);
  }

  onChange(changed: () => void, signal: AbortSignal): void {
    this.#callbacks.add(changed);
    signal.addEventListener("abort", () => this.#callbacks.delete(changed), { once: true });
  }

  /** Choices may be told to the kernel through `answers`, as long as its card is there. */
  attach(answers: Answers, signal: AbortSignal): void {
    this.#answers.add(answers);
    signal.addEventListener("abort", () => this.#answers.delete(answers), { once: true });
  }

  #change(next: Choices): void {
    if (JSON.stringify(next) === JSON.stringify(this.#current)) return;
    this.#current = next;
    for (const callback of this.#callbacks) callback();
  }

  /** Not being able to remember is no error: the choices still hold on this page. */
  #save(): void {
    this.#saving?.abort();
    this.#saving = new AbortController();
    const answers = [...this.#answers].find((one) => one.available);
    answers
      ?.ask("choose", { store: this.#store, choices: this.#current }, this.#saving.signal)
      .catch(() => undefined);
  }
}

/** The books of this page, one for each store. */
const books = new Map<string, ChoiceBook>();

/** The book of a store; `remembered` is what the kernel says of it. */
export function choiceBook(store: string, remembered: unknown): ChoiceBook {
  const start = readChoices(remembered);
  const book = books.get(store) ?? new ChoiceBook(store, start);
  books.set(store, book);
  book.learn(start);
  return book;
}

/** The `_choices` trait. */
export function readChoices(value: unknown): Choices {
  const x = field(value, "x");
  const smoothing = asNumber(field(value, "smoothing")) ?? 0;
  const log = field(value, "log");
  const panel = field(value, "panel");
  return {
    x: x === "time" || x === "relative" ? x : "step",
    smoothing: Math.min(0.999, Math.max(0, smoothing)),
    log: Array.isArray(log) ? log.map(asText).filter((title) => title !== "") : [],
    panel: typeof panel === "string" ? panel : null,
  };
}
