/**
 * The line in which runs are filtered, in the language of `inlay.runs(...)`. What is written takes effect after a pause or
 * with Enter. The field belongs to who writes in it: what the kernel makes of a text never changes it, only a filter that
 * came from elsewhere (a facet, Python) does. A text that cannot be read leaves the rows, and its fault is underlined.
 */

import { button, element, icon, setText, uniqueId } from "../lib/dom.ts";
import {
  accepted,
  askSuggestions,
  NONE,
  type Suggestion,
  type Suggestions,
  suggestionList,
  toUnits,
} from "./completion.ts";
import type { TableContext } from "./context.ts";
import { CARD, type Floating, floatUnder } from "./popover.ts";

const PAUSE_MS = 400;
const MOST_REMEMBERED = 30;
const FUNNEL = "M2.5 3.5h11L9.5 8.5v4l-3-1.5V8.5z";

export function filterBar(context: TableContext): HTMLElement {
  const { signal } = context;
  let applied = context.state.filter;
  /** The text handed over last, which the state may or may not have become. */
  let sent: string | null = null;
  let suggestions: Suggestions = NONE;
  let asking = new AbortController();
  let list: Floating | null = null;
  let pause = 0;
  const history: string[] = [];

  const messageId = uniqueId();
  const input = element("input", {
    class: "inlay-filter-input",
    type: "text",
    role: "combobox",
    placeholder: "Filter runs: metrics.loss < 0.2 and params.model = 'cnn'",
    spellcheck: "false",
    "aria-label": "Filter runs",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-describedby": messageId,
  });
  input.autocomplete = "off";
  input.autocapitalize = "off";
  input.value = applied;
  /** The same text behind the field, to draw under: a field cannot mark a part of its own. */
  const mirror = element("div", { class: "inlay-filter-mirror", "aria-hidden": "true" });
  const clear = button("×", () => apply("", true), {
    class: "inlay-filter-clear",
    "aria-label": "Clear the filter",
    title: "Clear the filter",
  });
  const message = element("div", { class: "inlay-filter-message", id: messageId, role: "status" });
  const node = element(
    "div",
    { class: "inlay-filter", role: "search" },
    icon("inlay-filter-sign", FUNNEL),
    element("div", { class: "inlay-filter-box" }, mirror, input),
    clear,
    message,
  );

  const options = suggestionList((suggestion) => accept(suggestion));
  input.setAttribute("aria-controls", options.id);

  const error = () => {
    const { view } = context;
    // An error is about the text that was handed over, not about what has been written since.
    return sent !== null && same(input.value, sent) ? view.error : null;
  };

  const draw = () => {
    const fault = error();
    const [start, end] = fault
      ? [toUnits(input.value, fault.start), toUnits(input.value, fault.end)]
      : [0, 0];
    clear.hidden = input.value === "";
    input.setAttribute("aria-invalid", String(fault !== null));
    // At the end of the text there is nothing to underline: a space stands for what is missing.
    const part = input.value.slice(start, end) || " ";
    const marked = element("span", { class: "inlay-filter-fault" }, fault ? part : "");
    mirror.replaceChildren(input.value.slice(0, start), marked);
    mirror.scrollLeft = input.scrollLeft;
    const told = fault?.message ?? "";
    message.hidden = told === "" || list !== null;
    setText(message, told);
  };

  const close = () => {
    asking.abort();
    list?.remove();
    list = null;
    suggestions = NONE;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    draw();
  };

  const show = (next: Suggestions) => {
    // Nothing to choose, or only what is written there already.
    const written = input.value.slice(next.start, next.end);
    if (next.items.length === 0 || (next.items.length === 1 && next.items[0]?.text === written)) {
      return close();
    }
    suggestions = next;
    options.show(next.items);
    input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-expanded", "true");
    mirror.replaceChildren(input.value.slice(0, next.start), element("span"));
    list ??= floatUnder(options.node, node.closest(CARD) ?? node, () => {
      const box = input.getBoundingClientRect();
      const before = (mirror.lastElementChild as HTMLElement | null)?.offsetLeft ?? 0;
      const left = box.left + Math.max(0, before - input.scrollLeft) - 8;
      return new DOMRect(left, box.top, 0, box.height);
    });
    list.place();
    draw();
  };

  const suggest = async () => {
    asking.abort();
    if (!context.available) return close();
    asking = new AbortController();
    const { signal: asked } = asking;
    const [text, cursor] = [input.value, input.selectionStart ?? input.value.length];
    const next = await askSuggestions(context, text, cursor, asked);
    if (next === null || asked.aborted || !input.matches(":focus")) return;
    if (input.value === text && input.selectionStart === cursor) show(next);
  };

  const apply = (text: string, focus = false) => {
    clearTimeout(pause);
    if (input.value !== text) input.value = text;
    if (focus) input.focus();
    if (same(text, sent ?? applied) && context.view.error === null) return draw();
    sent = text.trimEnd();
    if (sent !== "" && history.at(-1) !== sent) history.push(sent);
    if (history.length > MOST_REMEMBERED) history.shift();
    context.change({ filter: sent });
    draw();
  };

  const accept = (suggestion: Suggestion) => {
    const [text, cursor] = accepted(input.value, suggestions, suggestion);
    input.value = text;
    input.setSelectionRange(cursor, cursor);
    edited();
  };

  /** After each change by the reader. */
  const edited = () => {
    clearTimeout(pause);
    pause = window.setTimeout(() => apply(input.value), PAUSE_MS);
    draw();
    void suggest();
  };

  const keys: Record<string, (event: KeyboardEvent) => boolean> = {
    ArrowDown: () => {
      if (list === null) void suggest();
      else input.setAttribute("aria-activedescendant", options.move(1));
      return true;
    },
    ArrowUp: () => {
      const before = history.at(-1);
      if (list !== null) input.setAttribute("aria-activedescendant", options.move(-1));
      else if (input.value === "" && before !== undefined) input.value = before;
      else return false;
      draw();
      return true;
    },
    Enter: () => {
      const { active } = options;
      if (list !== null && active !== null) accept(active);
      else {
        close();
        apply(input.value);
      }
      return true;
    },
    Tab: ({ shiftKey }) => {
      // With nothing begun, Tab goes on to the next control as everywhere.
      const begun = suggestions.end > suggestions.start ? suggestions.items[0] : undefined;
      const taken = options.active ?? begun;
      if (list === null || shiftKey || taken === undefined) return false;
      accept(taken);
      return true;
    },
    Escape: () => {
      // What is written stays: the list may have been about to open.
      asking.abort();
      if (list === null) return false;
      close();
      return true;
    },
  };

  input.addEventListener("input", edited);
  input.addEventListener("keydown", (event) => {
    // While an input method composes, its keys are its own.
    if (event.isComposing || !keys[event.key]?.(event)) return;
    event.preventDefault();
    event.stopPropagation();
  });
  input.addEventListener("scroll", () => {
    mirror.scrollLeft = input.scrollLeft;
  });
  input.addEventListener("blur", () => {
    close();
    if (!same(input.value, sent ?? applied)) apply(input.value);
  });
  input.addEventListener("click", () => list !== null && void suggest());
  signal.addEventListener("abort", () => {
    clearTimeout(pause);
    close();
  });

  context.onChange((changes) => {
    const { filter } = context.state;
    const refused = context.view.error !== null;
    if (!same(filter, applied) && !same(filter, sent ?? applied) && !refused) {
      // Another hand changed the filter.
      clearTimeout(pause);
      [input.value, sent] = [filter, null];
    }
    if (!refused) applied = filter;
    if (changes.has("kernel")) input.readOnly = !context.available;
    draw();
  });
  input.readOnly = !context.available;
  draw();
  return node;
}

/** Spaces around a filter mean nothing, and are what one has typed before the next word. */
function same(one: string, other: string): boolean {
  return one.trim() === other.trim();
}
