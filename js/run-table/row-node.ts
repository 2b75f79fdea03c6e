/**
 * The element of one row, used again for whichever row is in sight: making elements is what scrolling would spend its time
 * on. It keeps a cell for each column in sight, and gives those that went out of it to those that came in.
 */

import { element } from "../lib/dom.ts";
import type { Look } from "./cells.ts";
import type { Box } from "./layout.ts";
import type { ColumnId } from "./state.ts";

interface CellNode {
  node: HTMLElement;
  key: string | null;
  box: Box | null;
}

export class RowNode {
  readonly node = element("div", { class: "inlay-row", role: "row" });
  readonly check = element("div", { class: "inlay-cell inlay-check", role: "gridcell" });
  readonly mark = element("span", { class: "inlay-check-box", "aria-hidden": "true" });
  /** The row it shows, and the state of things at which it was drawn. */
  at = -1;
  epoch = -1;
  /** The columns it was drawn for. */
  boxes: readonly Box[] = [];
  #top = Number.NaN;
  readonly #cells = new Map<ColumnId, CellNode>();
  readonly #free: CellNode[] = [];
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
    this.check.append(this.mark);
    this.check.id = `${prefix}-0`;
    this.check.setAttribute("aria-colindex", "1");
    this.node.append(this.check);
  }

  /** Puts it so far below the heads. */
  move(top: number): void {
    if (top === this.#top) return;
    this.#top = top;
    this.node.style.transform = `translateY(${top}px)`;
  }

  /** The cells for these columns, as they lie; each is drawn by `look`. */
  draw(boxes: readonly Box[], look: (box: Box) => Look): void {
    this.boxes = boxes;
    const wanted = new Set(boxes.map((box) => box.id));
    for (const [id, cell] of this.#cells) {
      if (wanted.has(id)) continue;
      this.#cells.delete(id);
      this.#free.push(cell);
    }
    for (const box of boxes) {
      let cell = this.#cells.get(box.id);
      if (cell === undefined) {
        cell = this.#free.pop() ?? this.#make();
        this.#cells.set(box.id, cell);
      }
      if (cell.box !== box) place(cell, box, this.#prefix);
      show(cell, look(box));
    }
    // Elements that wait for a column would still be read out.
    for (const cell of this.#free.splice(0)) cell.node.remove();
  }

  cell(id: ColumnId): HTMLElement | undefined {
    return this.#cells.get(id)?.node;
  }

  #make(): CellNode {
    const node = element("div", { class: "inlay-cell", role: "gridcell" });
    this.node.append(node);
    return { node, key: null, box: null };
  }
}

function place(cell: CellNode, box: Box, prefix: string): void {
  const { node } = cell;
  if (cell.box?.at !== box.at) {
    node.id = `${prefix}-${box.at + 1}`;
    node.setAttribute("aria-colindex", String(box.at + 2));
  }
  node.dataset["column"] = box.id;
  node.dataset["sticky"] = String(box.sticky);
  if (box.last) node.dataset["edge"] = "true";
  else delete node.dataset["edge"];
  node.style.width = `${box.width}px`;
  node.style.left = `${box.left}px`;
  cell.box = box;
}

function show(cell: CellNode, look: Look): void {
  if (cell.key === look.key) return;
  cell.key = look.key;
  const { node } = cell;
  node.className = look.className === "" ? "inlay-cell" : `inlay-cell ${look.className}`;
  if (look.title !== "") node.title = look.title;
  else node.removeAttribute("title");
  if (look.expanded === undefined) node.removeAttribute("aria-expanded");
  else node.setAttribute("aria-expanded", String(look.expanded));
  if (look.heat === undefined) node.style.removeProperty("--inlay-heat");
  else node.style.setProperty("--inlay-heat", String(look.heat));
  if (look.parts === undefined) node.textContent = look.text;
  else node.replaceChildren(...look.parts());
}
