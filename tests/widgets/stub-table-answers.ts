/** What the kernel says of the made-up store when it is asked about values: facets, curves, boxes, differences. */

import type { BoxChart } from "../../js/run-table/state.ts";
import type { Cell, Facet } from "../../js/run-table/wire.ts";
import { parse, type StubStore } from "./stub-table-data.ts";
import { type Arrangement, state } from "./stub-table-rows.ts";

export type Args = Record<string, unknown>;
export type Reply = [ok: unknown, ...buffers: ArrayBufferView[]];

export const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

export function facetOf(store: StubStore, filter: string, column: string, bins: number): Facet {
  const predicates = parse(filter, store.columns);
  const own = predicates.find(({ field }) => store.idOf(field) === column)?.clause;
  const runs = store.matching(predicates.filter(({ field }) => store.idOf(field) !== column));
  const cells = runs.map((i) => store.value(i, column));
  const missing = cells.filter((cell) => cell === null).length;
  const total = cells.length;
  const numbers = cells.filter((cell) => typeof cell === "number");
  if (
    numbers.length === 0 ||
    !cells.every((cell) => typeof cell !== "string" || /NaN|Inf/.test(cell))
  ) {
    const counts = new Map<string, number>();
    for (const cell of cells) {
      if (cell !== null) counts.set(String(cell), (counts.get(String(cell)) ?? 0) + 1);
    }
    const values = [...counts].sort((a, b) => b[1] - a[1]);
    const chosen = own !== undefined && "in" in own ? own.in.map(String) : null;
    return {
      kind: "texts",
      values: values.slice(0, 200),
      chosen,
      excluded: own !== undefined && "not_in" in own ? own.not_in.map(String) : null,
      distinct: values.length,
      missing,
      total,
    };
  }
  const [low, high] = [Math.min(...numbers.slice(0, 1e5)), Math.max(...numbers.slice(0, 1e5))];
  const width = (high - low || 1) / bins;
  const counts = Array.from({ length: bins }, () => 0);
  for (const one of numbers) {
    const at = Math.min(bins - 1, Math.floor((one - low) / width));
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return {
    kind: "numbers",
    edges: Array.from({ length: bins + 1 }, (_, i) => low + i * width),
    counts,
    chosen: own !== undefined && "between" in own ? own.between : null,
    missing,
    nonfinite: total - missing - numbers.length,
    total,
  };
}

/** A group's curve is the mean of its runs', and its band a deviation to either side. */
export function curvesOf(store: StubStore, { groups }: Arrangement, args: Args): Reply {
  const metric = String(args["metric"]);
  const points = Number(args["points"] ?? 400);
  const [lo, hi] = [Number(args["lo"] ?? 0), Number(args["hi"] ?? 10_000)];
  const series: Args[] = [];
  const columns: number[] = [];
  for (const key of texts(args["keys"])) {
    const group = groups?.find((one) => one.key === key);
    const members = group?.members.slice(0, 5) ?? [store.place(key)];
    const curves = members.map((i) => store.curve(i, metric, points));
    const x = Array.from({ length: points }, (_, i) => lo + ((hi - lo) * i) / (points - 1 || 1));
    const y = x.map((_, i) => mean(curves.map((curve) => curve[i] ?? 0)));
    const off = y.map((value) => (group ? value * 0.06 : value * 0.01));
    columns.push(
      ...x,
      ...y,
      ...y.map((v, i) => v - (off[i] ?? 0)),
      ...y.map((v, i) => v + (off[i] ?? 0)),
    );
    series.push({
      key,
      label: group ? key : store.row(store.place(key)).name,
      n: points,
      total: 10_000,
      nonfinite: 0,
      group: group !== undefined,
      runs: members.length,
    });
  }
  return [{ series }, Float64Array.from(columns)];
}

export function valuesOf(
  store: StubStore,
  arrangement: Arrangement,
  keys: string[],
  args: Args,
): Reply {
  const limit = Number(args["limit"] ?? 5000);
  const all = args["scope"] === "view" ? arrangement.runs.map((i) => store.id(i)) : keys;
  const shown = all.slice(0, limit);
  const places = shown.map((key) => (key.startsWith("run-") ? store.place(key) : null));
  const members = (key: string) =>
    arrangement.groups?.find((one) => one.key === key)?.members ?? [];
  const cell = (key: string, place: number | null, column: string): Cell =>
    place !== null
      ? store.value(place, column)
      : mean(members(key).map((i) => Number(store.value(i, column))));
  return [
    {
      keys: shown,
      labels: shown.map((key, i) => (places[i] == null ? key : store.row(places[i]).name)),
      columns: Object.fromEntries(
        texts(args["columns"]).map((column) => [
          column,
          shown.map((key, i) => cell(key, places[i] ?? null, column)),
        ]),
      ),
      total: all.length,
    },
  ];
}

export function boxesOf(
  store: StubStore,
  { runs }: Arrangement,
  { column, by }: Pick<BoxChart, "column" | "by">,
): Reply {
  const groups = new Map<string, number[]>();
  for (const i of runs) {
    const value = store.value(i, column);
    if (typeof value !== "number") continue;
    const label = String(store.value(i, by) ?? "none");
    groups.set(label, [...(groups.get(label) ?? []), i]);
  }
  const boxes = [...groups].map(([label, members]) => {
    const of = (i: number) => Number(store.value(i, column));
    const sorted = [...members].sort((a, b) => of(a) - of(b));
    const at = (part: number) => of(sorted[Math.floor(part * (sorted.length - 1))] ?? 0);
    const [q1, median, q3] = [at(0.25), at(0.5), at(0.75)];
    const reach = 1.5 * (q3 - q1);
    const inside = sorted.filter((i) => of(i) >= q1 - reach && of(i) <= q3 + reach);
    const outliers = sorted.filter((i) => !inside.includes(i));
    return {
      label,
      n: members.length,
      low: of(inside[0] ?? 0),
      q1,
      median,
      q3,
      high: of(inside.at(-1) ?? 0),
      outliers: outliers.map((i) => [store.id(i), store.row(i).name, of(i)]),
    };
  });
  return [{ boxes }];
}

export function sparksOf(store: StubStore, args: Args): Reply {
  const runs = texts(args["runs"]);
  const of = (metric: string) =>
    Object.fromEntries(
      runs.map((run) => [
        run,
        store.curve(store.place(run), metric, 40).map((value, i) => [i * 25, value]),
      ]),
    );
  return [
    { sparks: Object.fromEntries(texts(args["metrics"]).map((metric) => [metric, of(metric)])) },
  ];
}

export function diffOf(store: StubStore, args: Args): Reply {
  const runs = texts(args["runs"]);
  const places = runs.map((run) => store.place(run));
  const section = (name: string, entity: string) => {
    const rows = store.columns
      .filter((column) => column.entity === entity)
      .map(({ id, name: key }) => {
        const values = places.map((i) => store.value(i, id));
        const same = new Set(values.map(String)).size === 1;
        const change = same
          ? null
          : values[0] === null
            ? "added"
            : values.at(-1) === null
              ? "removed"
              : "changed";
        return { key, values, same, change };
      })
      .sort((a, b) => Number(a.same) - Number(b.same));
    return { name, rows, equal: rows.filter((row) => row.same).length };
  };
  const line = (
    op: string,
    before: number | null,
    after: number | null,
    ...spans: [string, string][]
  ) => ({ op, no: after ?? before, old: before, new: after, spans });
  const imported = line("=", 1, 1, ["k", "import"], ["", " inlay"]);
  const removed = line("-", 2, null, ["", "lr = "], ["n", "0.1"]);
  const added = line("+", null, 2, ["", "lr = "], ["n", "0.01"], ["c", "  # smaller"]);
  const defined = line("+", null, 3, ["k", "def "], ["f", "fit"], ["", "(x, name="], ["s", '"a"']);
  const folded = { ...line("@", null, null), no: 40 };
  const unified = [imported, removed, added, defined, folded];
  const side = [
    [imported, imported],
    [removed, added],
    [null, defined],
    [folded, folded],
  ];
  const row = (key: string, values: (string | null)[]) => {
    const same = new Set(values).size === 1;
    const change = values[0] === null ? "added" : values.at(-1) === null ? "removed" : "changed";
    return { key, values, same, change: same ? null : change };
  };
  return [
    {
      runs: places.map((i) => {
        const { run, short, name, status } = store.row(i);
        return { run, short, name, status };
      }),
      sections: [
        section("params", "params"),
        section("metrics", "metrics"),
        section("tags", "tags"),
        {
          name: "git",
          rows: [
            row(
              "git_commit",
              places.map((i) => `c0ffee${i}`),
            ),
          ],
          equal: 0,
        },
        {
          name: "environment",
          rows: [
            row(
              "packages.numpy",
              places.map((_, i) => (i === 0 ? "2.1.0" : "2.2.0")),
            ),
            row(
              "packages.polars",
              places.map((_, i) => (i === 0 ? null : "1.30.0")),
            ),
            row(
              "packages.pandas",
              places.map((_, i) => (i === 0 ? "3.0.0" : null)),
            ),
            ...Array.from({ length: 87 }, (_, i) =>
              row(
                `packages.p${i}`,
                places.map(() => "1.0"),
              ),
            ),
          ],
          equal: 87,
        },
      ],
      code: runs.slice(1).map((run) => ({
        run,
        against: runs[0],
        missing: false,
        unified,
        side,
        added: 2,
        removed: 1,
      })),
    },
  ];
}

export function completionOf(store: StubStore, args: Args): Reply {
  const before = String(args["text"] ?? "").slice(0, Number(args["cursor"] ?? 0));
  const typed = /[\w."]*$/.exec(before)?.[0] ?? "";
  const items = store.columns
    .filter(({ field }) => field.toLowerCase().includes(typed.toLowerCase()))
    .slice(0, 30)
    .map(({ field, entity, runs }) => ({ text: field, kind: entity, detail: `${runs} runs` }));
  return [{ start: before.length - typed.length, end: before.length, items }];
}

/** The state a table begins with where a test says nothing else. */
export const START = state({ pinned: ["name"] });

function mean(values: readonly number[]): number {
  return values.reduce((sum, one) => sum + one, 0) / (values.length || 1);
}
