/**
 * The one file of the run card that knows anywidget: traits and messages in, a card out. Each view of a model has its
 * own card and its own feed, so a second view of an output is as complete as the first.
 */

import type { AnyModel, RenderProps } from "@anywidget/types";
import { choiceBook } from "../lib/choices.ts";
import { Feed } from "../lib/feed.ts";
import { openAnswers } from "../lib/rpc.ts";
import { adoptStyles } from "../lib/styles.ts";
import { asText, readHeader } from "../lib/wire.ts";
import { createCard } from "./card.ts";
import css from "./style.css?inline";

/** Draws the run of `model` inside `el`; returns what takes the card away again. */
export function runView({ model, el, host, signal }: RenderProps): () => void {
  const view = new AbortController();
  signal.addEventListener("abort", () => view.abort(), { once: true });

  const answers = openAnswers(host, asText(model.get("_answers")), view.signal);
  const header = readHeader(model.get("_header"));
  const choices = choiceBook(header.store, model.get("_choices"));
  choices.attach(answers, view.signal);
  const style = (root: Node) => adoptStyles(root, css);
  const card = createCard(el, header, { answers, choices, style }, view.signal);
  markLive(card.root, model);

  const feed = new Feed(() => model.send({ type: "ready" }));
  const show = (changed: boolean) => {
    card.setConnected(true);
    if (changed) card.setSeries(feed.series);
  };
  listen(model, view.signal, "change:_header", () => {
    card.setConnected(true);
    card.setHeader(readHeader(model.get("_header")));
  });
  listen(model, view.signal, "change:_snapshot", () => {
    show(feed.snapshot(model.get("_snapshot")));
  });
  listen(model, view.signal, "change:_token", () => markLive(card.root, model));
  listen(model, view.signal, "msg:custom", (content: unknown, buffers: unknown) => {
    show(feed.message(content, Array.isArray(buffers) ? buffers : []));
  });
  // ipywidgets' own event, sent when the kernel restarts: the comm is dead, whatever the header last said. Its
  // value cannot be read from here, so anything that still arrives proves the opposite.
  listen(model, view.signal, "comm_live_update", () => card.setConnected(false));

  feed.start(model.get("_snapshot"));
  card.setSeries(feed.series);
  return () => view.abort();
}

/** The class by which the static picture beside this view knows that it is alive, and hides. */
function markLive(root: HTMLElement, model: AnyModel): void {
  const token = asText(model.get("_token"));
  const old = [...root.classList].filter((name) => name.startsWith("inlay-live-"));
  root.classList.remove(...old);
  if (/^[\w-]+$/.test(token)) root.classList.add(`inlay-live-${token}`);
}

function listen(
  model: AnyModel,
  signal: AbortSignal,
  event: string,
  callback: (...args: unknown[]) => void,
): void {
  model.on(event, callback);
  signal.addEventListener("abort", () => model.off(event, callback), { once: true });
}
