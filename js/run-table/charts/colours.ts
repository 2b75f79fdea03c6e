/**
 * The colours of runs, and those of a column: a run keeps its place in the palette wherever it is drawn, and after ten
 * places the same colours go on in dashes. Numbers get a scale whose lightness goes one way, so that it is read without
 * colour, too; its ends keep clear of the background (after viridis; Smith and van der Walt, 2015).
 */

import { lineColour, PALETTE_SIZE, type Theme } from "../../lib/theme.ts";
import type { TableContext } from "../context.ts";
import type { Cell, Column } from "../wire.ts";
import { scaled, textAt } from "./axis.ts";

export interface Entry {
  /** The run or group; "" for a word of a column. */
  key: string;
  label: string;
  /** In the palette. */
  place: number;
  value: string;
}

export interface Legend {
  entries: Entry[];
  /** The ends of a scale of colours. */
  scale: { name: string; lo: string; hi: string } | null;
}

export const NO_LEGEND: Legend = { entries: [], scale: null };

const DASHES: readonly (readonly number[])[] = [[], [7, 4], [1.5, 4]];

export function dashOf(place: number): readonly number[] {
  return DASHES[Math.floor(place / PALETTE_SIZE) % DASHES.length] ?? [];
}

const LIGHT = ["#46206f", "#35608d", "#22928c", "#4fae4f", "#c3a713"];
const DARK = ["#8a63c9", "#5a8fd0", "#2fb3a4", "#8fd85a", "#fde74c"];

export function stopsOf({ dark }: Theme): readonly string[] {
  return dark ? DARK : LIGHT;
}

/** A colour of the scale, from 0 to 1. */
export function scaleColour(theme: Theme, at: number): string {
  const stops = stopsOf(theme);
  const place = Math.min(1, Math.max(0, at)) * (stops.length - 1);
  const below = Math.min(stops.length - 2, Math.floor(place));
  const channel = (stop: string | undefined, i: number) =>
    Number.parseInt((stop ?? "").slice(1 + 2 * i, 3 + 2 * i), 16);
  const mixed = [0, 1, 2].map((i) => {
    const [from, to] = [channel(stops[below], i), channel(stops[below + 1], i)];
    return Math.round(from + (to - from) * (place - below));
  });
  return `rgb(${mixed.join(", ")})`;
}

export interface Painting {
  colour: (i: number) => string;
  legend: Legend;
}

/** How the rows of some values are coloured: by a column, or as the runs they are. */
export function paintingOf(
  context: TableContext,
  theme: Theme,
  keys: readonly string[],
  column: Column | undefined,
  cells: readonly Cell[] | undefined,
): Painting {
  if (cells === undefined) {
    // A thousand runs have no thousand colours: only those that charts show have one of their own.
    const places = new Map(
      context.view.charted.map(({ key }) => [key, context.colour(key)] as const),
    );
    const own = keys.length <= context.view.charted.length;
    return {
      colour: (i) => {
        const place = places.get(keys[i] ?? "");
        return place === undefined && !own ? theme.muted : lineColour(theme, place ?? 0);
      },
      legend: NO_LEGEND,
    };
  }
  const { axis, values } = scaled(cells, column, { padded: false });
  if (axis.kind === "words") {
    const entries = axis.words
      .slice(0, 30)
      .map((label, place) => ({ key: "", label, place, value: "" }));
    return {
      colour: (i) => {
        const place = values[i] ?? Number.NaN;
        return Number.isNaN(place) ? theme.muted : lineColour(theme, place);
      },
      legend: { entries, scale: null },
    };
  }
  const width = axis.hi - axis.lo || 1;
  return {
    colour: (i) => {
      const value = values[i] ?? Number.NaN;
      return Number.isNaN(value) ? theme.muted : scaleColour(theme, (value - axis.lo) / width);
    },
    legend: {
      entries: [],
      scale: { name: column?.name ?? "", lo: textAt(axis, axis.lo), hi: textAt(axis, axis.hi) },
    },
  };
}
