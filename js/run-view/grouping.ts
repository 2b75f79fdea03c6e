/**
 * Which charts there are and where they stand. Which series share a chart is Python's decision, so that the saved
 * picture shows the same; here they are gathered by title, given colours, one colour for one label across the whole
 * card, and, when they are many, put under the prefix they share.
 */

import type { Series } from "../lib/feed.ts";

/** A chart of the card: the series that share a title, each with its place in the palette. */
export interface ChartGroup {
  title: string;
  series: Series[];
  colours: number[];
}

/** Charts under one heading; the heading of those that share none is empty. */
export interface Section {
  heading: string;
  titles: string[];
}

/** With more charts than this, prefixes become headings. */
const UNGROUPED = 8;

/** Charts by title, in the order their first series came. */
export function groupByChart(series: readonly Series[]): Map<string, ChartGroup> {
  const groups = new Map<string, ChartGroup>();
  for (const one of series) {
    const group = groups.get(one.chart);
    if (group === undefined) {
      groups.set(one.chart, { title: one.chart, series: [one], colours: [] });
    } else {
      group.series.push(one);
    }
  }
  const colours = labelColours(groups);
  for (const group of groups.values()) {
    group.colours = group.series.map((one) => colours.get(one.label) ?? 0);
  }
  return groups;
}

/** Titles under their prefixes, when there are at least two prefixes that two charts share; the others come first. */
export function sectionsOf(titles: readonly string[]): Section[] {
  const byPrefix = new Map<string, string[]>();
  for (const title of titles) {
    const prefix = prefixOf(title);
    byPrefix.set(prefix, [...(byPrefix.get(prefix) ?? []), title]);
  }
  const shared = [...byPrefix].filter(([prefix, own]) => prefix !== "" && own.length > 1);
  if (titles.length <= UNGROUPED || shared.length < 2)
    return [{ heading: "", titles: [...titles] }];
  const headings = new Set(shared.map(([prefix]) => prefix));
  const loose = titles.filter((title) => !headings.has(prefixOf(title)));
  const sections = shared.map(([heading, own]) => ({ heading, titles: own }));
  return loose.length > 0 ? [{ heading: "", titles: loose }, ...sections] : sections;
}

/** Which titles a search finds: those that hold each of its words, in their own name or in that of one of their series. */
export function found(groups: ReadonlyMap<string, ChartGroup>, query: string): string[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const titles = [...groups.keys()];
  if (words.length === 0) return titles;
  return titles.filter((title) => {
    const keys = groups.get(title)?.series.map(({ key }) => key) ?? [];
    const text = [title, ...keys].join("\n").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

function prefixOf(title: string): string {
  return /^([^/.\s][^/.]{0,60})[/.]./.exec(title)?.[1] ?? "";
}

/** Labels that stand side by side somewhere get a colour each and keep it everywhere; a line alone gets the first. */
function labelColours(groups: ReadonlyMap<string, ChartGroup>): Map<string, number> {
  const colours = new Map<string, number>();
  for (const { series } of groups.values()) {
    if (series.length < 2) continue;
    for (const { label } of series) {
      if (!colours.has(label)) colours.set(label, colours.size);
    }
  }
  return colours;
}
