/** How one chart looks at its data: the small panel behind its button. What it draws of is chosen in its title. */

import { element, setText } from "../../lib/dom.ts";
import { columnName } from "../column-names.ts";
import type { TableContext } from "../context.ts";
import { openPopover } from "../popover.ts";
import { segments } from "../segments.ts";
import type { ChartSpec } from "../state.ts";

const MOST_SMOOTHING = 0.99;

export interface OptionsEnv {
  context: TableContext;
  spec: () => ChartSpec;
  set: (part: Partial<ChartSpec>) => void;
}

export function hasOptions({ kind }: ChartSpec): boolean {
  return kind === "lines" || kind === "scatter" || kind === "parallel";
}

export function openOptions(anchor: HTMLElement, env: OptionsEnv): void {
  const popover = openPopover(anchor, "Options of this chart", env.context.signal);
  if (popover === null) return;
  popover.node.classList.add("inlay-chart-options");
  popover.node.append(...rowsOf(env));
  popover.place();
  popover.node.querySelector<HTMLElement>("input:checked, input, button")?.focus();
}

function rowsOf(env: OptionsEnv): HTMLElement[] {
  const spec = env.spec();
  if (spec.kind === "lines") {
    const x = segments(
      "X axis",
      [
        ["step", "Step"],
        ["time", "Time"],
        ["relative", "Relative"],
      ],
      (value) => env.set({ x: value }),
    );
    x.show(spec.x);
    const band = segments(
      "Band of groups",
      [
        ["std", "± std"],
        ["range", "Min to max"],
      ],
      (value) => env.set({ band: value }),
    );
    band.show(spec.band);
    return [
      row("X axis", x.node),
      row(
        "Smoothing",
        slider(spec.smoothing, (smoothing) => env.set({ smoothing })),
      ),
      row("Log scale", toggles(env, ["log_x", "log_y"])),
      row("Band of groups", band.node),
    ];
  }
  if (spec.kind === "scatter") return [row("Log scale", toggles(env, ["log_x", "log_y"]))];
  if (spec.kind !== "parallel") return [];
  const axes = spec.axes.map((id) => {
    const now = () => env.spec();
    const logs = () => {
      const one = now();
      return one.kind === "parallel" ? one.log : [];
    };
    const log = toggle("Log", logs().includes(id), (on) =>
      env.set({ log: on ? [...logs(), id] : logs().filter((one) => one !== id) }),
    );
    const remove = element("button", { class: "inlay-button", type: "button" }, "Remove");
    const name = columnName(env.context, id);
    for (const [node, what] of [
      [log, "Log scale of"],
      [remove, "Remove"],
    ] as const) {
      node.setAttribute("aria-label", `${what} ${name}`);
    }
    const type = env.context.columns.get(id)?.type ?? "number";
    log.hidden = type !== "number" && type !== "duration";
    const line = row(name, element("span", { class: "inlay-chart-toggles" }, log, remove));
    remove.addEventListener("click", () => {
      const one = now();
      if (one.kind === "parallel") env.set({ axes: one.axes.filter((other) => other !== id) });
      line.remove();
    });
    return line;
  });
  return axes.length > 0 ? axes : [element("p", { class: "inlay-hint" }, "No axes yet")];
}

function row(label: string, control: HTMLElement): HTMLElement {
  return element(
    "div",
    { class: "inlay-chart-option" },
    element("span", { class: "inlay-clip", title: label }, label),
    control,
  );
}

function toggles(env: OptionsEnv, names: readonly ("log_x" | "log_y")[]): HTMLElement {
  const spec = env.spec();
  const nodes = names.map((name) => {
    const on = name in spec && Reflect.get(spec, name) === true;
    return toggle(name === "log_x" ? "X" : "Y", on, (next) => env.set({ [name]: next }));
  });
  nodes.forEach((node, i) => {
    node.setAttribute("aria-label", `Log scale of the ${names[i] === "log_x" ? "x" : "y"} axis`);
  });
  return element("span", { class: "inlay-chart-toggles" }, ...nodes);
}

function toggle(label: string, on: boolean, flip: (on: boolean) => void): HTMLElement {
  const node = element(
    "button",
    { class: "inlay-button", type: "button", "aria-pressed": String(on) },
    label,
  );
  node.addEventListener("click", () => {
    const next = node.getAttribute("aria-pressed") !== "true";
    node.setAttribute("aria-pressed", String(next));
    flip(next);
  });
  return node;
}

function slider(start: number, choose: (value: number) => void): HTMLElement {
  const node = element("input", {
    type: "range",
    class: "inlay-slider",
    "aria-label": "Smoothing",
  });
  [node.min, node.max, node.step] = ["0", String(MOST_SMOOTHING), "0.01"];
  node.value = String(start);
  const value = element("span", { class: "inlay-slider-value", "aria-hidden": "true" });
  const show = () => {
    node.style.setProperty("--inlay-part", String(Number(node.value) / MOST_SMOOTHING));
    setText(value, Number(node.value).toFixed(2));
  };
  node.addEventListener("input", () => {
    show();
    choose(Number(node.value));
  });
  show();
  return element("span", { class: "inlay-smoothing" }, node, value);
}
