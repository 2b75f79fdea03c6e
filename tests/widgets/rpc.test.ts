/** Questions to the kernel and the choices told to it: what is sent, when, and what becomes of the answers. */

import type { AnyModel, Host } from "@anywidget/types";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { choiceBook, readChoices } from "../../js/lib/choices.ts";
import { type Answers, isAbort, KernelError, openAnswers } from "../../js/lib/rpc.ts";
import { StubAnswers } from "./stub-model.ts";

let kernel: StubAnswers;
let card: AbortController;

beforeEach(() => {
  kernel = new StubAnswers();
  card = new AbortController();
});

afterEach(() => {
  card.abort();
  vi.useRealTimers();
});

async function opened(signal = card.signal): Promise<Answers> {
  const answers = openAnswers(kernel.host, "anywidget:1", signal);
  await Promise.resolve();
  await Promise.resolve();
  expect(answers.available).toBe(true);
  return answers;
}

const never = () => new AbortController().signal;
const outcome = (asked: Promise<unknown>) => asked.then(() => "answered", isAbort);

describe("a question", () => {
  it("is answered with a body and buffers", async () => {
    const answers = await opened();
    const asked = answers.ask("detail", { run: "r", keys: ["loss"] }, never());
    expect(kernel.last("detail")).toMatchObject({ op: "detail", run: "r", keys: ["loss"] });
    kernel.reply(kernel.last("detail"), { series: [] }, new DataView(new ArrayBuffer(8)));
    const { body, buffers } = await asked;
    expect(body).toEqual({ series: [] });
    expect(buffers[0]?.byteLength).toBe(8);
  });

  it("cannot name itself: its id and op are ours", async () => {
    const answers = await opened();
    void answers.ask("hello", { id: 0, op: "other" }, never()).catch(() => undefined);
    expect(kernel.asked[0]).toMatchObject({ op: "hello" });
    expect(kernel.asked[0]?.["id"]).not.toBe(0);
  });

  it("fails with what the kernel said", async () => {
    const answers = await opened();
    const asked = answers.ask("set_note", {}, never());
    const error = { type: "OSError", message: "disk full", traceback: "Traceback" };
    kernel.fail(kernel.last("set_note"), error);
    await expect(asked).rejects.toMatchObject(error);
    await expect(asked).rejects.toBeInstanceOf(KernelError);
  });

  it("waits for one of its kind that is under way, and one that nobody wants any more is never sent", async () => {
    const answers = await opened();
    const first = answers.ask("detail", { lo: 1 }, never());
    const old = new AbortController();
    const second = outcome(answers.ask("detail", { lo: 2 }, old.signal));
    const third = answers.ask("detail", { lo: 3 }, never());
    const other = answers.ask("hello", {}, never());
    expect(kernel.asked.map(({ op, lo }) => [op, lo])).toEqual([
      ["detail", 1],
      ["hello", undefined],
    ]);
    old.abort();
    expect(await second).toBe(true);
    kernel.reply(kernel.asked[0] ?? {}, "one");
    expect((await first).body).toBe("one");
    expect(kernel.last("detail")).toMatchObject({ lo: 3 });
    kernel.reply(kernel.last("detail"), "three");
    kernel.reply(kernel.last("hello"), "hello");
    expect([(await third).body, (await other).body]).toEqual(["three", "hello"]);
  });

  it("whose message was lost does not hold up those after it for ever", async () => {
    vi.useFakeTimers();
    const answers = await opened();
    const lost = answers.ask("detail", { lo: 1 }, never());
    const next = answers.ask("detail", { lo: 2 }, never());
    await vi.advanceTimersByTimeAsync(29_000);
    expect(kernel.asked.length).toBe(1);
    await vi.advanceTimersByTimeAsync(2000);
    expect(kernel.asked.length).toBe(2);
    kernel.reply(kernel.asked[0] ?? {}, "late");
    kernel.reply(kernel.asked[1] ?? {}, "next");
    expect([(await lost).body, (await next).body]).toEqual(["late", "next"]);
  });

  it("hears nothing of answers to other cards", async () => {
    const [a, b] = [await opened(), await opened()];
    const asked = [a.ask("hello", {}, never()), b.ask("hello", {}, never())];
    const [first, second] = kernel.asked;
    expect(first?.["id"]).not.toBe(second?.["id"]);
    kernel.reply(second ?? {}, "b");
    expect((await asked[1])?.body).toBe("b");
    kernel.reply(first ?? {}, "a");
    expect((await asked[0])?.body).toBe("a");
  });

  it("is dropped when the kernel goes away, and may be asked again when it is back", async () => {
    const answers = await opened();
    let changes = 0;
    answers.onChange(() => changes++, card.signal);
    const asked = outcome(answers.ask("detail", {}, never()));
    kernel.die();
    expect(await asked).toBe(true);
    expect([answers.available, changes]).toEqual([false, 1]);
    expect(await outcome(answers.ask("detail", {}, never()))).toBe(true);
    kernel.reply({ id: "of another card" }, {});
    expect([answers.available, changes]).toEqual([true, 2]);
  });

  it("is dropped when its card goes away", async () => {
    const answers = await opened();
    const asked = outcome(answers.ask("detail", {}, never()));
    card.abort();
    expect(await asked).toBe(true);
    expect(answers.available).toBe(false);
  });

  it("cannot be asked where no model answers", async () => {
    const refuse = () => Promise.reject(new Error("widget model not found"));
    const host: Host = { getModel: refuse, getWidget: refuse };
    for (const ref of ["", "anywidget:gone"]) {
      const answers = openAnswers(host, ref, card.signal);
      await new Promise((resolve) => setTimeout(resolve));
      expect(answers.available).toBe(false);
      expect(await outcome(answers.ask("hello", {}, never()))).toBe(true);
    }
  });

  it("finds the kernel gone when it cannot be sent", async () => {
    const model = { on: () => undefined, off: () => undefined, send: () => thrown() };
    const thrown = () => {
      throw new Error("Canceled future for comm message");
    };
    const host: Host = {
      getModel: async () => model as unknown as AnyModel as never,
      getWidget: async () => thrown(),
    };
    const answers = openAnswers(host, "anywidget:1", card.signal);
    await Promise.resolve();
    await Promise.resolve();
    expect(await outcome(answers.ask("hello", {}, never()))).toBe(true);
    expect(answers.available).toBe(false);
  });
});

