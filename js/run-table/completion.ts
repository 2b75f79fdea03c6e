/**
 * What could stand where somebody writes in the filter: asked of the kernel with every key, shown as a list under the
 * place. Answers to what is no longer there are dropped, so typing never waits for one.
 */

import { element, setChildren, uniqueId } from "../lib/dom.ts";
import { asNumber, asText, field } from "../lib/wire.ts";
import type { TableContext } from "./context.ts";

export interface Suggestion {
  text: string;
  kind: string;
  detail: string;
}

/** What takes the place of the part of the text from `start` to `end`, in the browser's units. */
export interface Suggestions {
  start: number;
  end: number;
  items: Suggestion[];
}

export const NONE: Suggestions = { start: 0, end: 0, items: [] };
const MOST = 50;

/** Null when the question was overtaken, or nobody answers. */
export async function askSuggestions(
  { ask }: TableContext,
  text: string,
  cursor: number,
  signal: AbortSignal,
): Promise<Suggestions | null> {
  try {
    const { body } = await ask("complete", { text, cursor: toPoints(text, cursor) }, signal);
    const items = field(body, "items");
    return {
      start: toUnits(text, asNumber(field(body, "start")) ?? 0),
      end: toUnits(text, asNumber(field(body, "end")) ?? 0),
      items: (Array.isArray(items) ? items : []).slice(0, MOST).map((item: unknown) => ({
        text: asText(field(item, "text")),
        kind: asText(field(item, "kind")),
        detail: asText(field(item, "detail")),
      })),
    };
  } catch {
    // Without suggestions a filter can be written all the same.
    return null;
  }
}

/** Python counts characters, the browser units of UTF-16: they part ways after an emoji. */
export function toUnits(text: string, points: number): number {
  return [...text].slice(0, points).join("").length;
}

export function toPoints(text: string, units: number): number {
  return [...text.slice(0, units)].length;
}

/** The text with a suggestion taken, and where the cursor is then. */
export function accepted(
  text: string,
  { start, end }: Suggestions,
  { text: taken }: Suggestion,
): [text: string, cursor: number] {
  // After an opening parenthesis or an entity's dot comes more of the same word.
  const space = /[.(]$/.test(taken) || /^\s/.test(text.slice(end)) ? "" : " ";
  const before = text.slice(0, start) + taken + space;
  return [before + text.slice(end), before.length];
}

export interface SuggestionList {
  node: HTMLElement;
  readonly id: string;
  /** The one the arrows are at; null for none. */
  readonly active: Suggestion | null;
  show: (items: readonly Suggestion[]) => void;
  /** Moves by one, over both ends; the id of the option that is active now. */
  move: (by: number) => string;
}

export function suggestionList(choose: (suggestion: Suggestion) => void): SuggestionList {
  const id = uniqueId();
  let options: [Suggestion, HTMLElement][] = [];
  let at = -1;
  const node = element("div", {
    class: "inlay-menu inlay-popover inlay-suggestions",
    role: "listbox",
    id,
    "aria-label": "Suggestions",
  });
  // The field keeps the focus, so that writing goes on.
  node.addEventListener("pointerdown", (event) => event.preventDefault());
  return {
    node,
    id,
    get active() {
      return options[at]?.[0] ?? null;
    },
    show(items) {
      at = -1;
      options = items.map((item) => {
        const option = element(
          "div",
          {
            class: "inlay-menu-item inlay-choice inlay-suggestion",
            role: "option",
            "aria-selected": "false",
            id: uniqueId(),
          },
          element("span", { class: "inlay-suggestion-text inlay-clip" }, item.text),
          element("span", { class: "inlay-minor inlay-clip" }, item.detail || item.kind),
        );
        option.dataset["kind"] = item.kind;
        option.addEventListener("click", () => choose(item));
        return [item, option];
      });
      setChildren(
        node,
        options.map(([, option]) => option),
      );
      node.scrollTop = 0;
    },
    move(by) {
      if (options.length === 0) return "";
      options[at]?.[1].setAttribute("aria-selected", "false");
      const from = at < 0 && by < 0 ? 0 : at;
      at = (from + by + options.length) % options.length;
      const option = options[at]?.[1];
      option?.setAttribute("aria-selected", "true");
      option?.scrollIntoView({ block: "nearest" });
      return option?.id ?? "";
    },
  };
}
