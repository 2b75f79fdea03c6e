/**
 * One chart of the card with its title, its tools, its newest values and what the reader should know about its points.
 * Heights are fixed and every line of text keeps its place while empty, so nothing on the page moves when values
 * change. Until it is first seen a tile is only its title, so that a thousand of them cost little.
 */

import { LineChart, type Readout } from "../lib/chart.ts";
import { element, icon, setClippedText, setText } from "../lib/dom.ts";
import type { Series } from "../lib/feed.ts";
import { formatAny, formatValue } from "../lib/format.ts";
import { type MenuItem, menuButton } from "../lib/menu.ts";
import { pictureOf } from "../lib/picture.ts";
import type { Watcher } from "../lib/schedule.ts";
import type { Theme } from "../lib/theme.ts";
import type { Range } from "../lib/ticks.ts";
import { formatAcross } from "../lib/time-ticks.ts";
import { type Ending, saveDrawing, savePoints } from "./chart-files.ts";
import { KEYS, pressed } from "./chart-keys.ts";
import { columnOf, type Drawn, drawnOf, isReduced, type Look, reaches } from "./chart-lines.ts";
import { DataPane, type Shown } from "./chart-table.ts";
import type { Details, Wish } from "./detail.ts";
import type { ChartGroup } from "./grouping.ts";
import { type Entry, readingTexts, writeLegend } from "./legend.ts";
import { type Remark, remarkOf } from "./remark.ts";
import { detailOf, FEW, wishOf } from "./wishes.ts";

const HEIGHT = 150;
const ENLARGED_HEIGHT = 380;
/** For an enlarged chart more points are few. */
const FEW_ENLARGED = 1000;
/** Narrower than this, there is room only for what matters most. */
const NARROW = 250;
const PLAIN = { scale: { lo: 0, hi: 1 }, leftOut: 0 };
const CORNERS = "M9.5 2.5h4v4M6.5 13.5h-4v-4M13.5 2.5l-4.5 4.5M2.5 13.5l4.5-4.5";

export interface TileEnv {
  watcher: Watcher;
  cursorGroup: string;
  details: Details;
  redraw: () => void;
  zoom: (zoom: Range | null) => void;
  enlarge: (tile: Tile) => void;
  isLog: (title: string) => boolean;
  toggleLog: (title: string) => void;
  /** Says something to those who cannot see it. */
  say: (text: string) => void;
  fail: (reason: unknown) => void;
}

export class Tile {
  readonly node: HTMLElement;
  readonly #env: TileEnv;
  readonly #abort = new AbortController();
  readonly #title = element("h3", { class: "inlay-chart-title" });
  readonly #top = element("div", { class: "inlay-chart-top" }, this.#title);
  readonly #remark = element("span", { class: "inlay-remark" });
  readonly #legend = element("div", { class: "inlay-legend" });
  readonly #plot = element("div", { class: "inlay-plot", role: "group", tabindex: "0" });
  readonly #nothing = element("p", { class: "inlay-nothing", hidden: true });
  readonly #enlarge = element("button", { class: "inlay-tool", type: "button" });
  readonly #chart: LineChart;
  #table: DataPane | null = null;
  #group: ChartGroup = { title: "", series: [], colours: [] };
  #look: Look | null = null;
  #drawn: Drawn[] = [];
  #zoom: Range | null = null;
  #readout: Readout | null = null;
  #theme: Theme | null = null;
  #enlarged = false;
  #built = false;
  #visible = false;
  #width = 0;
  #stale = true;

