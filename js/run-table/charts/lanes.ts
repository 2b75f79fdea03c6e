/** The axes of parallel coordinates: where they stand, and how each is painted. */

import { LABEL_SIZE, textWidth } from "../../lib/axes.ts";
import { cut } from "../../lib/svg.ts";
import type { Theme } from "../../lib/theme.ts";
import type { ColumnId } from "../state.ts";
import { type Scaled, share, ticksOf } from "./axis.ts";
import type { Size } from "./stage.ts";
import { crisp, type Surface } from "./surface.ts";

export interface Lane {
  id: ColumnId;
  x: number;
  /** For its name. */
  room: number;
}

/** Heights that all lanes share; `none` is where missing values go. */
export interface Stand {
  top: number;
  bottom: number;
  none: number;
}

const LEFT = 64;
const RIGHT = 44;

export function lanesOf(axes: readonly ColumnId[], size: Size): { lanes: Lane[]; stand: Stand } {
  const gaps = Math.max(1, axes.length - 1);
  const between = Math.max(1, size.width - LEFT - RIGHT) / gaps;
  const room = Math.min(axes.length === 1 ? size.width : between - 10, 2 * RIGHT + between / 2);
  const lanes = axes.map((id, i) => ({
    id,
    x: axes.length === 1 ? size.width / 2 : LEFT + i * between,
    room: Math.max(20, Math.min(room, i === axes.length - 1 ? 2 * RIGHT : room)),
  }));
  return { lanes, stand: { top: 32, bottom: size.height - 28, none: size.height - 11 } };
}

export function paintLane(
  surface: Surface,
  { x, room }: Lane,
  { top, bottom, none }: Stand,
  { axis, missing }: Scaled,
  name: string,
  theme: Theme,
): void {
  const line = Math.floor(x) + 0.5;
  surface.path(
    (pen) => {
      pen.moveTo(line, top);
      pen.lineTo(line, bottom);
      if (missing > 0) {
        pen.moveTo(line - 5, crisp(none));
        pen.lineTo(line + 5, crisp(none));
      }
    },
    { stroke: theme.muted },
  );
  let free = Infinity;
  for (const { at, label } of ticksOf(axis, bottom - top, axis.kind === "words" ? 15 : 44)) {
    const y = bottom - share(axis, at) * (bottom - top);
    if (y > free) continue;
    free = y - LABEL_SIZE - 3;
    surface.path(
      (pen) => {
        pen.moveTo(line - 3, crisp(y));
        pen.lineTo(line, crisp(y));
      },
      { stroke: theme.muted },
    );
    tickLabel(
      surface,
      cut(label, Math.max(30, Math.min(LEFT - 10, room)), theme),
      line - 7,
      y,
      theme,
    );
  }
  if (missing > 0) tickLabel(surface, "none", line - 9, none, theme);
  if (name === "") return;
  surface.text(cut(name, room, theme, LABEL_SIZE, 500), x, 12, {
    fill: theme.text,
    align: "middle",
    weight: 500,
  });
}

/** With a breath of the background behind it, for lines pass there. */
function tickLabel(surface: Surface, text: string, right: number, y: number, theme: Theme): void {
  const width = textWidth(text, theme);
  const box = { left: right - width - 2, top: y - 7, width: width + 4, height: 14 };
  surface.box(box, { fill: theme.background, alpha: 0.72 });
  surface.text(text, right, y, { fill: theme.muted, align: "end" });
}

/** Where an axis would be put down. */
export function paintLaneDrop(
  surface: Surface,
  x: number,
  { top, bottom }: Stand,
  name: string,
  theme: Theme,
): void {
  surface.path(
    (pen) => {
      pen.moveTo(x, top);
      pen.lineTo(x, bottom);
    },
    { stroke: theme.text, width: 2, alpha: 0.6 },
  );
  const width = textWidth(name, theme, LABEL_SIZE, 500) + 8;
  surface.box({ left: x - width / 2, top: 3, width, height: 18 }, { fill: theme.background });
  surface.text(name, x, 12, { fill: theme.text, align: "middle", weight: 500 });
}
