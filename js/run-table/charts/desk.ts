/**
 * The questions of charts. Each source holds the newest answer to what its chart wants: the old picture stays until the
 * new one is there, and a busy kernel makes it late, never wrong. Questions of one kind go out one after another, for of
 * several at once the newest would win and the other charts get nothing.
 */

import { type Answer, isAbort } from "../../lib/rpc.ts";
import type { TableContext } from "../context.ts";

export interface Desk {
  /** Asks when it is its turn; rejects as `TableContext.ask` does. */
  ask: (op: string, args: Record<string, unknown>, signal: AbortSignal) => Promise<Answer>;
}

export function deskOf(context: TableContext): Desk {
  const turns = new Map<string, Promise<unknown>>();
  return {
    ask(op, args, signal) {
      const before = turns.get(op) ?? Promise.resolve();
      const turn = before.then(() => {
        signal.throwIfAborted();
        return context.ask(op, args, signal);
      });
      turns.set(
        op,
        turn.catch(() => undefined),
      );
      return turn;
    },
  };
}

export interface Source<T> {
  readonly value: T | null;
  /** What is wanted is not there yet. */
  readonly late: boolean;
  /** Asks unless this was asked already; `version` tells one state of the runs from the next. Null wants nothing. */
  want: (args: Record<string, unknown> | null, version?: string) => void;
}

export interface SourceEnv {
  context: TableContext;
  desk: Desk;
  signal: AbortSignal;
}

export function sourceOf<T>(
  { context, desk, signal }: SourceEnv,
  op: string,
  read: (answer: Answer) => T,
  changed: () => void,
): Source<T> {
  let value: T | null = null;
  let wanted = "";
  let held = "";
  let asking: AbortController | null = null;

  const ask = async (args: Record<string, unknown>, key: string) => {
    asking?.abort();
    const mine = new AbortController();
    asking = mine;
    try {
      const answer = await desk.ask(op, args, AbortSignal.any([mine.signal, signal]));
      if (mine !== asking) return;
      value = read(answer);
      held = key;
    } catch (reason) {
      if (mine !== asking || signal.aborted) return;
      // Nobody could answer: what is wanted is asked for again when the kernel is back. An error would only come again.
      if (isAbort(reason)) wanted = "";
      else {
        held = key;
        context.fail(reason);
      }
    }
    asking = null;
    changed();
  };

  return {
    get value() {
      return value;
    },
    get late() {
      return wanted !== held;
    },
    want(args, version = "") {
      const key = args === null ? "" : JSON.stringify([args, version]);
      if (key === wanted && (asking !== null || key === held)) return;
      if (args === null) {
        asking?.abort();
        asking = null;
        [value, wanted, held] = [null, "", ""];
        return;
      }
      wanted = key;
      if (context.available) void ask(args, key);
    },
  };
}
