/**
 * Files that the page itself makes and hands to the reader, through a link to a blob: nothing is asked of the kernel or
 * of any server.
 */

import type { Points } from "./frame.ts";

export interface Metric extends Points {
  key: string;
}

/** Hands a file to the reader's browser. */
export function download(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  // JupyterLab and some browsers only follow links that are on the page.
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** A name any file system takes: letters, digits, dots and dashes, and never hidden or without end. */
export function fileName(title: string, ending: string): string {
  const plain = title.replace(/[^\p{L}\p{N}._]+/gu, "-").replace(/^[.-]+/, "");
  const short = Array.from(plain)
    .slice(0, 80)
    .join("")
    .replace(/[.-]+$/, "");
  return `${short || "chart"}${ending}`;
}

/** The points at the places `where` says, one row each; Python and spreadsheets read it alike. */
export function csvOf(
  metrics: readonly Metric[],
  where: (metric: number, point: number) => boolean,
): string {
  const rows = ["metric,step,time,value"];
  metrics.forEach(({ key, step, time, value }, metric) => {
    const name = csvText(key);
    step.forEach((at, i) => {
      if (where(metric, i)) rows.push(`${name},${at},${isoTime(time[i])},${csvNumber(value[i])}`);
    });
  });
  return `${rows.join("\r\n")}\r\n`;
}

/** Draws an SVG file on a canvas at twice its size. */
export async function pngOf(svg: string): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.naturalWidth * 2, image.naturalHeight * 2];
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob === null) reject(new Error("The browser could not make a PNG of this chart."));
      else resolve(blob);
    }, "image/png");
  });
}

/** ISO 8601 in UTC, to the microsecond that Python keeps; empty for a time no calendar has. */
export function isoTime(seconds: number | undefined): string {
  const date = new Date(Math.floor(seconds ?? Number.NaN) * 1000);
  if (Number.isNaN(date.getTime())) return "";
  const rest = Math.round(((seconds ?? 0) - Math.floor(seconds ?? 0)) * 1e6);
  const [whole] = date.toISOString().split(".");
  return `${whole}.${String(Math.min(999_999, rest)).padStart(6, "0")}Z`;
}

function csvNumber(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "NaN";
  return Number.isFinite(value) ? String(value) : value > 0 ? "inf" : "-inf";
}

/** A name that begins like a formula would be run by a spreadsheet; the apostrophe makes it text. */
function csvText(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
