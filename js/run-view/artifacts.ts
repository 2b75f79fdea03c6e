/**
 * The files of a run, and one of them shown beside the list. A preview comes from the kernel when it is free, and until
 * then its place says that it follows. Files that share a key are one entry: a series has a slider, a table in parts is
 * one table, a model says what it is.
 */

import { copyButton } from "../lib/copy.ts";
import type { Artifact } from "../lib/details.ts";
import { button, setChildren, setText } from "../lib/dom.ts";
import { download as saveFile } from "../lib/download.ts";
import { formatCount } from "../lib/format.ts";
import { formatSize } from "../lib/size.ts";
import { asText, field } from "../lib/wire.ts";
import { besideView } from "./beside.ts";
import { type AskEnv, inquiry, WAITING } from "./inquiry.ts";
import { modelView } from "./model.ts";
import type { Panel } from "./panels.ts";
import { GONE, type Preview, preview } from "./preview.ts";
import { type SeriesView, seriesView } from "./series.ts";
import { type Listed, treeView } from "./tree.ts";

export interface ArtifactsEnv extends AskEnv {
  /** The line of Python that brings the run back. */
  load: () => string;
}

interface File extends Listed {
  artifact: Artifact;
}

export function artifactsPanel(env: ArtifactsEnv): Panel {
  const { answers, run, load, fail, signal } = env;
  let files: File[] = [];
  let drawn = "";
  let total = 0;
  let chosen: File | null = null;
  let shown: Preview | null = null;
  let series: SeriesView | null = null;

  const tree = treeView<File>("files", (file) => choose(file.path === chosen?.path ? null : file));
  const loader = copyButton();
  const save = button("Download", () => void download());
  const close = button("×", () => choose(null), { "aria-label": "Close the preview" });
  const beside = besideView(tree.node, "Preview", [loader.node, save, close]);
  const { body, side } = beside;

  const ask = (op: string, args: Record<string, unknown>, until: AbortSignal) =>
    answers.ask(op, { run: run(), ...args }, until);
  /** What the kernel knows the chosen file by. */
  const asked = ({ path, key }: Artifact) =>
    key === null ? { path } : series === null ? { key } : { key, step: series.step };

  const line = ({ path }: File) => `${load()}.load(${JSON.stringify(path)})`;

  const clear = () => {
    question.forget();
    shown?.close();
    series?.close();
    shown = series = null;
    setChildren(side, [...side.children].slice(0, 2));
  };
  const say = (words: string, late?: boolean) => {
    shown?.close();
    shown = null;
    beside.say(words, late);
  };

  const question = inquiry(env, "artifact", say, async (answer) => {
    if (chosen === null) return;
    const { artifact, path } = chosen;
    const whole = () => ask("artifact", { ...asked(artifact), whole: true }, signal);
    const found = preview(answer, { path, figure: artifact.kind === "figure", whole, fail });
    // What is drawn already stays until the new one can be.
    if (shown !== null) await found.ready;
    if (chosen?.path !== path) return found.close();
    shown?.close();
    shown = found;
    body.replaceChildren(found.node);
    await found.ready;
    if (shown === found) beside.about(found.remark);
  });
  const look = (artifact: Artifact) => void question.ask({ ...asked(artifact), whole: false });

  const show = () => {
    clear();
    if (chosen === null) return;
    const { artifact } = chosen;
    if (artifact.model !== null) return body.replaceChildren(modelView(artifact, line(chosen)));
    if (artifact.key === null || artifact.last_step === null || !answers.available) {
      return look(artifact);
    }
    beside.say(WAITING, true);
    series = seriesView(artifact, { beside, ask, fail });
    side.append(series.node);
  };

  const download = async () => {
    if (chosen === null || save.getAttribute("aria-busy") === "true") return;
    save.setAttribute("aria-busy", "true");
    setText(save, "Preparing…");
    try {
      const question = { ...asked(chosen.artifact), whole: true };
      const { body: found, buffers } = await ask("artifact", question, signal);
      if (buffers[0] === undefined) {
        if (asText(field(found, "kind")) === "gone") beside.say(GONE);
      } else {
        const path = asText(field(found, "path")) || chosen.path;
        // A blob of no type, so that no browser opens it on the notebook's own address.
        saveFile(path.split("/").at(-1) || "file", new Blob([buffers[0] as BlobPart]));
      }
    } catch (reason) {
      fail(reason);
    }
    save.removeAttribute("aria-busy");
    setText(save, "Download");
  };

  const choose = (file: File | null) => {
    const before = chosen;
    chosen = file;
    body.scrollTop = 0;
    side.hidden = file === null;
    beside.name(file?.path ?? "");
    if (file !== null) loader.update("load", line(file), `Copy ${line(file)}`);
    beside.about("");
    mark();
    show();
    // The button that had the focus is gone from sight; its file is where the reader was.
    if (file === null && before !== null) tree.focus(before.path);
  };

  const mark = () => {
    tree.update(files, chosen?.path ?? null, total);
    // Of a model of several files each is downloaded by code.
    save.hidden =
      !answers.available || (chosen?.artifact.model ? chosen.artifact.count > 1 : false);
  };

  answers.onChange(() => {
    mark();
    if (series !== null && answers.available) series.retry();
    else if (chosen !== null && shown === null) show();
  }, signal);
  signal.addEventListener("abort", clear);

  return {
    name: "artifacts",
    label: "Artifacts",
    node: beside.node,
    badge({ details }) {
      if (details.artifacts.length === 0) return null;
      return [[formatCount(details.artifacts_total)]];
    },
    update({ details }) {
      const state = JSON.stringify([details.artifacts, details.artifacts_total]);
      if (state === drawn) return;
      drawn = state;
      files = details.artifacts.map(listed);
      total = details.artifacts_total;
      const now = files.find(({ path }) => path === chosen?.path);
      const before = chosen?.artifact;
      if (now !== undefined) chosen = now;
      mark();
      if (now === undefined || before === undefined) return;
      if (series !== null) series.update(now.artifact);
      else if (shown === null) show();
      else if (now.artifact.hash !== before.hash) look(now.artifact);
    },
  };
}

function listed(artifact: Artifact): File {
  const { key, path, all_bytes: size } = artifact;
  return { path: key ?? path, kind: kindOf(artifact), figure: formatSize(size), artifact };
}

/** What was logged; that something is a text or a file says less than its type. */
function kindOf({ kind, mime, last_step: step, count, rows }: Artifact): string {
  if (step !== null && count > 1) return `${kind} × ${formatCount(count)}`;
  if (rows !== null) return `${formatCount(rows)} row${rows === 1 ? "" : "s"}`;
  if (kind !== "file" && kind !== "text") return kind;
  if (mime.startsWith("image/") || mime.startsWith("audio/")) return mime.slice(0, 5);
  const [family, type = ""] = mime.split("/");
  return ["html", "csv", "json", "markdown"].includes(type)
    ? type
    : family === "text"
      ? "text"
      : "";
}
