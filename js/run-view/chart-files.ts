/** A chart as a file: its drawing, or the points behind it. */

import { csvOf, download, fileName, pngOf } from "../lib/download.ts";
import type { Picture } from "../lib/picture.ts";
import type { PlotSize } from "../lib/plot.ts";
import { type Caption, svgOf } from "../lib/svg.ts";
import type { Theme } from "../lib/theme.ts";
import type { Shown } from "./chart-table.ts";

export type Ending = ".png" | ".svg" | ".csv";

/** Drawings in a document are larger than those in a card. */
const LEAST = { width: 640, height: 320 };

/** Hands the points that are shown to the reader; the name of the file says when they are not all. */
export function savePoints({ title, metrics, where, reduction }: Shown): void {
  const content = new Blob([csvOf(metrics, where)], { type: "text/csv;charset=utf-8" });
  download(fileName(`${title} ${reduction}`, ".csv"), content);
}

export async function saveDrawing(
  ending: ".png" | ".svg",
  picture: Picture,
  caption: Caption,
  theme: Theme,
  { width, height }: PlotSize,
): Promise<void> {
  const size = { width: Math.max(width, LEAST.width), height: Math.max(height, LEAST.height) };
  const svg = svgOf(picture, caption, theme, size);
  const content = ending === ".svg" ? new Blob([svg], { type: "image/svg+xml" }) : await pngOf(svg);
  download(fileName(caption.title, ending), content);
}
