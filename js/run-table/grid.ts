/**
 * The grid: rows and columns of which only those in sight are on the page. Everything that changes asks for one drawing
 * in the next frame; drawing reads where the grid is scrolled to, and writes what differs.
 */

import { element, setChildren, uniqueId } from "../lib/dom.ts";
import { onFrame, Watcher } from "../lib/schedule.ts";
import { cellEditor } from "./cell-editor.ts";
import { Geometry } from "./geometry.ts";
import { actionsOf } from "./grid-actions.ts";
import { emptyText } from "./grid-empty.ts";
import { gridHeight } from "./grid-height.ts";
import { HEADS, pressed } from "./grid-keys.ts";
import { gridRows, setHidden } from "./grid-rows.ts";
import { headOf } from "./head.ts";
import { type Box, inSight } from "./layout.ts";
import { checkedAll } from "./selection.ts";
import type { TableSession } from "./session.ts";
import { sparksOf } from "./sparks.ts";
import type { ColumnId } from "./state.ts";

/** Rows drawn beyond what is in sight. */
const BESIDE = 6;
/** "5 min ago" is said anew as often. */
const TICK_MS = 30_000;
/** Curves of live runs are asked for anew, no more often than this. */
const AGE_MS = 5000;

export function gridPart(session: TableSession): HTMLElement {
  const { pages, signal } = session;
  const prefix = uniqueId();
  const geometry = new Geometry(session);
  /** Another whenever something has changed that cells show. */
  let epoch = 0;
  let version = session.view.version;
  let drawn: readonly Box[] = [];
  let drawnAt = "";
  let headed = "";
  let aged = 0;

  const grid = element("div", {
    class: "inlay-grid",
    role: "grid",
    tabindex: "0",
    "aria-label": "Runs",
    "aria-multiselectable": "true",
  });
  const empty = element("div", { class: "inlay-grid-empty" });
  const waiting = element("div", { class: "inlay-grid-waiting" }, "Kernel busy, rows follow");
  const frame = element("div", { class: "inlay-grid-frame" });
  const focusGrid = () => grid.focus({ preventScroll: true });
  const draw = onFrame(() => paint(), signal);
  const stale = () => {
    epoch++;
    draw();
  };
  const lay = () => {
    geometry.lay();
    actions.relaid();
    drawnAt = "";
    stale();
  };

  const height = gridHeight(session, grid);
  const sparks = sparksOf(session, stale);
  const editor = cellEditor({ session, place: placeOf, changed: stale, leave: focusGrid });
  const head = headOf({
    session,
    prefix,
    fit: (id) => geometry.fit(id),
    preview(id, width) {
      geometry.resizing = width === null ? null : [id, width];
      lay();
    },
    under: (x) => geometry.at(x - grid.getBoundingClientRect().left, grid.scrollLeft),
    selectAll: () => actions.selectAll(),
  });
  const rows = gridRows({ session, geometry, editor, sparks, prefix });
  const actions = actionsOf({ session, geometry, grid, editor, leave: focusGrid, head, draw });
  const heads = element("div", { class: "inlay-heads", role: "rowgroup" }, head.node, rows.above);
  const space = element("div", { class: "inlay-space", role: "presentation" }, heads, rows.node);
  grid.append(space);
  frame.append(grid, empty, waiting, editor.node, height.handle);

  function paint(): void {
    if (!grid.isConnected) return;
    const { view, state } = session;
    const [left, top] = [grid.scrollLeft, grid.scrollTop];
    const [from, to] = geometry.rows.sight(top);
    const [first, last] = [Math.max(0, from - BESIDE), Math.min(view.rows, to + BESIDE)];
    const boxes = sight(left);
    const edge = left + geometry.layout.edge;
    const start = boxes.find((box) => !box.sticky && box.left >= edge)?.at ?? -1;
    const headKey = `${epoch} ${drawnAt} ${start}`;
    if (headed !== headKey) head.draw(boxes, start, checkedAll(state.selected, actions.shown()));
    headed = headKey;
    rows.draw(first, last, boxes, top, epoch);
    space.style.width = `${geometry.layout.width}px`;
    space.style.height = `${geometry.over + geometry.rows.height}px`;
    grid.dataset["scrolled"] = String(left > 0);
    grid.setAttribute("aria-rowcount", String(view.rows + (pages.baseline === null ? 1 : 2)));
    grid.setAttribute("aria-colcount", String(geometry.layout.boxes.length + 1));
    showEmpty();
    showCursor();
    editor.follow();
    const columns = boxes.map((box) => box.id);
    const unknown = view.rows > 0 && pages.row(from) === undefined;
    setHidden(waiting, !(unknown && session.busy));
    session.want({ start: first, count: last - first, columns });
    if (state.spark.length > 0) wantSparks(first, last, columns);
  }

  /** The same list as long as the same columns are in sight, which most drawings need not look at. */
  const sight = (left: number): readonly Box[] => {
    const boxes = inSight(geometry.layout, left, geometry.width);
    const at = boxes.map((box) => box.at).join();
    if (at !== drawnAt) [drawn, drawnAt] = [boxes, at];
    return drawn;
  };

  const wantSparks = (first: number, last: number, columns: readonly ColumnId[]) => {
    const runs: string[] = [];
    for (let at = first; at < last; at++) {
      const row = pages.row(at);
      if (row !== undefined && "run" in row) runs.push(row.run);
    }
    sparks.want(
      runs,
      session.state.spark.filter((id) => columns.includes(id)),
    );
  };

  const showEmpty = () => {
    setHidden(empty, session.view.rows > 0);
    if (!empty.hidden) setChildren(empty, emptyText(session));
  };

  const showCursor = () => {
    const { row: at, column } = actions.cursor();
    const id = actions.columns()[column];
    const row = rows.row(at);
    const inRow = id === undefined ? row?.check : row?.cell(id);
    const node = at === HEADS ? head.cell(id ?? "") : inRow;
    for (const old of [...grid.getElementsByClassName("inlay-active")]) {
      if (old !== node) old.classList.remove("inlay-active");
    }
    node?.classList.add("inlay-active");
    if (node === undefined) grid.removeAttribute("aria-activedescendant");
    else grid.setAttribute("aria-activedescendant", node.id);
  };

  /** Where a cell lies in the frame; null while it is out of sight. */
  function placeOf(run: string, id: ColumnId) {
    const at = pages.placeOf(run);
    const box = geometry.layout.boxes.find((one) => one.id === id);
    if (at === null || box === undefined || rows.row(at) === undefined) return null;
    const top = geometry.over + geometry.rows.top(at, grid.scrollTop) - grid.scrollTop;
    if (top < geometry.over - 14 || top > geometry.height) return null;
    const left = box.left - (box.sticky ? 0 : grid.scrollLeft);
    return { left: left + 1, top: top + 1, width: Math.min(box.width, geometry.width - left) };
  }

  const cellOf = (target: EventTarget | null): [row: number, column: ColumnId | null] | null => {
    if (!(target instanceof Element)) return null;
    const at = rows.placeOf(target);
    const cell = target.closest<HTMLElement>(".inlay-cell");
    if (at === null) return null;
    // Beside the last column a row is a row, too.
    if (cell === null) return [at, actions.columns().at(-1) ?? null];
    return [at, cell.dataset["column"] ?? null];
  };

  rows.node.addEventListener("click", (event) => {
    const hit = cellOf(event.target);
    // Somebody who marked a text to copy it selects no row.
    if (hit === null || getSelection()?.isCollapsed === false) return;
    const [at, id] = hit;
    const to = { row: at, column: id === null ? -1 : actions.columns().indexOf(id) };
    if (id === null && !event.shiftKey) {
      actions.go(to, false);
      actions.toggle(at, false);
    } else actions.pick(to, event.ctrlKey || event.metaKey, event.shiftKey);
  });
  rows.above.addEventListener("click", ({ target, ctrlKey, metaKey, shiftKey }) => {
    const run = pages.baseline?.row.run;
    if (run === undefined || getSelection()?.isCollapsed === false) return;
    const box = target instanceof Element && target.closest(".inlay-check") !== null;
    actions.pickRun(run, box || ctrlKey || metaKey || shiftKey);
  });
  rows.node.addEventListener("dblclick", ({ target }) => {
    const hit = cellOf(target);
    if (hit?.[1] == null || !editor.edits(hit[1])) return;
    actions.edit({ row: hit[0], column: actions.columns().indexOf(hit[1]) });
  });
  // A shift click would mark the text between two rows.
  rows.node.addEventListener("mousedown", (event) => {
    if (event.shiftKey || event.detail > 1) event.preventDefault();
    if (event.shiftKey || event.detail > 1) focusGrid();
  });
  grid.addEventListener("keydown", (event) => {
    const inHead = event.target instanceof HTMLButtonElement;
    if (inHead && (event.key === "Enter" || event.key === " ")) return;
    if (event.defaultPrevented || !pressed(event, actions)) return;
    event.preventDefault();
    event.stopPropagation();
    if (inHead) focusGrid();
  });
  grid.addEventListener("scroll", draw, { passive: true });

  session.onChange((changes) => {
    if (changes.has("view") && session.view.version !== version) {
      version = session.view.version;
      actions.rearranged();
    }
    if (changes.has("rows")) ageSparks();
    height.apply();
    // Neither moves a column.
    if ([...changes].every((change) => change === "kernel" || change === "rows")) stale();
    else lay();
  });
  const ageSparks = () => {
    if (session.state.spark.length === 0 || performance.now() - aged < AGE_MS) return;
    aged = performance.now();
    const running: string[] = [];
    for (let at = 0; at < Math.min(session.view.rows, 400); at++) {
      const row = pages.row(at);
      if (row !== undefined && "run" in row && row.status === "running") running.push(row.run);
    }
    sparks.age(running);
  };

  const measure = () => {
    height.apply();
    if (geometry.width === grid.clientWidth && geometry.height === grid.clientHeight) return;
    [geometry.width, geometry.height] = [grid.clientWidth, grid.clientHeight];
    lay();
  };
  const sizes = new ResizeObserver(measure);
  sizes.observe(grid);
  const timer = window.setInterval(stale, TICK_MS);
  signal.addEventListener("abort", () => {
    sizes.disconnect();
    clearInterval(timer);
  });
  new Watcher(signal).see(grid, measure, signal);
  height.apply();
  lay();
  return frame;
}