describe("choices", () => {
  it("are one book for all cards of a store", () => {
    const book = choiceBook("a", { x: "time" });
    expect(choiceBook("a", {})).toBe(book);
    expect(choiceBook("b", {})).not.toBe(book);
  });

  it("come from the kernel until the reader makes some", () => {
    const book = choiceBook("c", { smoothing: 0.5 });
    expect(book.current.smoothing).toBe(0.5);
    choiceBook("c", { smoothing: 0.6 });
    expect(book.current.smoothing).toBe(0.6);
    book.set({ smoothing: 0.7 });
    choiceBook("c", { smoothing: 0.1 });
    expect(book.current.smoothing).toBe(0.7);
  });

  it("tell every card at once, and the kernel the last of several", async () => {
    vi.useFakeTimers();
    const answers = await opened();
    const book = choiceBook("d", {});
    book.attach(answers, card.signal);
    const heard: number[] = [];
    book.onChange(() => heard.push(book.current.smoothing), card.signal);
    book.set({ smoothing: 0.1 });
    book.set({ smoothing: 0.2 });
    book.set({ smoothing: 0.2 });
    expect(heard).toEqual([0.1, 0.2]);
    expect(kernel.asked).toEqual([]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(kernel.asked).toMatchObject([
      { op: "choose", store: "d", choices: { smoothing: 0.2, x: "step", log: [], panel: null } },
    ]);
  });

  it("hold without a kernel", async () => {
    vi.useFakeTimers();
    const book = choiceBook("e", {});
    book.set({ x: "relative" });
    await vi.advanceTimersByTimeAsync(1000);
    expect(book.current.x).toBe("relative");
  });

  it.each([null, 7, "x", [], { x: "sideways", smoothing: "0.5", log: "loss", panel: 3 }])(
    "that make no sense are none: %o",
    (value) => {
      expect(readChoices(value)).toEqual({ x: "step", smoothing: 0, log: [], panel: null });
    },
  );

  it("stay within bounds", () => {
    expect(readChoices({ smoothing: 2, log: ["loss", 3, ""] })).toMatchObject({
      smoothing: 0.999,
      log: ["loss"],
    });
  });
});
