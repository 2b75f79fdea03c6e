/** Which runs are selected after a click or a key; plain functions on lists of run ids. */

/** Check box over all of them: so many runs from the top are selected, for charts show no more. */
export const MOST_AT_ONCE = 50;

export function toggled(selected: readonly string[], run: string): string[] {
  return selected.includes(run) ? selected.filter((one) => one !== run) : [...selected, run];
}

/** All of `runs` as well, each once, in the order they came. */
export function extended(selected: readonly string[], runs: readonly string[]): string[] {
  return [...new Set([...selected, ...runs])];
}

export type Checked = "true" | "false" | "mixed";

/** The state of the check box over all rows. */
export function checkedAll(selected: readonly string[], shown: readonly string[]): Checked {
  if (selected.length === 0) return "false";
  return shown.length > 0 && shown.every((run) => selected.includes(run)) ? "true" : "mixed";
}
