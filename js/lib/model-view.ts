/** What every view of a model does with it, whatever it draws. */

import type { AnyModel } from "@anywidget/types";
import { asText } from "./wire.ts";

/** The class by which the static picture beside this view knows that it is alive, and hides. */
export function markLive(root: HTMLElement, model: AnyModel): void {
  const token = asText(model.get("_token"));
  const old = [...root.classList].filter((name) => name.startsWith("inlay-live-"));
  root.classList.remove(...old);
  if (/^[\w-]+$/.test(token)) root.classList.add(`inlay-live-${token}`);
}

/** Hears an event of the model until the signal ends. */
export function listen(
  model: AnyModel,
  signal: AbortSignal,
  event: string,
  callback: (...args: unknown[]) => void,
): void {
  model.on(event, callback);
  signal.addEventListener("abort", () => model.off(event, callback), { once: true });
}
