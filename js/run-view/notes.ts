/**
 * The note of a run, written in place: Ctrl or Cmd with Enter saves, so does leaving the field, Escape takes it back.
 * What was written shows at once; until the kernel has it, the card says that it will be saved.
 */

import { button, element, setText } from "../lib/dom.ts";
import { asText, field } from "../lib/wire.ts";
import type { EditEnv } from "./edits.ts";
import { PENDING } from "./edits.ts";

export interface NoteView {
  node: HTMLElement;
  /** The button that begins an edit. */
  tool: HTMLElement;
  update: (note: string) => void;
}

export function noteView({ answers, run, fail, signal }: EditEnv): NoteView {
  let known = "";
  /** Written here and not yet confirmed. */
  let unsaved: string | null = null;
  /** What could not be saved; the next edit begins with it. */
  let lost: string | null = null;
  let latest = 0;

  const text = element("p", { class: "inlay-note" });
  const pending = element("span", { class: "inlay-pending inlay-late", hidden: true }, PENDING);
  const area = element("textarea", {
    class: "inlay-field",
    "aria-label": "Note",
    placeholder: "What is worth knowing about this run?",
    hidden: true,
  });
  const node = element("div", { class: "inlay-noted", hidden: true }, text, area, pending);
  const tool = button("", () => edit());

  const shown = () => unsaved ?? known;

  const draw = () => {
    const editing = !area.hidden;
    setText(text, shown());
    text.hidden = editing || shown() === "";
    text.title = answers.available ? "Click to edit" : shown();
    text.dataset["editable"] = String(answers.available);
    pending.hidden = unsaved === null;
    node.hidden = shown() === "" && !editing && unsaved === null;
    tool.hidden = !answers.available || editing;
    setText(tool, shown() === "" ? "Add a note" : "Edit note");
  };

  const edit = () => {
    if (!answers.available || !area.hidden) return;
    area.value = lost ?? shown();
    area.hidden = false;
    draw();
    area.focus();
  };

  const finish = (save: boolean) => {
    if (area.hidden) return;
    const written = area.value.trim();
    const focused = area.matches(":focus");
    area.hidden = true;
    lost = null;
    if (save && written !== shown()) void send(written);
    draw();
    if (focused) tool.focus();
  };

  const send = async (written: string) => {
    const mine = ++latest;
    unsaved = written;
    try {
      const { body } = await answers.ask("set_note", { run: run(), text: written }, signal);
      if (mine === latest) known = asText(field(body, "note"));
    } catch (reason) {
      if (mine === latest) lost = written;
      fail(reason);
    }
    if (mine === latest) unsaved = null;
    draw();
  };

  text.addEventListener("click", () => {
    // Somebody who marks words of the note does not want to write.
    if (getSelection()?.isCollapsed !== false) edit();
  });
  area.addEventListener("keydown", (event) => {
    const save = event.key === "Enter" && (event.ctrlKey || event.metaKey);
    if (!save && event.key !== "Escape") return;
    event.preventDefault();
    finish(save);
  });
  area.addEventListener("blur", () => finish(true));
  answers.onChange(draw, signal);
  draw();

  return {
    node,
    tool,
    update(note) {
      known = note;
      draw();
    },
  };
}
