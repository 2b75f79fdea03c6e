/**
 * How high the grid is: as many rows as there are, up to a page, unless somebody dragged its lower edge. It grows when
 * somebody asks for other rows, never because runs come or go: a page that jumps under the reader is worse than a gap.
 */

import { element } from "../lib/dom.ts";
import { HEAD, ROW } from "./layout.ts";
import type { TableSession } from "./session.ts";

const MOST_ROWS = 15;
/** Of an empty table, whose text needs as much. */
const EMPTY_ROWS = 4;
const FEWEST_ROWS = 2;
const BORDER = 2;
const STEP = ROW;

export interface GridHeight {
  /** The lower edge, to drag or to move with arrows. */
  handle: HTMLElement;
  apply: () => void;
}

export function gridHeight(session: TableSession, grid: HTMLElement): GridHeight {
  const lowest = HEAD + FEWEST_ROWS * ROW + BORDER;
  let natural = 0;
  /** What rows were asked for; more of them may make the grid higher, more runs do not. */
  let askedFor = "";
  let dragged: number | null = null;
  const handle = element("div", {
    class: "inlay-grid-edge",
    role: "separator",
    tabindex: "0",
    title: "Drag to make the table higher or lower; click twice to fit",
    "aria-label": "Height of the table",
    "aria-orientation": "horizontal",
    "aria-valuemin": String(lowest),
  });

  const fitting = (rows: number) =>
    HEAD +
    Math.max(rows === 0 ? EMPTY_ROWS : FEWEST_ROWS, Math.min(MOST_ROWS, rows)) * ROW +
    BORDER +
    barHeight(grid);

  const apply = () => {
    const { view, state } = session;
    const above = view.page.baseline === null ? 0 : 1;
    const { filter, group, open } = view.state;
    const asked = JSON.stringify([filter, group, open]);
    if (view.all > 0 && grid.isConnected && (natural === 0 || asked !== askedFor)) {
      natural = Math.max(natural, fitting(view.rows + above));
      askedFor = asked;
    }
    const height = dragged ?? state.height ?? (natural || fitting(view.rows + above));
    grid.style.height = `${Math.max(lowest, height)}px`;
    handle.setAttribute("aria-valuenow", String(Math.round(height)));
  };

  const keep = (height: number | null) => {
    session.change({ height });
    apply();
  };

  handle.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    const [start, from] = [event.clientY, grid.offsetHeight];
    handle.setPointerCapture(event.pointerId);
    const move = ({ clientY }: PointerEvent) => {
      dragged = Math.max(lowest, from + clientY - start);
      apply();
    };
    const end = () => {
      handle.removeEventListener("pointermove", move);
      handle.removeEventListener("pointerup", end);
      handle.removeEventListener("pointercancel", end);
      const height = dragged;
      dragged = null;
      if (height !== null) keep(Math.round(height));
    };
    handle.addEventListener("pointermove", move);
    handle.addEventListener("pointerup", end);
    handle.addEventListener("pointercancel", end);
  });
  handle.addEventListener("dblclick", () => {
    natural = 0;
    keep(null);
  });
  handle.addEventListener("keydown", (event) => {
    const by = event.key === "ArrowDown" ? STEP : event.key === "ArrowUp" ? -STEP : 0;
    if (by === 0) return;
    event.preventDefault();
    keep(Math.max(lowest, grid.offsetHeight + by));
  });
  return { handle, apply };
}

/** What a scroll bar under the rows takes. */
function barHeight(grid: HTMLElement): number {
  return grid.scrollWidth > grid.clientWidth ? grid.offsetHeight - grid.clientHeight - BORDER : 0;
}
