/**
 * The tags of a run, each with a button that takes it away, and a field for a new one. A change shows at once, dimmed
 * until the kernel has it.
 */

import { button, element, setChildren } from "../lib/dom.ts";
import { type EditEnv, PENDING, type Saver } from "./edits.ts";

export interface TagsView {
  node: HTMLElement;
  /** The button that opens the field for a new tag. */
  tool: HTMLElement;
  update: (tags: readonly [string, string][]) => void;
}

export function tagsView({ answers, signal }: EditEnv, { save }: Saver): TagsView {
  let known: readonly [string, string][] = [];
  /** Changed here and not yet confirmed; null for a tag that was taken away. */
  const unsaved = new Map<string, string | null>();
  /** A tag stays where it was first seen: the store has an order of its own, and tells it some time later. */
  const places = new Map<string, number>();
  let drawn = "";

  const chips = element("span", { class: "inlay-chips" });
  const input = element("input", {
    class: "inlay-field",
    "aria-label": "New tag, as key: value",
    placeholder: "key: value",
    spellcheck: "false",
    hidden: true,
  });
  const node = element("div", { class: "inlay-tags", hidden: true }, chips, input);
  const tool = button("+ Tag", () => open(true), { "aria-label": "+ Tag: add a tag" });

  const draw = () => {
    const tags = new Map<string, string | null>([...known, ...unsaved]);
    for (const key of tags.keys()) places.set(key, places.get(key) ?? places.size);
    const shown = [...tags]
      .filter((tag): tag is [string, string] => tag[1] !== null)
      .sort(([a], [b]) => (places.get(a) ?? 0) - (places.get(b) ?? 0));
    const state = JSON.stringify([shown, [...unsaved.keys()], answers.available]);
    if (state !== drawn) setChildren(chips, shown.map(chip));
    drawn = state;
    node.hidden = shown.length === 0 && input.hidden;
    tool.hidden = !answers.available || !input.hidden;
  };

  const chip = ([key, value]: [string, string]): HTMLElement => {
    const text = value === "" ? key : `${key}: ${value}`;
    const pending = unsaved.has(key);
    const node = element(
      "span",
      { class: "inlay-tag", title: pending ? `${text} (${PENDING})` : text },
      element("span", { class: "inlay-tag-key" }, key),
      value === "" ? null : element("span", { class: "inlay-tag-value" }, value),
    );
    if (pending) node.dataset["state"] = "pending";
    const remove = () => {
      tool.focus();
      void send(key, null);
    };
    if (answers.available) {
      node.append(
        button("×", remove, { class: "inlay-remove", "aria-label": `Remove tag ${key}` }),
      );
    }
    return node;
  };

  const send = async (key: string, value: string | null) => {
    unsaved.set(key, value);
    draw();
    const answer = await save("set_tag", { key, value });
    if (answer !== null && unsaved.get(key) === value) {
      // Shown until the next header says the same.
      const others = known.filter(([name]) => name !== key);
      known = value === null ? others : [...others, [key, value]];
    }
    if (unsaved.get(key) === value) unsaved.delete(key);
    draw();
  };

  const open = (opened: boolean) => {
    input.hidden = !opened;
    input.value = "";
    draw();
    if (opened) input.focus();
  };

  const add = () => {
    // With "=" as well, for so tags are written after %%track.
    const [, key = "", value = ""] = /^([^:=]*)[:=]?(.*)$/s.exec(input.value) ?? [];
    if (key.trim() !== "") void send(key.trim(), value.trim());
  };

  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    // Else the key goes on to the button that gets the focus, and presses it.
    event.preventDefault();
    if (event.key === "Enter") add();
    open(false);
    tool.focus();
  });
  input.addEventListener("blur", () => {
    if (input.hidden) return;
    add();
    open(false);
  });
  answers.onChange(draw, signal);
  draw();

  return {
    node,
    tool,
    update(tags) {
      known = tags;
      draw();
    },
  };
}
