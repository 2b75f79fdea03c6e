/** What a pointer does with a column's head: its edge makes it wider, the head itself is put elsewhere. */

import { element } from "../lib/dom.ts";
import { type Box, NARROWEST } from "./layout.ts";
import { moved } from "./ordering.ts";
import type { TableSession } from "./session.ts";
import type { ColumnId } from "./state.ts";

/** A pointer that moves less than this has clicked. */
const STILL = 5;

export interface Edge {
  done: (width: number) => void;
  snug: () => void;
}

/** Dragging the edge of a head; twice clicked, the column fits what is in sight. */
export function dragEdge(
  edge: HTMLElement,
  head: HTMLElement,
  preview: (width: number | null) => void,
  { done, snug }: Edge,
): void {
  edge.addEventListener("dblclick", (event) => {
    event.stopPropagation();
    snug();
  });
  edge.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    event.stopPropagation();
    const start = event.clientX;
    const from = head.offsetWidth;
    let width = from;
    edge.setPointerCapture(event.pointerId);
    const move = ({ clientX }: PointerEvent) => {
      width = Math.max(NARROWEST, Math.round(from + clientX - start));
      preview(width);
    };
    const end = ({ type }: Event) => {
      edge.removeEventListener("pointermove", move);
      edge.removeEventListener("pointerup", end);
      edge.removeEventListener("pointercancel", end);
      if (type === "pointerup" && width !== from) done(width);
      preview(null);
    };
    edge.addEventListener("pointermove", move);
    edge.addEventListener("pointerup", end);
    edge.addEventListener("pointercancel", end);
  });
}

/** Dragging a head puts the column before the one it is dropped on. */
export function dragHead(
  head: HTMLElement,
  id: ColumnId,
  session: TableSession,
  under: (x: number) => Box | null,
): void {
  head.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.pointerType === "touch") return;
    const start = event.clientX;
    let dragging = false;
    let target: Box | null = null;
    const line = element("div", { class: "inlay-drop-line", "aria-hidden": "true" });
    const move = ({ clientX }: PointerEvent) => {
      if (!dragging && Math.abs(clientX - start) < STILL) return;
      if (!dragging) {
        dragging = true;
        head.setPointerCapture(event.pointerId);
        head.dataset["dragged"] = "true";
        head.parentElement?.append(line);
      }
      target = under(clientX);
      line.style.left = `${target === null ? 0 : target.left}px`;
      line.hidden = target === null || target.id === id;
    };
    const end = ({ type }: Event) => {
      head.removeEventListener("pointermove", move);
      head.removeEventListener("pointerup", end);
      head.removeEventListener("pointercancel", end);
      if (!dragging) return;
      line.remove();
      delete head.dataset["dragged"];
      // The click that ends a drag opens nothing.
      const swallow = (click: Event) => click.stopPropagation();
      head.addEventListener("click", swallow, { capture: true, once: true });
      setTimeout(() => head.removeEventListener("click", swallow, { capture: true }));
      if (type === "pointerup" && target !== null) putBefore(session, id, target.id);
    };
    head.addEventListener("pointermove", move);
    head.addEventListener("pointerup", end);
    head.addEventListener("pointercancel", end);
  });
}

/** Moves a column before another; one that comes among the pinned ones is pinned, and the other way round. */
export function putBefore(session: TableSession, id: ColumnId, before: ColumnId | null): void {
  const { state, view } = session;
  const columns = moved(state.columns ?? view.columns, id, before);
  const pins = before !== null && state.pinned.includes(before);
  const others = state.pinned.filter((one) => one !== id);
  session.change({ columns, pinned: pins ? [...others, id] : others });
}
