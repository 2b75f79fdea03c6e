/**
 * A button with a menu, as the ARIA Authoring Practices describe it: arrows, Home and End move, Enter and Space choose,
 * Escape and Tab close, and focus returns to the button.
 */

import { element, icon } from "./dom.ts";

export interface MenuItem {
  label: string;
  /** Given for items that are on or off. */
  checked?: boolean;
  disabled?: boolean;
  choose: () => void;
}

const DOTS = "M3 8h.01M8 8h.01M13 8h.01";
const TICK = "M3.5 8.5l3 3 6-7";

/** The items are asked for each time the menu opens. The menu is put into `place`, whose edges it stays within. */
export function menuButton(
  label: string,
  place: HTMLElement,
  items: () => MenuItem[],
  signal: AbortSignal,
): HTMLButtonElement {
  const button = element("button", {
    class: "inlay-tool",
    type: "button",
    title: label,
    "aria-label": label,
    "aria-haspopup": "menu",
    "aria-expanded": "false",
  });
  button.append(icon("inlay-tool-sign", DOTS));
  let menu: HTMLElement | null = null;

  const close = (refocus: boolean) => {
    if (menu === null) return;
    const closing = menu;
    // Removing a focused element tells of lost focus, which would close once more.
    menu = null;
    button.setAttribute("aria-expanded", "false");
    if (refocus) button.focus();
    closing.remove();
  };

  const open = (last = false) => {
    menu = element("div", { class: "inlay-menu", role: "menu", "aria-label": label });
    menu.append(...items().map((item) => entry(item, () => close(true))));
    menu.addEventListener("keydown", (event) => {
      if (menu !== null) step(menu, event, close);
    });
    menu.addEventListener("focusout", ({ relatedTarget }) => {
      const inside = relatedTarget instanceof Node && menu?.contains(relatedTarget);
      if (!inside && relatedTarget !== button) close(false);
    });
    place.append(menu);
    button.setAttribute("aria-expanded", "true");
    const { left } = button.getBoundingClientRect();
    const edges = place.getBoundingClientRect();
    const room = edges.width - menu.offsetWidth;
    menu.style.left = `${Math.max(0, Math.min(left - edges.left, room))}px`;
    const entries = [...menu.children].filter((child) => child instanceof HTMLElement);
    entries.at(last ? -1 : 0)?.focus();
  };

  button.addEventListener("click", () => (menu === null ? open() : close(true)), { signal });
  button.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      event.preventDefault();
      if (menu === null) open(event.key === "ArrowUp");
    },
    { signal },
  );
  // A click elsewhere on the page need not move the focus.
  document.addEventListener(
    "pointerdown",
    (event) => {
      const path = event.composedPath();
      if (menu !== null && !path.includes(menu) && !path.includes(button)) close(false);
    },
    { signal },
  );
  return button;
}

function entry({ label, checked, disabled, choose }: MenuItem, close: () => void): HTMLElement {
  const role = checked === undefined ? "menuitem" : "menuitemcheckbox";
  const node = element("button", {
    class: "inlay-menu-item",
    type: "button",
    role,
    tabindex: "-1",
  });
  node.append(icon("inlay-menu-tick", TICK), label);
  if (checked !== undefined) node.setAttribute("aria-checked", String(checked));
  if (disabled) node.setAttribute("aria-disabled", "true");
  node.addEventListener("click", () => {
    if (disabled) return;
    close();
    choose();
  });
  return node;
}

function step(menu: HTMLElement, event: KeyboardEvent, close: (refocus: boolean) => void): void {
  const entries = [...menu.children].filter((child) => child instanceof HTMLElement);
  const at = entries.findIndex((child) => child.matches(":focus"));
  const moves: Record<string, number> = {
    ArrowDown: (at + 1) % entries.length,
    ArrowUp: (at + entries.length - 1) % entries.length,
    Home: 0,
    End: entries.length - 1,
  };
  const to = moves[event.key];
  if (to !== undefined) entries[to]?.focus();
  else if (event.key === "Escape" || event.key === "Tab") close(true);
  else return;
  // Tab goes on from the button; all other keys end here.
  if (event.key === "Tab") return;
  event.preventDefault();
  event.stopPropagation();
}
