/**
 * What a card shows around its charts, as Python sends it in `_details` and `_progress`: read without trust, like
 * everything from the wire. A part that is missing is null or empty, and then the card does not speak of it.
 */

import { asNumber, asPairs, asText, field } from "./wire.ts";

/** `op` is "=", "+", "-", or "@" where unchanged lines were left out. */
export type DiffLine = [op: string, text: string];

export interface Code {
  source: string;
  previous: { short_id: string; name: string } | null;
  diff: DiffLine[] | null;
  added: number;
  removed: number;
}

/** A file, or all files of one key: then `path`, `bytes` and `hash` are those of the newest. */
export interface Artifact {
  path: string;
  bytes: number;
  kind: string;
  mime: string;
  hash: string;
  key: string | null;
  count: number;
  all_bytes: number;
  /** Of a table in parts. */
  rows: number | null;
  /** Of a series; null for anything else. */
  last_step: number | null;
  model: { format: string; class: string; unsafe: boolean } | null;
}

export interface HistogramEntry {
  key: string;
  steps: number;
}

/** A data set that the run used. */
export interface DataEntry {
  name: string;
  context: string;
  kind: string;
  rows: number | null;
  columns: number | null;
  bytes: number | null;
  source: string;
  digest: string;
  /** The digest is that of a sample: the one of all data is not known yet. */
  sampled: boolean;
}

export interface Environment {
  python: string;
  platform: string;
  hardware: [string, string][];
  packages: [string, string][];
  variables: [string, string][];
}

export interface Git {
  commit: string;
  branch: string;
  dirty: boolean;
  remote: string;
}

export interface ChildRun {
  short_id: string;
  name: string;
  status: string;
  duration_s: number | null;
}

export interface Details {
  code: Code | null;
  output: { tail: string; bytes: number } | null;
  artifacts: Artifact[];
  artifacts_total: number;
  histograms: HistogramEntry[];
  inputs: DataEntry[];
  environment: Environment | null;
  git: Git | null;
  children: ChildRun[];
  children_total: number;
  /** The words of the command that `inlay run` executed, and what it ended with. */
  command: string[];
  exit_code: number | null;
}

export interface Bar {
  desc: string;
  n: number;
  total: number | null;
  elapsed_s: number;
  rate: number | null;
  left_s: number | null;
  state: string;
  /** What is counted: "items" or "bytes". */
  unit: string;
}

/** The `_details` trait. */
export function readDetails(value: unknown): Details {
  const artifacts = list(value, "artifacts", readArtifact);
  const children = list(value, "children", readChild);
  return {
    code: part(value, "code", readCode),
    output: part(value, "output", (output) => ({
      tail: text(output, "tail"),
      bytes: number(output, "bytes"),
    })),
    artifacts,
    artifacts_total: Math.max(artifacts.length, number(value, "artifacts_total")),
    histograms: list(value, "histograms", (one) => ({
      key: text(one, "key"),
      steps: number(one, "steps"),
    })),
    inputs: list(value, "inputs", readInput),
    environment: part(value, "environment", readEnvironment),
    git: part(value, "git", (git) => ({
      commit: text(git, "commit"),
      branch: text(git, "branch"),
      dirty: field(git, "dirty") === true,
      remote: text(git, "remote"),
    })),
    children,
    children_total: Math.max(children.length, number(value, "children_total")),
    command: list(value, "command", asText),
    exit_code: asNumber(field(value, "exit_code")),
  };
}

/** The `_progress` trait, and the `bars` of a message. */
export function readBars(value: unknown): Bar[] {
  return list({ value }, "value", (bar) => ({
    desc: text(bar, "desc"),
    n: number(bar, "n"),
    total: asNumber(field(bar, "total")),
    elapsed_s: number(bar, "elapsed_s"),
    rate: asNumber(field(bar, "rate")),
    left_s: asNumber(field(bar, "left_s")),
    state: text(bar, "state"),
    unit: text(bar, "unit"),
  }));
}

function readCode(code: unknown): Code {
  const diff = field(code, "diff");
  return {
    source: text(code, "source"),
    previous: part(code, "previous", (run) => ({
      short_id: text(run, "short_id"),
      name: text(run, "name"),
    })),
    diff: Array.isArray(diff) ? asPairs(diff) : null,
    added: number(code, "added"),
    removed: number(code, "removed"),
  };
}

function readArtifact(artifact: unknown): Artifact {
  return {
    path: text(artifact, "path"),
    bytes: number(artifact, "bytes"),
    kind: text(artifact, "kind"),
    mime: text(artifact, "mime"),
    hash: text(artifact, "hash"),
    key: text(artifact, "key") || null,
    count: number(artifact, "count") || 1,
    all_bytes: asNumber(field(artifact, "all_bytes")) ?? number(artifact, "bytes"),
    rows: asNumber(field(artifact, "rows")),
    last_step: asNumber(field(artifact, "last_step")),
    model: part(artifact, "model", (model) => ({
      format: text(model, "format"),
      class: text(model, "class"),
      unsafe: field(model, "unsafe") !== false,
    })),
  };
}

function readInput(data: unknown): DataEntry {
  return {
    name: text(data, "name"),
    context: text(data, "context"),
    kind: text(data, "kind"),
    rows: asNumber(field(data, "rows")),
    columns: asNumber(field(data, "columns")),
    bytes: asNumber(field(data, "bytes")),
    source: text(data, "source"),
    digest: text(data, "digest"),
    sampled: field(data, "sampled") === true,
  };
}

function readEnvironment(environment: unknown): Environment {
  const pairs = (name: string) => asPairs(field(environment, name));
  return {
    python: text(environment, "python"),
    platform: text(environment, "platform"),
    hardware: pairs("hardware"),
    packages: pairs("packages"),
    variables: pairs("variables"),
  };
}

function readChild(run: unknown): ChildRun {
  return {
    short_id: text(run, "short_id"),
    name: text(run, "name"),
    status: text(run, "status"),
    duration_s: asNumber(field(run, "duration_s")),
  };
}

function part<T>(value: unknown, name: string, read: (part: unknown) => T): T | null {
  const found = field(value, name);
  return typeof found === "object" && found !== null ? read(found) : null;
}

function list<T>(value: unknown, name: string, read: (entry: unknown) => T): T[] {
  const found = field(value, name);
  return Array.isArray(found) ? found.map(read) : [];
}

function text(value: unknown, name: string): string {
  return asText(field(value, name));
}

function number(value: unknown, name: string): number {
  return asNumber(field(value, name)) ?? 0;
}
