/**
 * Exceptions of the kernel while it answered, under what asked: the browser's console is where nobody looks.
 * One that is dismissed is gone; the same one again counts as one.
 */

import { button, element } from "./dom.ts";
import { failureView } from "./failure.ts";
import { isAbort, KernelError } from "./rpc.ts";

const MOST = 3;

export interface CallbackErrors {
  node: HTMLElement;
  add: (reason: unknown) => void;
}

export function callbackErrors(label = "Error while answering this card"): CallbackErrors {
  const node = element("div", { class: "inlay-callback-errors", role: "status" });
  return {
    node,
    add(reason) {
      if (isAbort(reason)) return;
      const error = reason instanceof Error ? reason : new Error(String(reason));
      const type = error instanceof KernelError ? error.type : error.name;
      const traceback = error instanceof KernelError ? error.traceback : (error.stack ?? "");
      const view = failureView(label);
      view.update({ type, message: error.message, traceback }, "failed");
      view.node.append(
        button("×", () => view.node.remove(), { class: "inlay-dismiss", "aria-label": "Dismiss" }),
      );
      const same = [...node.children].find((one) => one.textContent === view.node.textContent);
      same?.remove();
      node.append(view.node);
      if (node.childElementCount > MOST) node.firstElementChild?.remove();
    },
  };
}
