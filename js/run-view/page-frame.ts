/**
 * A page that somebody logged, in a frame of its own origin: it sees nothing of the notebook, and loads nothing but what
 * it brings along. Its scripts run only when the reader says so, and then two frames deep: what the inner one may load
 * and where it may go is up to the policy of the outer one, which is ours. So it cannot even leave for another address.
 */

import { button, element } from "../lib/dom.ts";
import type { Answer } from "../lib/rpc.ts";
import { formatSize } from "../lib/size.ts";

export interface PageEnv {
  path: string;
  /** Whether it is an interactive figure: then there is nothing to see before its scripts run. */
  figure: boolean;
  scripts: boolean;
  bytes: number;
  /** Whether the text is only the beginning of the page. */
  cut: boolean;
  whole: () => Promise<Answer>;
  fail: (reason: unknown) => void;
}

const OWN = "img-src data: blob:; font-src data:; media-src data: blob:; style-src 'unsafe-inline'";
const STILL = `default-src 'none'; ${OWN}`;
const RUNNING = `${STILL}; script-src 'unsafe-inline' 'unsafe-eval'; worker-src blob:`;

/** No policy covers this way to the network. */
const NO_PEERS =
  "<script>delete self.RTCPeerConnection;delete self.webkitRTCPeerConnection</script>";

export function pageFrame(html: string, env: PageEnv): HTMLElement {
  if (!env.scripts) return frame(env.path, "", policy(STILL) + html);
  const what = env.figure ? "This figure is drawn by scripts" : "This page has scripts";
  const size = env.cut ? ` and is ${formatSize(env.bytes)} long` : "";
  const words = `${what}${size}. They run cut off from the notebook and the network.`;
  const run = button("Run its scripts", () => void start(), { class: "inlay-run" });
  const bar = element("div", { class: "inlay-scripts" }, element("span", {}, words), run);
  const node = element("div", { class: "inlay-scripted" }, bar);
  if (!env.figure && !env.cut) node.append(frame(env.path, "", policy(STILL) + html));

  const start = async () => {
    run.setAttribute("aria-busy", "true");
    try {
      const text = env.cut ? decoded(await env.whole()) : html;
      if (text === null) return;
      node.replaceChildren(frame(env.path, "allow-scripts", nested(text)));
    } catch (reason) {
      env.fail(reason);
    } finally {
      run.removeAttribute("aria-busy");
    }
  };
  return node;
}

function frame(title: string, allowed: string, html: string): HTMLIFrameElement {
  const made = element("iframe", { class: "inlay-page", title });
  made.setAttribute("sandbox", allowed);
  made.referrerPolicy = "no-referrer";
  made.srcdoc = `<!doctype html>${html}`;
  return made;
}

/** It stands first, so that it holds for everything after it. */
function policy(rules: string): string {
  return `<meta http-equiv="Content-Security-Policy" content="${rules}"><meta http-equiv="x-dns-prefetch-control" content="off">`;
}

/** A page of ours around the other one, which inherits its sandbox and its policy. */
function nested(html: string): string {
  const style =
    "html,body,iframe{display:block;width:100%;height:100%;margin:0;border:0;background:#fff}";
  const inner = `<!doctype html>${policy(RUNNING)}${NO_PEERS}${html}`;
  return `${policy(RUNNING)}<style>${style}</style><iframe sandbox="allow-scripts" srcdoc="${escaped(inner)}"></iframe>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
}

function decoded({ buffers }: Answer): string | null {
  return buffers[0] === undefined ? null : new TextDecoder().decode(buffers[0]);
}
