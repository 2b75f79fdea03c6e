/**
 * The top of the card: what this run is, how it is doing, for how long. Nodes are made once and their text is changed,
 * so that a selection, a tooltip or the focus survives every update.
 */

import { copyButton } from "../lib/copy.ts";
import { element, setClippedText, setText } from "../lib/dom.ts";
import { formatDuration } from "../lib/format.ts";
import { statusLook, statusSign } from "../lib/status.ts";
import type { RunHeader } from "../lib/wire.ts";
import { type EditEnv, saver } from "./edits.ts";
import { noteView } from "./notes.ts";
import { tagsView } from "./tags.ts";

/** After this long without a word from the kernel a running card says when it last heard something. */
const QUIET_S = 20;

export interface HeaderView {
  node: HTMLElement;
  update: (header: RunHeader, connected: boolean) => void;
  /** Moves the clock; cheap enough for every second. */
  tick: (now: number, heard: number) => void;
}

export function headerView(env: EditEnv): HeaderView {
  const name = element("div", { class: "inlay-name inlay-clip" });
  const about = element("span", { class: "inlay-about inlay-clip" });
  const [copyId, copyLoad] = [copyButton(), copyButton()];
  const quiet = element("span", { class: "inlay-quiet", hidden: true });
  const sign = element("span", { class: "inlay-status-sign" });
  const word = element("span", { class: "inlay-status-word" });
  const clock = element("time", { class: "inlay-clock" });
  const saving = saver(env);
  const tags = tagsView(env, saving);
  const note = noteView(env, saving);
  const status = element("div", { class: "inlay-status" }, sign, word, clock);
  const copies = element("span", { class: "inlay-copies" }, copyId.node, copyLoad.node);
  const edits = element("span", { class: "inlay-edits" }, saving.node, tags.tool, note.tool);
  const node = element(
    "div",
    { class: "inlay-header" },
    element(
      "div",
      { class: "inlay-top" },
      name,
      status,
      element("div", { class: "inlay-sub" }, about, copies, quiet, edits),
    ),
    tags.node,
    note.node,
  );
  let shown: RunHeader | null = null;
  let ticking = false;

  const tick = (now: number, heard: number) => {
    if (shown === null) return;
    setText(clock, clockText(shown, ticking, now));
    const silence = ticking ? now - heard : 0;
    quiet.hidden = silence < QUIET_S;
    // In steps of ten seconds: a number that changes every second says "look at me".
    if (!quiet.hidden)
      setText(quiet, `last update ${formatDuration(floorTo(silence, 10), true)} ago`);
  };

  return {
    node,
    tick,
    update(header, connected) {
      const look = statusLook(header.status, connected);
      if (word.textContent !== look.word) sign.replaceChildren(statusSign(look));
      setText(word, look.word);
      status.dataset["status"] = look.tone;
      shown = header;
      ticking = header.status === "running" && connected;
      setClippedText(name, header.name || header.short_id);
      setClippedText(about, aboutText(header));
      copyId.update(header.short_id, header.short_id, "Copy the run's id");
      copyLoad.update("get_run", header.load, `Copy ${header.load}`);
      copies.hidden = header.short_id === "";
      if (header.started_at !== null) clock.title = `Started ${moment(header.started_at)}`;
      tags.update(header.tags);
      note.update(header.note);
    },
  };
}

function aboutText({ experiment, parent, following, source }: RunHeader): string {
  const parts = [experiment, parent === null ? "" : `part of ${parent}`];
  if (following) parts.push("written by another process", source);
  return parts.filter((part) => part !== "").join(" · ");
}

function clockText(header: RunHeader, ticking: boolean, now: number): string {
  if (header.started_at === null) return "";
  // The kernel's clock may be ahead of this one by a little; a run never shows a negative age.
  if (ticking) return formatDuration(now - header.started_at, true);
  return header.ended_at === null ? "" : formatDuration(header.ended_at - header.started_at);
}

function moment(seconds: number): string {
  return new Date(seconds * 1000).toLocaleString();
}

function floorTo(value: number, unit: number): number {
  return Math.floor(value / unit) * unit;
}
