/**
 * What charts draw on: the few operations that a canvas and an SVG file have in common, so that a saved chart is the one
 * on the page. Lengths are CSS pixels; a canvas with finer pixels is scaled once, before anything is drawn.
 */

import { LABEL_SIZE } from "../../lib/axes.ts";
import type { Pen } from "../../lib/picture.ts";
import { escaped, n } from "../../lib/svg.ts";
import type { Theme } from "../../lib/theme.ts";

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Style {
  stroke?: string;
  fill?: string;
  width?: number;
  alpha?: number;
  dash?: readonly number[];
}

export interface Writing {
  fill: string;
  align?: "start" | "middle" | "end";
  weight?: number;
  size?: number;
}

export interface Surface {
  path: (trace: (pen: Pen) => void, style: Style) => void;
  dot: (x: number, y: number, radius: number, style: Style) => void;
  box: (box: Box, style: Style) => void;
  /** `y` is the middle of the letters. */
  text: (text: string, x: number, y: number, writing: Writing) => void;
  /** Draws what does not reach beyond a box. */
  inside: (box: Box, draw: () => void) => void;
}

export function canvasSurface(context: CanvasRenderingContext2D, theme: Theme): Surface {
  const paint = ({ stroke, fill, width = 1, alpha = 1, dash = [] }: Style) => {
    context.globalAlpha = alpha;
    if (fill !== undefined) {
      context.fillStyle = fill;
      context.fill();
    }
    if (stroke !== undefined) {
      context.strokeStyle = stroke;
      context.lineWidth = width;
      context.setLineDash([...dash]);
      context.stroke();
    }
    context.globalAlpha = 1;
  };
  context.lineJoin = context.lineCap = "round";
  context.textBaseline = "middle";
  return {
    path(trace, style) {
      context.beginPath();
      trace(context);
      paint(style);
    },
    dot(x, y, radius, style) {
      context.beginPath();
      context.arc(x, y, radius, 0, 7);
      paint(style);
    },
    box({ left, top, width, height }, style) {
      context.beginPath();
      context.rect(left, top, width, height);
      paint(style);
    },
    text(text, x, y, { fill, align = "start", weight = 400, size = LABEL_SIZE }) {
      context.font = `${weight} ${size}px ${theme.font}`;
      context.fillStyle = fill;
      context.textAlign = align === "middle" ? "center" : align;
      context.fillText(text, x, y);
    },
    inside({ left, top, width, height }, draw) {
      context.save();
      context.beginPath();
      context.rect(left, top, width, height);
      context.clip();
      draw();
      context.restore();
    },
  };
}

/** Collects the elements of an SVG file. */
export function svgSurface(): Surface & { readonly parts: string[] } {
  const parts: string[] = [];
  const put = (tag: string, attributes: string, style: Style) => {
    const { stroke, fill = "none", width = 1, alpha = 1, dash = [] } = style;
    const line =
      stroke === undefined
        ? ""
        : ` stroke="${stroke}" stroke-width="${width}" stroke-linejoin="round" stroke-linecap="round"`;
    const faint = alpha < 1 ? ` opacity="${n(alpha)}"` : "";
    const dashes = dash.length > 0 ? ` stroke-dasharray="${dash.join(" ")}"` : "";
    parts.push(`<${tag} ${attributes} fill="${fill}"${line}${faint}${dashes}/>`);
  };
  return {
    parts,
    path(trace, style) {
      let d = "";
      const move = (letter: string) => (x: number, y: number) => {
        d += `${letter}${n(x)} ${n(y)}`;
      };
      trace({ moveTo: move("M"), lineTo: move("L") });
      if (d !== "") put("path", `d="${d}"`, style);
    },
    dot: (x, y, radius, style) =>
      put("circle", `cx="${n(x)}" cy="${n(y)}" r="${n(radius)}"`, style),
    box: (box, style) => put("rect", boxText(box), style),
    text(text, x, y, { fill, align = "start", weight = 400, size = LABEL_SIZE }) {
      const look = `font-size="${size}" font-weight="${weight}" text-anchor="${align}"`;
      parts.push(
        `<text x="${n(x)}" y="${n(y + size * 0.35)}" ${look} fill="${fill}">${escaped(text)}</text>`,
      );
    },
    inside(box, draw) {
      // A drawing within the drawing cuts off what goes beyond it, without a name that another file might use, too.
      const { left, top, width, height } = box;
      parts.push(`<svg ${boxText(box)} viewBox="${[left, top, width, height].map(n).join(" ")}">`);
      draw();
      parts.push("</svg>");
    },
  };
}

/** With its middle on half a pixel a line is one pixel sharp, not two pixels grey. */
export function crisp(at: number): number {
  return Math.floor(at) + 0.5;
}

function boxText({ left, top, width, height }: Box): string {
  return `x="${n(left)}" y="${n(top)}" width="${n(width)}" height="${n(height)}"`;
}
