/**
 * The values of a text over the runs, the most frequent first. A click asks for runs with the value, a second value adds
 * to it; the minus beside a value, or a click with Alt, asks for runs without it.
 */

import { button, element, setChildren, setText } from "../lib/dom.ts";
import { formatCount } from "../lib/format.ts";
import type { FacetView } from "./facet-numbers.ts";
import type { Clause, Facet } from "./wire.ts";

type Texts = Extract<Facet, { kind: "texts" }>;

/** With fewer values there is nothing to search. */
const SEARCHED = 8;
const MOST = 200;

export function textsFacet(first: Texts, choose: (clause: Clause | null) => void): FacetView {
  let facet = first;
  let [wanted, unwanted] = [new Set<string>(), new Set<string>()];
  const search = element("input", {
    class: "inlay-field inlay-facet-search",
    type: "search",
    placeholder: "Search values",
    "aria-label": "Search values",
    spellcheck: "false",
  });
  const list = element("ul", { class: "inlay-facet-values" });
  const rest = element("div", { class: "inlay-minor" });
  const node = element("div", { class: "inlay-facet" }, search, list, rest);
  const rows = new Map<string, ReturnType<typeof valueRow>>();

  const change = (text: string, set: Set<string>, other: Set<string>) => {
    // One clause names what is wanted or what is not: each begins where the other ends.
    other.clear();
    if (!set.delete(text)) set.add(text);
    draw();
    if (wanted.size > 0) choose({ in: [...wanted] });
    else choose(unwanted.size > 0 ? { not_in: [...unwanted] } : null);
  };

  const draw = () => {
    const typed = search.value.trim().toLowerCase();
    const found = facet.values.filter(([text]) => text.toLowerCase().includes(typed));
    const most = Math.max(1, ...facet.values.map(([, runs]) => runs));
    const shown = found.slice(0, MOST).map(([text, runs]) => {
      const row =
        rows.get(text) ??
        valueRow(
          text,
          () => change(text, wanted, unwanted),
          () => change(text, unwanted, wanted),
        );
      rows.set(text, row);
      row.update(runs, most, wanted.has(text), unwanted.has(text));
      return row.node;
    });
    setChildren(list, shown);
    search.hidden = facet.values.length < SEARCHED;
    const more = facet.distinct - facet.values.length;
    const told = [
      found.length === 0 && facet.values.length > 0 ? "No such value" : "",
      facet.values.length === 0 ? "No values" : "",
      more > 0 ? `${formatCount(more)} rarer values` : "",
    ];
    setText(rest, told.filter(Boolean).join(" · "));
    rest.hidden = rest.textContent === "";
  };

  const update = (next: Facet) => {
    if (next.kind !== "texts") return;
    facet = next;
    unwanted = new Set(next.excluded ?? []);
    // Those let through because others are left out were not chosen by anybody.
    wanted = new Set(next.excluded ? [] : (next.chosen ?? []));
    draw();
  };
  search.addEventListener("input", draw);
  update(first);
  return { node, update };
}

function valueRow(text: string, include: () => void, exclude: () => void) {
  const label = element("span", { class: "inlay-clip" }, text === "" ? "(empty)" : text);
  const count = element("span", { class: "inlay-facet-count inlay-minor" });
  const bar = element("span", { class: "inlay-facet-bar" });
  const value = element(
    "button",
    { class: "inlay-facet-value", type: "button" },
    bar,
    label,
    count,
  );
  value.title = text;
  value.addEventListener("click", ({ altKey }) => (altKey ? exclude() : include()));
  const without = button("−", exclude, {
    class: "inlay-facet-without",
    "aria-label": `Without ${text}`,
    title: "Runs without this value",
  });
  const node = element("li", { class: "inlay-facet-row" }, value, without);
  return {
    node,
    update(runs: number, most: number, wanted: boolean, unwanted: boolean) {
      setText(count, formatCount(runs));
      bar.style.width = `${(runs / most) * 100}%`;
      value.setAttribute("aria-pressed", String(wanted));
      without.setAttribute("aria-pressed", String(unwanted));
      node.dataset["state"] = wanted ? "wanted" : unwanted ? "unwanted" : "";
    },
  };
}
