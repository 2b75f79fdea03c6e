/**
 * One file of a run, drawn so that it can do nothing: files come from other people. Text is text; SVG is only ever an
 * image, where it runs no script and fetches nothing; HTML has a frame of its own origin, without scripts and network.
 */

import { element } from "../lib/dom.ts";
import { formatCount } from "../lib/format.ts";
import type { Answer } from "../lib/rpc.ts";
import { formatSize } from "../lib/size.ts";
import { asNumber, asText, field } from "../lib/wire.ts";

export const GONE = "This file is no longer in the store";

export interface Preview {
  node: HTMLElement;
  /** What of the file is not in the picture. */
  remark: string;
  close: () => void;
}

/** What a page of an artifact may load: nothing but what it brings along. */
const POLICY =
  "default-src 'none'; img-src data:; font-src data:; media-src data:; style-src 'unsafe-inline'";

export function preview({ body, buffers }: Answer, path: string): Preview {
  const kind = asText(field(body, "kind"));
  const text = asText(field(body, "text"));
  const bytes = asNumber(field(body, "bytes")) ?? 0;
  const cut = field(body, "truncated") === true;
  const still = (node: HTMLElement, remark = ""): Preview => ({
    node,
    remark,
    close: () => undefined,
  });
  const hint = (words: string) => still(element("p", { class: "inlay-hint" }, words));
  const [content] = buffers;

  if (kind === "gone") return hint(GONE);
  if (kind === "svg" || kind === "image") {
    const type = kind === "svg" ? "image/svg+xml" : asText(field(body, "mime"));
    const source = (content as BlobPart | undefined) ?? text;
    if (source === "" || cut)
      return hint(`This image of ${formatSize(bytes)} is too large to show`);
    return image(source, type, path);
  }
  if (kind === "html")
    return still(page(text, path), cut ? `first part of ${formatSize(bytes)}` : "");
  if (kind === "table") return table(field(body, "table"));
  if (kind === "text") {
    const shown = new TextEncoder().encode(text).length;
    const remark = cut ? `first ${formatSize(shown)} of ${formatSize(bytes)}` : "";
    return still(element("pre", { class: "inlay-output" }, text), remark);
  }
  return hint("There is no preview of this kind of file");
}

function image(source: BlobPart, type: string, path: string): Preview {
  const picture = element("img", { class: "inlay-image", alt: path });
  const url = URL.createObjectURL(new Blob([source], { type }));
  const node = element("div", {}, picture);
  picture.addEventListener("error", () => {
    node.replaceChildren(element("p", { class: "inlay-hint" }, "This file is not an image"));
  });
  picture.src = url;
  return { node, remark: "", close: () => URL.revokeObjectURL(url) };
}

/** The policy stands first, so that it holds for everything after it; the sandbox takes scripts, forms and origin. */
function page(html: string, path: string): HTMLElement {
  const frame = element("iframe", { class: "inlay-page", title: path });
  frame.setAttribute("sandbox", "");
  frame.referrerPolicy = "no-referrer";
  frame.srcdoc = `<!doctype html><meta http-equiv="Content-Security-Policy" content="${POLICY}"><meta http-equiv="x-dns-prefetch-control" content="off">${html}`;
  return frame;
}

function table(value: unknown): Preview {
  const cells = (row: unknown, tag: "td" | "th") =>
    (Array.isArray(row) ? row : []).map((cell: unknown) => {
      const text = asText(cell);
      const node = element(
        tag,
        /^-?[\d.,]+(e[+-]?\d+)?%?$/i.test(text) ? { class: "inlay-figure" } : {},
      );
      if (tag === "th") node.setAttribute("scope", "col");
      node.append(text);
      return node;
    });
  const found = field(value, "rows");
  const rows: unknown[] = Array.isArray(found) ? found : [];
  const total = asNumber(field(value, "total"));
  const node = element(
    "table",
    { class: "inlay-table" },
    element("thead", {}, element("tr", {}, ...cells(field(value, "columns"), "th"))),
    element("tbody", {}, ...rows.map((row) => element("tr", {}, ...cells(row, "td")))),
  );
  const shown = formatCount(rows.length);
  // Not counted: the table is too large to be read to its end.
  const of = total === null ? "" : ` of ${formatCount(total)}`;
  const remark =
    total === rows.length ? `${shown} row${total === 1 ? "" : "s"}` : `first ${shown}${of} rows`;
  return { node, remark, close: () => undefined };
}
