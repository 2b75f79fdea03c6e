/** One quiet line under the grid: how many runs there are, and whether there is a kernel to ask for them. */

import { element, setText } from "../lib/dom.ts";
import { formatCount } from "../lib/format.ts";
import type { Part } from "./context.ts";

export const statusPart: Part = (context) => {
  const runs = element("span", { class: "inlay-runs-count", role: "status" });
  const busy = element("span", { class: "inlay-kernel" });
  const node = element("div", { class: "inlay-status-line" }, runs, busy);
  const show = () => {
    const { view } = context;
    const word = view.all === 1 ? "run" : "runs";
    const count = formatCount(view.runs);
    setText(
      runs,
      view.runs === view.all ? `${count} ${word}` : `${count} of ${formatCount(view.all)} ${word}`,
    );
    setText(
      busy,
      !context.available
        ? "No kernel: rows stay as they are"
        : context.busy
          ? "Kernel busy: rows follow"
          : "",
    );
  };
  context.onChange(show);
  show();
  return node;
};
