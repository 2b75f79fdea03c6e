/**
 * The files of a series, one step at a time. Only what is looked at is asked of the kernel, and what stands beside it;
 * while the slider moves, pictures come as fast as the kernel hands them out. The one on screen stays until the next is
 * ready to be drawn, so that nothing flickers.
 */

import type { Artifact } from "../lib/details.ts";
import { element, setClippedText } from "../lib/dom.ts";
import { type Answer, isAbort } from "../lib/rpc.ts";
import { asNumber, asText, field } from "../lib/wire.ts";
import type { Beside } from "./beside.ts";
import { UNREACHABLE, UNREADABLE } from "./inquiry.ts";
import { type Preview, preview } from "./preview.ts";
import { stepper } from "./stepper.ts";

export interface SeriesEnv {
  beside: Beside;
  ask: (op: string, args: Record<string, unknown>, signal: AbortSignal) => Promise<Answer>;
  fail: (reason: unknown) => void;
}

export interface SeriesView {
  /** What stands below the picture: slider and caption. */
  node: HTMLElement;
  /** The step in sight, to be downloaded. */
  readonly step: number | null;
  update: (artifact: Artifact) => void;
  /** Tries again what a kernel that was gone did not answer. */
  retry: () => void;
  close: () => void;
}

/** Steps kept around the one in sight. */
const KEPT = 24;
const AROUND = [1, -1, 2];

export function seriesView(first: Artifact, env: SeriesEnv): SeriesView {
  const { beside } = env;
  const life = new AbortController();
  let artifact = first;
  let steps: number[] = [];
  let captions: string[] = [];
  let drawn: Preview | null = null;
  let known = "";
  let [listing, loading] = [false, false];
  const held = new Map<number, Preview>();

  const slider = stepper(() => void show());
  const caption = element("div", { class: "inlay-caption inlay-clip" });
  const node = element("div", { class: "inlay-steps" }, slider.node, caption);
  const args = () => ({ key: artifact.key });
  const wanted = () => steps[slider.place] ?? artifact.last_step ?? 0;

  const place = (found: Preview) => {
    if (drawn === found) return;
    drawn = found;
    // What is not in sight makes no sound.
    for (const player of beside.body.querySelectorAll("audio")) player.pause();
    beside.body.replaceChildren(found.node);
    beside.about(found.remark);
  };

  const show = async () => {
    const there = held.get(wanted());
    setClippedText(caption, captions[slider.place] ?? "");
    caption.hidden = captions.length === 0;
    if (there !== undefined) place(there);
    beside.body.dataset["late"] = String(there === undefined);
    if (loading) return;
    loading = true;
    try {
      for (let step = missing(); step !== null; step = missing()) await load(step);
    } catch (reason) {
      failed(reason);
    }
    loading = false;
  };

  const failed = (reason: unknown) => {
    if (life.signal.aborted) return;
    if (drawn === null) beside.say(isAbort(reason) ? UNREACHABLE : UNREADABLE);
    if (!isAbort(reason)) env.fail(reason);
  };

  /** What to ask for next: what is wanted, then what is beside it; null where all of that is there. */
  const missing = (): number | null => {
    if (life.signal.aborted) return null;
    const around = artifact.kind === "audio" ? [] : AROUND;
    const near = [wanted(), ...around.map((by) => steps[slider.place + by])];
    return near.find((step) => step !== undefined && !held.has(step)) ?? null;
  };

  const load = async (step: number) => {
    const asked = { ...args(), step };
    const answer = await env.ask("artifact", { ...asked, whole: false }, life.signal);
    const path = asText(field(answer.body, "path")) || artifact.path;
    const whole = () => env.ask("artifact", { ...asked, whole: true }, life.signal);
    const figure = artifact.kind === "figure";
    const found = preview(answer, { path, figure, whole, fail: env.fail });
    await found.ready;
    if (life.signal.aborted) return found.close();
    held.get(step)?.close();
    held.set(step, found);
    forget();
    const now = held.get(wanted());
    // While the slider is on its way, what comes is drawn, too.
    if (now !== undefined) place(now);
    else if (drawn !== null) place(found);
    beside.body.dataset["late"] = String(now === undefined);
  };

  /** Lets go of what is farthest from the step in sight. */
  const forget = () => {
    const from = steps.indexOf(wanted());
    const far = (step: number) => Math.abs(steps.indexOf(step) - from);
    while (held.size > KEPT) {
      const step = [...held.keys()].reduce((a, b) => (far(b) > far(a) ? b : a));
      held.get(step)?.close();
      held.delete(step);
    }
  };

  const list = async () => {
    const state = JSON.stringify([artifact.count, artifact.last_step, artifact.hash]);
    if (listing || state === known) return;
    listing = true;
    try {
      const after = steps.at(-1);
      const more = after === undefined ? {} : { after };
      const { body } = await env.ask("series", { ...args(), ...more }, life.signal);
      known = state;
      if (!take(body, after !== undefined)) {
        const { body: all } = await env.ask("series", args(), life.signal);
        take(all, false);
      }
      slider.show(steps, `Step of ${artifact.key}`);
      void show();
    } catch (reason) {
      failed(reason);
    }
    listing = false;
    if (!life.signal.aborted && known !== "" && steps.at(-1) !== artifact.last_step) void list();
  };

  /** Takes in the steps of an answer; whether they and those known are all there are. */
  const take = (body: unknown, added: boolean): boolean => {
    const numbers = (value: unknown) => (Array.isArray(value) ? value.map(asNumber) : []);
    const next = numbers(field(body, "steps")).filter((step) => step !== null);
    const said = field(body, "captions");
    const texts = Array.isArray(said) ? said.map(asText) : [];
    const before = added ? steps.length : 0;
    steps = [...steps.slice(0, before), ...next];
    if (texts.length > 0 || captions.length > 0) {
      captions = Array.from({ length: steps.length }, (_, i) =>
        i < before ? (captions[i] ?? "") : (texts[i - before] ?? ""),
      );
    }
    return !added || steps.length === asNumber(field(body, "total"));
  };

  const close = () => {
    life.abort();
    for (const one of held.values()) one.close();
    held.clear();
    delete beside.body.dataset["late"];
  };

  void list();
  void show();

  return {
    node,
    close,
    get step() {
      return wanted();
    },
    retry() {
      void list();
      void show();
    },
    update(next) {
      const again = next.last_step === artifact.last_step && next.hash !== artifact.hash;
      artifact = next;
      if (again && next.last_step !== null) {
        held.get(next.last_step)?.close();
        held.delete(next.last_step);
      }
      void list();
    },
  };
}
