/**
 * A card's style sheet, given to the tree the card stands in: the page, or a shadow root, where sheets of the page do not
 * reach. However many cards a tree has, they share one sheet.
 */

const sheets = new WeakMap<Document, CSSStyleSheet>();

/** Sees to it that `css` applies where `node` is; cheap to call again when the node may have been moved. */
export function adoptStyles(node: Node, css: string): void {
  const tree = node.getRootNode();
  // Hosts may render a view before they put it on the page; most will put it into the document.
  const root = tree instanceof Document || tree instanceof ShadowRoot ? tree : document;
  const page = root.ownerDocument ?? document;
  try {
    let sheet = sheets.get(page);
    if (sheet === undefined) {
      sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
      sheets.set(page, sheet);
    }
    if (!root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets.push(sheet);
  } catch {
    // No constructed sheets here, or the tree belongs to another window than this code.
    const place = root instanceof Document ? root.head : root;
    const there = [...place.querySelectorAll("style[data-inlay]")];
    if (there.some((style) => style.textContent === css)) return;
    const style = document.createElement("style");
    style.dataset["inlay"] = "";
    style.textContent = css;
    place.append(style);
  }
}
