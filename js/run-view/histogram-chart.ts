/**
 * A histogram as bars, and all of its steps side by side as a picture in which each column is one step. Both are shapes
 * in one colour that the style sheet gives, so they follow the theme by themselves.
 */

/** A histogram over its steps; every step has one edge more than counts. */
export interface Histogram {
  steps: number[];
  edges: Float64Array[];
  counts: Float64Array[];
  /** From the lowest to the highest edge of all steps. */
  lo: number;
  hi: number;
}

const WIDTH = 1000;
const HEIGHT = 100;
const SVG = "http://www.w3.org/2000/svg";

/** A drawing as high and wide as its place, of bars over `lo` to `hi`; the highest one fills it. */
export function barsShape(className: string): {
  node: SVGSVGElement;
  draw: (edges: ArrayLike<number>, counts: ArrayLike<number>, lo: number, hi: number) => void;
} {
  const node = document.createElementNS(SVG, "svg");
  node.setAttribute("class", className);
  node.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  node.setAttribute("preserveAspectRatio", "none");
  node.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  node.append(path);
  return {
    node,
    draw(edges, counts, lo, hi) {
      const heights = densities(edges, counts);
      const highest = Math.max(...heights);
      const x = (value: number) => (hi > lo ? ((value - lo) / (hi - lo)) * WIDTH : WIDTH / 2);
      let d = "";
      heights.forEach((height, i) => {
        const [from, to] = [x(edges[i] ?? 0), x(edges[i + 1] ?? 0)];
        if (!(height > 0) || !(highest > 0)) return;
        // A gap between bars where they are wide enough for one, and never less than can be seen.
        const wide = Math.max(1, (to - from) * (heights.length > 100 ? 1 : 0.9));
        const high = Math.max(1, (height / highest) * HEIGHT);
        d += `M${round(from)} ${HEIGHT}v${round(-high)}h${round(wide)}v${round(high)}z`;
      });
      path.setAttribute("d", d);
    },
  };
}

/** Counts for one unit of width: bins of different width are compared by their area. */
function densities(edges: ArrayLike<number>, counts: ArrayLike<number>): number[] {
  return Array.from(counts, (count, i) => {
    const width = (edges[i + 1] ?? 0) - (edges[i] ?? 0);
    return width > 0 ? count / width : 0;
  });
}

/** Rows of the picture of all steps. */
const ROWS = 64;
const COLUMNS = 600;

/** All steps as an image whose opacity is the share of each value's bin in the highest one of its step. */
export function stepsImage({ steps, edges, counts, lo, hi }: Histogram): string {
  const canvas = document.createElement("canvas");
  canvas.width = Math.min(COLUMNS, steps.length);
  canvas.height = ROWS;
  const context = canvas.getContext("2d");
  if (context === null) return "";
  const image = context.createImageData(canvas.width, ROWS);
  for (let column = 0; column < canvas.width; column++) {
    const at = Math.floor((column / canvas.width) * steps.length);
    const shares = sharesOf(edges[at] ?? [], counts[at] ?? [], lo, hi);
    shares.forEach((share, row) => {
      // The root, so that what is seldom is seen as well.
      const alpha = share > 0 ? 20 + 235 * Math.sqrt(share) : 0;
      image.data[4 * ((ROWS - 1 - row) * canvas.width + column) + 3] = alpha;
    });
  }
  context.putImageData(image, 0, 0);
  return canvas.toDataURL();
}

/** One step on the rows of the picture, lowest value first, as shares of the highest row. */
function sharesOf(
  edges: ArrayLike<number>,
  counts: ArrayLike<number>,
  lo: number,
  hi: number,
): number[] {
  const heights = densities(edges, counts);
  const rows = new Array<number>(ROWS).fill(0);
  const row = (value: number) => (hi > lo ? ((value - lo) / (hi - lo)) * ROWS : 0);
  heights.forEach((height, i) => {
    const from = Math.floor(row(edges[i] ?? 0) + 1e-9);
    const to = Math.max(from + 1, Math.ceil(row(edges[i + 1] ?? 0) - 1e-9));
    for (let at = from; at < Math.min(to, ROWS); at++) rows[at] = Math.max(rows[at] ?? 0, height);
  });
  const highest = Math.max(...rows);
  return highest > 0 ? rows.map((height) => height / highest) : rows;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
