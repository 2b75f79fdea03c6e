/**
 * The small curves in cells: asked for by the page, drawn as a path. They are decoration beside the value, which says in
 * figures how it ended.
 */

import { field } from "../lib/wire.ts";
import type { TableSession } from "./session.ts";
import type { ColumnId } from "./state.ts";

const WIDTH = 60;
const HEIGHT = 18;
const MOST_RUNS = 100;
/** Curves kept. */
const KEPT = 4000;

export interface Sparks {
  /** The curve of a run; null until it is known, or where there is none. */
  draw: (run: string, metric: ColumnId) => SVGElement | null;
  /** The runs in sight: their curves come soon. */
  want: (runs: readonly string[], metrics: readonly ColumnId[]) => void;
  /** Curves of live runs are old. */
  age: (runs: readonly string[]) => void;
}

export function sparksOf(session: TableSession, drawn: () => void): Sparks {
  const paths = new Map<string, string>();
  const name = (run: string, metric: ColumnId) => JSON.stringify([run, metric]);
  let under = false;
  let next: [readonly string[], readonly ColumnId[]] = [[], []];

  const ask = async () => {
    const [runs, metrics] = next;
    if (under || !session.available) return;
    const missing = runs
      .filter((run) => metrics.some((metric) => !paths.has(name(run, metric))))
      .slice(0, MOST_RUNS);
    if (missing.length === 0) return;
    under = true;
    try {
      const { body } = await session.ask("sparks", { runs: missing, metrics }, session.signal);
      const sparks = field(body, "sparks");
      for (const metric of metrics) {
        for (const run of missing) {
          paths.set(name(run, metric), pathOf(field(field(sparks, metric), run)));
        }
      }
      for (const old of [...paths.keys()].slice(0, Math.max(0, paths.size - KEPT)))
        paths.delete(old);
      drawn();
    } catch (reason) {
      session.fail(reason);
      return;
    } finally {
      under = false;
    }
    void ask();
  };

  return {
    draw(run, metric) {
      const data = paths.get(name(run, metric)) ?? "";
      return data === "" ? null : svgOf(data);
    },
    want(runs, metrics) {
      next = [runs, metrics];
      if (metrics.length > 0) void ask();
    },
    age(runs) {
      for (const run of runs) {
        for (const metric of session.state.spark) paths.delete(name(run, metric));
      }
    },
  };
}

/** A path through `[step, value]` pairs; what is not finite is a gap. */
export function pathOf(points: unknown): string {
  if (!Array.isArray(points)) return "";
  const pairs = points
    .filter((pair): pair is unknown[] => Array.isArray(pair))
    .map(([x, y]) => [Number(x), typeof y === "number" ? y : Number.NaN] as const);
  const finite = pairs.filter(([, y]) => Number.isFinite(y));
  if (finite.length < 2) return "";
  const [xs, ys] = [finite.map(([x]) => x), finite.map(([, y]) => y)];
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  let path = "";
  let pen = false;
  for (const [x, y] of pairs) {
    if (!Number.isFinite(y)) {
      pen = false;
      continue;
    }
    const across = ((x - left) / (right - left || 1)) * (WIDTH - 4) + 2;
    const down = high > low ? (1 - (y - low) / (high - low)) * (HEIGHT - 4) + 2 : HEIGHT / 2;
    path += `${pen ? "L" : "M"}${across.toFixed(1)} ${down.toFixed(1)}`;
    pen = true;
  }
  return path;
}

function svgOf(data: string): SVGElement {
  const namespace = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(namespace, "svg");
  svg.setAttribute("class", "inlay-spark");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(namespace, "path");
  path.setAttribute("d", data);
  svg.append(path);
  return svg;
}
