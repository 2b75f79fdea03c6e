/**
 * A chart as an SVG file: title, legend and the same drawing as on the page, on a background of its own, so that it can
 * be put into any document. It holds no script, no style sheet and no reference to anything outside.
 */

import {
  acrossLabels,
  GAP,
  gutterFor,
  LABEL_HEIGHT,
  LABEL_SIZE,
  textWidth,
  valueLabels,
} from "./axes.ts";
import { BAND_OPACITY, EDGE_OPACITY, MARK_OPACITY, RAW_OPACITY } from "./chart.ts";
import {
  dotsOf,
  type Line,
  type Pen,
  type Picture,
  type Place,
  placeIn,
  traceBand,
  traceLine,
  traceMarks,
  widthOf,
} from "./picture.ts";
import type { PlotSize } from "./plot.ts";
import { lineColour, type Theme } from "./theme.ts";

export interface Caption {
  title: string;
  /** What each line is called and the value beside it. */
  legend: { label: string; value: string }[];
  remark: string;
}

const MARGIN = 16;
const TITLE_SIZE = 13;
const ROW = 20;

/** The drawing with its surroundings; `size` is that of the plot with its axes. */
export function svgOf(picture: Picture, caption: Caption, theme: Theme, size: PlotSize): string {
  const { width } = size;
  const gutter = gutterFor(picture.scale, size.height, theme);
  const area = {
    left: MARGIN + gutter,
    top: MARGIN + 2 * ROW + 8,
    width: width - gutter - 10,
    height: size.height - LABEL_HEIGHT - 8,
    ratio: 1,
  };
  const [all, high] = [width + 2 * MARGIN, size.height + 2 * ROW + 2 * MARGIN];
  const place = placeIn(picture, area);
  const floor = area.top + area.height;
  const grid = [floor, ...valueLabels(area, picture).map(({ at }) => at)].map(
    (y) => `<path d="M${n(area.left)} ${crisp(y)}h${n(area.width)}" stroke="${theme.grid}"/>`,
  );
  const values = valueLabels(area, picture).map(({ text, at }) =>
    words(text, area.left - GAP, at + LABEL_SIZE * 0.35, `text-anchor="end"`),
  );
  const below = acrossLabels(area, picture.across, theme).map(({ text, at }) =>
    words(text, at, floor + 6 + LABEL_SIZE * 0.9, `text-anchor="middle"`),
  );
  // A drawing within the drawing cuts off what goes beyond it, without a name that another file might use, too.
  const box = [area.left - 1, area.top - 1, area.width + 2, area.height + 2].map(n);
  const inner = `<svg x="${box[0]}" y="${box[1]}" width="${box[2]}" height="${box[3]}" viewBox="${box.join(" ")}">`;
  const paths = picture.lines.map((line) => linePaths(line, picture, theme, place));
  const points = picture.lines.map((line) => pointPaths(line, picture, theme, place, area));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${all}" height="${high}" viewBox="0 0 ${all} ${high}" font-family="${escaped(theme.font)}" font-size="${LABEL_SIZE}" fill="${theme.muted}">`,
    `<title>${escaped(caption.title)}</title><rect width="100%" height="100%" fill="${theme.background}"/>`,
    ...heading(caption, picture, theme, width),
    ...grid,
    ...values,
    ...below,
    `${inner}${paths.join("")}</svg>${points.join("")}</svg>`,
  ].join("\n");
}

