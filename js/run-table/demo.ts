/** The scenes of demo.html: run tables in the states they can be in, over the made-up store of the tests. */

import { type StubOptions, StubTable, showTable } from "../../tests/widgets/stub-table.ts";

const options = new URLSearchParams(location.search);
document.body.classList.toggle("lab", options.get("host") !== "plain");
document.body.dataset["jpThemeLight"] = String(options.get("theme") !== "dark");
const number = (name: string, otherwise: number) => Number(options.get(name) ?? otherwise);
const latency = number("latency", 5);

const scenes: Record<string, StubOptions> = {
  plain: {
    runs: number("runs", 240),
    metrics: number("metrics", 8),
    params: number("params", 6),
    tags: number("tags", 2),
    state: {
      order: [["metrics.loss", "asc"]],
      heat: ["metrics.val/accuracy"],
      spark: ["metrics.val/loss"],
      selected: ["run-000002", "run-000011"],
      charts: [],
      colours: { "run-000002": 0, "run-000011": 1 },
    },
  },
  baseline: {
    runs: 40,
    state: {
      baseline: "run-000003",
      delta: "percent",
      columns: [
        "name",
        "status",
        "metrics.loss",
        "metrics.val/accuracy",
        "metrics.rare",
        "params.lr",
        "params.model",
      ],
      order: [
        ["params.lr", "asc"],
        ["metrics.loss", "asc"],
      ],
    },
  },
  grouped: {
    runs: 120,
    state: {
      group: ["params.model", "params.lr"],
      open: ['["resnet18",0.01]'],
      heat: ["metrics.loss"],
    },
  },
  nothing: { runs: 12, state: { filter: "metrics.loss > 100" } },
  empty: { runs: 0 },
};

const main = document.querySelector("main");
const chosen = options.get("only")?.split(",") ?? Object.keys(scenes);
for (const name of chosen) {
  const scene = scenes[name];
  if (main === null || scene === undefined) continue;
  const title = document.createElement("h2");
  title.textContent = name;
  main.append(title);
  const kernel = new StubTable({ ...scene, latency });
  kernel.held = options.get("kernel") === "busy";
  showTable(kernel, number("width", main.clientWidth), main);
}
