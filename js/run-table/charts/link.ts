/** What the charts of a table share while the pointer is over one of them, or over a row of the grid. */

import type { XAxis } from "../../lib/choices.ts";
import type { Range } from "../../lib/ticks.ts";

export interface Cursor {
  axis: XAxis;
  x: number;
}

export class Link {
  /** The run or group that is pointed at. */
  key: string | null = null;
  /** Where the crosshair of all line charts is. */
  cursor: Cursor | null = null;
  /** The parts of the x axes that are zoomed to. */
  readonly zooms = new Map<XAxis, Range>();
  readonly #callbacks = new Set<() => void>();

  onChange(changed: () => void, signal: AbortSignal): void {
    this.#callbacks.add(changed);
    signal.addEventListener("abort", () => this.#callbacks.delete(changed), { once: true });
  }

  point(key: string | null, cursor: Cursor | null = null): void {
    const same = cursor?.x === this.cursor?.x && cursor?.axis === this.cursor?.axis;
    if (key === this.key && same) return;
    [this.key, this.cursor] = [key, cursor];
    for (const callback of this.#callbacks) callback();
  }
}

/** Rows of the grid light up their lines, and lines their rows. */
export function watchRows(node: HTMLElement, link: Link, signal: AbortSignal): void {
  const root = () => node.parentElement;
  const keyOf = (target: EventTarget | null) => {
    const row = target instanceof Element ? target.closest<HTMLElement>("[data-run]") : null;
    return row !== null && !node.contains(row) ? row.dataset["run"] || null : null;
  };
  let over = false;
  link.onChange(() => {
    for (const row of root()?.querySelectorAll<HTMLElement>(".inlay-row[data-run]") ?? []) {
      const { run } = row.dataset;
      if (run !== "" && run === link.key) row.dataset["pointed"] = "true";
      else delete row.dataset["pointed"];
    }
  }, signal);
  // The card is around this part only once it has been put together.
  document.addEventListener(
    "mouseover",
    (event) => {
      const [target] = event.composedPath();
      const inside = target instanceof Node && root()?.contains(target) && !node.contains(target);
      const key = inside ? keyOf(target) : null;
      if (key === null && !over) return;
      over = key !== null;
      link.point(key);
    },
    { signal },
  );
}
