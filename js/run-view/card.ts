/**
 * The run card: a header, the failure if there is one, the charts, and around them what else is known of the run. It knows
 * the wire's records and the page, nothing of Jupyter; view.ts brings it the messages, and a plain page can do so as well.
 */

import { callbackErrors } from "../lib/callback-error.ts";
import type { ChoiceBook } from "../lib/choices.ts";
import { type Bar, type Details, readDetails } from "../lib/details.ts";
import { element, setText } from "../lib/dom.ts";
import { failureView } from "../lib/failure.ts";
import type { Series } from "../lib/feed.ts";
import type { Answers } from "../lib/rpc.ts";
import { onFrame, Watcher } from "../lib/schedule.ts";
import { statusLook } from "../lib/status.ts";
import { readTheme, sameTheme, type Theme, watchTheme } from "../lib/theme.ts";
import type { RunHeader } from "../lib/wire.ts";
import { artifactsPanel } from "./artifacts.ts";
import { chartsView } from "./charts.ts";
import { childrenPanel } from "./children.ts";
import { codePanel } from "./code.ts";
import { dataPanel } from "./data.ts";
import { environmentPanel } from "./environment.ts";
import { headerView } from "./header.ts";
import { histogramsPanel } from "./histograms.ts";
import { outputPanel } from "./output.ts";
import { panelsView } from "./panels.ts";
import { paramsPanel } from "./params.ts";
import { progressView } from "./progress.ts";

export interface Card {
  root: HTMLElement;
  setHeader: (header: RunHeader) => void;
  setSeries: (series: readonly Series[]) => void;
  setDetails: (details: Details) => void;
  setProgress: (bars: readonly Bar[]) => void;
  /** False once the kernel behind the card is gone. */
  setConnected: (connected: boolean) => void;
}

/** What a card needs of the world around it. */
export interface CardEnv {
  answers: Answers;
  choices: ChoiceBook;
  /** Gives the tree an element stands in the card's style sheet. */
  style: (root: Node) => void;
}

/** Builds a card inside `parent`; the signal takes it away with everything it listens to. */
export function createCard(
  parent: HTMLElement,
  header: RunHeader,
  env: CardEnv,
  signal: AbortSignal,
): Card {
  let connected = true;
  let series: readonly Series[] = [];
  let details = readDetails({});
  let bars: readonly Bar[] = [];
  let heard = now();
  let spoken = header.status;
  let theme: Theme | null = null;

  const redraw = onFrame(() => draw(), signal);
  const watcher = new Watcher(signal);
  const errors = callbackErrors();
  const asking = { answers: env.answers, run: () => header.run_id, fail: errors.add, signal };
  const top = headerView(asking);
  const progress = progressView();
  const failure = failureView("Error");
  const charts = chartsView({ ...asking, choices: env.choices, watcher, redraw });
  const panels = panelsView(
    [
      paramsPanel(),
      codePanel(),
      outputPanel(),
      artifactsPanel({ ...asking, load: () => header.load }),
      histogramsPanel(asking),
      dataPanel(asking),
      environmentPanel(),
      childrenPanel(),
    ],
    env.choices,
  );
  const announcement = element("div", { class: "inlay-offscreen", role: "status" });
  const root = element(
    "div",
    { class: "inlay-card", role: "region" },
    top.node,
    progress.node,
    failure.node,
    charts.node,
    panels.node,
    errors.node,
    announcement,
  );
  // The attribute is JupyterLab's: keys pressed in here are not notebook shortcuts. It must be on the element that has the
  // focus, for there are shortcuts for whatever has it, found before anything around it is looked at.
  root.addEventListener("focusin", ({ target }) => {
    if (target instanceof HTMLElement) target.dataset["lmSuppressShortcuts"] = "true";
  });
  parent.append(root);

  const live = () => header.status === "running" && connected;

  const draw = () => {
    theme ??= readTheme(root);
    if (theme !== null) charts.draw(theme, live());
  };

  const showCharts = () => {
    const { metrics_total: metricsTotal, started_at: startedAt } = header;
    charts.update(series, { metricsTotal, live: live(), startedAt });
    redraw();
  };

  const showHeader = () => {
    top.update(header, connected);
    top.tick(now(), heard);
    progress.update(bars, live());
    failure.update(header.error, header.status);
    showPanels();
    root.setAttribute("aria-label", `Run ${header.name || header.short_id}`);
    announce();
  };

  const showPanels = () => panels.update({ header, details, live: live() });

  const announce = () => {
    const state = live() ? "running" : `${header.status} ${connected}`;
    if (state === spoken) return;
    spoken = state;
    setText(announcement, `Run ${header.name}: ${statusLook(header.status, connected).word}`);
  };

  const followTheme = () => {
    env.style(root);
    const current = readTheme(root);
    if (sameTheme(theme, current)) return;
    theme = current;
    charts.invalidate();
    redraw();
  };

  const timer = window.setInterval(() => top.tick(now(), heard), 1000);
  signal.addEventListener("abort", () => {
    clearInterval(timer);
    root.remove();
  });

  spoken = live() ? "running" : `${header.status} ${connected}`;
  showHeader();
  showCharts();
  followTheme();
  watchTheme(followTheme, signal);
  // Coming on screen is when a card can have been put on the page, or moved to a part of it with other colours.
  watcher.watch(root, followTheme, () => undefined, signal);

  return {
    root,
    setHeader(next) {
      heard = now();
      const wasLive = live();
      header = next;
      showHeader();
      if (live() !== wasLive) charts.invalidate();
      showCharts();
    },
    setSeries(next) {
      heard = now();
      series = next;
      showCharts();
    },
    setDetails(next) {
      heard = now();
      details = next;
      showPanels();
    },
    setProgress(next) {
      heard = now();
      bars = next;
      progress.update(bars, live());
    },
    setConnected(next) {
      if (connected === next) return;
      connected = next;
      showHeader();
      charts.invalidate();
      showCharts();
    },
  };
}

function now(): number {
  return Date.now() / 1000;
}
