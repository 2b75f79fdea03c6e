/**
 * The files of a run, and one of them shown beside the list. A preview comes from the kernel when it is free, and until
 * then its place says that it follows; the place has its full size from the start.
 */

import type { Artifact } from "../lib/details.ts";
import { button, element, setChildren, setText, uniqueId } from "../lib/dom.ts";
import { download as saveFile } from "../lib/download.ts";
import { formatCount } from "../lib/format.ts";
import { type Answers, isAbort } from "../lib/rpc.ts";
import { formatSize } from "../lib/size.ts";
import { asText, field } from "../lib/wire.ts";
import type { Panel } from "./panels.ts";
import { GONE, type Preview, preview } from "./preview.ts";

export interface ArtifactsEnv {
  answers: Answers;
  run: () => string;
  fail: (reason: unknown) => void;
  signal: AbortSignal;
}

const WAITING = "Preview follows, once the kernel is free";
const UNREACHABLE = "Previews need the kernel that showed this card";

export function artifactsPanel({ answers, run, fail, signal }: ArtifactsEnv): Panel {
  let artifacts: Artifact[] = [];
  let chosen: Artifact | null = null;
  let request = new AbortController();
  let shown: Preview | null = null;

  const list = element("ul", { class: "inlay-list" });
  const rest = element("p", { class: "inlay-hint" });
  const title = element("span", { class: "inlay-clip" });
  const about = element("span", { class: "inlay-hint" });
  const save = button("Download", () => void download());
  const close = button("×", () => choose(null), { "aria-label": "Close the preview" });
  const body = element("div", { class: "inlay-preview-body", tabindex: "0" });
  const side = element(
    "div",
    {
      class: "inlay-preview",
      id: uniqueId(),
      role: "group",
      "aria-label": "Preview",
      hidden: true,
    },
    element("div", { class: "inlay-panel-top" }, title, about, save, close),
    body,
  );
  const node = element(
    "div",
    { class: "inlay-panel inlay-artifacts" },
    element("div", { class: "inlay-files", tabindex: "0" }, list, rest),
    side,
  );

  const ask = (path: string, whole: boolean, until: AbortSignal) =>
    answers.ask("artifact", { run: run(), path, whole }, until);

  const say = (text: string) => {
    shown?.close();
    shown = null;
    body.replaceChildren(element("p", { class: "inlay-hint inlay-late" }, text));
  };

  const load = async () => {
    request.abort();
    request = new AbortController();
    const until = request.signal;
    if (chosen === null) return;
    say(answers.available ? WAITING : UNREACHABLE);
    if (!answers.available) return;
    try {
      const answer = await ask(chosen.path, false, until);
      if (until.aborted) return;
      shown?.close();
      shown = preview(answer, chosen.path);
      body.replaceChildren(shown.node);
      body.scrollTop = 0;
      setText(about, shown.remark);
    } catch (reason) {
      if (until.aborted) return;
      say(isAbort(reason) ? UNREACHABLE : "The kernel could not read this file");
      fail(reason);
    }
  };

  const download = async () => {
    const path = chosen?.path;
    if (path === undefined || save.getAttribute("aria-busy") === "true") return;
    save.setAttribute("aria-busy", "true");
    setText(save, "Preparing…");
    try {
      const { body: found, buffers } = await ask(path, true, signal);
      if (buffers[0] === undefined) {
        if (asText(field(found, "kind")) === "gone") say(GONE);
      } else {
        // A blob of no type, so that no browser opens it on the notebook's own address.
        saveFile(path.split("/").at(-1) || "file", new Blob([buffers[0] as BlobPart]));
      }
    } catch (reason) {
      fail(reason);
    }
    save.removeAttribute("aria-busy");
    setText(save, "Download");
  };

  const choose = (artifact: Artifact | null) => {
    const before = chosen;
    chosen = artifact;
    side.hidden = artifact === null;
    setText(title, artifact?.path ?? "");
    title.title = title.textContent;
    setText(about, "");
    mark();
    void load();
    // The button that had the focus is gone from sight; its file is where the reader was.
    if (artifact === null) openers.get(before?.path ?? "")?.focus();
  };

  const openers = new Map<string, HTMLElement>();
  const mark = () => {
    for (const [path, opener] of openers) {
      opener.setAttribute("aria-expanded", String(path === chosen?.path));
    }
    save.hidden = !answers.available;
  };

  const row = (artifact: Artifact): HTMLElement => {
    const toggle = () => choose(chosen?.path === artifact.path ? null : artifact);
    const opener = button("", toggle, { class: "inlay-file", "aria-controls": side.id });
    opener.append(
      element("span", { class: "inlay-clip", title: artifact.path }, artifact.path),
      element("span", { class: "inlay-kind" }, kindOf(artifact)),
      element("span", { class: "inlay-figure" }, formatSize(artifact.bytes)),
    );
    openers.set(artifact.path, opener);
    return element("li", {}, opener);
  };

  answers.onChange(() => {
    mark();
    if (chosen !== null && shown === null) void load();
  }, signal);
  signal.addEventListener("abort", () => {
    request.abort();
    shown?.close();
  });

  return {
    name: "artifacts",
    label: "Artifacts",
    node,
    badge({ details }) {
      if (details.artifacts.length === 0) return null;
      return [[formatCount(details.artifacts_total)]];
    },
    update({ details }) {
      const next = details.artifacts;
      rest.hidden = details.artifacts_total <= next.length;
      setText(rest, `${formatCount(next.length)} of ${formatCount(details.artifacts_total)} files`);
      if (JSON.stringify(next) === JSON.stringify(artifacts)) return;
      const known = new Map(artifacts.map((one, i) => [JSON.stringify(one), list.children[i]]));
      setChildren(
        list,
        next.map((one) => known.get(JSON.stringify(one)) ?? row(one)),
      );
      artifacts = next;
      const now = next.find(({ path }) => path === chosen?.path);
      if (chosen !== null && now !== undefined && now.hash !== chosen.hash) choose(now);
      mark();
    },
  };
}

/** What was logged; that something is a text or a file says less than its type. */
function kindOf({ kind, mime }: Artifact): string {
  if (kind !== "file" && kind !== "text") return kind;
  if (mime.startsWith("image/")) return "image";
  const [family, type = ""] = mime.split("/");
  return ["html", "csv", "json", "markdown"].includes(type)
    ? type
    : family === "text"
      ? "text"
      : "";
}
