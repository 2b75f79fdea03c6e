/**
 * Grid lines and tick labels, drawn on uPlot's canvas before its lines. uPlot's own axes are off: they lose their
 * labels beyond 17 digits, and they change their width with every label, which makes a live chart twitch.
 */

import { formatTicks } from "./format.ts";
import type { Theme } from "./theme.ts";
import { fraction, niceTicks, type Range } from "./ticks.ts";

/** The plotting area in canvas pixels, and how many of those make a CSS pixel. */
export interface Area {
  left: number;
  top: number;
  width: number;
  height: number;
  ratio: number;
}

/** The step axis; `only` when there is a single step, which then stands in the middle. */
export interface Steps extends Range {
  only: boolean;
}

/** Room kept for labels, in CSS pixels. */
export const LABEL_HEIGHT = 20;
const LABEL_SIZE = 11;
const GAP = 8;
const NARROWEST_GUTTER = 36;

/** Draws horizontal grid lines with their values on the left and the steps below; no values, no lines. */
export function drawAxes(
  context: CanvasRenderingContext2D,
  area: Area,
  steps: Steps,
  values: Range | null,
  theme: Theme,
): void {
  context.save();
  context.font = labelFont(theme, area.ratio);
  context.lineWidth = Math.max(1, Math.round(area.ratio));
  hairline(context, area, area.top + area.height, theme);
  if (values !== null) drawValues(context, area, values, theme);
  drawSteps(context, area, steps, theme);
  context.restore();
}

/** How wide the value labels are: the room left of the plot, in whole steps so that it seldom changes. */
export function gutterFor(y: Range, height: number, theme: Theme): number {
  const context = measuring();
  if (context === null) return NARROWEST_GUTTER;
  context.font = labelFont(theme, 1);
  const widths = valueTicks(y, height).labels.map((label) => context.measureText(label).width);
  return Math.max(NARROWEST_GUTTER, Math.ceil((Math.max(0, ...widths) + GAP) / 6) * 6);
}

function drawValues(context: CanvasRenderingContext2D, area: Area, y: Range, theme: Theme): void {
  const { at, labels } = valueTicks(y, area.height / area.ratio);
  context.textAlign = "right";
  context.textBaseline = "middle";
  at.forEach((tick, i) => {
    const exact = area.top + area.height * (1 - fraction(tick, y));
    hairline(context, area, exact, theme);
    context.fillStyle = theme.muted;
    context.fillText(labels[i] ?? "", area.left - GAP * area.ratio, exact);
  });
}

function hairline(context: CanvasRenderingContext2D, area: Area, at: number, theme: Theme): void {
  // With its middle on half a pixel a line is one pixel sharp, not two pixels grey.
  const line = Math.floor(at) + (Math.round(area.ratio) % 2) / 2;
  context.strokeStyle = theme.grid;
  context.beginPath();
  context.moveTo(area.left, line);
  context.lineTo(area.left + area.width, line);
  context.stroke();
}

function drawSteps(
  context: CanvasRenderingContext2D,
  area: Area,
  steps: Steps,
  theme: Theme,
): void {
  const { at, step } = steps.only
    ? { at: [(steps.lo + steps.hi) / 2], step: 1 }
    : niceTicks(steps, Math.max(1, area.width / area.ratio / 64), 1);
  const labels = formatTicks(at, step);
  context.fillStyle = theme.muted;
  context.textBaseline = "top";
  context.textAlign = "center";
  const rightmost = area.left + area.width + GAP * area.ratio;
  at.forEach((tick, i) => {
    const label = labels[i] ?? "";
    const half = context.measureText(label).width / 2;
    const centre = area.left + area.width * fraction(tick, steps);
    const inside = Math.min(centre, rightmost - half);
    context.fillText(label, inside, area.top + area.height + 6 * area.ratio);
  });
}

function valueTicks(y: Range, height: number): { at: number[]; labels: string[] } {
  const { at, step } = niceTicks(y, Math.max(2, height / 34));
  return { at, labels: formatTicks(at, step) };
}

function labelFont(theme: Theme, ratio: number): string {
  return `${LABEL_SIZE * ratio}px ${theme.font}`;
}

let shared: CanvasRenderingContext2D | null = null;

/** One canvas for measuring text, for the whole page: it holds no state that matters between uses. */
function measuring(): CanvasRenderingContext2D | null {
  shared ??= document.createElement("canvas").getContext("2d");
  return shared;
}
