/**
 * The histograms of a run: the distribution at one step as bars, and under it how it moved over all steps, with the
 * slider that chooses one of them. The kernel is asked for a histogram when it is looked at, and again while the run goes
 * on, but not with every step: it reads the database for that.
 */

import type { HistogramEntry } from "../lib/details.ts";
import { element, setText } from "../lib/dom.ts";
import { formatCount, formatStep, formatTicks, formatValue } from "../lib/format.ts";
import { asNumber, field } from "../lib/wire.ts";
import { besideView } from "./beside.ts";
import { barsShape, type Histogram, stepsImage } from "./histogram-chart.ts";
import { type AskEnv, inquiry } from "./inquiry.ts";
import type { Panel } from "./panels.ts";
import { stepper } from "./stepper.ts";
import { type Listed, treeView } from "./tree.ts";

interface Entry extends Listed {
  steps: number;
}

/** Milliseconds before the kernel is asked again for what grows. */
const AGAIN_MS = 5000;

export function histogramsPanel(env: AskEnv): Panel {
  let entries: Entry[] = [];
  let chosen: Entry | null = null;
  let shown: Histogram | null = null;
  let [total, asked, behind] = [0, 0, false];

  const tree = treeView<Entry>("histograms", (entry) => choose(entry));
  const bars = barsShape("inlay-bars");
  const [high, low, middle, top] = ["span", "span", "span", "span"].map(() =>
    element("span", { class: "inlay-hint" }),
  ) as [HTMLElement, HTMLElement, HTMLElement, HTMLElement];
  const plot = element("div", { class: "inlay-bars-place", role: "img" }, top);
  plot.append(bars.node);
  const axis = element("div", { class: "inlay-bars-axis" }, low, middle, high);
  const mark = element("div", { class: "inlay-heat-mark" });
  const heat = element("div", { class: "inlay-heat-fill" });
  const over = element("div", { class: "inlay-heat", "aria-hidden": "true" }, heat, mark);
  const slider = stepper(() => drawStep());
  const chart = element("div", { class: "inlay-histogram" }, plot, axis, over);
  const beside = besideView(tree.node, "Histogram", [], [slider.node]);
  beside.body.classList.add("inlay-bare");

  const drawStep = () => {
    const at = slider.place;
    const [edges, counts] = [shown?.edges[at], shown?.counts[at]];
    if (shown === null || edges === undefined || counts === undefined) return;
    bars.draw(edges, counts, shown.lo, shown.hi);
    const sum = counts.reduce((a, b) => a + b, 0);
    const many = `${formatValue(sum)} value${sum === 1 ? "" : "s"}`;
    setText(top, formatValue(Math.max(...counts)));
    setText(middle, "");
    beside.about(total > shown.steps.length ? `${many} · ${thinned(shown, total)}` : many);
    mark.style.left = `${((at + 0.5) / shown.steps.length) * 100}%`;
    plot.setAttribute("aria-label", described(edges, counts, shown.steps[at] ?? 0));
  };

  const draw = (histogram: Histogram) => {
    shown = histogram;
    const { lo, hi, steps } = histogram;
    const [first = "", last = ""] = formatTicks([lo, hi], (hi - lo) / 100);
    setText(low, first);
    setText(high, last);
    over.hidden = steps.length < 2;
    const image = over.hidden ? "none" : `url(${stepsImage(histogram)})`;
    heat.style.maskImage = image;
    slider.show(steps, `Step of ${chosen?.path ?? ""}`);
    if (!chart.isConnected) beside.body.replaceChildren(chart);
    drawStep();
  };

  const question = inquiry(env, "histogram", beside.say, ({ body, buffers }) => {
    total = asNumber(field(body, "total")) ?? 0;
    const found = decoded(buffers);
    if (found === null) beside.say("There is nothing to draw in this histogram");
    else draw(found);
  });
  const load = () => {
    asked = performance.now();
    behind = false;
    if (chosen !== null) void question.ask({ key: chosen.path });
  };

  const choose = (entry: Entry | null) => {
    if (entry?.path === chosen?.path) return;
    chosen = entry;
    shown = null;
    question.forget();
    slider.node.hidden = true;
    slider.follow();
    beside.side.hidden = entry === null;
    beside.name(entry?.path ?? "");
    beside.about("");
    tree.update(entries, entry?.path ?? null);
    load();
  };

  plot.addEventListener("pointermove", ({ clientX }) => {
    const [edges, counts] = [shown?.edges[slider.place], shown?.counts[slider.place]];
    if (shown === null || edges === undefined || counts === undefined) return;
    const { left, width } = bars.node.getBoundingClientRect();
    const value = shown.lo + ((clientX - left) / width) * (shown.hi - shown.lo);
    const bin = counts.findIndex(
      (_, i) => value >= (edges[i] ?? 0) && value <= (edges[i + 1] ?? 0),
    );
    const between = `${formatValue(edges[bin] ?? 0)} to ${formatValue(edges[bin + 1] ?? 0)}`;
    setText(middle, bin < 0 ? "" : `${between}: ${formatValue(counts[bin] ?? 0)}`);
  });
  plot.addEventListener("pointerleave", () => setText(middle, ""));
  const point = ({ clientX, buttons }: PointerEvent) => {
    if (shown === null || buttons !== 1) return;
    const { left, width } = over.getBoundingClientRect();
    slider.move(Math.floor(((clientX - left) / width) * shown.steps.length));
  };
  over.addEventListener("pointerdown", point);
  over.addEventListener("pointermove", point);

  env.answers.onChange(() => {
    if (!question.drawn || behind) load();
  }, env.signal);

  return {
    name: "histograms",
    label: "Histograms",
    node: beside.node,
    badge({ details }) {
      return details.histograms.length > 0 ? [[formatCount(details.histograms.length)]] : null;
    },
    update({ details, live }) {
      const next = details.histograms.map(listed);
      if (JSON.stringify(next) !== JSON.stringify(entries)) {
        entries = next;
        tree.update(entries, chosen?.path ?? null);
        tree.node.hidden = entries.length === 1;
        const now = entries.find(({ path }) => path === chosen?.path);
        behind ||= now !== undefined && now.steps !== chosen?.steps;
        if (now !== undefined) chosen = now;
      }
      if (chosen === null) choose(entries[0] ?? null);
      else if (behind && (!live || performance.now() - asked > AGAIN_MS)) load();
    },
  };
}

