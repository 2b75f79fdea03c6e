/**
 * A slider over the steps of a series. It follows the newest step until the reader moves it, and again when it is moved
 * back to the end. It is an `<input type=range>`, so that arrows, Home and End do what they do everywhere.
 */

import { element, setText } from "../lib/dom.ts";
import { formatCount, formatStep } from "../lib/format.ts";

export interface Stepper {
  node: HTMLElement;
  /** The place of the step chosen, from 0; -1 where there is none. */
  readonly place: number;
  /** These are the steps, in their order; the step chosen stays, unless the newest is followed. */
  show: (steps: readonly number[], label: string) => void;
  /** Moves to a place, as the reader would. */
  move: (place: number) => void;
  /** Follows the newest step again. */
  follow: () => void;
}

/** `moved` hears of the reader's moves, not of steps that are followed. */
export function stepper(moved: () => void): Stepper {
  let steps: readonly number[] = [];
  let place = -1;
  let following = true;
  const slider = element("input", { class: "inlay-slider", type: "range" });
  slider.min = "0";
  const step = element("span", { class: "inlay-figure" });
  const count = element("span", { class: "inlay-figure" });
  const node = element("div", { class: "inlay-stepper", hidden: true }, step, slider, count);

  const draw = () => {
    const last = steps.length - 1;
    const at = steps[place];
    node.hidden = at === undefined;
    if (at === undefined) return;
    slider.hidden = count.hidden = last < 1;
    slider.max = String(last);
    slider.value = String(place);
    slider.style.setProperty("--inlay-part", String(last > 0 ? place / last : 1));
    setText(step, `step ${formatStep(at)}`);
    setText(count, `${formatCount(place + 1)} of ${formatCount(steps.length)}`);
    // The numbers keep the width of the largest ones, and the slider its own.
    step.style.minWidth = `${5 + formatStep(steps[last] ?? 0).length}ch`;
    count.style.minWidth = `${4 + 2 * formatCount(steps.length).length}ch`;
    slider.setAttribute("aria-valuetext", `${step.textContent}, ${count.textContent}`);
  };
  const move = (to: number) => {
    const next = Math.min(steps.length - 1, Math.max(0, to));
    following = next === steps.length - 1;
    if (next === place) return;
    place = next;
    draw();
    moved();
  };
  slider.addEventListener("input", () => move(slider.valueAsNumber));

  return {
    node,
    get place() {
      return place;
    },
    move,
    follow() {
      following = true;
    },
    show(next, label) {
      const before = steps[place];
      steps = next;
      const same = before === undefined ? -1 : steps.indexOf(before);
      place = following || same < 0 ? steps.length - 1 : same;
      slider.setAttribute("aria-label", label);
      draw();
    },
  };
}
