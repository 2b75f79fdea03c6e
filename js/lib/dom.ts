/**
 * Building elements. Every name, value and message on a card comes from somebody's code or store, so text goes in as
 * text nodes only: nothing here, or anywhere in js/, ever parses markup.
 */

export type Child = Node | string | null;

export interface Attributes {
  class?: string;
  id?: string;
  title?: string;
  role?: string;
  type?: string;
  tabindex?: string;
  placeholder?: string;
  spellcheck?: string;
  alt?: string;
  hidden?: boolean;
  [attribute: `aria-${string}`]: string;
  [attribute: `data-${string}`]: string;
}

/** An element with attributes and children; strings become text nodes, null is left out. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, "");
    else if (typeof value === "string") node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

/** A quiet button; what it does ends with the element. */
export function button(
  label: string,
  act: (event: MouseEvent) => void,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLButtonElement {
  const node = element(
    "button",
    { ...attributes, type: "button", class: `inlay-button ${attributes.class ?? ""}`.trim() },
    label,
    ...children,
  );
  node.addEventListener("click", act);
  return node;
}

/** A field to search in something; `search` gets what was typed, in lower case. */
export function searchField(label: string, search: (typed: string) => void): HTMLInputElement {
  const node = element("input", {
    class: "inlay-field inlay-search",
    type: "search",
    placeholder: label,
    "aria-label": label,
    spellcheck: "false",
  });
  node.addEventListener("input", () => search(node.value.trim().toLowerCase()));
  return node;
}

/** More characters than this find no room in one column. */
const WIDE = 28;

/** Keys and values in aligned columns; long ones have a line of their own. */
export function pairs(entries: readonly [string, string][]): HTMLElement {
  const row = ([key, value]: [string, string]) =>
    element(
      "div",
      { class: "inlay-pair", "data-wide": String(key.length + value.length > WIDE) },
      element("dt", { title: key }, key),
      element("dd", { title: value }, value),
    );
  return element("dl", { class: "inlay-pairs" }, ...entries.map(row));
}

const page = crypto.getRandomValues(new Uint32Array(1)).join("");
let ids = 0;

/** An id for an element that another one names; no other card's, nor of another copy of this code. */
export function uniqueId(): string {
  return `inlay-${page}-${++ids}`;
}

/** Sets text only when it differs: an unchanged node keeps the reader's selection and costs no layout. */
export function setText(node: Element, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** Sets text that may be cut off by the layout, and the whole of it as a tooltip. */
export function setClippedText(node: HTMLElement, text: string): void {
  setText(node, text);
  if (node.title !== text) node.title = text;
}

/** Makes these the children. Those that stay are left in peace, so that focus, selection and open details last. */
export function setChildren(parent: Element, children: readonly Node[]): void {
  const wanted = new Set(children);
  for (const child of [...parent.childNodes]) {
    if (!wanted.has(child)) child.remove();
  }
  children.forEach((child, i) => {
    const there = parent.childNodes[i] ?? null;
    if (there !== child) parent.insertBefore(child, there);
  });
}

/** A picture of 16 by 16 units made of path data; decoration, so hidden from screen readers. */
export function icon(className: string, ...paths: string[]): SVGSVGElement {
  const namespace = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(namespace, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", className);
  svg.setAttribute("aria-hidden", "true");
  for (const data of paths) {
    const path = document.createElementNS(namespace, "path");
    path.setAttribute("d", data);
    svg.append(path);
  }
  return svg;
}
