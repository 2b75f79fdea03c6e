/**
 * One quiet line above the charts: what runs along their x axis, how much they are smoothed, which of them are shown, and
 * the way back from a zoom. What is chosen about looks goes into the choices, which all cards of the store follow.
 */

import type { ChoiceBook, XAxis } from "../lib/choices.ts";
import { element, setText } from "../lib/dom.ts";
import { formatCount } from "../lib/format.ts";

const AXES: [XAxis, string][] = [
  ["step", "Step"],
  ["time", "Time"],
  ["relative", "Relative"],
];
const MOST_SMOOTHING = 0.99;
/** Fewer charts than this are found by looking. */
const SEARCHED = 7;

export interface Toolbar {
  node: HTMLElement;
  /** How many charts there are, how many of them the search found, and whether they are zoomed. */
  update: (charts: number, found: number, zoomed: boolean) => void;
}

export interface ToolbarEnv {
  choices: ChoiceBook;
  search: (query: string) => void;
  resetZoom: () => void;
  signal: AbortSignal;
}

export function toolbar({ choices, search, resetZoom, signal }: ToolbarEnv): Toolbar {
  const axis = axisChoice(choices, signal);
  const smoothing = smoothingChoice(choices, signal);
  const reset = element(
    "button",
    { class: "inlay-reset", type: "button", "aria-label": "Reset zoom" },
    "Reset",
    element("span", { class: "inlay-roomy" }, " zoom"),
  );
  const count = element("span", { class: "inlay-count", role: "status" });
  const box = element("input", {
    class: "inlay-search",
    type: "search",
    "aria-label": "Search metrics",
  });
  const searching = element("span", { class: "inlay-searching" }, count, box);
  const node = element("div", { class: "inlay-toolbar" }, axis, smoothing, reset, searching);
  reset.addEventListener("click", resetZoom, { signal });
  box.spellcheck = false;
  box.addEventListener("input", () => search(box.value), { signal });
  box.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape" || box.value === "") return;
      box.value = "";
      search("");
      event.preventDefault();
      event.stopPropagation();
    },
    { signal },
  );
  return {
    node,
    update(charts, found, zoomed) {
      node.hidden = charts === 0;
      searching.hidden = charts < SEARCHED && box.value === "";
      box.placeholder = `Search ${formatCount(charts)} charts`;
      setText(count, box.value.trim() === "" ? "" : `${formatCount(found)} found`);
      // Hidden without losing its place, so that nothing beside it moves; focus must not vanish with it.
      if (!zoomed && reset.matches(":focus")) node.querySelector<HTMLElement>(":checked")?.focus();
      reset.style.visibility = zoomed ? "visible" : "hidden";
    },
  };
}

function axisChoice(choices: ChoiceBook, signal: AbortSignal): HTMLElement {
  // Radio buttons of two cards with one name would switch each other off.
  const name = `inlay-x-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`;
  const inputs = AXES.map(([value]) => {
    const input = element("input", { type: "radio" });
    [input.name, input.value] = [name, value];
    input.addEventListener("change", () => choices.set({ x: value }), { signal });
    return input;
  });
  const show = () => {
    for (const input of inputs) input.checked = input.value === choices.current.x;
  };
  choices.onChange(show, signal);
  show();
  const labels = inputs.map((input, i) =>
    element("label", { class: "inlay-segment" }, input, element("span", {}, AXES[i]?.[1] ?? "")),
  );
  return element(
    "div",
    { class: "inlay-segments", role: "radiogroup", "aria-label": "X axis" },
    ...labels,
  );
}

function smoothingChoice(choices: ChoiceBook, signal: AbortSignal): HTMLElement {
  const slider = element("input", { type: "range", class: "inlay-slider" });
  [slider.min, slider.max, slider.step] = ["0", String(MOST_SMOOTHING), "0.01"];
  const value = element("span", { class: "inlay-slider-value", "aria-hidden": "true" });
  const show = () => {
    const { smoothing } = choices.current;
    slider.value = String(smoothing);
    slider.style.setProperty("--inlay-part", String(smoothing / MOST_SMOOTHING));
    setText(value, Math.min(smoothing, MOST_SMOOTHING).toFixed(2));
  };
  slider.addEventListener("input", () => choices.set({ smoothing: Number(slider.value) }), {
    signal,
  });
  choices.onChange(show, signal);
  show();
  const name = element("span", { class: "inlay-slider-name" }, "Smoothing");
  return element("label", { class: "inlay-smoothing", title: "Smoothing" }, name, slider, value);
}
