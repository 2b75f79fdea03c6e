/**
 * The one file of the run card that knows anywidget: traits and messages in, a card out. Each view of a model has its
 * own card and its own feed, so a second view of an output is as complete as the first.
 */

import type { RenderProps } from "@anywidget/types";
import { choiceBook, readChoices } from "../lib/choices.ts";
import { readBars, readDetails } from "../lib/details.ts";
import { Feed } from "../lib/feed.ts";
import { listen, markLive } from "../lib/model-view.ts";
import { openAnswers } from "../lib/rpc.ts";
import { adoptStyles } from "../lib/styles.ts";
import { asText, field, readHeader } from "../lib/wire.ts";
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
  card.setDetails(readDetails(model.get("_details")));
  card.setProgress(readBars(model.get("_progress")));
  markLive(card.root, model);

  const feed = new Feed(() => model.send({ type: "ready" }));
  const follow = (trait: string, read: (value: unknown) => void) =>
    listen(model, view.signal, `change:${trait}`, () => {
      card.setConnected(true);
      read(model.get(trait));
    });
  const show = (changed: boolean) => {
    if (changed) card.setSeries(feed.series);
  };
  follow("_header", (value) => card.setHeader(readHeader(value)));
  follow("_snapshot", (value) => show(feed.snapshot(value)));
  follow("_details", (value) => card.setDetails(readDetails(value)));
  follow("_progress", (value) => card.setProgress(readBars(value)));
  follow("_choices", (value) => choices.learn(readChoices(value)));
  follow("_token", () => markLive(card.root, model));
  listen(model, view.signal, "msg:custom", (content: unknown, buffers: unknown) => {
    card.setConnected(true);
    if (field(content, "type") === "progress") card.setProgress(readBars(field(content, "bars")));
    else show(feed.message(content, Array.isArray(buffers) ? buffers : []));
  });
  // ipywidgets' own event, sent when the kernel restarts: the comm is dead, whatever the header last said. Its
  // value cannot be read from here, so anything that still arrives proves the opposite.
  listen(model, view.signal, "comm_live_update", () => card.setConnected(false));

  feed.start(model.get("_snapshot"));
  card.setSeries(feed.series);
  return () => view.abort();
}
