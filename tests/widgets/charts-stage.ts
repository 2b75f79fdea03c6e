/** The charts of a card alone, in a frame of the card's style, with a stub in place of the kernel that answers. */

import { ChoiceBook, readChoices } from "../../js/lib/choices.ts";
import { Feed } from "../../js/lib/feed.ts";
import type { Answer, Answers } from "../../js/lib/rpc.ts";
import { onFrame, Watcher } from "../../js/lib/schedule.ts";
import { readTheme, watchTheme } from "../../js/lib/theme.ts";
import { chartsView } from "../../js/run-view/charts.ts";
import "../../js/run-view/style.css";
import { type Frame, frame, type Part, STARTED } from "./stub-model.ts";

export interface Asked {
  op: string;
  args: Record<string, unknown>;
  resolve: (answer: Answer) => void;
  reject: (reason: unknown) => void;
}

/** A kernel that answers when the test says so. */
export class StubAnswers implements Answers {
  available = true;
  readonly asked: Asked[] = [];
  #changed: () => void = () => undefined;

  ask(op: string, args: Record<string, unknown>): Promise<Answer> {
    return new Promise((resolve, reject) => this.asked.push({ op, args, resolve, reject }));
  }

  onChange(changed: () => void): void {
    this.#changed = changed;
  }

  setAvailable(available: boolean): void {
    this.available = available;
    this.#changed();
  }

  /** Answers the oldest question that waits, with series as a frame packs them. */
  answer(parts: Part[]): void {
    const { series, data } = frame(0, parts);
    this.asked.shift()?.resolve({ body: { series }, buffers: [data] });
  }
}

export interface Stage {
  root: HTMLElement;
  answers: StubAnswers;
  choices: ChoiceBook;
  failures: unknown[];
  push: (parts: Part[]) => void;
  find: (selector: string) => HTMLElement;
  all: (selector: string) => HTMLElement[];
  text: (selector: string) => string;
  titles: () => string[];
  close: () => void;
}

export interface StageOptions {
  width?: number;
  live?: boolean;
  choices?: Record<string, unknown>;
  available?: boolean;
}

export function stage(parts: Part[], options: StageOptions = {}): Stage {
  const { width = 900, live = false } = options;
  const abort = new AbortController();
  const { signal } = abort;
  const root = document.createElement("div");
  root.className = "inlay-card";
  root.style.width = `${width}px`;
  document.body.append(root);
  const answers = new StubAnswers();
  answers.available = options.available ?? true;
  const choices = new ChoiceBook("test", readChoices(options.choices ?? {}));
  const failures: unknown[] = [];
  const redraw = onFrame(() => {
    const theme = readTheme(root);
    if (theme !== null) charts.draw(theme, live);
  }, signal);
  const charts = chartsView({
    run: () => "0193b2f0",
    watcher: new Watcher(signal),
    redraw,
    answers,
    choices,
    fail: (reason) => failures.push(reason),
    signal,
  });
  root.append(charts.node);
  const feed = new Feed(() => undefined);
  let seq = 0;
  const show = (packed: Frame, type: "snapshot" | "points") => {
    feed.message({ type, seq: packed.seq, series: packed.series }, [packed.data]);
    const state = { metricsTotal: feed.series.length, live, startedAt: STARTED };
    charts.update(feed.series, state);
    redraw();
  };
  show(frame(++seq, parts), "snapshot");
  watchTheme(() => {
    charts.invalidate();
    redraw();
  }, signal);
  const all = (selector: string) => [...root.querySelectorAll<HTMLElement>(selector)];
  const find = (selector: string) => {
    const [found] = all(selector);
    if (found === undefined) throw new Error(`nothing matches ${selector}`);
    return found;
  };
  return {
    root,
    answers,
    choices,
    failures,
    push: (more) => show(frame(++seq, more), "points"),
    find,
    all,
    text: (selector) => find(selector).textContent ?? "",
    titles: () => all(".inlay-chart-title").map((title) => title.textContent ?? ""),
    close: () => {
      abort.abort();
      root.remove();
    },
  };
}

/** A run of `count` points as the kernel reduces it: in each stretch its first, lowest, highest and last point. */
export function reduced(
  count: number,
  value: (step: number) => number,
  buckets = 400,
): Pick<Part, "x" | "y" | "mean" | "total"> {
  const [x, y, mean]: [number[], number[], number[]] = [[], [], []];
  const size = Math.ceil(count / buckets);
  for (let from = 0; from < count; from += size) {
    const steps = Array.from({ length: Math.min(size, count - from) }, (_, i) => from + i);
    const values = steps.map(value);
    const finite = values.filter(Number.isFinite);
    if (finite.length === 0) continue;
    const places = [
      values.findIndex(Number.isFinite),
      values.indexOf(Math.min(...finite)),
      values.indexOf(Math.max(...finite)),
      values.findLastIndex(Number.isFinite),
    ];
    const average = finite.reduce((sum, one) => sum + one, 0) / finite.length;
    const odd = values.findIndex((one) => !Number.isFinite(one));
    const kept = [...new Set(odd < 0 ? places : [...places, odd])].sort((a, b) => a - b);
    for (const place of kept) {
      x.push(from + place);
      y.push(values[place] ?? 0);
      mean.push(place === odd ? Number.NaN : average);
    }
  }
  return { x, y, mean, total: count };
}
