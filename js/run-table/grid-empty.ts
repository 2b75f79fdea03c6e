/** What stands where rows would be: how to log the first run, or why nothing matches. */

import { element } from "../lib/dom.ts";
import type { TableContext } from "./context.ts";

export function emptyText({ view, state }: TableContext): HTMLElement[] {
  // A table of all runs is told nothing of them where there are none; one of a filter, why that finds none.
  if (view.all === 0 && view.hint === "") {
    return [
      element("p", { class: "inlay-empty-head" }, "No runs yet"),
      element(
        "p",
        { class: "inlay-empty" },
        "Log the first one: write ",
        element("code", {}, "%%track"),
        " above a cell, or ",
        element("code", {}, 'with inlay.start_run("name") as run: run.log({"loss": 0.5})'),
      ),
    ];
  }
  const why =
    view.hint || (state.filter === "" ? "There is nothing to show." : "No run matches the filter.");
  return [
    element("p", { class: "inlay-empty-head" }, "Nothing matches"),
    element("p", { class: "inlay-empty" }, why),
  ];
}
