/**
 * How the values of a column are distributed, read from the kernel, and what of it the filter lets through. While a
 * reader drags, the filter follows at a pace that the kernel can keep up with; the counts are of all other filters, so
 * they do not change under the hand.
 */

import { button, element, setText } from "../lib/dom.ts";
import { formatCount } from "../lib/format.ts";
import { formatAcross } from "../lib/time-ticks.ts";
import { asNumber, asText, field } from "../lib/wire.ts";
import { durationText, numberText } from "./cell-text.ts";
import type { TableContext } from "./context.ts";
import { type FacetView, numbersFacet } from "./facet-numbers.ts";
import { textsFacet } from "./facet-texts.ts";
import type { Clause, Column, ColumnType, Facet } from "./wire.ts";

const BINS = 40;
const PACE_MS = 60;
/** An answer that takes longer holds up no further choice: it may have been lost. */
const PATIENCE_MS = 1000;
/** So long after the last change of the rows the counts are asked for again. */
const REST_MS = 250;

/** Fills itself once the kernel has answered; `resized` tells that its height is another. */
export function facetView(
  context: TableContext,
  column: Column,
  signal: AbortSignal,
  resized: () => void,
): HTMLElement {
  const place = element("div", { class: "inlay-facet-place", "data-type": column.type });
  const waiting = element("p", { class: "inlay-hint inlay-late" }, "Counting…");
  const foot = element("div", { class: "inlay-facet-foot inlay-minor" });
  const missing = button(
    "",
    () => send(missing.ariaPressed === "true" ? null : { missing: true }),
    {
      class: "inlay-facet-missing",
      "aria-pressed": "false",
    },
  );
  const nonfinite = element("span");
  foot.append(missing, nonfinite);
  place.append(waiting);
  let view: FacetView | null = null;
  let kind = "";
  let timer = 0;
  /** Made in this facet, and whether the filter is still to follow the last one. */
  let choices = 0;
  let pending = false;

  const send = (clause: Clause | null) => {
    choices++;
    pending = true;
    missing.ariaPressed = String(clause !== null && "missing" in clause);
    refining.send(clause);
  };
  const refining = paced((clause: Clause | null) => context.refine(column.id, clause), signal);

  const show = (facet: Facet) => {
    if (view !== null && kind === facet.kind) view.update(facet);
    else {
      kind = facet.kind;
      view =
        facet.kind === "numbers"
          ? numbersFacet(facet, formatOf(column.type), send, refining.hurry)
          : textsFacet(facet, send);
      place.replaceChildren(view.node, foot);
      resized();
    }
    missing.hidden = facet.missing === 0;
    // As the kernel spells what a click on it asks for.
    const { filter } = context.state;
    missing.ariaPressed = String(
      filter.toUpperCase().includes(`${column.field} IS NULL`.toUpperCase()),
    );
    setText(missing, `${formatCount(facet.missing)} without a value`);
    const odd = facet.kind === "numbers" ? facet.nonfinite : 0;
    setText(nonfinite, odd > 0 ? `${formatCount(odd)} not finite` : "");
    foot.dataset["empty"] = String(missing.hidden && odd === 0);
    if (facet.total - facet.missing - odd <= 0 && facet.kind === "numbers") {
      place.replaceChildren(element("p", { class: "inlay-hint" }, "No values"), foot);
      view = null;
    }
  };

  const load = async () => {
    try {
      const before = choices;
      const { body } = await context.ask("facet", { column: column.id, bins: BINS }, signal);
      const facet = readFacet(body);
      // Counted before the last choice, it would take that back until it is counted again.
      const overtaken = view !== null && (pending || choices !== before);
      if (facet !== null && !overtaken && !signal.aborted) show(facet);
    } catch (reason) {
      if (!signal.aborted) context.fail(reason);
      waiting.remove();
    }
  };
  context.onChange((changes) => {
    if (!changes.has("view")) return;
    pending = false;
    refining.answered();
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      if (!signal.aborted) void load();
    }, REST_MS);
  }, signal);
  if (context.available) void load();
  else setText(waiting, "No kernel to count with");
  return place;
}

/**
 * Hands values on at a pace, the newest in the end: not before the one before has been answered, and the kernel has rested
 * for as long as that took. What is chosen last, when the drag has ended, is then rarely behind one that nobody waits for.
 */
function paced<T>(
  act: (value: T) => void,
  signal: AbortSignal,
): { send: (value: T) => void; hurry: () => void; answered: () => void } {
  let waiting: { value: T } | null = null;
  let sent = Number.NEGATIVE_INFINITY;
  let free = true;
  let pace = PACE_MS;
  let hurried = false;
  let timer = 0;
  const next = () => {
    clearTimeout(timer);
    if (waiting === null) return;
    const rest = hurried ? 0 : pace;
    const due = sent + (free ? rest : PATIENCE_MS) - performance.now();
    if (due > 0) {
      timer = window.setTimeout(next, due);
      return;
    }
    const { value } = waiting;
    waiting = null;
    [sent, free] = [performance.now(), false];
    act(value);
  };
  // What was chosen last holds, also when the panel is closed at once.
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    if (waiting !== null) act(waiting.value);
    waiting = null;
  });
  return {
    send(value) {
      waiting = { value };
      hurried = false;
      next();
    },
    hurry() {
      hurried = true;
      next();
    },
    answered() {
      if (!free) pace = Math.max(PACE_MS, 2 * (performance.now() - sent));
      free = true;
      next();
    },
  };
}

function formatOf(type: ColumnType): (value: number) => string {
  if (type === "time") return (value) => formatAcross("time", value).replace(/:\d\d$/, "");
  return type === "duration" ? durationText : numberText;
}

/** Read without trust; null where it is no facet. */
export function readFacet(body: unknown): Facet | null {
  const list = (name: string): unknown[] => {
    const value = field(body, name);
    return Array.isArray(value) ? value : [];
  };
  const count = (name: string) => asNumber(field(body, name)) ?? 0;
  const [missing, total] = [count("missing"), count("total")];
  const texts = (name: string) =>
    Array.isArray(field(body, name)) ? list(name).map(asText) : null;
  if (field(body, "kind") === "numbers") {
    const chosen = list("chosen").map(asNumber);
    const [from, to] = chosen;
    return {
      kind: "numbers",
      edges: list("edges").map((edge) => asNumber(edge) ?? 0),
      counts: list("counts").map((one) => asNumber(one) ?? 0),
      chosen: typeof from === "number" && typeof to === "number" ? [from, to] : null,
      missing,
      nonfinite: count("nonfinite"),
      total,
    };
  }
  if (field(body, "kind") !== "texts") return null;
  return {
    kind: "texts",
    values: list("values").map((pair) => {
      const [text, runs] = Array.isArray(pair) ? pair : [];
      return [asText(text), asNumber(runs) ?? 0];
    }),
    chosen: texts("chosen"),
    excluded: texts("excluded"),
    distinct: count("distinct"),
    missing,
    total,
  };
}
