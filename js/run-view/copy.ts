/**
 * A button that copies a line of code and says whether it worked. Notebooks are often served over plain HTTP from
 * another machine, where browsers withhold the clipboard, so the old way of copying is the second try.
 */

import { element, icon, setText } from "../lib/dom.ts";

const SQUARES = "M5.5 5.5h8v8h-8zM10.5 3.5v-1h-8v8h1";
const FEEDBACK_MS = 1600;

export interface CopyButton {
  node: HTMLButtonElement;
  update: (label: string, line: string) => void;
}

export function copyButton(signal: AbortSignal): CopyButton {
  const text = element("span", { class: "inlay-copy-text" });
  const node = element("button", { class: "inlay-copy", type: "button" }, text);
  node.append(icon("inlay-copy-sign", SQUARES));
  let label = "";
  let line = "";
  let timer = 0;
  const rest = () => {
    delete node.dataset["state"];
    setText(text, label);
  };
  const copy = async () => {
    const done = await copyText(line, node);
    if (signal.aborted) return;
    node.dataset["state"] = done ? "done" : "refused";
    setText(text, done ? "Copied" : "No access");
    clearTimeout(timer);
    timer = window.setTimeout(rest, FEEDBACK_MS);
  };
  node.addEventListener("click", () => void copy(), { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
  return {
    node,
    update(newLabel, newLine) {
      label = newLabel;
      line = newLine;
      node.title = `Copy ${line}`;
      node.setAttribute("aria-label", `${label}: copy ${line}`);
      if (node.dataset["state"] === undefined) rest();
    },
  };
}

async function copyText(text: string, near: HTMLElement): Promise<boolean> {
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
