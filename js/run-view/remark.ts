/** What the reader should know about a chart's points: which are left out by reduction, and which no line can show. */

import { formatCount } from "../lib/format.ts";
import { countIn, type Picture } from "../lib/picture.ts";
import type { Range } from "../lib/ticks.ts";
import { type Drawn, isReduced } from "./chart-lines.ts";
import { FEW } from "./wishes.ts";

export interface Remark {
  text: string;
  title: string;
}

export function remarkOf(
  drawn: readonly Drawn[],
  zoom: Range | null,
  { scale, leftOut }: Pick<Picture, "scale" | "leftOut">,
  late: boolean,
  roomy = true,
): Remark & { reduced: string } {
  const parts: [string, string][] = [];
  // What was chosen for a chart of this name holds for other runs, whose reader may not know of it.
  if (scale.log && leftOut === 0) parts.push(["log", "The value axis is logarithmic."]);
  const nonfinite = sum(drawn.map((one) => nonfiniteIn(one, zoom)));
  if (nonfinite > 0) {
    parts.push([
      `${formatCount(nonfinite)} not finite`,
      "NaN or infinite values: marked at the edges of the chart, for no line can show them.",
    ]);
  }
  if (leftOut > 0) {
    parts.push([
      `${formatCount(leftOut)} ≤ 0 left out`,
      "A logarithmic axis has no place for zero and what is below.",
    ]);
  }
  // Of all lines together, as the saved picture counts them.
  const counts = drawn.map((one) => pointsOf(one, zoom));
  const [n, total] = [sum(counts.map((one) => one.shown)), sum(counts.map((one) => one.total))];
  const waiting = zoom !== null && drawn.some((one) => isReduced(one.series) && !one.detail?.part);
  let reduced = "";
  if (!waiting && total > n) {
    const [shown, all] = [formatCount(n), formatCount(total)];
    reduced = `${shown} of ${all}${roomy && parts.length === 0 ? " points" : ""}`;
    parts.push([
      reduced,
      `Showing ${shown} of ${all} points${zoom ? " in this part" : ""}; the lowest and highest of every stretch are among them.`,
    ]);
  }
  const missing = drawn.some((one) => isReduced(one.series) && one.detail === undefined);
  if (late && missing && (zoom !== null || drawn.some(isFew))) {
    parts.push(["detail follows", "More points follow as soon as the kernel has time to answer."]);
  }
  return {
    text: parts.map(([text]) => text).join(" · "),
    title: parts.map(([, title]) => title).join("\n"),
    reduced,
  };
}

function isFew({ series }: Drawn): boolean {
  return isReduced(series) && series.step.length < FEW;
}

function pointsOf({ series, detail, held }: Drawn, zoom: Range | null) {
  if (!isReduced(series)) {
    const all = zoom === null ? series.step.length : countIn(held, zoom);
    return { shown: all, total: all };
  }
  const { n, total } = detail?.part ?? { n: series.step.length, total: series.total };
  // What was logged after the answer came is drawn as it was pushed.
  return { shown: n, total };
}

function nonfiniteIn({ series, curve }: Drawn, zoom: Range | null): number {
  if (zoom === null) return series.nonfinite;
  return curve.marks.filter(({ x }) => x >= zoom.lo && x <= zoom.hi).length;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}
