/**
 * A button that copies a text and says whether it worked. Notebooks are often served over plain HTTP from another
 * machine, where browsers withhold the clipboard, so the old way of copying is the second try.
 */

import { button, element, icon, setText } from "./dom.ts";

const SQUARES = "M5.5 5.5h8v8h-8zM10.5 3.5v-1h-8v8h1";
const FEEDBACK_MS = 1600;

export interface CopyButton {
  node: HTMLButtonElement;
  /** What is written on it, what it copies, and what it says it does. */
  update: (label: string, text: string, deed: string) => void;
}

export function copyButton(): CopyButton {
  const word = element("span", { class: "inlay-copy-text" });
  let label = "";
  let copied = "";
  let timer = 0;
  const rest = () => {
    delete node.dataset["state"];
    setText(word, label);
  };
  const copy = async () => {
    const done = await copyText(copied, node);
    node.dataset["state"] = done ? "done" : "refused";
    setText(word, done ? "Copied" : "Refused");
    clearTimeout(timer);
    timer = window.setTimeout(rest, FEEDBACK_MS);
  };
  const node = button("", () => void copy(), { class: "inlay-copy" }, word);
  node.append(icon("inlay-copy-sign", SQUARES));
  return {
    node,
    update(newLabel, text, deed) {
      label = newLabel;
      copied = text;
      node.title = deed;
      node.setAttribute("aria-label", `${label}: ${deed}`);
      if (node.dataset["state"] === undefined) rest();
    },
  };
}

export async function copyText(text: string, near: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text, near);
  }
}

function copyBySelection(text: string, near: HTMLElement): boolean {
  const area = element("textarea", { class: "inlay-offscreen", "aria-hidden": "true" });
  area.value = text;
  near.after(area);
  area.select();
  try {
    return document.execCommand("copy");
  } catch {
    return false;
  } finally {
    area.remove();
    near.focus();
  }
}
