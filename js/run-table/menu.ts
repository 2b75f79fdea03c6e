/**
 * A menu under a button, as the ARIA Authoring Practices describe it: arrows, Home and End move, Enter and Space choose,
 * Escape and Tab close.
 */

import { element } from "../lib/dom.ts";
import { openPopover } from "./popover.ts";

export interface MenuItem {
  label: string;
  detail?: string;
  disabled?: boolean;
  choose: () => void;
}

export function openMenu(
  anchor: HTMLElement,
  label: string,
  items: readonly MenuItem[],
  until: AbortSignal,
): void {
  const popover = openPopover(anchor, label, until, "menu");
  if (popover === null) return;
  const { node, close } = popover;
  node.classList.add("inlay-popover-menu");
  const entries = items.map(({ label: text, detail, disabled, choose }) => {
    const entry = element(
      "button",
      { class: "inlay-menu-item inlay-choice", type: "button", role: "menuitem", tabindex: "-1" },
      element("span", {}, text),
      detail ? element("span", { class: "inlay-minor" }, detail) : null,
    );
    if (disabled) entry.setAttribute("aria-disabled", "true");
    entry.addEventListener("click", () => {
      if (disabled) return;
      close(true);
      choose();
    });
    return entry;
  });
  node.append(...entries);
  node.addEventListener("keydown", (event) => {
    const at = entries.findIndex((entry) => entry.matches(":focus"));
    const moves: Record<string, number> = {
      ArrowDown: (at + 1) % entries.length,
      ArrowUp: (at + entries.length - 1) % entries.length,
      Home: 0,
      End: entries.length - 1,
    };
    const to = moves[event.key];
    if (event.key === "Tab") close(true);
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    entries[to]?.focus();
  });
  popover.place();
  entries[0]?.focus();
}