function listed({ key, steps }: HistogramEntry): Entry {
  const figure = `${formatCount(steps)} step${steps === 1 ? "" : "s"}`;
  return { path: key, kind: "", figure, steps };
}

/** The steps, edges and counts of an answer; null where there is none. */
function decoded(buffers: readonly ArrayBufferView[]): Histogram | null {
  const [steps, bins, edges, counts] = buffers.map(
    ({ buffer, byteOffset, byteLength }) =>
      // A copy, for doubles cannot be read in place wherever they lie.
      new Float64Array(buffer.slice(byteOffset, byteOffset + byteLength)),
  );
  if (!steps?.length || bins === undefined || edges === undefined || counts === undefined) {
    return null;
  }
  const found: Histogram = { steps: [...steps], edges: [], counts: [], lo: 0, hi: 0 };
  let [edge, count] = [0, 0];
  for (const n of bins) {
    found.edges.push(edges.subarray(edge, edge + n + 1));
    found.counts.push(counts.subarray(count, count + n));
    [edge, count] = [edge + n + 1, count + n];
  }
  found.lo = edges.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  found.hi = edges.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return found;
}

function described(edges: Float64Array, counts: Float64Array, step: number): string {
  const most = edges[counts.indexOf(Math.max(...counts))] ?? 0;
  const [lo, hi, peak] = [edges[0] ?? 0, edges.at(-1) ?? 0, most].map(formatValue);
  return `Values at step ${formatStep(step)}: from ${lo} to ${hi}, most at ${peak}`;
}

function thinned({ steps }: Histogram, total: number): string {
  return `${formatCount(steps.length)} of ${formatCount(total)} steps`;
}
