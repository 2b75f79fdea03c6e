/** A chart as a file of its own: its title, what its colours mean, and the drawing as it is on the page. */

import { textWidth } from "../../lib/axes.ts";
import { download, fileName, pngOf } from "../../lib/download.ts";
import { cut, escaped } from "../../lib/svg.ts";
import { lineColour, type Theme } from "../../lib/theme.ts";
import { dashOf, type Legend, scaleColour } from "./colours.ts";
import type { Size } from "./stage.ts";
import { type Surface, svgSurface } from "./surface.ts";

export interface Plate {
  title: string;
  remark: string;
  legend: Legend;
  paint: (surface: Surface, size: Size, theme: Theme) => void;
}

const MARGIN = 16;
const ROW = 18;
const LABEL = 180;
/** Entries of a legend beyond these are counted, not named. */
const MOST_ROWS = 6;
/** Drawings in a document are larger than those in a table. */
const LEAST = { width: 680, height: 340 };

export async function savePlate(
  ending: ".png" | ".svg",
  plate: Plate,
  size: Size,
  theme: Theme,
): Promise<void> {
  const svg = svgOf(plate, size, theme);
  const content = ending === ".svg" ? new Blob([svg], { type: "image/svg+xml" }) : await pngOf(svg);
  download(fileName(plate.title, ending), content);
}

export function svgOf({ title, remark, legend, paint }: Plate, size: Size, theme: Theme): string {
  const width = Math.max(size.width, LEAST.width);
  const height = Math.max(size.height, LEAST.height);
  const head = svgSurface();
  const fill = theme.text;
  const room = width - textWidth(remark, theme) - 16;
  head.text(cut(title, room, theme, 13, 600), 0, 10, { fill, size: 13, weight: 600 });
  head.text(remark, width, 10, { fill: theme.muted, align: "end" });
  const top = 24 + paintLegend(head, legend, width, theme);
  const body = svgSurface();
  paint(body, { width, height }, theme);
  const all = [width + 2 * MARGIN, top + height + 2 * MARGIN];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${all[0]}" height="${all[1]}" viewBox="0 0 ${all.join(" ")}" font-family="${escaped(theme.font)}">`,
    `<title>${escaped(title)}</title><rect width="100%" height="100%" fill="${theme.background}"/>`,
    `<g transform="translate(${MARGIN} ${MARGIN})">${head.parts.join("")}</g>`,
    `<g transform="translate(${MARGIN} ${MARGIN + top})">${body.parts.join("\n")}</g></svg>`,
  ].join("\n");
}

/** Entries row after row; returns how high they are. */
function paintLegend(surface: Surface, legend: Legend, width: number, theme: Theme): number {
  const { entries, scale } = legend;
  const quiet = { fill: theme.muted };
  if (scale !== null) {
    const name = cut(scale.name, LABEL, theme);
    let x = textWidth(name, theme) + 8;
    surface.text(name, 0, 32, quiet);
    surface.text(scale.lo, x, 32, quiet);
    x += textWidth(scale.lo, theme) + 6;
    for (let i = 0; i < 60; i++) {
      surface.box(
        { left: x + i * 2, top: 28, width: 2.5, height: 8 },
        { fill: scaleColour(theme, i / 59) },
      );
    }
    surface.text(scale.hi, x + 126, 32, quiet);
    return ROW + 6;
  }
  let [x, row] = [0, 0];
  for (const [i, { label, value, place }] of entries.entries()) {
    const name = cut(label, LABEL, theme);
    const wide = 22 + textWidth(name, theme) + (value ? textWidth(value, theme) + 6 : 0) + 14;
    if (x > 0 && x + wide > width) [x, row] = [0, row + 1];
    const y = 32 + row * ROW;
    if (row >= MOST_ROWS) {
      surface.text(`and ${entries.length - i} more`, 0, y, quiet);
      break;
    }
    const stroke = lineColour(theme, place);
    surface.path(
      (pen) => {
        pen.moveTo(x + 1, y);
        pen.lineTo(x + 16, y);
      },
      { stroke, width: 2.5, dash: dashOf(place) },
    );
    surface.text(name, x + 22, y, quiet);
    if (value)
      surface.text(value, x + 28 + textWidth(name, theme), y, { fill: theme.text, weight: 500 });
    x += wide;
  }
  return entries.length > 0 ? Math.min(row + 1, MOST_ROWS + 1) * ROW + 6 : 0;
}
