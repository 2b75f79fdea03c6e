/**
 * The one file of the run table that knows anywidget: traits and messages in, a table out. Each view of a model has a
 * table of its own, and all of them follow what the kernel says.
 */

import type { RenderProps } from "@anywidget/types";
import { listen, markLive } from "../lib/model-view.ts";
import { openAnswers } from "../lib/rpc.ts";
import { adoptStyles } from "../lib/styles.ts";
import { asText, field } from "../lib/wire.ts";
import css from "./style.css?inline";
import { createTable, ROOT } from "./table.ts";

/** The sheet under the table's own name: cards on the same page have another sheet, and neither is to reach the other. */
const SHEET = css.replaceAll(".inlay-card", `.${ROOT}`);

/** Draws the table of `model` inside `el`; returns what takes it away again. */
export function tableView({ model, el, host, signal }: RenderProps): () => void {
  const view = new AbortController();
  signal.addEventListener("abort", () => view.abort(), { once: true });

  const answers = openAnswers(host, asText(model.get("_answers")), view.signal);
  const table = createTable(
    el,
    {
      answers,
      token: () => asText(model.get("_token")),
      view: model.get("_view"),
      columns: model.get("_columns"),
      style: (root) => adoptStyles(root, SHEET),
    },
    view.signal,
  );
  markLive(table.root, model);

  const follow = (trait: string, read: (value: unknown) => void) =>
    listen(model, view.signal, `change:${trait}`, () => {
      table.setConnected(true);
      read(model.get(trait));
    });
  follow("_view", table.setView);
  follow("_columns", table.setColumns);
  follow("_token", () => markLive(table.root, model));
  listen(model, view.signal, "msg:custom", (content: unknown) => {
    table.setConnected(true);
    const type = field(content, "type");
    if (type === "view") table.setView(field(content, "view"));
    else if (type === "rows") table.setPage(field(content, "page"));
  });
  // ipywidgets' own event, sent when the kernel restarts: the comm is dead. Anything that still arrives proves the
  // opposite.
  listen(model, view.signal, "comm_live_update", () => table.setConnected(false));
  return () => view.abort();
}
