/**
 * Asking the kernel for the one thing that a panel shows. Until it answers, the place says that it follows; what is drawn
 * already stays until then, and also when a later answer does not come.
 */

import { type Answer, type Answers, isAbort } from "../lib/rpc.ts";

/** What a panel needs in order to ask. */
export interface AskEnv {
  answers: Answers;
  run: () => string;
  fail: (reason: unknown) => void;
  signal: AbortSignal;
}

export const WAITING = "Preview follows, once the kernel is free";
export const UNREACHABLE = "Previews need the kernel that showed this card";

export const UNREADABLE = "The kernel could not read this";

export interface Inquiry {
  /** Whether an answer is drawn. */
  readonly drawn: boolean;
  ask: (args: Record<string, unknown>) => Promise<void>;
  /** Something else is shown now: what was drawn is not it. */
  forget: () => void;
}

/** `say` writes a sentence in place of the thing, `take` draws an answer. */
export function inquiry(
  { answers, run, fail, signal }: AskEnv,
  op: string,
  say: (words: string, late?: boolean) => void,
  take: (answer: Answer) => void,
): Inquiry {
  let request = new AbortController();
  let drawn = false;
  signal.addEventListener("abort", () => request.abort());
  return {
    get drawn() {
      return drawn;
    },
    forget() {
      request.abort();
      drawn = false;
    },
    async ask(args) {
      request.abort();
      request = new AbortController();
      const until = request.signal;
      if (!drawn) say(answers.available ? WAITING : UNREACHABLE, answers.available);
      if (!answers.available) return;
      try {
        const answer = await answers.ask(op, { run: run(), ...args }, until);
        drawn = true;
        take(answer);
      } catch (reason) {
        if (until.aborted) return;
        if (!drawn) say(isAbort(reason) ? UNREACHABLE : UNREADABLE);
        if (!isAbort(reason)) fail(reason);
      }
    },
  };
}
