/**
 * Parts of a run table without its grid: the toolbar and the comparison around a session of their own, and a button that
 * stands for a column's head. What is tested of them needs no rows.
 */

import { element } from "../../js/lib/dom.ts";
import { openAnswers } from "../../js/lib/rpc.ts";
import { adoptStyles } from "../../js/lib/styles.ts";
import { readTheme } from "../../js/lib/theme.ts";
import { field } from "../../js/lib/wire.ts";
import { openColumnPanel } from "../../js/run-table/column-panel.ts";
import { diffPart } from "../../js/run-table/diff.ts";
import { openSession, type TableSession } from "../../js/run-table/session.ts";
import css from "../../js/run-table/style.css?inline";
import { toolbarPart } from "../../js/run-table/toolbar.ts";
import { settle, until } from "./stub-model.ts";
import type { StubTable } from "./stub-table.ts";

export interface Parts {
  root: HTMLElement;
  session: TableSession;
  /** What the parts said to who cannot see it, and what they failed with. */
  said: string[];
  failures: unknown[];
  find: <E extends HTMLElement = HTMLElement>(selector: string) => E;
  all: (selector: string) => HTMLElement[];
  text: (selector: string) => string;
  /** Opens the panel of a column. */
  open: (column: string) => Promise<void>;
  close: () => void;
}

export async function stageParts(kernel: StubTable, width = 900): Promise<Parts> {
  const abort = new AbortController();
  const { signal } = abort;
  const [said, failures]: [string[], unknown[]] = [[], []];
  const session = openSession({
    answers: openAnswers(kernel.host, String(kernel.table.get("_answers")), signal),
    token: () => "table1",
    view: kernel.table.get("_view"),
    columns: kernel.table.get("_columns"),
    fail: (reason) => failures.push(reason),
    announce: (text) => said.push(text),
    signal,
  });
  kernel.table.on("msg:custom", (content) => session.takeView(field(content, "view")));
  const head = element(
    "button",
    { type: "button", class: "inlay-button", "aria-haspopup": "dialog" },
    "head",
  );
  const root = element(
    "div",
    { class: "inlay-run-table", role: "region", "aria-label": "Runs" },
    toolbarPart(session),
    head,
    diffPart(session),
  );
  const place = element("div", {}, root);
  place.style.width = `${width}px`;
  document.body.append(place);
  adoptStyles(root, css.replaceAll(".inlay-card", ".inlay-run-table"));
  session.setTheme(readTheme(root));
  if (kernel.table.get("_answers") !== "") await until(() => session.available, "a kernel");
  await settle(2);
  const find = <E extends HTMLElement>(selector: string) => {
    const found = root.querySelector<E>(selector);
    if (found === null) throw new Error(`nothing matches ${selector}`);
    return found;
  };
  return {
    root,
    session,
    said,
    failures,
    find,
    all: (selector) => [...root.querySelectorAll<HTMLElement>(selector)],
    text: (selector) => find(selector).textContent ?? "",
    async open(column) {
      openColumnPanel(session, column, head);
      await until(() => root.querySelector(".inlay-facet") !== null, "a facet");
    },
    close() {
      abort.abort();
      place.remove();
    },
  };
}
