/**
 * From the series of a chart to its lines, along the x axis the reader chose: what is held, with the kernel's detail
 * where that is finer, smoothed where the reader wants it. Nothing is worked out twice for a series that did not change.
 */

import type { XAxis } from "../lib/choices.ts";
import { type Curve, curveOf, joined, outside } from "../lib/curve.ts";
import type { Series } from "../lib/feed.ts";
import type { Points } from "../lib/frame.ts";
import { countIn, type Line } from "../lib/picture.ts";
import { meanSpacing, smoothed } from "../lib/smoothing.ts";
import type { Range } from "../lib/ticks.ts";
import type { Detail } from "./detail.ts";

/** How the reader looks at all charts of the card. */
export interface Look {
  x: XAxis;
  smoothing: number;
  /** In the unit of the x axis; null shows everything. */
  zoom: Range | null;
  /** Where relative time begins, in Unix seconds. */
  startedAt: number;
}

/** The newest bucket of what a series holds, its curve and its line; each made anew when what it is made from differs. */
export interface Drawn {
  series: Series;
  x: XAxis;
  startedAt: number;
  held: Curve;
  detail: Detail | undefined;
  curve: Curve;
  smoothing: number;
  line: Line;
}

export function drawnOf(
  series: Series,
  colour: number,
  look: Look,
  detail: Detail | undefined,
  before: Drawn | undefined,
): Drawn {
  const { x, startedAt, smoothing } = look;
  const sameX =
    before?.series === series &&
    before.x === x &&
    (x !== "relative" || before.startedAt === startedAt);
  const held = sameX ? before.held : curveOf(series, columnOf(series, look), isReduced(series));
  const sameCurve = sameX && before.detail === detail;
  const curve = sameCurve ? before.curve : withDetail(held, detail, look);
  const sameLine = sameCurve && before.smoothing === smoothing && before.line.colour === colour;
  const line = sameLine ? before.line : { curve, smooth: averages(), colour };
  // The spacing is that of what is held, so that a line is as smooth in a part that is zoomed to as in the whole.
  function averages(): Float64Array | null {
    return smoothing > 0 ? smoothed(curve.x, curve.y, smoothing, meanSpacing(held.x)) : null;
  }
  return { series, x, startedAt, held, detail, curve, smoothing, line };
}

/** A column of places along the x axis. */
export function columnOf(points: Points, { x, startedAt }: Look): Float64Array {
  if (x === "step") return points.step;
  return x === "time" ? points.time : points.time.map((time) => time - startedAt);
}

export function isReduced({ step, total }: Series): boolean {
  return total > step.length;
}

/** Whether there are two points to draw a line between; of reduced series it is told from their density. */
export function reaches(series: Series, { x, ...curve }: Curve, zoom: Range): boolean {
  if (!isReduced(series)) return countIn({ x, ...curve }, zoom) > 1;
  const [first, last] = [x[0] ?? 0, x.at(-1) ?? 0];
  const share = (Math.min(last, zoom.hi) - Math.max(first, zoom.lo)) / (last - first);
  return share * series.total > 1;
}

/** The detail takes the place of what is held where it is; what was logged since then follows it. */
function withDetail(held: Curve, detail: Detail | undefined, look: Look): Curve {
  if (!detail?.part) return held;
  const { part } = detail;
  const finer = curveOf(part, columnOf(part, look), part.total > part.n);
  const end = Math.max(finer.x.at(-1) ?? -Infinity, finer.marks.at(-1)?.x ?? -Infinity);
  if (end === -Infinity) return held;
  const shift = look.x === "relative" ? look.startedAt : 0;
  const parts = [outside(held, "before", detail.lo - shift), finer, outside(held, "after", end)];
  return joined(parts, finer.reduced);
}
