/**
 * Grid lines and tick labels, drawn on the plot's canvas before its lines. Labels keep their digits at any size, and
 * the room beside them only ever grows: a live chart whose width changed with every label would twitch.
 */

import type { Across, Picture } from "./picture.ts";
import type { Area } from "./plot.ts";
import type { Theme } from "./theme.ts";
import { fraction, type Scale, valueTicks } from "./ticks.ts";
import { acrossTicks, formatAcross } from "./time-ticks.ts";

/** A label and where it stands in the drawing, in the area's units. */
export interface Label {
  text: string;
  at: number;
}

/** Room kept for labels, in CSS pixels. */
export const LABEL_HEIGHT = 20;
export const LABEL_SIZE = 11;
export const GAP = 8;
const NARROWEST_GUTTER = 36;

/** Draws horizontal grid lines with their values on the left and the steps or times below. */
export function drawAxes(
  context: CanvasRenderingContext2D,
  area: Area,
  picture: Picture,
  theme: Theme,
): void {
  context.save();
  context.font = labelFont(theme, area.ratio);
  context.lineWidth = Math.max(1, Math.round(area.ratio));
  context.strokeStyle = theme.grid;
  context.fillStyle = theme.muted;
  context.textAlign = "right";
  context.textBaseline = "middle";
  context.beginPath();
  hairline(context, area, area.top + area.height);
  for (const { text, at } of valueLabels(area, picture)) {
    hairline(context, area, at);
    context.fillText(text, area.left - GAP * area.ratio, at);
  }
  context.stroke();
  context.textAlign = "center";
  context.textBaseline = "top";
  for (const { text, at } of acrossLabels(area, picture.across, theme)) {
    context.fillText(text, at, area.top + area.height + 6 * area.ratio);
  }
  context.restore();
}

/** The value labels; none where no value is drawn. */
export function valueLabels(area: Area, { scale, empty }: Picture): Label[] {
  if (empty) return [];
  const { at, labels } = upwards(scale, area.height / area.ratio);
  let free = Number.POSITIVE_INFINITY;
  return at.flatMap((tick, i) => {
    const place = area.top + area.height * (1 - fraction(tick, scale));
    // Even steps crowd towards the top of a logarithmic axis.
    if (place > free) return [];
    free = place - (LABEL_SIZE + 3) * area.ratio;
    return [{ text: labels[i] ?? "", at: place }];
  });
}

/** The labels below the plot; the last is moved inwards where it would be cut off, and none touches the one before. */
export function acrossLabels(area: Area, across: Across, theme: Theme): Label[] {
  const { at, labels } = across.only
    ? onlyTick(across)
    : acrossTicks(across.kind, across, Math.max(1, area.width / area.ratio / 72));
  const rightmost = area.left + area.width + GAP * area.ratio;
  let free = 0;
  return at.flatMap((tick, i) => {
    const text = labels[i] ?? "";
    const half = (textWidth(text, theme) * area.ratio) / 2;
    const centre = area.left + area.width * fraction(tick, across);
    const inside = Math.min(centre, rightmost - half);
    if (inside - half < free) return [];
    free = inside + half + 6 * area.ratio;
    return [{ text, at: inside }];
  });
}

/** How wide the value labels are: the room left of the plot, in whole steps so that it seldom changes. */
export function gutterFor(scale: Scale, height: number, theme: Theme): number {
  const widths = upwards(scale, height).labels.map((label) => textWidth(label, theme));
  return Math.max(NARROWEST_GUTTER, Math.ceil((Math.max(0, ...widths) + GAP) / 6) * 6);
}

/** How wide a text is in CSS pixels. */
export function textWidth(text: string, theme: Theme, size = LABEL_SIZE, weight = 400): number {
  const context = measuring();
  if (context === null) return text.length * size * 0.6;
  context.font = `${weight} ${size}px ${theme.font}`;
  return context.measureText(text).width;
}

function onlyTick({ kind, lo, hi }: Across): { at: number[]; labels: string[] } {
  const middle = (lo + hi) / 2;
  return { at: [middle], labels: [formatAcross(kind, middle).replace("step ", "")] };
}

function hairline(context: CanvasRenderingContext2D, area: Area, at: number): void {
  // With its middle on half a pixel a line is one pixel sharp, not two pixels grey.
  const line = Math.floor(at) + (Math.round(area.ratio) % 2) / 2;
  context.moveTo(area.left, line);
  context.lineTo(area.left + area.width, line);
}

function upwards(scale: Scale, height: number): { at: number[]; labels: string[] } {
  return valueTicks(scale, Math.max(2, Math.min(height / 34, 4 + height / 150)));
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