  constructor(env: TileEnv) {
    this.#env = env;
    this.#chart = new LineChart(this.#plot, {
      cursorGroup: env.cursorGroup,
      onCursor: (readout) => this.#point(readout),
      onZoom: (zoom) => env.zoom(zoom),
    });
    this.node = element("figure", { class: "inlay-chart" }, this.#top);
    env.watcher.see(this.node, (visible) => this.#show(visible), this.#abort.signal);
  }

  get #height(): number {
    return this.#enlarged ? ENLARGED_HEIGHT : HEIGHT;
  }

  get zoomed(): boolean {
    return this.#zoom !== null;
  }

  /** Whether there is a line to be seen in a part of the x axis. */
  reaches(zoom: Range): boolean {
    return this.#drawn.some(({ series, held }) => reaches(series, held, zoom));
  }

  /** New points; drawn with the next frame, or when the chart comes on screen. */
  update(group: ChartGroup): void {
    // A push names only the series that changed, and the feed keeps the others as they are.
    if (sameGroup(this.#group, group)) return;
    this.#group = group;
    this.#stale = true;
    setClippedText(this.#title, group.title);
  }

  /** Something else than the points changed, such as the colours. */
  invalidate(): void {
    this.#stale = true;
  }

  setEnlarged(enlarged: boolean): void {
    this.#enlarged = enlarged;
    this.#stale = true;
    this.node.dataset["enlarged"] = String(enlarged);
    this.#nameEnlarge();
  }

  /** Draws what is due, if anybody can see it; true when there was something to draw. */
  draw(theme: Theme, look: Look, live: boolean): boolean {
    if (!this.#stale || !this.#visible || this.#width <= 0) return false;
    this.#stale = false;
    this.#look = look;
    this.#theme = theme;
    const { series, colours, title } = this.#group;
    // Whether the zoom is for this chart depends on what it holds, which needs no detail.
    this.#zoom = this.#zoomOf(look);
    this.#drawn = series.map((one, i) =>
      drawnOf(
        one,
        colours[i] ?? 0,
        look,
        detailOf(one, look, this.#zoom, this.#few, this.#env.details),
        this.#drawn[i],
      ),
    );
    if (look.zoom !== null && this.#zoom === null) this.#zoom = this.#zoomOf(look);
    const lines = this.#drawn.map(({ line }) => line);
    const log = this.#env.isLog(title);
    const picture = pictureOf(lines, look.x, this.#zoom, log);
    this.#chart.draw(picture, theme, { width: this.#width, height: this.#height }, live);
    this.#nothing.hidden = !picture.empty;
    setText(this.#nothing, picture.leftOut > 0 ? "No values above zero" : "No finite values");
    this.#describe();
    this.#write();
    this.#table?.refresh();
    return true;
  }

  /** What the kernel could add to what is seen here. */
  wish(look: Look): Wish | null {
    if (!this.#visible || this.#look === null || this.#width <= 0) return null;
    return wishOf(this.#group.series, look, this.#zoomOf(look), this.#few, this.#env.details);
  }

  destroy(): void {
    this.#abort.abort();
    this.#table?.remove();
    this.#chart.destroy();
    this.node.remove();
  }

  /** Gives the canvas back, which is most of what a chart weighs; it is drawn again when it is seen. */
  rest(): void {
    if (!this.#visible) this.#chart.destroy();
  }

  get #few(): number {
    return this.#enlarged ? FEW_ENLARGED : FEW;
  }

  #zoomOf({ zoom, x }: Look): Range | null {
    return zoom !== null && this.#look?.x === x && this.reaches(zoom) ? zoom : null;
  }

  #build(): void {
    this.#built = true;
    const { signal } = this.#abort;
    this.#enlarge.append(icon("inlay-tool-sign", CORNERS));
    this.#nameEnlarge();
    this.#enlarge.addEventListener("click", () => this.#env.enlarge(this), { signal });
    const menu = menuButton("More for this chart", this.node, () => this.#items(), signal);
    this.#top.append(element("span", { class: "inlay-tools" }, this.#enlarge, menu), this.#remark);
    this.#plot.append(this.#nothing);
    this.#plot.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.#plot.addEventListener("blur", () => this.#chart.point(null), { signal });
    this.node.addEventListener(
      "keydown",
      (event) => {
        if (event.key !== "Escape" || event.defaultPrevented) return;
        if (this.#table !== null) this.#toggleTable();
        else if (this.#enlarged) this.#env.enlarge(this);
        else return;
        event.stopPropagation();
        event.preventDefault();
      },
      { signal },
    );
    this.node.append(this.#legend, this.#plot);
    this.#env.watcher.size(this.#plot, (width) => this.#resize(width), signal);
  }

  #nameEnlarge(): void {
    const name = this.#enlarged ? "Make this chart small again" : "Enlarge this chart";
    this.#enlarge.title = name;
    this.#enlarge.setAttribute("aria-label", name);
    this.#enlarge.setAttribute("aria-pressed", String(this.#enlarged));
  }

  #show(visible: boolean): void {
    this.#visible = visible;
    if (!visible) return;
    if (!this.#built) this.#build();
    // Hosts that take cells off the page give the canvas back empty.
    this.#stale = true;
    this.#env.redraw();
  }

  #resize(width: number): void {
    if (Math.floor(width) === this.#width) return;
    this.#width = Math.floor(width);
    this.node.dataset["narrow"] = String(width < NARROW);
    this.#stale = true;
    this.#env.redraw();
  }

  #point(readout: Readout | null): void {
    this.#readout = readout;
    this.#write();
  }

  /** The legend and the remark: at the cursor while there is one, else the newest values. */
  #write(): void {
    writeLegend(this.#legend, this.#entries(this.#readout));
    const remark = this.#remarkNow();
    setText(this.#remark, remark.text);
    this.#remark.title = remark.title;
  }

  #remarkNow(): Remark {
    if (this.#readout !== null && this.#look !== null) {
      return { text: formatAcross(this.#look.x, this.#readout.x), title: "" };
    }
    return this.#remarkOf(this.#env.details.late, this.#width >= NARROW);
  }

  #remarkOf(late: boolean, roomy = true) {
    return remarkOf(this.#drawn, this.#zoom, this.#chart.picture ?? PLAIN, late, roomy);
  }

  #entries(readout: Readout | null): Entry[] {
    const { series, colours, title } = this.#group;
    return series.map((one, i) => ({
      label: one.label,
      colour: series.length > 1 || one.label !== title ? (colours[i] ?? 0) : null,
      reading: readout ? (readout.readings[i] ?? null) : newest(this.#drawn[i]),
    }));
  }

  /** A canvas says nothing to a screen reader; its name says what the line shows. */
  #describe(): void {
    const canvas = this.#chart.canvas;
    const { title, series } = this.#group;
    canvas?.setAttribute("role", "img");
    canvas?.setAttribute("aria-label", `${title}: ${series.map(spoken).join("; ")}`);
    this.#plot.setAttribute("aria-label", `${title}. ${KEYS}`);
  }

  #key(event: KeyboardEvent): void {
    if (event.target !== this.#plot) return;
    const keys = { zoomed: () => this.zoomed, zoom: this.#env.zoom, read: () => this.#read() };
    if (!pressed(event, this.#chart, keys)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  #read(): void {
    if (this.#readout === null || this.#look === null) return;
    const entries = this.#entries(this.#readout);
    const values = entries.map(({ label, reading }) => {
      const [main, beside] = readingTexts(reading, true);
      return `${label} ${main}${beside && `, ${beside}`}`;
    });
    this.#env.say(`${formatAcross(this.#look.x, this.#readout.x)}: ${values.join("; ")}`);
  }

  #items(): MenuItem[] {
    const { title } = this.#group;
    const log = this.#env.isLog(title);
    const reduced = this.#reduction() !== "";
    return [
      { label: "Log scale", checked: log, choose: () => this.#env.toggleLog(title) },
      { label: "Show data", checked: this.#table !== null, choose: () => this.#toggleTable() },
      { label: "Reset zoom", disabled: !this.zoomed, choose: () => this.#env.zoom(null) },
      { label: "Download PNG", choose: () => void this.#save(".png") },
      { label: "Download SVG", choose: () => void this.#save(".svg") },
      {
        label: `Download CSV${reduced ? ", reduced" : ""}`,
        choose: () => void this.#save(".csv"),
      },
    ];
  }

  async #save(ending: Ending): Promise<void> {
    const [picture, theme] = [this.#chart.picture, this.#theme];
    if (picture === null || theme === null) return;
    try {
      if (ending === ".csv") return savePoints(this.#shown());
      const legend = this.#entries(null).map(({ label, reading }) => ({
        label,
        value: readingTexts(reading, false)[0],
      }));
      const remark = this.#remarkOf(false).text;
      const size = { width: this.#width, height: this.#height };
      await saveDrawing(ending, picture, { title: this.#group.title, legend, remark }, theme, size);
    } catch (reason) {
      this.#env.fail(reason);
    }
  }

  /** What is to be seen, as points. */
  #shown(): Shown {
    const { title } = this.#group;
    const metrics = this.#drawn.map(({ series, detail }) => ({
      ...(detail?.part ?? series),
      key: series.key,
      label: series.label,
    }));
    const [look, zoom] = [this.#look, this.#zoom];
    const columns = look === null ? [] : metrics.map((metric) => columnOf(metric, look));
    const where = (metric: number, point: number) => {
      const at = columns[metric]?.[point] ?? Number.NaN;
      return zoom === null || (at >= zoom.lo && at <= zoom.hi);
    };
    return { title, metrics, where, zoomed: zoom !== null, reduction: this.#reduction() };
  }

  /** That the shown points are not all, and how many there are where that is known; else empty. */
  #reduction(): string {
    const waiting = this.#drawn.some(({ series, detail }) => isReduced(series) && !detail?.part);
    const { reduced } = remarkOf(this.#drawn, this.#zoom, PLAIN, false);
    return reduced || (waiting ? "reduced" : "");
  }

  #toggleTable(): void {
    this.node.dataset["table"] = String(this.#table === null);
    if (this.#table === null) {
      this.#table = new DataPane(() => this.#shown());
      this.#plot.after(this.#table.node);
      this.#table.refresh();
      this.#table.node.focus();
    } else {
      const focused = this.#table.node.matches(":focus-within");
      this.#table.remove();
      this.#table = null;
      if (focused) this.#plot.focus();
    }
  }
}

function sameGroup(a: ChartGroup, b: ChartGroup): boolean {
  return (
    a.title === b.title &&
    a.series.length === b.series.length &&
    a.series.every((one, i) => one === b.series[i] && a.colours[i] === b.colours[i])
  );
}

function newest(drawn: Drawn | undefined): Entry["reading"] {
  const end = drawn?.series.value.at(-1);
  if (drawn === undefined || end === undefined) return null;
  // Of several values of a stretch that are not finite only the first is sent; then the last point is not the newest.
  const value = drawn.series.last ?? (Number.isFinite(end) ? Number.NaN : end);
  const smooth = drawn.line.smooth?.findLast(Number.isFinite);
  return { value, smooth: Number.isFinite(value) ? (smooth ?? null) : null, range: null };
}

function spoken({ label, value, last, min, max }: Series): string {
  const end = value.at(-1);
  if (min === null || max === null || end === undefined) return `${label} no finite value`;
  const range = `min ${formatValue(min)}, max ${formatValue(max)}`;
  return `${label} last ${formatAny(last ?? end)}, ${range}`;
}
