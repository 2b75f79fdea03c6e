/** The plane of a chart: where it stands, its grid lines and its labels, in the look of the card's charts. */

import { GAP, LABEL_HEIGHT, LABEL_SIZE, textWidth } from "../../lib/axes.ts";
import { cut } from "../../lib/svg.ts";
import type { Theme } from "../../lib/theme.ts";
import { type Axis, share, ticksOf } from "./axis.ts";
import type { Size } from "./stage.ts";
import { type Box, crisp, type Surface } from "./surface.ts";

export interface Plane {
  box: Box;
  x: (value: number) => number;
  y: (value: number) => number;
}

export interface PlaneNames {
  x?: string;
  y?: string;
}

const NARROWEST_GUTTER = 36;
const WIDEST_GUTTER = 120;
const NAME_HEIGHT = 16;
const ACROSS_EACH = 72;

/** The plane with room for its labels; axes with a name have more. */
export function planeOf(x: Axis, y: Axis, size: Size, theme: Theme, names: PlaneNames = {}): Plane {
  const top = names.y ? NAME_HEIGHT + 4 : 8;
  const height = size.height - top - LABEL_HEIGHT - (names.x ? NAME_HEIGHT : 0);
  const widths = upwards(y, height).map(({ label }) => textWidth(label, theme));
  const widest = Math.min(WIDEST_GUTTER, size.width / 3, Math.max(0, ...widths) + GAP);
  const left = Math.max(NARROWEST_GUTTER, Math.ceil(widest / 6) * 6);
  const box = {
    left,
    top,
    width: Math.max(1, size.width - left - 10),
    height: Math.max(1, height),
  };
  return {
    box,
    x: (value) => box.left + box.width * share(x, value),
    y: (value) => box.top + box.height * (1 - share(y, value)),
  };
}

/** Grid lines and labels; an axis without values has none. */
export function paintPlane(
  surface: Surface,
  { box, x: placeX, y: placeY }: Plane,
  x: Axis,
  y: Axis,
  theme: Theme,
  names: PlaneNames = {},
  empty = false,
): void {
  const { left, top, width, height } = box;
  const ticks = empty ? [] : upwards(y, height);
  const rule = { stroke: theme.grid };
  const quiet = { fill: theme.muted };
  const floor = top + height;
  surface.path((pen) => {
    for (const at of [floor, ...ticks.map((tick) => placeY(tick.at))]) {
      pen.moveTo(left, crisp(at));
      pen.lineTo(left + width, crisp(at));
    }
  }, rule);
  let free = Infinity;
  for (const { at, label } of ticks) {
    const place = placeY(at);
    // Even steps crowd towards the top of a logarithmic axis.
    if (place > free) continue;
    free = place - LABEL_SIZE - 3;
    surface.text(cut(label, left - GAP, theme), left - GAP, place, { ...quiet, align: "end" });
  }
  if (empty) return;
  paintAcross(surface, box, x, placeX, theme);
  if (names.y) surface.text(cut(names.y, left + width, theme), 0, NAME_HEIGHT / 2, quiet);
  if (names.x) {
    const middle = floor + LABEL_HEIGHT + NAME_HEIGHT / 2;
    surface.text(cut(names.x, width, theme), left + width, middle, { ...quiet, align: "end" });
  }
}

/** The labels below; the last is moved inwards where it would be cut off, and none touches the one before. */
function paintAcross(
  surface: Surface,
  { left, top, width, height }: Box,
  axis: Axis,
  place: (value: number) => number,
  theme: Theme,
): void {
  const words = axis.kind === "words";
  const room = words ? width / Math.max(1, axis.words.length) - 6 : Infinity;
  let free = 0;
  for (const { at, label } of ticksOf(axis, width, words ? 28 : ACROSS_EACH)) {
    const text = words ? cut(label, Math.max(room, 44), theme) : label;
    const half = textWidth(text, theme) / 2;
    const middle = Math.min(place(at), left + width + GAP - half);
    if (middle - half < free) continue;
    free = middle + half + 6;
    surface.text(text, middle, top + height + 6 + LABEL_SIZE / 2, {
      fill: theme.muted,
      align: "middle",
    });
  }
}

function upwards(axis: Axis, height: number) {
  if (axis.kind === "words") return ticksOf(axis, height, LABEL_SIZE + 4);
  return ticksOf(axis, height, height / Math.max(2, Math.min(height / 34, 4 + height / 150)));
}
