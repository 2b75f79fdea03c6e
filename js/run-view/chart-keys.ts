/** What keys do on a chart: arrows move the cursor, plus and minus zoom about it, Escape goes back. */

import type { LineChart } from "../lib/chart.ts";
import type { Range } from "../lib/ticks.ts";

export const KEYS = "Arrow keys read values, plus and minus zoom, Escape resets.";

export interface ChartKeys {
  zoomed: () => boolean;
  zoom: (zoom: Range | null) => void;
  /** The cursor was moved. */
  read: () => void;
}

/** Acts on a key; true when it meant something here. */
export function pressed(event: KeyboardEvent, chart: LineChart, keys: ChartKeys): boolean {
  const across = chart.picture?.across;
  if (across === undefined || event.ctrlKey || event.metaKey || event.altKey) return false;
  const by = event.shiftKey ? 10 : 1;
  switch (event.key) {
    case "ArrowLeft":
      return move(-by);
    case "ArrowRight":
      return move(by);
    case "Home":
      return move(Number.NEGATIVE_INFINITY);
    case "End":
      return move(Number.POSITIVE_INFINITY);
    case "+":
    case "=": {
      const middle = chart.cursor ?? (across.lo + across.hi) / 2;
      const half = (across.hi - across.lo) / 4;
      keys.zoom({ lo: middle - half, hi: middle + half });
      return true;
    }
    // Out of a part means to the whole: how far that reaches for the other charts cannot be guessed.
    case "-":
    case "0":
    case "Escape":
      if (!keys.zoomed()) return false;
      keys.zoom(null);
      return true;
    default:
      return false;
  }

  function move(rows: number): boolean {
    chart.point(chart.neighbour(rows));
    keys.read();
    return true;
  }
}
