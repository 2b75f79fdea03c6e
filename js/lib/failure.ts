/**
 * An exception: its type and message in sight, its traceback folded. Why a run ended early stands above the charts, since
 * it is the first thing somebody looks for.
 */

import { element, setText } from "./dom.ts";
import type { RunFailure } from "./wire.ts";

export interface FailureView {
  node: HTMLElement;
  update: (error: RunFailure | null, status: string) => void;
}

export function failureView(label: string): FailureView {
  const type = element("span", { class: "inlay-error-type" });
  const message = element("span", { class: "inlay-error-message" });
  const traceback = element("pre", { class: "inlay-traceback", tabindex: "0" });
  const fold = element("details", {}, element("summary", {}, "Traceback"), traceback);
  const node = element(
    "section",
    { class: "inlay-failure", "aria-label": label, hidden: true },
    element("div", { class: "inlay-error", tabindex: "0" }, type, " ", message),
    fold,
  );
  return {
    node,
    update(error, status) {
      node.hidden = error === null;
      if (error === null) return;
      node.dataset["status"] = status;
      setText(type, error.type);
      setText(message, error.message);
      setText(traceback, error.traceback.trimEnd());
      fold.hidden = error.traceback.trim() === "";
    },
  };
}
