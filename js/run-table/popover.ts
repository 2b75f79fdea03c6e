/**
 * What opens over the table: panels, menus, lists. They are children of the card, so that its styles and theme hold, but
 * drawn in the browser's top layer: notebooks cut off whatever an output draws outside its own box, and a table of three
 * rows has no room for a panel.
 */

import { element } from "../lib/dom.ts";

export interface Floating {
  /** Puts it to its place again, after its size or the anchor has changed. */
  place: () => void;
  remove: () => void;
}

export interface Popover {
  node: HTMLElement;
  place: () => void;
  close: (refocus?: boolean) => void;
  /** Ends when it closes. */
  signal: AbortSignal;
}

/** What holds a table together, and carries its styles and theme. */
export const CARD = ".inlay-run-table";

const GAP = 4;
const EDGE = 6;
/** Less room below than this is not worth having where there is more above. */
const LEAST = 180;
const FOCUSABLE =
  "button:not([disabled]), input:not([disabled]), [tabindex]:not([tabindex='-1']), summary";

const open = new WeakMap<Element, { anchor: HTMLElement; close: (refocus?: boolean) => void }>();

/** Shows a node under a rectangle, or above it where there is more room; it follows when the page scrolls. */
export function floatUnder(node: HTMLElement, root: Element, anchor: () => DOMRect): Floating {
  const ended = new AbortController();
  const place = () => {
    const { left, top, bottom } = anchor();
    const [width, height] = [document.documentElement.clientWidth, window.innerHeight];
    node.style.maxHeight = "none";
    const wanted = node.offsetHeight;
    const [below, above] = [height - bottom - GAP - EDGE, top - GAP - EDGE];
    const up = below < Math.min(wanted, LEAST) && above > below;
    const most = Math.max(LEAST, up ? above : below);
    node.style.maxHeight = `${Math.min(most, height - 2 * EDGE)}px`;
    const tall = Math.min(wanted, most);
    const y = up ? top - GAP - tall : bottom + GAP;
    // In line with the table's edge where there is room for it: over the page beside it only in need.
    const right = Math.min(
      width - EDGE,
      Math.max(root.getBoundingClientRect().right, node.offsetWidth),
    );
    node.style.left = `${Math.max(EDGE, Math.min(left, right - node.offsetWidth))}px`;
    node.style.top = `${Math.max(EDGE, Math.min(y, height - tall - EDGE))}px`;
  };
  node.setAttribute("popover", "manual");
  root.append(node);
  // Without a top layer it is a fixed box, cut off at worst.
  node.showPopover?.();
  place();
  const moved = ({ target }: Event) => {
    if (!(target instanceof Node && node.contains(target))) place();
  };
  document.addEventListener("scroll", moved, { capture: true, signal: ended.signal });
  window.addEventListener("resize", place, { signal: ended.signal });
  return {
    place,
    remove() {
      ended.abort();
      node.remove();
    },
  };
}

/**
 * A panel that belongs to a button. It closes with Escape, a click elsewhere or a second click on the button, for which
 * this gives null; focus stays inside while it is open and goes back when it closes.
 */
export function openPopover(
  anchor: HTMLElement,
  label: string,
  until: AbortSignal,
  role: "dialog" | "menu" = "dialog",
): Popover | null {
  const root = anchor.closest(CARD) ?? document.body;
  const before = open.get(root);
  before?.close();
  if (before?.anchor === anchor) return null;
  const ended = new AbortController();
  const node = element("div", { class: "inlay-menu inlay-popover", role, "aria-label": label });
  let at = anchor.getBoundingClientRect();
  const floating = floatUnder(node, root, () => {
    // A head that scrolled away, or was drawn anew, is no longer where the panel belongs.
    if (anchor.isConnected) at = anchor.getBoundingClientRect();
    return at;
  });
  const close = (refocus = false) => {
    if (ended.signal.aborted) return;
    ended.abort();
    open.delete(root);
    if (anchor.hasAttribute("aria-haspopup")) anchor.setAttribute("aria-expanded", "false");
    floating.remove();
    if (!refocus) return;
    const home = anchor.isConnected ? anchor : root.querySelector<HTMLElement>("[role=grid]");
    home?.focus();
  };
  open.set(root, { anchor, close });
  if (anchor.hasAttribute("aria-haspopup")) anchor.setAttribute("aria-expanded", "true");
  const { signal } = ended;
  until.addEventListener("abort", () => close(), { signal });
  node.addEventListener("keydown", (event) => {
    if (event.key === "Tab") wrap(node, event);
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.preventDefault();
    event.stopPropagation();
    close(true);
  });
  document.addEventListener(
    "pointerdown",
    (event) => {
      const path = event.composedPath();
      if (!path.includes(node) && !path.includes(anchor)) close();
    },
    { capture: true, signal },
  );
  return { node, place: floating.place, close, signal };
}

/** Focus goes round inside: after the last comes the first. */
function wrap(node: HTMLElement, event: KeyboardEvent): void {
  const all = [...node.querySelectorAll<HTMLElement>(FOCUSABLE)].filter((one) =>
    one.checkVisibility(),
  );
  const [first, last] = [all[0], all.at(-1)];
  const from = event.shiftKey ? first : last;
  // A group of radio buttons is one stop, whichever of them has the focus.
  const radio = event.target instanceof HTMLInputElement && event.target.name;
  const here =
    event.target === from || (radio && from instanceof HTMLInputElement && from.name === radio);
  if (!here) return;
  event.preventDefault();
  (event.shiftKey ? last : first)?.focus();
}