/** The remark stands right of the title and the legend below, each cut off where its room ends. */
function heading(
  { title, legend, remark }: Caption,
  { lines }: Picture,
  theme: Theme,
  width: number,
): string[] {
  const right = MARGIN + width - 10;
  const room = width - 26 - textWidth(remark, theme);
  const bold = `font-size="${TITLE_SIZE}" font-weight="600" fill="${theme.text}"`;
  const parts = [
    words(cut(title, room, theme, TITLE_SIZE, 600), MARGIN, MARGIN + 14, bold),
    words(remark, right, MARGIN + 14, `text-anchor="end"`),
  ];
  let x = MARGIN;
  legend.forEach(({ label, value }, i) => {
    const name = cut(label, 160, theme);
    const next = x + 22 + textWidth(name, theme) + textWidth(value, theme, LABEL_SIZE, 500) + 14;
    if (next > right + 14) return;
    const y = MARGIN + ROW + 14;
    const colour = lineColour(theme, lines[i]?.colour ?? 0);
    parts.push(
      `<rect x="${n(x)}" y="${n(y - 5.5)}" width="10" height="3" rx="1.5" fill="${colour}"/>`,
      words(name, x + 15, y, ""),
      words(value, x + 20 + textWidth(name, theme), y, `font-weight="500" fill="${theme.text}"`),
    );
    x = next;
  });
  return parts;
}

function linePaths(line: Line, picture: Picture, theme: Theme, place: Place): string {
  const { curve, smooth, colour } = line;
  const ink = lineColour(theme, colour);
  const stroke = `fill="none" stroke="${ink}" stroke-linejoin="round" stroke-linecap="round"`;
  const traced = (y: Float64Array, attributes: string) =>
    path((pen) => traceLine(pen, curve.x, y, picture, place), `${stroke} ${attributes}`);
  const band = path(
    (pen) => traceBand(pen, curve, picture, place),
    `fill="${ink}" fill-opacity="${BAND_OPACITY}" stroke="${ink}" stroke-opacity="${EDGE_OPACITY}" stroke-width="0.5"`,
  );
  return [
    curve.reduced ? band : "",
    smooth === null ? "" : traced(curve.y, `stroke-opacity="${RAW_OPACITY}"`),
    traced(
      smooth ?? curve.y,
      `stroke-width="${widthOf(line, picture, place.x(picture.across.hi) - place.x(picture.across.lo))}"`,
    ),
  ].join("");
}

function pointPaths(
  line: Line,
  picture: Picture,
  theme: Theme,
  place: Place,
  area: { top: number; height: number },
): string {
  const { curve, smooth, colour } = line;
  const fill = `fill="${lineColour(theme, colour)}"`;
  const dots = dotsOf(line, picture).map((i) => {
    const [x, y] = [place.x(curve.x[i] ?? 0), place.y((smooth ?? curve.y)[i] ?? 0)];
    return `<circle cx="${n(x)}" cy="${n(y)}" r="2.5" ${fill}/>`;
  });
  const marks = path(
    (pen) => traceMarks(pen, curve, picture, place, area, 1),
    `${fill} fill-opacity="${MARK_OPACITY}"`,
  );
  return marks + dots.join("");
}

function path(trace: (pen: Pen) => void, attributes: string): string {
  let d = "";
  const move = (letter: string) => (x: number, y: number) => {
    d += `${letter}${n(x)} ${n(y)}`;
  };
  trace({ moveTo: move("M"), lineTo: move("L") });
  return d === "" ? "" : `<path d="${d}" ${attributes}/>`;
}

function words(text: string, x: number, y: number, attributes: string): string {
  return text === "" ? "" : `<text x="${n(x)}" y="${n(y)}" ${attributes}>${escaped(text)}</text>`;
}

/** A text no wider than its room. */
export function cut(
  text: string,
  room: number,
  theme: Theme,
  size?: number,
  weight?: number,
): string {
  if (textWidth(text, theme, size, weight) <= room) return text;
  let [from, to] = [0, text.length];
  while (from < to) {
    const middle = (from + to + 1) >> 1;
    if (textWidth(`${text.slice(0, middle)}…`, theme, size, weight) <= room) from = middle;
    else to = middle - 1;
  }
  return `${text.slice(0, from)}…`;
}

/** Text as XML: control characters and halves of characters are not allowed there in any spelling. */
export function escaped(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, " ")
    .replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** Hundredths of a pixel; a place far outside still has to be a number. */
export function n(value: number): string {
  return String(Math.round(Math.min(1e6, Math.max(-1e6, value)) * 100) / 100);
}

function crisp(y: number): string {
  return n(Math.floor(y) + 0.5);
}
