/**
 * The run table: what is asked above, the grid, what of it is charted below, and the differences between the runs that
 * were picked. Each part listens to the session by itself; this file puts them in their order, and knows the theme.
 */

import { callbackErrors } from "../lib/callback-error.ts";
import { element, setText } from "../lib/dom.ts";
import type { Answers } from "../lib/rpc.ts";
import { Watcher } from "../lib/schedule.ts";
import { readTheme, sameTheme, watchTheme } from "../lib/theme.ts";
import { chartsPart } from "./charts/charts.ts";
import { diffPart } from "./diff.ts";
import { gridPart } from "./grid.ts";
import { openSession } from "./session.ts";
import { statusPart } from "./status-line.ts";
import { toolbarPart } from "./toolbar.ts";

/** The class of a table, in which all its rules are. */
export const ROOT = "inlay-run-table";

export interface Table {
  root: HTMLElement;
  setView: (view: unknown) => void;
  setPage: (page: unknown) => void;
  setColumns: (columns: unknown) => void;
  /** False once the kernel behind the table is gone. */
  setConnected: (connected: boolean) => void;
}

export interface TableEnv {
  answers: Answers;
  token: () => string;
  /** The traits `_view` and `_columns`. */
  view: unknown;
  columns: unknown;
  /** Gives the tree an element stands in the table's style sheet. */
  style: (root: Node) => void;
}

/** Builds a table inside `parent`; the signal takes it away with everything it listens to. */
export function createTable(parent: HTMLElement, env: TableEnv, signal: AbortSignal): Table {
  const errors = callbackErrors("Error while answering this table");
  const announcement = element("div", { class: "inlay-offscreen", role: "status" });
  const session = openSession({
    ...env,
    fail: errors.add,
    announce: (text) => setText(announcement, text),
    signal,
  });
  const root = element(
    "div",
    { class: ROOT, role: "region", "aria-label": "Runs" },
    toolbarPart(session),
    gridPart(session),
    statusPart(session),
    errors.node,
    chartsPart(session),
    diffPart(session),
    announcement,
  );
  // The attribute is JupyterLab's: keys pressed in here are not notebook shortcuts. It must be on the element that has the
  // focus, for there are shortcuts for whatever has it, found before anything around it is looked at.
  root.addEventListener("focusin", ({ target }) => {
    if (target instanceof HTMLElement) target.dataset["lmSuppressShortcuts"] = "true";
  });
  parent.append(root);

  const followTheme = () => {
    env.style(root);
    const current = readTheme(root);
    if (!sameTheme(session.theme, current)) session.setTheme(current);
  };
  followTheme();
  watchTheme(followTheme, signal);
  // Coming on screen is when a table can have been put on the page, or moved to a part of it with other colours.
  new Watcher(signal).watch(root, followTheme, () => undefined, signal);
  signal.addEventListener("abort", () => root.remove());

  return {
    root,
    setView: session.takeView,
    setPage: session.takePage,
    setColumns: session.takeColumns,
    setConnected: session.setConnected,
  };
}
