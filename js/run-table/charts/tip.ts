/** A few words beside a point: whose it is, and its values. Drawn on the canvas, within its edges. */

import { LABEL_SIZE, textWidth } from "../../lib/axes.ts";
import { cut } from "../../lib/svg.ts";
import type { Theme } from "../../lib/theme.ts";
import type { Size, Spot } from "./stage.ts";
import type { Surface } from "./surface.ts";

const PAD = 7;
const LINE = 16;
const WIDEST = 240;

export function paintTip(
  surface: Surface,
  spot: Spot,
  lines: readonly [string, ...string[]],
  size: Size,
  theme: Theme,
): void {
  const weight = (i: number) => (i === 0 ? 600 : 400);
  const texts = lines.map((line, i) => cut(line, WIDEST, theme, LABEL_SIZE, weight(i)));
  const widths = texts.map((text, i) => textWidth(text, theme, LABEL_SIZE, weight(i)));
  const width = Math.max(...widths) + 2 * PAD;
  const height = texts.length * LINE + PAD;
  const right = spot.x + 12 + width < size.width;
  const left = Math.max(0, right ? spot.x + 12 : spot.x - 12 - width);
  const top = Math.min(Math.max(0, spot.y - height / 2), Math.max(0, size.height - height));
  const box = { left: Math.round(left) + 0.5, top: Math.round(top) + 0.5, width, height };
  surface.box(box, { fill: theme.background, stroke: theme.grid, width: 1 });
  texts.forEach((text, i) => {
    const fill = i === 0 ? theme.text : theme.muted;
    surface.text(text, box.left + PAD, box.top + PAD / 2 + (i + 0.5) * LINE, {
      fill,
      weight: weight(i),
    });
  });
}
