/**
 * How a status looks: a word, a sign and a colour, never the colour alone. A run whose kernel went away is shown as
 * disconnected, because what the page last heard ("running") may no longer be true.
 */

import { icon } from "./dom.ts";

export interface StatusLook {
  word: string;
  /** Paths of the sign; the first is its body, the others are cut out in the background colour. */
  paths: string[];
  /** Set on elements as `data-status`; the style sheet gives it a colour. */
  tone: string;
}

const DISC = "M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13";

const LOOKS: Record<string, StatusLook> = {
  running: { word: "Running", paths: ["M8 4a4 4 0 1 0 0 8a4 4 0 1 0 0-8"], tone: "running" },
  finished: { word: "Finished", paths: [DISC, "M5.1 8.3l2 2l3.9-4.3"], tone: "finished" },
  failed: { word: "Failed", paths: [DISC, "M5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4"], tone: "failed" },
  interrupted: {
    word: "Interrupted",
    paths: [DISC, "M6.4 5.6v4.8M9.6 5.6v4.8"],
    tone: "interrupted",
  },
  killed: { word: "Killed", paths: [DISC, "M4.9 8h6.2"], tone: "killed" },
};

const DISCONNECTED: StatusLook = {
  word: "Disconnected",
  paths: [DISC, "M8 5v3.6M8 11v.1"],
  tone: "lost",
};

/** The look of a run's status; a status of a later version is shown by its own word. */
export function statusLook(status: string, connected: boolean): StatusLook {
  if (status === "running" && !connected) return DISCONNECTED;
  const known = Object.hasOwn(LOOKS, status) ? LOOKS[status] : undefined;
  return known ?? { word: status || "Unknown", paths: [DISC], tone: "lost" };
}

export function statusSign(look: StatusLook): SVGSVGElement {
  return icon("inlay-sign", ...look.paths);
}
