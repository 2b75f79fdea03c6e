/** Where and with what a run ran. */

import type { Details } from "../lib/details.ts";
import { element, pairs, setText } from "../lib/dom.ts";
import type { RunHeader } from "../lib/wire.ts";
import { pairList } from "./pair-list.ts";
import type { Panel } from "./panels.ts";

export function environmentPanel(): Panel {
  const facts = element("div", { class: "inlay-facts" });
  const heading = (label: string) => element("h3", { class: "inlay-heading" }, label);
  const [variables, variablesHeading] = [pairList("variables"), heading("Variables")];
  const [packages, packagesHeading] = [pairList("packages"), heading("Packages")];
  const node = element("div", { class: "inlay-panel", tabindex: "0" }, facts);
  node.append(variablesHeading, variables.node, packagesHeading, packages.node);
  return {
    name: "environment",
    label: "Environment",
    node,
    badge: ({ details }) =>
      details.environment || details.git || details.command.length > 0 ? [] : null,
    update({ header, details }) {
      const { environment } = details;
      const known = factsOf(header, details);
      if (facts.dataset["known"] !== known.join()) facts.replaceChildren(pairs(known));
      facts.dataset["known"] = known.join();
      variables.update(environment?.variables ?? []);
      variablesHeading.hidden = !environment?.variables.length;
      packages.update(environment?.packages ?? []);
      packagesHeading.hidden = !environment?.packages.length;
      setText(packagesHeading, `Packages ${environment?.packages.length ?? 0}`);
    },
  };
}

function factsOf(header: RunHeader, details: Details): [string, string][] {
  const { environment, git, command, exit_code: exitCode } = details;
  const facts: [string, string][] = [
    ["Command", command.map(quoted).join(" ")],
    ["Exit code", exitCode === null ? "" : String(exitCode)],
    ["Python", environment?.python ?? ""],
    ["Platform", environment?.platform ?? ""],
    ...(environment?.hardware ?? []),
    ["Source", header.source],
    ["Host", header.host],
    ["User", header.user],
    ["Commit", git ? `${git.commit.slice(0, 9)}${git.dirty ? " + uncommitted changes" : ""}` : ""],
    ["Branch", git?.branch ?? ""],
    ["Remote", git?.remote ?? ""],
  ];
  return facts.filter(([, value]) => value !== "");
}

/** A word of a command as a shell takes it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
