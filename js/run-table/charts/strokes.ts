/** How one line of a chart is painted: its band, the raw values behind a smoothed one, the line, and its marks. */

import { BAND_OPACITY, MARK_OPACITY, RAW_OPACITY } from "../../lib/chart.ts";
import type { Curve } from "../../lib/curve.ts";
import {
  dotsOf,
  type Line,
  type Picture,
  traceBand,
  traceLine,
  traceMarks,
  widthOf,
} from "../../lib/picture.ts";
import { lineColour, type Theme } from "../../lib/theme.ts";
import type { Series } from "./answers.ts";
import { dashOf } from "./colours.ts";
import type { Plane } from "./plane.ts";
import type { Surface } from "./surface.ts";

export interface Drawn {
  series: Series;
  line: Line;
}

export interface Frame {
  picture: Picture;
  plane: Plane;
}

/** What stands behind all lines; among many, the bands of single runs would only be a fog. */
export function paintBelow(
  surface: Surface,
  { series, line }: Drawn,
  { picture, plane }: Frame,
  theme: Theme,
  many: boolean,
): void {
  const stroke = lineColour(theme, line.colour);
  const { curve, smooth } = line;
  if (curve.reduced && (series.group || !many)) {
    const whole = gapless(curve);
    surface.path((pen) => traceBand(pen, whole, picture, plane), {
      fill: stroke,
      alpha: BAND_OPACITY,
    });
  }
  if (smooth !== null && !many) {
    surface.path((pen) => traceLine(pen, curve.x, curve.y, picture, plane), {
      stroke,
      alpha: RAW_OPACITY,
    });
  }
}

/**
 * How wide the lines of a chart are. Many noisy ones are hairlines, which are drawn forty times as fast without a graphics
 * card: 50 lines of 1,000 points in 20 ms against 800 ms.
 */
export function widthIn({ line }: Drawn, { picture, plane }: Frame, many: boolean): number {
  return many ? 1 : widthOf(line, picture, plane.box.width);
}

export function paintLine(
  surface: Surface,
  { line }: Drawn,
  { picture, plane }: Frame,
  theme: Theme,
  width: number,
): void {
  const stroke = lineColour(theme, line.colour);
  const { curve, smooth } = line;
  surface.path((pen) => traceLine(pen, curve.x, smooth ?? curve.y, picture, plane), {
    stroke,
    width,
    dash: dashOf(line.colour),
  });
  surface.path((pen) => traceMarks(pen, curve, picture, plane, plane.box, 1), {
    fill: stroke,
    alpha: MARK_OPACITY,
  });
  for (const i of dotsOf(line, picture)) {
    const y = (smooth ?? curve.y)[i] ?? 0;
    surface.dot(plane.x(curve.x[i] ?? 0), plane.y(y), 2.5, { fill: stroke });
  }
}

/** The outline of a band leaps over gaps, which the line shows. */
function gapless(curve: Curve): Curve {
  if (!curve.low.some(Number.isNaN) && !curve.high.some(Number.isNaN)) return curve;
  const rows = [...curve.x.keys()].filter(
    (i) => Number.isFinite(curve.low[i]) && Number.isFinite(curve.high[i]),
  );
  const column = (from: Float64Array) => Float64Array.from(rows, (i) => from[i] ?? 0);
  return { ...curve, x: column(curve.x), low: column(curve.low), high: column(curve.high) };
}
