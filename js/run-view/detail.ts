/**
 * The finer points behind a picture, asked of the kernel when a chart is zoomed or holds few. One question at a time,
 * put together when the one before is answered, so that the newest wishes win and none pile up behind a busy kernel.
 * Waiting is an ordinary state; after a moment the charts say that the detail follows.
 */

import { decodeFrame, type SeriesPart } from "../lib/frame.ts";
import { type Answers, isAbort } from "../lib/rpc.ts";
import type { Range } from "../lib/ticks.ts";
import { field } from "../lib/wire.ts";

export interface Wish extends Range {
  x: "step" | "time";
  keys: string[];
  /** All of the series is wanted, and not a part that is zoomed to. */
  whole: boolean;
}

/** The answer for one metric and the range it is for, in the unit that was asked for. */
export interface Detail extends Range {
  x: "step" | "time";
  whole: boolean;
  /** Null where the kernel knows of none. */
  part: SeriesPart | null;
}

const POINTS = 2000;
const PATIENCE_MS = 300;

export interface DetailsEnv {
  run: () => string;
  answers: Answers;
  fail: (reason: unknown) => void;
  signal: AbortSignal;
}

export class Details {
  readonly #env: DetailsEnv;
  readonly #wish: () => Wish | null;
  readonly #changed: () => void;
  readonly #held = new Map<string, Detail>();
  #asking = false;
  #late = false;
  #timer = 0;

  /** `wish` says what is missing now; `changed` hears of answers, and of their being late. */
  constructor(env: DetailsEnv, wish: () => Wish | null, changed: () => void) {
    this.#env = env;
    this.#wish = wish;
    this.#changed = changed;
    env.answers.onChange(() => this.ask(), env.signal);
    env.signal.addEventListener("abort", () => clearTimeout(this.#timer));
  }

  /** Whether the reader has waited long enough to be told that more will come. */
  get late(): boolean {
    return this.#late && this.#env.answers.available;
  }

  get(key: string): Detail | undefined {
    return this.#held.get(key);
  }

  /** Asks for what is missing, unless a question is under way. */
  ask(): void {
    const { signal, answers } = this.#env;
    const wish = this.#wish();
    if (signal.aborted) return;
    this.#wait(wish !== null);
    if (wish !== null && !this.#asking && answers.available) void this.#fetch(wish);
  }

  async #fetch({ x, lo, hi, keys, whole }: Wish): Promise<void> {
    const { run, answers, fail, signal } = this.#env;
    this.#asking = true;
    let parts: SeriesPart[] = [];
    try {
      const args = { run: run(), keys, x, lo, hi, points: POINTS };
      const { body, buffers } = await answers.ask("detail", args, signal);
      parts = decodeFrame(field(body, "series"), buffers[0]) ?? [];
    } catch (reason) {
      // Without a kernel there is nothing to say, and nothing to try again until there is one.
      if (isAbort(reason)) {
        this.#asking = false;
        return;
      }
      fail(reason);
    }
    this.#asking = false;
    if (signal.aborted) return;
    const byKey = new Map(parts.map((part) => [part.key, part]));
    for (const key of keys) this.#held.set(key, { x, lo, hi, whole, part: byKey.get(key) ?? null });
    this.#changed();
    this.ask();
  }

  #wait(missing: boolean): void {
    if (!missing) {
      clearTimeout(this.#timer);
      this.#timer = 0;
      this.#late = false;
    } else if (this.#timer === 0) {
      this.#timer = window.setTimeout(() => {
        this.#late = true;
        this.#changed();
      }, PATIENCE_MS);
    }
  }
}
