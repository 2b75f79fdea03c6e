/**
 * The note of a run, written in place: Ctrl or Cmd with Enter saves, so does leaving the field, Escape takes it back.
 */

import { button, element, setText } from "../lib/dom.ts";
import { asText, field } from "../lib/wire.ts";
import type { EditEnv, Saver } from "./edits.ts";

export interface NoteView {
  node: HTMLElement;
  /** The button that begins an edit. */
  tool: HTMLElement;
  update: (note: string) => void;
}

export function noteView({ answers, signal }: EditEnv, { save }: Saver): NoteView {
  let known = "";
  /** Written here and not yet confirmed. */
  let unsaved: string | null = null;
  /** What could not be saved; the next edit begins with it. */
  let lost: string | null = null;
  let latest = 0;

  const text = element("p", { class: "inlay-note" });
  const area = element("textarea", {
    class: "inlay-field",
    "aria-label": "Note",
    placeholder: "What is worth knowing about this run?",
    hidden: true,
  });
  const node = element("div", { class: "inlay-noted", hidden: true }, text, area);
  const tool = button("", () => edit());

  const shown = () => unsaved ?? known;

  const draw = () => {
    const editing = !area.hidden;
    setText(text, shown());
    text.hidden = editing || shown() === "";
    text.title = answers.available ? "Click to edit" : shown();
    text.dataset["editable"] = String(answers.available);
    node.hidden = shown() === "" && !editing;
    tool.hidden = !answers.available || editing;
    setText(tool, shown() === "" ? "+ Note" : "Edit note");
    tool.setAttribute("aria-label", shown() === "" ? "+ Note: add a note" : "Edit note");
  };

  const edit = () => {
    if (!answers.available || !area.hidden) return;
    area.value = lost ?? shown();
    area.hidden = false;
    draw();
    area.focus();
  };

  const finish = (keep: boolean) => {
    if (area.hidden) return;
    const written = area.value.trim();
    const focused = area.matches(":focus");
    area.hidden = true;
    lost = null;
    if (keep && written !== shown()) void send(written);
    draw();
    if (focused) tool.focus();
  };

  const send = async (written: string) => {
    const mine = ++latest;
    unsaved = written;
    const answer = await save("set_note", { text: written });
    if (mine !== latest) return;
    unsaved = null;
    if (answer === null) lost = written;
    else known = asText(field(answer, "note"));
    draw();
  };

  text.addEventListener("click", () => {
    // Somebody who marks words of the note does not want to write.
    if (getSelection()?.isCollapsed !== false) edit();
  });
  area.addEventListener("keydown", (event) => {
    const keep = event.key === "Enter" && (event.ctrlKey || event.metaKey);
    if (!keep && event.key !== "Escape") return;
    event.preventDefault();
    finish(keep);
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
