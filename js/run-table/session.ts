/**
 * The one record behind a table's parts. What a reader changes holds here at once, and is told to the kernel a moment
 * later: as `view` where the rows depend on it, as `keep` where they do not. What comes back is the kernel's word on
 * everything that was not changed again in the meantime.
 */

import { type Answer, type Answers, isAbort } from "../lib/rpc.ts";
import { onFrame } from "../lib/schedule.ts";
import { PALETTE_SIZE, type Theme } from "../lib/theme.ts";
import { field } from "../lib/wire.ts";
import type { Change, TableContext } from "./context.ts";
import { BLOCK, Pages, type Wanted } from "./pages.ts";
import { readCharted, readColumns, readPage, readView } from "./reading.ts";
import type { ColumnId, TableState } from "./state.ts";
import type { Clause, TableView } from "./wire.ts";

const TELL_AFTER_MS = 60;
/** An answer that takes longer is said to follow. */
const OVERDUE_MS = 1000;
/** Colours remembered: those of runs that were charted long ago are given away again. */
const COLOURS = 400;

/** Each colour of the palette is there plain and in two kinds of dashes, which charts draw. */
const PLACES = 3 * PALETTE_SIZE;

/** What rows, columns and ranges depend on. */
const ARRANGING: ReadonlySet<keyof TableState> = new Set([
  "filter",
  "order",
  "group",
  "open",
  "columns",
  "pinned",
  "summary",
  "differences",
  "baseline",
  "heat",
]);

export interface TableSession extends TableContext {
  readonly pages: Pages;
  /** The rows in sight, so that they come and stay up to date. */
  want: (wanted: Wanted) => void;
  takeView: (value: unknown) => void;
  takePage: (value: unknown) => void;
  takeColumns: (value: unknown) => void;
  setTheme: (theme: Theme | null) => void;
  /** False once the kernel behind the table is gone. */
  setConnected: (connected: boolean) => void;
}

export interface SessionEnv {
  answers: Answers;
  token: () => string;
  view: unknown;
  columns: unknown;
  fail: (reason: unknown) => void;
  announce: (text: string) => void;
  signal: AbortSignal;
}

