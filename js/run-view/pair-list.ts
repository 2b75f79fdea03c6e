/** A list of keys and values that can be searched when it is long; what is typed survives updates. */

import { element, pairs, searchField, setChildren, setText } from "../lib/dom.ts";
import { formatCount } from "../lib/format.ts";

const SEARCHED_FROM = 9;

export interface PairList {
  node: HTMLElement;
  update: (entries: readonly [string, string][], total?: number) => void;
}

/** `what` names the things listed, in the plural. */
export function pairList(what: string): PairList {
  let typed = "";
  let drawn = "";
  let total = 0;
  let rows: HTMLElement[] = [];
  const search = searchField(`Search ${what}`, (text) => {
    // The list keeps its height while it is searched: nothing below moves with every letter.
    if (typed === "") list.style.minHeight = `${list.offsetHeight}px`;
    if (text === "") list.style.minHeight = "";
    typed = text;
    filter();
  });
  const count = element("span", { class: "inlay-hint", role: "status" });
  const tools = element("div", { class: "inlay-panel-top" }, search, count);
  const list = element("div");
  const node = element("div", {}, tools, list);

  const filter = () => {
    let found = 0;
    for (const row of rows) {
      const parts = [...row.children].map((part) => part.textContent.toLowerCase());
      row.hidden = !parts.some((part) => part.includes(typed));
      if (!row.hidden) found++;
    }
    const all = Math.max(total, rows.length);
    count.hidden = found === all;
    setText(count, `${formatCount(found)} of ${formatCount(all)}`);
  };

  return {
    node,
    update(entries, all = entries.length) {
      const state = JSON.stringify([entries, all]);
      if (state === drawn) return;
      drawn = state;
      total = all;
      const made = pairs(entries);
      rows = [...made.children].filter((row) => row instanceof HTMLElement);
      setChildren(list, [made]);
      search.hidden = entries.length < SEARCHED_FROM;
      tools.hidden = search.hidden && all <= entries.length;
      filter();
    },
  };
}
