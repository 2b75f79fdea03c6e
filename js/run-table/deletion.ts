/**
 * Deleting runs by key: asked in place, over the foot of the grid, and offered back where it was asked. Deleting is soft:
 * a run that is brought back is whole.
 */

import { button, element, setChildren } from "../lib/dom.ts";
import type { TableSession } from "./session.ts";

export interface Deletion {
  node: HTMLElement;
  /** Asks whether these runs are to be deleted. */
  ask: (runs: readonly string[], name: string) => void;
  restore: (runs: readonly string[]) => void;
}

export function deletionOf(session: TableSession, leave: () => void): Deletion {
  const node = element("div", {
    class: "inlay-deletion",
    role: "group",
    "aria-label": "Delete runs",
    hidden: true,
  });
  const close = () => {
    node.hidden = true;
    leave();
  };
  const words = (runs: readonly string[], name: string) =>
    runs.length === 1 ? `“${name}”` : `${runs.length} runs`;

  const send = async (op: "delete" | "restore", runs: readonly string[]): Promise<boolean> => {
    try {
      await session.ask(op, { runs }, session.signal);
      return true;
    } catch (reason) {
      session.fail(reason);
      return false;
    }
  };

  const say = (text: string, ...tools: HTMLElement[]) => {
    setChildren(node, [element("span", { class: "inlay-clip" }, text), ...tools]);
    node.hidden = false;
  };

  const restore = async (runs: readonly string[]) => {
    if (await send("restore", runs)) session.announce("Restored");
  };

  const remove = async (runs: readonly string[], name: string) => {
    close();
    if (!(await send("delete", runs))) return;
    const { selected } = session.state;
    session.change({ selected: selected.filter((run) => !runs.includes(run)) });
    session.announce(`Deleted ${words(runs, name)}`);
    const back = () => {
      close();
      void restore(runs);
    };
    say(
      `Deleted ${words(runs, name)}`,
      button("Restore", back),
      button("×", close, { "aria-label": "Dismiss" }),
    );
  };

  node.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    close();
  });

  return {
    node,
    ask(runs, name) {
      if (!session.available || runs.length === 0) return;
      const sure = button("Delete", () => void remove(runs, name), { class: "inlay-danger" });
      say(`Delete ${words(runs, name)}? It can be restored.`, sure, button("Cancel", close));
      sure.focus();
    },
    restore: (runs) => void restore(runs),
  };
}
