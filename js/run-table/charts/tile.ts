/**
 * One chart in its frame: title, tools, plot, legend, and its numbers as a table. The frame gives a drawing its size and
 * its turn; heights are fixed, so that nothing on the page moves when answers come.
 */

import { element, icon, setText } from "../../lib/dom.ts";
import { formatCount } from "../../lib/format.ts";
import type { Watcher } from "../../lib/schedule.ts";
import type { Theme } from "../../lib/theme.ts";
import type { TableContext } from "../context.ts";
import { openMenu } from "../menu.ts";
import type { ChartSpec } from "../state.ts";
import { BarsDrawing } from "./bars.ts";
import { BoxesDrawing } from "./boxes.ts";
import type { Desk } from "./desk.ts";
import type { Drawing, DrawingEnv } from "./drawing.ts";
import { savePlate } from "./files.ts";
import { legendView } from "./legend.ts";
import { LinesDrawing } from "./lines.ts";
import type { Link } from "./link.ts";
import { writeNames } from "./names.ts";
import { hasOptions, openOptions } from "./options.ts";
import { ParallelDrawing } from "./parallel.ts";
import { ScatterDrawing } from "./scatter.ts";
import { type Acting, Stage } from "./stage.ts";

export interface TileEnv {
  context: TableContext;
  desk: Desk;
  link: Link;
  watcher: Watcher;
  redraw: () => void;
  renew: () => void;
  /** Goes up while runs go on. */
  beat: () => number;
  enlarge: (tile: Tile) => void;
  remove: (tile: Tile) => void;
  set: (tile: Tile, part: Partial<ChartSpec>) => void;
}

const HEIGHT = 230;
const TALL = 400;
const MOST_ROWS = 100;
const KEYS: Record<ChartSpec["kind"], string> = {
  lines:
    "Left and right read values, up and down choose a line, plus and minus zoom, Escape resets.",
  scatter:
    "Left and right go from run to run, Enter selects, Escape clears the filter on both columns.",
  parallel: "Left and right go from run to run, Enter selects, Escape clears the brushes.",
  bars: "Left and right go from run to run, Enter selects.",
  box: "Left and right go from box to box, up and down from outlier to outlier, Enter selects.",
};
const SLIDERS = ["M2 5h5M11 5h3", "M9 3v4", "M2 11h2M8 11h6", "M6 9v4"];
const CORNERS = "M9.5 2.5h4v4M6.5 13.5h-4v-4M13.5 2.5l-4.5 4.5M2.5 13.5l4.5-4.5";
const DOTS = "M3 8h.01M8 8h.01M13 8h.01";

export class Tile {
  readonly node: HTMLElement;
  readonly kind: ChartSpec["kind"];
  readonly #env: TileEnv;
  readonly #ending = new AbortController();
  readonly #drawing: Drawing<ChartSpec>;
  readonly #stage: Stage;
  readonly #names = element("h3", { class: "inlay-chart-names" });
  readonly #remark = element("span", { class: "inlay-remark" });
  readonly #late = element("span", { class: "inlay-remark inlay-late", hidden: true });
  readonly #nothing = element("p", { class: "inlay-nothing" });
  readonly #body = element("div", { class: "inlay-chart-body" });
  readonly #plot = element("div", { class: "inlay-plot", tabindex: "0", role: "application" });
  readonly #legend: ReturnType<typeof legendView>;
  readonly #options: HTMLElement;
  readonly #enlarge: HTMLElement;
  #table: HTMLElement | null = null;
  #visible = false;
  #width = 0;
  #stale = true;
  #staleOver = true;
  #enlarged = false;

