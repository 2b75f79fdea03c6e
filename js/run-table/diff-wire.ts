/** What the kernel says of the differences between runs (query/difference.py), read without trust. */

import { asNumber, asPairs, asText, field } from "../lib/wire.ts";

export interface DiffRun {
  run: string;
  short: string;
  name: string;
  status: string;
}

export interface DiffRow {
  key: string;
  /** Of each run; null where it has none. */
  values: (string | number | null)[];
  same: boolean;
  change: "added" | "removed" | "changed" | null;
}

export interface DiffSection {
  name: string;
  rows: DiffRow[];
}

export interface CodeLine {
  /** "@" stands for `no` equal lines. */
  op: "=" | "+" | "-" | "@";
  no: number;
  old: number | null;
  new: number | null;
  spans: [kind: string, text: string][];
}

export interface CodeDiff {
  run: string;
  against: string;
  /** One of the two has no code. */
  missing: boolean;
  added: number;
  removed: number;
  unified: CodeLine[];
  side: [CodeLine | null, CodeLine | null][];
}

export interface Difference {
  runs: DiffRun[];
  sections: DiffSection[];
  code: CodeDiff[];
}

export function readDifference(body: unknown): Difference {
  return {
    runs: list(field(body, "runs")).map((run) => ({
      run: asText(field(run, "run")),
      short: asText(field(run, "short")),
      name: asText(field(run, "name")),
      status: asText(field(run, "status")),
    })),
    sections: list(field(body, "sections")).map((section) => ({
      name: asText(field(section, "name")),
      rows: list(field(section, "rows")).map(readRow),
    })),
    code: list(field(body, "code")).map((code) => ({
      run: asText(field(code, "run")),
      against: asText(field(code, "against")),
      missing: field(code, "missing") === true,
      added: asNumber(field(code, "added")) ?? 0,
      removed: asNumber(field(code, "removed")) ?? 0,
      unified: list(field(code, "unified")).flatMap((line) => readLine(line) ?? []),
      side: list(field(code, "side")).map((pair) => {
        const [left, right] = list(pair);
        return [readLine(left), readLine(right)];
      }),
    })),
  };
}

function readRow(row: unknown): DiffRow {
  const change = field(row, "change");
  const known = change === "added" || change === "removed" || change === "changed";
  return {
    key: asText(field(row, "key")),
    values: list(field(row, "values")).map((value) =>
      typeof value === "string" || typeof value === "number" ? value : null,
    ),
    same: field(row, "same") === true,
    change: known ? change : null,
  };
}

function readLine(line: unknown): CodeLine | null {
  const op = field(line, "op");
  if (op !== "=" && op !== "+" && op !== "-" && op !== "@") return null;
  return {
    op,
    no: asNumber(field(line, "no")) ?? 0,
    old: asNumber(field(line, "old")),
    new: asNumber(field(line, "new")),
    spans: asPairs(field(line, "spans")),
  };
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
