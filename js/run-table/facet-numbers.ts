/**
 * The distribution of a number over the runs, and in it the part that the filter lets through. Drag to choose a part, drag
 * the part or its ends to change it, click beside it to let it go; the ends are sliders for the keyboard. Places are
 * counted in bars, not in values, so that it does not matter how the kernel spaced the edges.
 */

import { element, setText } from "../lib/dom.ts";
import type { Clause, Facet } from "./wire.ts";

type Numbers = Extract<Facet, { kind: "numbers" }>;
type Part = [low: number, high: number];

export interface FacetView {
  node: HTMLElement;
  update: (facet: Facet) => void;
}

const HEIGHT = 64;
/** Every bar that stands for a run is seen. */
const LEAST = 3;
/** A pointer that moved less has clicked. */
const CLICK = 3;

/** `choose` is called with every change, also many times a frame while dragging, and `rest` when a drag has ended. */
export function numbersFacet(
  first: Numbers,
  format: (value: number) => string,
  choose: (clause: Clause | null) => void,
  rest: () => void,
): FacetView {
  let facet = first;
  let part: Part | null = null;
  let drag: { at: number; grip: "low" | "high" | "both" | "new"; from: Part; x: number } | null =
    null;

  const [dim, bright] = [bars("inlay-facet-bars"), bars("inlay-facet-bars inlay-facet-chosen")];
  const [low, high] = [slider("From"), slider("To")];
  const brush = element("div", { class: "inlay-facet-brush" });
  const plot = element("div", { class: "inlay-facet-plot" }, dim, bright, brush, low, high);
  const ends = [element("span"), element("span", { class: "inlay-facet-range" }), element("span")];
  const node = element(
    "div",
    { class: "inlay-facet" },
    plot,
    element("div", { class: "inlay-facet-ends inlay-minor" }, ...ends),
  );

  const bins = () => Math.max(1, facet.counts.length);
  const values = (): Part => part ?? [0, bins()];
  const value = (place: number) => valueAt(facet.edges, place);

  const show = () => {
    const [from, to] = values();
    const percent = (place: number) => `${(place / bins()) * 100}%`;
    const rest = `${100 - (to / bins()) * 100}%`;
    bright.style.clipPath = `inset(0 ${rest} 0 ${percent(from)})`;
    brush.hidden = part === null;
    [brush.style.left, brush.style.right] = [percent(from), rest];
    [low, high].forEach((handle, i) => {
      const at = [from, to][i] ?? 0;
      handle.style.left = percent(at);
      handle.setAttribute("aria-valuenow", String(value(at)));
      handle.setAttribute("aria-valuetext", format(value(at)));
    });
    plot.dataset["chosen"] = String(part !== null);
    const [start, middle, end] = ends;
    if (start) setText(start, format(value(0)));
    if (end) setText(end, format(value(bins())));
    const chosen = part ? `${format(value(from))} – ${format(value(to))}` : "";
    if (middle) setText(middle, chosen);
  };

  const choosePart = (next: Part | null) => {
    const clamp = (place: number) => Math.max(0, Math.min(bins(), place));
    const [from, to] = next ? [clamp(Math.min(...next)), clamp(Math.max(...next))] : [0, 0];
    part = next && (from > 0 || to < bins()) ? [from, to] : null;
    show();
    choose(part && { between: [rounded(from, -1), rounded(to, 1)] });
  };

  /** As few digits as a pixel of the plot can tell apart; outwards, and the outermost edges as they are. */
  const rounded = (place: number, towards: -1 | 1): number => {
    const exact = value(place);
    if (place <= 0 || place >= bins()) return exact;
    const bin = Math.min(bins() - 1, Math.floor(place));
    const width = value(bin + 1) - value(bin);
    const digits = Math.floor(Math.log10(width / 4));
    if (!Number.isFinite(digits) || digits < -300 || digits > 300) return exact;
    const step = 10 ** Math.abs(digits);
    const scaled = digits < 0 ? exact * step : exact / step;
    // What floating point makes of a whole number is that number.
    const near = Math.round(scaled);
    const whole =
      Math.abs(scaled - near) < 1e-6 ? near : towards < 0 ? Math.floor(scaled) : Math.ceil(scaled);
    return Number((digits < 0 ? whole / step : whole * step).toPrecision(15));
  };

  const place = (event: PointerEvent) => {
    const { left, width } = plot.getBoundingClientRect();
    return width > 0 ? ((event.clientX - left) / width) * bins() : 0;
  };

  plot.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const at = place(event);
    const grip =
      event.target === low
        ? "low"
        : event.target === high
          ? "high"
          : part && at >= part[0] && at <= part[1]
            ? "both"
            : "new";
    drag = { at, grip, from: values(), x: event.clientX };
    plot.setPointerCapture(event.pointerId);
    event.preventDefault();
    if (event.target instanceof HTMLElement && event.target !== plot) event.target.focus();
  });
  plot.addEventListener("pointermove", (event) => {
    if (drag === null || Math.abs(event.clientX - drag.x) < CLICK) return;
    // From here on it is a drag, also when it comes back to where it began.
    drag.x = Number.NaN;
    const at = place(event);
    const [from, to] = drag.from;
    const by = Math.max(-from, Math.min(bins() - to, at - drag.at));
    if (drag.grip === "new") choosePart([drag.at, at]);
    else if (drag.grip === "low") choosePart([at, to]);
    else if (drag.grip === "high") choosePart([from, at]);
    else choosePart([from + by, to + by]);
  });
  plot.addEventListener("pointerup", () => {
    const clicked = drag !== null && !Number.isNaN(drag.x);
    const bin = Math.floor(drag?.at ?? 0);
    if (clicked && drag?.grip === "new") choosePart(part ? null : [bin, bin + 1]);
    drag = null;
    rest();
  });
  plot.addEventListener("pointercancel", () => {
    drag = null;
  });
  for (const [handle, i] of [
    [low, 0],
    [high, 1],
  ] as const) {
    handle.addEventListener("keydown", (event) => {
      const at = values()[i];
      const step = event.shiftKey ? 0.1 : 1;
      const to: Record<string, number> = {
        ArrowLeft: step < 1 ? at - step : Math.ceil(at) - 1,
        ArrowRight: step < 1 ? at + step : Math.floor(at) + 1,
        PageDown: at - 5,
        PageUp: at + 5,
        Home: 0,
        End: bins(),
      };
      [to["ArrowDown"], to["ArrowUp"]] = [to["ArrowLeft"] ?? 0, to["ArrowRight"] ?? 0];
      const next = to[event.key];
      if (next === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      const [from, until] = values();
      choosePart(i === 0 ? [Math.min(next, until), until] : [from, Math.max(next, from)]);
    });
  }

  const update = (next: Facet) => {
    if (next.kind !== "numbers" || drag !== null) return;
    facet = next;
    const most = Math.max(1, ...facet.counts);
    const path = facet.counts
      .map((count, i) => {
        if (count === 0) return "";
        const height = Math.max(LEAST, (count / most) * HEIGHT);
        return `M${i + 0.06} ${HEIGHT}v${-height}h0.88V${HEIGHT}z`;
      })
      .join("");
    for (const svg of [dim, bright]) {
      svg.setAttribute("viewBox", `0 0 ${bins()} ${HEIGHT}`);
      svg.firstElementChild?.setAttribute("d", path);
    }
    for (const handle of [low, high]) {
      handle.setAttribute("aria-valuemin", String(value(0)));
      handle.setAttribute("aria-valuemax", String(value(bins())));
    }
    part = facet.chosen && [
      placeOf(facet.edges, facet.chosen[0]),
      placeOf(facet.edges, facet.chosen[1]),
    ];
    show();
  };
  update(first);
  return { node, update };
}

/** The value at a place among the edges: 1.5 is in the middle of the second bar. */
export function valueAt(edges: readonly number[], place: number): number {
  const i = Math.max(0, Math.min(edges.length - 2, Math.floor(place)));
  const [from, to] = [edges[i] ?? 0, edges[i + 1] ?? edges[i] ?? 0];
  const part = Math.max(0, Math.min(1, place - i));
  // Both ends exactly: rounding must not leave out the run at the edge.
  return part === 0 ? from : part === 1 ? to : from + (to - from) * part;
}

export function placeOf(edges: readonly number[], value: number): number {
  const last = Math.max(1, edges.length - 1);
  const next = edges.findIndex((edge) => edge > value);
  if (next === 0) return 0;
  const [from, to] = [edges[next - 1] ?? 0, edges[next] ?? 0];
  return next < 0 ? last : next - 1 + (value - from) / (to - from);
}

function slider(label: string): HTMLElement {
  return element("div", {
    class: "inlay-facet-handle",
    role: "slider",
    tabindex: "0",
    "aria-label": label,
  });
}

function bars(className: string): SVGSVGElement {
  const namespace = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(namespace, "svg");
  svg.setAttribute("class", className);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS(namespace, "path"));
  return svg;
}
