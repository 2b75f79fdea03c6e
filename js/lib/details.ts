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

export interface Artifact {
  path: string;
  bytes: number;
  kind: string;
  mime: string;
  hash: string;
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
  environment: Environment | null;
  git: Git | null;
  children: ChildRun[];
  children_total: number;
}

export interface Bar {
  desc: string;
  n: number;
  total: number | null;
  elapsed_s: number;
  rate: number | null;
  left_s: number | null;
  state: string;
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
    environment: part(value, "environment", readEnvironment),
    git: part(value, "git", (git) => ({
      commit: text(git, "commit"),
      branch: text(git, "branch"),
      dirty: field(git, "dirty") === true,
      remote: text(git, "remote"),
    })),
    children,
    children_total: Math.max(children.length, number(value, "children_total")),
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
