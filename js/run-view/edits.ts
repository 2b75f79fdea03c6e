/**
 * Telling the kernel what a reader wrote. What is written shows at once; until the kernel has it, the card says that it
 * will be saved.
 */

import { element } from "../lib/dom.ts";
import type { Answers } from "../lib/rpc.ts";

export interface EditEnv {
  answers: Answers;
  /** The id of the run. */
  run: () => string;
  /** Shows the reader what went wrong in the kernel. */
  fail: (reason: unknown) => void;
  signal: AbortSignal;
}

export const PENDING = "saved when the kernel is free";

export interface Saver {
  /** Says that something is not saved yet. */
  node: HTMLElement;
  /** Gives the kernel's answer; null when it failed, and the reader has been told. */
  save: (op: string, args: Record<string, unknown>) => Promise<unknown>;
}

export function saver({ answers, run, fail, signal }: EditEnv): Saver {
  const node = element("span", { class: "inlay-pending inlay-late", hidden: true }, PENDING);
  let unsaved = 0;
  const count = (by: number) => {
    unsaved += by;
    node.hidden = unsaved === 0;
  };
  return {
    node,
    async save(op, args) {
      count(1);
      try {
        return (await answers.ask(op, { run: run(), ...args }, signal)).body;
      } catch (reason) {
        fail(reason);
        return null;
      } finally {
        count(-1);
      }
    },
  };
}
