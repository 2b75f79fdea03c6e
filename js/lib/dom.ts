/**
 * Building elements. Every name, value and message on a card comes from somebody's code or store, so text goes in as
 * text nodes only: nothing here, or anywhere in js/, ever parses markup.
 */

export type Child = Node | string | null;

export interface Attributes {
  class?: string;
  title?: string;
  role?: string;
  type?: string;
  tabindex?: string;
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

/** Sets text only when it differs: an unchanged node keeps the reader's selection and costs no layout. */
export function setText(node: Element, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** Sets text that may be cut off by the layout, and the whole of it as a tooltip. */
export function setClippedText(node: HTMLElement, text: string): void {
  setText(node, text);
  if (node.title !== text) node.title = text;
}

/** Replaces the children only when there are others, so that open details and focus stay where they are. */
export function setChildren(parent: Element, children: readonly Node[]): void {
  const current = parent.childNodes;
  const same =
    current.length === children.length && children.every((child, i) => current[i] === child);
  if (!same) parent.replaceChildren(...children);
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
