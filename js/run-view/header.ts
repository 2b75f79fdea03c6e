/**
 * The top of the card: what this run is, how it is doing, for how long. Nodes are made once and their text is changed,
 * so that a selection, a tooltip or the focus survives every update.
 */

import { element, setChildren, setClippedText, setText } from "../lib/dom.ts";
import { formatDuration } from "../lib/format.ts";
import type { RunHeader } from "../lib/wire.ts";
import { copyButton } from "./copy.ts";
import { statusLook, statusSign } from "./status.ts";

/** After this long without a word from the kernel a running card says when it last heard something. */
const QUIET_S = 20;

export interface HeaderView {
  node: HTMLElement;
  update: (header: RunHeader, connected: boolean) => void;
  /** Moves the clock; cheap enough for every second. */
  tick: (now: number, heard: number) => void;
}

export function headerView(signal: AbortSignal): HeaderView {
  const name = element("div", { class: "inlay-name" });
  const about = element("span", { class: "inlay-about" });
  const copy = copyButton(signal);
  const quiet = element("span", { class: "inlay-quiet", hidden: true });
  const sign = element("span", { class: "inlay-status-sign" });
  const word = element("span", { class: "inlay-status-word" });
  const clock = element("time", { class: "inlay-clock" });
  const tags = element("div", { class: "inlay-tags", hidden: true });
  const note = element("p", { class: "inlay-note", hidden: true });
  const status = element("div", { class: "inlay-status" }, sign, word, clock);
  const node = element(
    "header",
    { class: "inlay-header" },
    element(
      "div",
      { class: "inlay-top" },
      name,
      status,
      element("div", { class: "inlay-sub" }, about, copy.node, quiet),
    ),
    tags,
    note,
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
      copy.update(header.short_id, header.load);
      copy.node.hidden = header.short_id === "";
      if (header.started_at !== null) clock.title = `Started ${moment(header.started_at)}`;
      tags.hidden = header.tags.length === 0;
      setChildren(tags, sameTags(tags, header.tags) ? [...tags.children] : header.tags.map(chip));
      note.hidden = header.note === "";
      setClippedText(note, header.note);
    },
  };
}

function aboutText(header: RunHeader): string {
  const parent = header.parent === null ? [] : [`part of ${header.parent}`];
  return [header.experiment, ...parent].filter((part) => part !== "").join(" · ");
}

function clockText(header: RunHeader, ticking: boolean, now: number): string {
  if (header.started_at === null) return "";
  // The kernel's clock may be ahead of this one by a little; a run never shows a negative age.
  if (ticking) return formatDuration(now - header.started_at, true);
  return header.ended_at === null ? "" : formatDuration(header.ended_at - header.started_at);
}

function chip([key, value]: [string, string]): HTMLElement {
  const text = value === "" ? key : `${key}: ${value}`;
  return element(
    "span",
    { class: "inlay-tag", title: text },
    element("span", { class: "inlay-tag-key" }, key),
    value === "" ? null : element("span", { class: "inlay-tag-value" }, value),
  );
}

function sameTags(node: Element, tags: readonly [string, string][]): boolean {
  const titles = [...node.children].map((child) => child.getAttribute("title"));
  return JSON.stringify(titles) === JSON.stringify(tags.map((tag) => chip(tag).title));
}

function moment(seconds: number): string {
  return new Date(seconds * 1000).toLocaleString();
}

function floorTo(value: number, unit: number): number {
  return Math.floor(value / unit) * unit;
}
