/**
 * Things with paths, listed as a tree: files, histograms, data sets. It is one stop of the Tab key, as trees are: arrows
 * move, open and close, Enter chooses. Rows are kept and changed, so that the focus stays while the run goes on.
 */

import { element, icon, searchField, setChildren, setText } from "../lib/dom.ts";
import { formatCount } from "../lib/format.ts";
import { type Row, treeRows } from "../lib/tree.ts";

/** What a row says of one thing. */
export interface Listed {
  path: string;
  kind: string;
  figure: string;
}

export interface TreeView<T extends Listed> {
  node: HTMLElement;
  /** Lists these; `total` is how many there are, also where not all of them were sent. */
  update: (items: readonly T[], chosen: string | null, total?: number) => void;
  /** Puts the focus on a row, if it is in sight. */
  focus: (path: string) => void;
}

/** From so many on they can be searched, and their folders begin closed. */
const MANY = 21;
const CHEVRON = "M6 4.5l3.5 3.5l-3.5 3.5";

interface Drawn {
  node: HTMLElement;
  name: HTMLElement;
  kind: HTMLElement;
  figure: HTMLElement;
}

/** `what` names the things, in the plural. */
export function treeView<T extends Listed>(what: string, choose: (item: T) => void): TreeView<T> {
  let items: readonly T[] = [];
  let rows: Row<T>[] = [];
  let chosen: string | null = null;
  let typed = "";
  let total = 0;
  let active = "";
  const turned = new Set<string>();
  const drawn = new Map<string, Drawn>();

  const search = searchField(`Search ${what}`, (text) => {
    typed = text;
    draw();
  });
  const tools = element("div", { class: "inlay-panel-top" }, search);
  const tree = element("div", { role: "tree", "aria-label": what });
  const rest = element("p", { class: "inlay-hint", role: "status" });
  const node = element("div", { class: "inlay-files" }, tools, tree, rest);

  /** Folders begin open where there are few things, and are then what the reader made of them. */
  const isOpen = (folder: string) => items.length < MANY !== turned.has(folder);

  const turn = ({ path }: Row<T>) => {
    if (!turned.delete(path)) turned.add(path);
    draw();
  };
  const act = (row: Row<T>) => {
    activate(row.path);
    if (row.item === null) turn(row);
    else choose(row.item);
  };

  const activate = (path: string) => {
    drawn.get(active)?.node.setAttribute("tabindex", "-1");
    active = path;
    drawn.get(active)?.node.setAttribute("tabindex", "0");
  };
  const focus = (path: string) => {
    if (!drawn.has(path)) return;
    activate(path);
    drawn.get(path)?.node.focus();
  };

  const made = (key: string): Drawn => {
    const known = drawn.get(key);
    if (known !== undefined) return known;
    const name = element("span", { class: "inlay-clip" });
    const kind = element("span", { class: "inlay-kind" });
    const figure = element("span", { class: "inlay-figure" });
    const row = element("div", { role: "treeitem", tabindex: "-1" }, name, kind, figure);
    row.addEventListener("click", () => {
      const at = rows.find(({ path }) => path === key);
      if (at !== undefined) act(at);
    });
    const one = { node: row, name, kind, figure };
    drawn.set(key, one);
    return one;
  };

  const say = ({ path, name, item, level, open, place, among }: Row<T>): HTMLElement => {
    const one = made(path);
    const { node: row } = one;
    row.className = `inlay-row ${item === null ? "inlay-folder" : "inlay-file"}`;
    row.style.setProperty("--inlay-level", String(level - 1));
    setText(one.name, name);
    row.title = path;
    setText(one.kind, item?.kind ?? "");
    setText(one.figure, item?.figure ?? "");
    row.setAttribute("aria-level", String(level));
    row.setAttribute("aria-posinset", String(place));
    row.setAttribute("aria-setsize", String(among));
    if (item === null) {
      row.setAttribute("aria-expanded", String(open));
      if (row.firstElementChild === one.name) row.prepend(icon("inlay-chevron", CHEVRON));
    } else row.setAttribute("aria-selected", String(path === chosen));
    return row;
  };

  const draw = () => {
    const found = items.filter(({ path }) => path.toLowerCase().includes(typed));
    rows =
      typed === ""
        ? treeRows(items, ({ path }) => path, isOpen)
        : found.map((item, i) => ({
            path: item.path,
            name: item.path,
            item,
            level: 1,
            open: false,
            place: i + 1,
            among: found.length,
          }));
    const inSight = new Set(rows.map(({ path }) => path));
    for (const key of drawn.keys()) if (!inSight.has(key)) drawn.delete(key);
    setChildren(tree, rows.map(say));
    if (!inSight.has(active)) active = chosen !== null && inSight.has(chosen) ? chosen : "";
    activate(active || (rows[0]?.path ?? ""));
    tools.hidden = items.length < MANY;
    rest.hidden = found.length >= total;
    const hint = items.length < total && what === "files" ? "; run.artifacts has all" : "";
    setText(rest, `${formatCount(found.length)} of ${formatCount(total)} ${what}${hint}`);
  };

  tree.addEventListener("keydown", (event) => {
    const at = rows.findIndex(({ path }) => path === active);
    const row = rows[at];
    if (row === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    const to = (place: number) => focus(rows[place]?.path ?? "");
    const outside = rows.findLastIndex(({ level }, i) => i < at && level < row.level);
    const keys: Record<string, () => void> = {
      ArrowDown: () => to(at + 1),
      ArrowUp: () => to(at - 1),
      Home: () => to(0),
      End: () => to(rows.length - 1),
      ArrowRight: () => (row.item !== null ? undefined : row.open ? to(at + 1) : turn(row)),
      ArrowLeft: () => (row.open ? turn(row) : to(outside)),
      Enter: () => act(row),
      " ": () => act(row),
    };
    const pressed = keys[event.key];
    if (pressed === undefined) return;
    event.preventDefault();
    pressed();
  });

  return {
    node,
    focus,
    update(next, nowChosen, all = next.length) {
      const again = nowChosen === chosen;
      [items, chosen, total] = [next, nowChosen, Math.max(all, next.length)];
      draw();
      const row = drawn.get(chosen ?? "")?.node;
      if (again || row === undefined) return;
      // By hand: the page itself is not to scroll.
      const [box, list] = [row.getBoundingClientRect(), node.getBoundingClientRect()];
      node.scrollTop += Math.max(0, box.bottom - list.bottom) - Math.max(0, list.top - box.top);
    },
  };
}
