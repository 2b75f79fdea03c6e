/**
 * Questions to the kernel, over the model that only answers (views/answers.py). A busy kernel answers when it is free,
 * so a question has no time limit: whoever asks shows that the answer follows. Of each kind one question is under way at
 * a time, the next waits here, and one whose signal is aborted while it waits is never sent: the newest wins.
 */

import type { AnyModel, Host } from "@anywidget/types";
import { asText, field } from "./wire.ts";

export interface Answer {
  body: unknown;
  buffers: ArrayBufferView[];
}

export interface Answers {
  /** Whether there is a kernel to ask. */
  readonly available: boolean;
  /** Rejects with a `KernelError` when the kernel failed, with an `AbortError` when nobody waits or nobody can answer. */
  ask: (op: string, args: Record<string, unknown>, signal: AbortSignal) => Promise<Answer>;
  /** Tells when `available` has changed. */
  onChange: (changed: () => void, signal: AbortSignal) => void;
}

/** An exception in the kernel, to be shown to the reader. */
export class KernelError extends Error {
  readonly type: string;
  readonly traceback: string;

  constructor(type: string, message: string, traceback: string) {
    super(message);
    this.type = type;
    this.traceback = traceback;
  }
}

/** A question without an answer for this long no longer holds up the next of its kind: its message may be lost. */
const PATIENCE_MS = 30_000;

interface Question {
  op: string;
  message: Record<string, unknown>;
  sent: number;
  resolve: (answer: Answer) => void;
  reject: (reason: unknown) => void;
}

/** The questions of one card; `ref` names the model, and is empty where there is none. */
export function openAnswers(host: Host, ref: string, signal: AbortSignal): Answers {
  // Answers reach every card and every page that knows the model, so ids must be nobody else's.
  const prefix = crypto.getRandomValues(new Uint32Array(2)).join("-");
  const questions = new Map<string, Question>();
  const callbacks = new Set<() => void>();
  let model: AnyModel | null = null;
  let available = false;
  let count = 0;

  const setAvailable = (next: boolean) => {
    if (available === next) return;
    available = next;
    if (!next) drop();
    for (const callback of callbacks) callback();
  };

  const drop = () => {
    for (const { reject } of questions.values()) reject(aborted());
    questions.clear();
  };

  /** Sends the oldest question of a kind that waits, unless one is under way. */
  const next = (op: string) => {
    const now = Date.now();
    const same = [...questions.values()].filter((question) => question.op === op);
    if (same.some(({ sent }) => sent > now - PATIENCE_MS)) return;
    const question = same.find(({ sent }) => sent === 0);
    if (question === undefined) return;
    question.sent = now;
    try {
      model?.send(question.message);
    } catch {
      setAvailable(false);
    }
    setTimeout(() => next(op), PATIENCE_MS + 1);
  };

  const receive = (content: unknown, buffers: unknown) => {
    setAvailable(true);
    const id = asText(field(content, "id"));
    const question = questions.get(id);
    if (question === undefined) return;
    questions.delete(id);
    const error = field(content, "error");
    if (error === undefined) {
      const views = Array.isArray(buffers) ? buffers.filter((one) => ArrayBuffer.isView(one)) : [];
      question.resolve({ body: field(content, "ok"), buffers: views });
    } else {
      const text = (name: string) => asText(field(error, name));
      question.reject(new KernelError(text("type"), text("message"), text("traceback")));
    }
    next(question.op);
  };

  const connect = async () => {
    try {
      model = await host.getModel(ref);
    } catch {
      return;
    }
    if (signal.aborted) return;
    const gone = () => setAvailable(false);
    model.on("msg:custom", receive);
    model.on("comm_live_update", gone);
    signal.addEventListener("abort", () => {
      model?.off("msg:custom", receive);
      model?.off("comm_live_update", gone);
      available = false;
      drop();
    });
    setAvailable(true);
  };
  if (ref !== "") void connect();

  return {
    get available() {
      return available;
    },
    ask(op, args, asker) {
      return new Promise((resolve, reject) => {
        if (!available || asker.aborted) return reject(aborted());
        const id = `${prefix}-${++count}`;
        questions.set(id, { op, message: { ...args, id, op }, sent: 0, resolve, reject });
        const cancel = () => {
          const question = questions.get(id);
          reject(aborted());
          // One that was sent stays until its answer comes: the kernel is at work on it.
          if (question?.sent === 0) questions.delete(id);
        };
        asker.addEventListener("abort", cancel, { once: true });
        next(op);
      });
    },
    onChange(changed, until) {
      callbacks.add(changed);
      until.addEventListener("abort", () => callbacks.delete(changed), { once: true });
    },
  };
}

function aborted(): DOMException {
  return new DOMException("Nobody answers, or nobody waits any more.", "AbortError");
}

/** Whether something went wrong that a reader should hear of. */
export function isAbort(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === "AbortError";
}
