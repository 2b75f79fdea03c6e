/** One of a few, side by side: radio buttons drawn as a strip. */

import { element, uniqueId } from "../lib/dom.ts";

export interface Segments<T extends string> {
  node: HTMLElement;
  /** Null where none of them holds. */
  show: (value: T | null) => void;
}

export function segments<T extends string>(
  label: string,
  options: readonly (readonly [value: T, label: string])[],
  choose: (value: T) => void,
): Segments<T> {
  const name = uniqueId();
  const inputs = options.map(([value]) => {
    const input = element("input", { type: "radio" });
    [input.name, input.value] = [name, value];
    input.addEventListener("change", () => choose(value));
    return input;
  });
  const labels = inputs.map((input, i) =>
    element("label", { class: "inlay-segment" }, input, element("span", {}, options[i]?.[1] ?? "")),
  );
  return {
    node: element(
      "div",
      { class: "inlay-segments", role: "radiogroup", "aria-label": label },
      ...labels,
    ),
    show(value) {
      for (const input of inputs) input.checked = input.value === value;
    },
  };
}
