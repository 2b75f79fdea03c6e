/**
 * The one file of the run card that knows anywidget: traits and messages in, a card out. Each view of a model has its
 * own card and its own feed, so a second view of an output is as complete as the first.
 */

import type { AnyModel, RenderProps } from "@anywidget/types";
import { Feed } from "../lib/feed.ts";
import { asText, readHeader } from "../lib/wire.ts";
import { createCard } from "./card.ts";

/** The traits of views/run_view.py; read without trust, hence unknown. */
interface RunViewTraits {
  _token: unknown;
  _header: unknown;
  _snapshot: unknown;
}

type RunViewModel = AnyModel<Record<keyof RunViewTraits, unknown>>;

function render({ model, el, signal }: RenderProps<Record<keyof RunViewTraits, unknown>>) {
  const view = new AbortController();
  // Colab and VS Code bring their own anywidget; before 0.11 it gave no signal and called what render returned.
  signal?.addEventListener("abort", () => view.abort(), { once: true });

  const card = createCard(el, readHeader(model.get("_header")), view.signal);
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
function markLive(root: HTMLElement, model: RunViewModel): void {
  const token = asText(model.get("_token"));
  const old = [...root.classList].filter((name) => name.startsWith("inlay-live-"));
  root.classList.remove(...old);
  if (/^[\w-]+$/.test(token)) root.classList.add(`inlay-live-${token}`);
}

function listen(
  model: RunViewModel,
  signal: AbortSignal,
  event: string,
  callback: (...args: unknown[]) => void,
): void {
  model.on(event, callback);
  signal.addEventListener("abort", () => model.off(event, callback), { once: true });
}

export default { render };
