/** The card on a page: how it gets its code and its styles, also in a shadow root, and what becomes of it without them. */

import type { Experimental, Host, RenderProps } from "@anywidget/types";
import { afterEach, describe, expect, it } from "vitest";
import answers from "../../js/answers/index.ts";
import library from "../../js/library/index.ts";
import widget from "../../js/run-view/index.ts";
import { StubModel, show } from "./stub-model.ts";

const aborts: AbortController[] = [];

afterEach(() => {
  for (const abort of aborts.splice(0)) abort.abort();
  document.body.replaceChildren();
});

function props(el: HTMLElement, getWidget: () => Promise<unknown>): RenderProps {
  const abort = new AbortController();
  aborts.push(abort);
  const host = { getWidget, getModel: () => Promise.reject(new Error("none")) } as unknown as Host;
  const model = new StubModel().asModel() as RenderProps["model"];
  return { model, el, host, signal: abort.signal, experimental: {} as Experimental };
}

const place = (parent: Node = document.body): HTMLElement => {
  const el = document.createElement("div");
  parent.appendChild(el);
  return el;
};
const cards = () => document.querySelectorAll(".inlay-card").length;
const sheetsOf = (root: Document | ShadowRoot) =>
  root.adoptedStyleSheets.filter((sheet) =>
    [...sheet.cssRules].some((rule) => rule.cssText.includes(".inlay-card")),
  ).length;

describe("the widget", () => {
  it("draws with the code of the page's library", async () => {
    const el = place();
    await widget.render(props(el, async () => ({ exports: library.initialize() })));
    expect(el.querySelector(".inlay-card.inlay-live-abc123")).not.toBeNull();
  });

  it("draws nothing without a library, so that the static picture stays", async () => {
    const gone = () => Promise.reject(new Error("[anywidget] Timed out waiting for widget"));
    await widget.render(props(place(), gone));
    const old = props(place(), gone);
    Reflect.deleteProperty(old, "host");
    await widget.render(old);
    expect(cards()).toBe(0);
  });

  it("draws nothing when its view is closed while it waits", async () => {
    let arrive: (widget: unknown) => void = () => undefined;
    const waiting = props(
      place(),
      () =>
        new Promise((resolve) => {
          arrive = resolve;
        }),
    );
    const drawn = widget.render(waiting);
    aborts.at(-1)?.abort();
    arrive({ exports: library.initialize() });
    await drawn;
    expect(cards()).toBe(0);
  });

  it("goes away with its view", async () => {
    const el = place();
    const close = await widget.render(props(el, async () => ({ exports: library.initialize() })));
    expect(cards()).toBe(1);
    close?.();
    expect(cards()).toBe(0);
  });
});

describe("the answering model", () => {
  it("says hello once", () => {
    const model = new StubModel();
    const signal = new AbortController().signal;
    answers.initialize({
      model: model.asModel() as never,
      signal,
      experimental: {} as Experimental,
    });
    expect(model.sent).toEqual([{ id: 0, op: "hello" }]);
  });
});

describe("styles", () => {
  it("are one sheet for twenty cards", () => {
    const views = Array.from({ length: 20 }, () => show(new StubModel()));
    expect(cards()).toBe(20);
    expect(sheetsOf(document)).toBe(1);
    expect(document.querySelectorAll("style[data-inlay]").length).toBe(0);
    expect(views[19]?.root.getBoundingClientRect().height).toBeGreaterThan(60);
    expect(getComputedStyle(views[19]?.root ?? document.body).borderTopLeftRadius).toBe("8px");
    for (const view of views) view.close();
  });

  it("reach into a shadow root, and leave the page around it alone", () => {
    const shadow = place().attachShadow({ mode: "open" });
    const el = place(shadow);
    library.initialize().runView(props(el, () => Promise.reject(new Error("none"))));
    const card = el.querySelector(".inlay-card");
    expect(sheetsOf(shadow)).toBe(1);
    expect(getComputedStyle(card ?? el).borderTopLeftRadius).toBe("8px");
  });

  it("come as an element where sheets cannot be constructed", () => {
    const real = window.CSSStyleSheet;
    const shadow = place().attachShadow({ mode: "open" });
    Object.defineProperty(shadow, "adoptedStyleSheets", { get: () => undefined });
    try {
      for (let i = 0; i < 2; i++) {
        const el = place(shadow);
        library.initialize().runView(props(el, () => Promise.reject(new Error("none"))));
        const card = el.querySelector(".inlay-card");
        expect(getComputedStyle(card ?? el).borderTopLeftRadius).toBe("8px");
      }
      expect(shadow.querySelectorAll("style[data-inlay]").length).toBe(1);
    } finally {
      window.CSSStyleSheet = real;
    }
  });
});
