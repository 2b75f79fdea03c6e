/**
 * One file of a run, drawn so that it can do nothing: files come from other people. Text is text; SVG is only ever an
 * image, where it runs no script and fetches nothing; HTML is in a frame (page-frame.ts).
 */

import { element } from "../lib/dom.ts";
import { formatCount } from "../lib/format.ts";
import type { Answer } from "../lib/rpc.ts";
import { formatSize } from "../lib/size.ts";
import { asNumber, asText, field } from "../lib/wire.ts";
import { pageFrame } from "./page-frame.ts";

export const GONE = "This file is no longer in the store";

export interface Preview {
  node: HTMLElement;
  /** What is to be known of the file beside its picture; complete when it is ready. */
  remark: string;
  /** Whether it can be drawn without a flicker. */
  ready: Promise<void>;
  close: () => void;
}

/** `whole` asks for all bytes of the file; `figure` says that a page is one, which is nothing without its scripts. */
export interface PreviewEnv {
  path: string;
  figure: boolean;
  whole: () => Promise<Answer>;
  fail: (reason: unknown) => void;
}

export function preview({ body, buffers }: Answer, env: PreviewEnv): Preview {
  const { path } = env;
  const kind = asText(field(body, "kind"));
  const text = asText(field(body, "text"));
  const bytes = asNumber(field(body, "bytes")) ?? 0;
  const cut = field(body, "truncated") === true;
  const still = (node: HTMLElement, remark = ""): Preview => ({
    node,
    remark,
    ready: Promise.resolve(),
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
  if (kind === "audio") {
    if (content === undefined || cut)
      return hint(`This sound of ${formatSize(bytes)} is too large to play here`);
    return sound(content as BlobPart, asText(field(body, "mime")), path);
  }
  if (kind === "html") {
    const scripts = field(body, "scripts") === true;
    const remark = cut && !scripts ? `first part of ${formatSize(bytes)}` : "";
    return still(pageFrame(text, { ...env, scripts, bytes, cut }), remark);
  }
  if (kind === "table") return table(field(body, "table"));
  if (kind === "text") {
    const shown = new TextEncoder().encode(text).length;
    const remark = cut ? `first ${formatSize(shown)} of ${formatSize(bytes)}` : "";
    return still(element("pre", { class: "inlay-output" }, text), remark);
  }
  return hint("There is no preview of this kind of file");
}

/** Pictures smaller than this are shown larger, pixel by pixel: in most of them each one counts. */
const SMALL_PX = 128;
const ENLARGED_PX = 240;

function image(source: BlobPart, type: string, path: string): Preview {
  const picture = element("img", { class: "inlay-image", alt: path });
  const url = URL.createObjectURL(new Blob([source], { type }));
  const node = element("div", { class: "inlay-pictured" }, picture);
  const shown: Preview = {
    node,
    remark: "",
    ready: Promise.resolve(),
    close: () => URL.revokeObjectURL(url),
  };
  picture.src = url;
  shown.ready = picture.decode().then(
    () => {
      const { naturalWidth: width, naturalHeight: height } = picture;
      if (type === "image/svg+xml") return;
      shown.remark = `${width} × ${height} px`;
      const side = Math.max(width, height);
      if (side > SMALL_PX) return;
      picture.dataset["pixels"] = "";
      picture.style.height = `${height * Math.min(16, Math.floor(ENLARGED_PX / side))}px`;
    },
    () => {
      node.replaceChildren(element("p", { class: "inlay-hint" }, "This file is not an image"));
    },
  );
  return shown;
}

function sound(source: BlobPart, type: string, path: string): Preview {
  const player = element("audio", { class: "inlay-audio", "aria-label": path });
  const url = URL.createObjectURL(new Blob([source], { type }));
  player.controls = true;
  player.preload = "metadata";
  const node = element("div", {}, player);
  player.addEventListener("error", () => {
    const words = "This browser cannot play this kind of sound";
    node.replaceChildren(element("p", { class: "inlay-hint" }, words));
  });
  player.src = url;
  const close = () => {
    player.pause();
    player.removeAttribute("src");
    URL.revokeObjectURL(url);
  };
  return { node, remark: "", ready: Promise.resolve(), close };
}

function table(value: unknown): Preview {
  const found = field(value, "rows");
  const rows: unknown[] = Array.isArray(found) ? found : [];
  const figures = (rows.find(Array.isArray) ?? []).map(isFigure);
  const cells = (row: unknown, tag: "td" | "th") =>
    (Array.isArray(row) ? row : []).map((cell: unknown, i) => {
      const right = tag === "th" ? figures[i] : isFigure(cell);
      const node = element(tag, right ? { class: "inlay-figure" } : {}, asText(cell));
      if (tag === "th") node.setAttribute("scope", "col");
      return node;
    });
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
  return { node, remark, ready: Promise.resolve(), close: () => undefined };
}

const isFigure = (cell: unknown) => /^-?[\d.,]+(e[+-]?\d+)?%?$/i.test(asText(cell));