export function openSession(env: SessionEnv): TableSession {
  const { answers, signal } = env;
  const pages = new Pages();
  const callbacks = new Set<(changes: ReadonlySet<Change>) => void>();
  let changes = new Set<Change>();
  let view = readView(env.view);
  let state = view.state;
  let columns = readColumns(env.columns);
  let theme: Theme | null = null;
  let connected = true;
  let overdue = 0;
  /** Changed here and not confirmed yet, each with the number of its change. */
  const unsaved = new Map<keyof TableState, number>();
  const refinements = new Map<ColumnId, Clause | null>();
  let count = 0;
  let timer = 0;
  let telling: AbortController | null = null;
  let wanted: Wanted = { start: 0, count: BLOCK, columns: [] };
  let fetching: AbortController | null = null;
  pages.take(view.page);

  const deliver = onFrame(() => {
    const told = changes;
    changes = new Set();
    for (const callback of callbacks) callback(told);
  }, signal);
  const notify = (...what: Change[]) => {
    for (const one of what) changes.add(one);
    deliver();
  };

  const ask = async (
    op: string,
    args: Record<string, unknown>,
    until: AbortSignal,
  ): Promise<Answer> => {
    let late = false;
    const waiting = window.setTimeout(() => {
      late = true;
      if (++overdue === 1) notify("kernel");
    }, OVERDUE_MS);
    try {
      return await answers.ask(`table.${op}`, { table: env.token(), ...args }, until);
    } finally {
      clearTimeout(waiting);
      if (late && --overdue === 0) notify("kernel");
    }
  };

  const fail = (reason: unknown) => {
    if (!isAbort(reason)) env.fail(reason);
  };

  /** The kernel's word, but for what was changed since it was asked. */
  const adopt = (next: TableState) => {
    const own = [...unsaved.keys()].map((key) => [key, state[key]]);
    state = { ...next, ...Object.fromEntries(own) };
  };

  const confirm = (upTo: number) => {
    for (const [key, number] of unsaved) if (number <= upTo) unsaved.delete(key);
  };

  const show = (next: TableView) => {
    // A view made before the one shown says nothing new.
    if (next.version < view.version) return;
    view = next;
    adopt(next.state);
    pages.take(next.page);
    notify("state", "view", "rows");
    fetch();
  };

  const tell = () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void send(), TELL_AFTER_MS);
  };

  const send = async () => {
    if (!answers.available || (unsaved.size === 0 && refinements.size === 0)) return;
    telling?.abort();
    const asking = new AbortController();
    telling = asking;
    const upTo = count;
    // A filter that could not be read holds up nothing else.
    const said = unsaved.has("filter") ? state : { ...state, filter: view.state.filter };
    const [refinement] = refinements;
    const arranging =
      refinement !== undefined || [...unsaved.keys()].some((key) => ARRANGING.has(key));
    try {
      if (!arranging) {
        const { body } = await ask("keep", { state: said }, asking.signal);
        confirm(upTo);
        if (field(body, "charted") === undefined) return;
        view = { ...view, charted: readCharted(field(body, "charted")) };
        notify("view");
        return;
      }
      const refine = refinement && { column: refinement[0], clause: refinement[1] };
      const { start, columns: shown } = wanted;
      const args = { state: said, ...(refine ? { refine } : {}), start, count: BLOCK };
      const { body } = await ask(
        "view",
        shown.length > 0 ? { ...args, columns: shown } : args,
        asking.signal,
      );
      confirm(upTo);
      // A filter that cannot be read is the reader's, who is still writing it.
      const next = readView(body);
      if (refine && refinements.get(refine.column) === refine.clause)
        refinements.delete(refine.column);
      const typed = state.filter;
      show(next);
      if (next.error !== null && !refine) state = { ...state, filter: typed };
      if (refinements.size > 0) tell();
    } catch (reason) {
      if (isAbort(reason)) return;
      // What cannot be done is taken back.
      confirm(upTo);
      refinements.clear();
      adopt(view.state);
      notify("state", "view");
      fail(reason);
    }
  };

  /** Asks for rows in sight that are not there, one stretch at a time. */
  const fetch = () => {
    if (fetching !== null || !answers.available) return;
    const next = pages.missing(wanted, view.rows);
    if (next === null) return;
    const asking = new AbortController();
    fetching = asking;
    const { version } = view;
    ask("rows", { version, ...next }, asking.signal).then(
      ({ body }) => {
        fetching = null;
        if (field(body, "stale") === true) return void refresh();
        const page = readPage(body);
        // An answer without what was asked for would be asked for again and again.
        if (page.version !== view.version || page.rows.length === 0) return void refresh();
        pages.take(page);
        notify("rows");
        fetch();
      },
      (reason) => {
        fetching = null;
        fail(reason);
      },
    );
  };

  let refreshed = -1;
  /** The kernel has other rows than this page thinks; asked once for each arrangement, lest two sides chase each other. */
  const refresh = () => {
    if (telling !== null && unsaved.size > 0) return;
    if (refreshed === view.version) return;
    refreshed = view.version;
    ask("view", { state, start: wanted.start, count: BLOCK }, signal).then(
      ({ body }) => show(readView(body)),
      fail,
    );
  };

  const change = (part: Partial<TableState>) => {
    count++;
    const names = (Object.keys(part) as (keyof TableState)[]).filter(
      (name) => JSON.stringify(part[name]) !== JSON.stringify(state[name]),
    );
    if (names.length === 0) return;
    state = { ...state, ...part };
    for (const name of names) unsaved.set(name, count);
    notify("state");
    tell();
  };

  answers.onChange(() => {
    notify("kernel");
    if (!answers.available) return;
    if (unsaved.size > 0) tell();
    fetch();
  }, signal);
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    telling?.abort();
    fetching?.abort();
  });

  return {
    pages,
    signal,
    get state() {
      return state;
    },
    get view() {
      return view;
    },
    get columns() {
      return columns;
    },
    get theme() {
      return theme;
    },
    get available() {
      return connected && answers.available;
    },
    get busy() {
      return overdue > 0;
    },
    change,
    refine(column, clause) {
      refinements.set(column, clause);
      clearTimeout(timer);
      void send(); // whoever refines keeps a pace of its own
    },
    ask,
    onChange(changed, until) {
      callbacks.add(changed);
      until?.addEventListener("abort", () => callbacks.delete(changed), { once: true });
    },
    fail,
    announce: env.announce,
    colour(key) {
      const known = state.colours[key];
      if (known !== undefined) return known;
      const place = freePlace(
        state.colours,
        view.charted.map((one) => one.key),
      );
      const kept = Object.entries(state.colours).slice(-COLOURS);
      change({ colours: { ...Object.fromEntries(kept), [key]: place } });
      return place;
    },
    want(next) {
      wanted = next;
      fetch();
    },
    takeView(value) {
      show(readView(value));
    },
    takePage(value) {
      const page = readPage(value);
      if (page.version !== view.version) return;
      pages.take(page);
      notify("rows");
    },
    takeColumns(value) {
      columns = readColumns(value);
      notify("columns");
    },
    setConnected(next) {
      if (connected === next) return;
      connected = next;
      notify("kernel");
    },
    setTheme(next) {
      theme = next;
      notify("theme");
    },
  };
}

/** The first place of the palette that no charted run has, else the one that the fewest have. */
function freePlace(colours: Record<string, number>, charted: readonly string[]): number {
  const taken = Array.from({ length: PLACES }, () => 0);
  for (const key of charted) {
    const place = colours[key];
    if (place !== undefined) taken[place % PLACES] = (taken[place % PLACES] ?? 0) + 1;
  }
  return taken.indexOf(Math.min(...taken));
}