  constructor(env: TileEnv, spec: ChartSpec) {
    this.#env = env;
    this.kind = spec.kind;
    const { signal } = this.#ending;
    const redraw = (all: boolean) => {
      this.#stale ||= all;
      this.#staleOver = true;
      env.redraw();
    };
    const renew = () => {
      this.#stale = true;
      env.renew();
    };
    const { context, desk, link } = env;
    const drawingEnv = { context, desk, link, signal, redraw, renew, beat: env.beat };
    const drawing = drawingOf(drawingEnv, spec, (part) => env.set(this, part));
    this.#drawing = drawing;
    const acting: Acting = {
      hover: (spot) => {
        drawing.here = spot !== null;
        drawing.hover(spot);
      },
      click: (spot) => drawing.click(spot),
      drag: (from) => drawing.drag(from),
      twice: (spot) => drawing.twice(spot),
      cursor: (spot) => drawing.cursor(spot),
    };
    this.#stage = new Stage(acting, signal);
    this.#legend = legendView(link, signal);
    this.#options = tool("Options of this chart", SLIDERS, "dialog", (anchor) =>
      openOptions(anchor, {
        context,
        spec: () => drawing.spec,
        set: (part) => env.set(this, part),
      }),
    );
    this.#options.hidden = !hasOptions(spec);
    this.#enlarge = tool("Enlarge this chart", [CORNERS], null, () => env.enlarge(this));
    const more = tool("More for this chart", [DOTS], "menu", (anchor) => this.#openMenu(anchor));
    const tools = element("span", { class: "inlay-tools" }, this.#options, this.#enlarge, more);
    const top = element(
      "div",
      { class: "inlay-chart-top" },
      this.#names,
      tools,
      this.#remark,
      this.#late,
    );
    this.#plot.append(this.#stage.node, this.#nothing);
    if (drawing instanceof ParallelDrawing) this.#stage.node.append(drawing.head);
    this.#body.append(this.#plot, this.#legend.node);
    this.node = element(
      "section",
      { class: "inlay-chart", "data-kind": spec.kind },
      top,
      this.#body,
    );
    this.node.setAttribute("aria-label", "Chart");
    this.#plot.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.node.addEventListener("keydown", (event) => this.#leave(event), { signal });
    this.#plot.addEventListener("blur", () => acting.hover(null), { signal });
    link.onChange(() => redraw(false), signal);
    env.watcher.see(
      this.node,
      (visible) => {
        this.#visible = visible;
        // Hosts that take cells off the page give the canvas back empty.
        if (visible) redraw(true);
      },
      signal,
    );
    env.watcher.size(
      this.#plot,
      (width) => {
        if (Math.floor(width) === this.#width) return;
        this.#width = Math.floor(width);
        redraw(true);
      },
      signal,
    );
  }

  get spec(): ChartSpec {
    return this.#drawing.spec;
  }

  set spec(spec: ChartSpec) {
    this.#drawing.spec = spec;
    this.#stale = true;
  }

  set enlarged(enlarged: boolean) {
    this.#enlarged = enlarged;
    this.node.dataset["enlarged"] = String(enlarged);
    const name = enlarged ? "Make this chart small again" : "Enlarge this chart";
    this.#enlarge.title = name;
    this.#enlarge.setAttribute("aria-label", name);
    this.#enlarge.setAttribute("aria-pressed", String(enlarged));
    this.invalidate();
  }

  invalidate(): void {
    this.#stale = true;
    this.#env.redraw();
  }

  get #height(): number {
    const { kind } = this.spec;
    return this.#enlarged ? TALL : kind === "parallel" ? HEIGHT + 30 : HEIGHT;
  }

  /** Draws what is stale; true when that took a while. */
  draw(theme: Theme): boolean {
    const drawing = this.#drawing;
    const { context } = this.#env;
    if (!this.#visible || this.#width === 0) return false;
    if (!this.#stale && !this.#staleOver) return false;
    const whole = this.#stale;
    drawing.theme = theme;
    if (whole) {
      // What is asked for depends on the width.
      drawing.size = { width: this.#width, height: drawing.heightFor(this.#height) };
      drawing.ask();
      writeNames(this.#names, context, drawing.spec, (part) => this.#env.set(this, part));
      this.node.setAttribute("aria-label", drawing.title);
      this.#plot.style.height = `${this.#height}px`;
      this.#stage.draw(drawing.size, theme, (surface) =>
        drawing.paint(surface, drawing.size, theme),
      );
      this.#describe();
      if (this.#table !== null) this.#writeTable(this.#table);
    }
    [this.#stale, this.#staleOver] = [false, false];
    this.#stage.drawOver(theme, (surface) => drawing.paintOver(surface, theme));
    const { legend } = drawing;
    this.#legend.write(legend, this.#env.link.key, theme);
    this.#body.dataset["beside"] = String(legend.entries.length > 0);
    setText(this.#remark, drawing.remark);
    this.#remark.title = drawing.remark;
    this.#late.hidden = !drawing.late;
    setText(this.#late, context.available ? "detail follows" : "no kernel");
    const { nothing } = drawing;
    setText(this.#nothing, nothing);
    this.#nothing.hidden = nothing === "";
    return whole;
  }

  destroy(): void {
    this.#ending.abort();
    this.node.remove();
  }

  /** A canvas says nothing to a screen reader; its name says what is to be seen, and the table the rest. */
  #describe(): void {
    const { title, table, nothing, remark } = this.#drawing;
    const first = table.rows.slice(0, 10).map((row) => row.join(" "));
    const said = nothing || [remark, ...first].filter(Boolean).join("; ");
    this.#stage.canvas.setAttribute("aria-label", `${title}: ${said}`);
    this.#plot.setAttribute("aria-label", `${title}. ${KEYS[this.kind]}`);
  }

  #key(event: KeyboardEvent): void {
    if (event.target !== this.#plot || event.ctrlKey || event.metaKey || event.altKey) return;
    const drawing = this.#drawing;
    const by = event.shiftKey ? 10 : 1;
    const acts: Record<string, () => void> = {
      ArrowLeft: () => drawing.step(-by, false),
      ArrowRight: () => drawing.step(by, false),
      ArrowUp: () => drawing.step(-by, true),
      ArrowDown: () => drawing.step(by, true),
      Home: () => drawing.step(-1e9, false),
      End: () => drawing.step(1e9, false),
      Enter: () => drawing.act(),
      " ": () => drawing.act(),
    };
    if (drawing instanceof LinesDrawing) {
      acts["+"] = acts["="] = () => drawing.zoomBy(true);
      acts["-"] = acts["0"] = () => drawing.zoomBy(false);
    }
    const act = acts[event.key];
    if (act === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    drawing.here = true;
    act();
    if (drawing.spoken !== "") this.#env.context.announce(drawing.spoken);
  }

  /** Escape goes back one step: from the data, a zoom or a brush, the whole width. */
  #leave(event: KeyboardEvent): void {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    if (this.#table !== null) this.#toggleTable();
    else if (event.target === this.#plot && this.#drawing.reset()) this.invalidate();
    else if (this.#enlarged) this.#env.enlarge(this);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #openMenu(anchor: HTMLElement): void {
    const nothing = this.#drawing.nothing !== "";
    openMenu(
      anchor,
      "More for this chart",
      [
        {
          label: this.#table === null ? "Show data" : "Hide data",
          choose: () => this.#toggleTable(),
        },
        { label: "Download PNG", disabled: nothing, choose: () => void this.#save(".png") },
        { label: "Download SVG", disabled: nothing, choose: () => void this.#save(".svg") },
        { label: "Remove chart", choose: () => this.#env.remove(this) },
      ],
      this.#env.context.signal,
    );
  }

  async #save(ending: ".png" | ".svg"): Promise<void> {
    const drawing = this.#drawing;
    const { theme, title, remark, legend, size } = drawing;
    if (theme === null) return;
    const { context } = this.#env;
    try {
      const paint: typeof drawing.paint = (...all) => drawing.paint(...all);
      await savePlate(ending, { title, remark, legend, paint }, size, theme);
    } catch (reason) {
      context.fail(reason);
    }
    // What was worked out for the file is of another size.
    this.invalidate();
  }

  #toggleTable(): void {
    const table = this.#table;
    this.node.dataset["table"] = String(table === null);
    if (table === null) {
      this.#table = element("div", { class: "inlay-data-frame", role: "region", tabindex: "0" });
      this.#writeTable(this.#table);
      this.#plot.after(this.#table);
      this.#table.focus();
      return;
    }
    const focused = table.matches(":focus-within");
    table.remove();
    this.#table = null;
    if (focused) this.#plot.focus();
  }

  #writeTable(frame: HTMLElement): void {
    const { head, rows, total } = this.#drawing.table;
    const shown = rows.slice(0, MOST_ROWS);
    const all = Math.max(total, rows.length);
    const of = all > shown.length ? `${formatCount(shown.length)} of ${formatCount(all)} rows` : "";
    const cell = (tag: "th" | "td") => (text: string) => element(tag, { title: text }, text);
    frame.setAttribute("aria-label", `Data of ${this.#drawing.title}`);
    frame.replaceChildren(
      element(
        "table",
        { class: "inlay-data" },
        element("caption", {}, of || `${rows.length} ${rows.length === 1 ? "row" : "rows"}`),
        element("thead", {}, element("tr", {}, ...head.map(cell("th")))),
        element("tbody", {}, ...shown.map((row) => element("tr", {}, ...row.map(cell("td"))))),
      ),
    );
  }
}

function drawingOf(
  env: DrawingEnv,
  spec: ChartSpec,
  set: (part: Partial<ChartSpec>) => void,
): Drawing<ChartSpec> {
  switch (spec.kind) {
    case "lines":
      return new LinesDrawing(env, spec) as Drawing<ChartSpec>;
    case "scatter":
      return new ScatterDrawing(env, spec) as Drawing<ChartSpec>;
    case "parallel":
      return new ParallelDrawing(env, spec, set) as Drawing<ChartSpec>;
    case "bars":
      return new BarsDrawing(env, spec) as Drawing<ChartSpec>;
    case "box":
      return new BoxesDrawing(env, spec) as Drawing<ChartSpec>;
  }
}

function tool(
  label: string,
  paths: readonly string[],
  popup: "dialog" | "menu" | null,
  act: (anchor: HTMLElement) => void,
): HTMLElement {
  const node = element("button", {
    class: "inlay-tool",
    type: "button",
    title: label,
    "aria-label": label,
    ...(popup === null ? {} : { "aria-haspopup": popup, "aria-expanded": "false" }),
  });
  node.append(icon("inlay-tool-sign", ...paths));
  node.addEventListener("click", () => act(node));
  return node;
}
