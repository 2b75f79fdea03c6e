/**
 * Two canvases, one above the other, and the pointer over them: below, what takes a while to draw and seldom changes;
 * above, what follows the pointer (crosshair, emphasis, brushes) and is drawn alone. So pointing at one of fifty lines
 * costs one line.
 */

import { element } from "../../lib/dom.ts";
import type { Theme } from "../../lib/theme.ts";
import { canvasSurface, type Surface } from "./surface.ts";

export interface Spot {
  x: number;
  y: number;
}

export interface Size {
  width: number;
  height: number;
}

export interface Acting {
  /** The pointer is here, or gone. */
  hover: (spot: Spot | null) => void;
  click: (spot: Spot) => void;
  /** Takes a drag that begins here; null leaves it alone. */
  drag: (from: Spot) => Dragging | null;
  twice: (spot: Spot) => void;
  cursor: (spot: Spot) => string;
}

export interface Dragging {
  move: (to: Spot) => void;
  /** `moved` is false for a click. */
  end: (to: Spot) => void;
  cancel: () => void;
}

/** How far a hand that clicks may move. */
const SLIP_PX = 4;

export class Stage {
  readonly node = element("div", { class: "inlay-canvas inlay-stage" });
  readonly canvas = element("canvas", { role: "img" });
  readonly #over = element("canvas", { class: "inlay-stage-over", "aria-hidden": "true" });
  #end: (() => void) | null = null;

  constructor(acting: Acting, signal: AbortSignal) {
    this.node.append(this.canvas, this.#over);
    const { node } = this;
    const listen = <K extends keyof HTMLElementEventMap>(
      name: K,
      act: (event: HTMLElementEventMap[K]) => void,
    ) => node.addEventListener(name, act, { signal });
    listen("pointermove", (event) => {
      const spot = this.#spotOf(event);
      if (this.#end === null) node.style.cursor = acting.cursor(spot);
      acting.hover(spot);
    });
    listen("pointerleave", () => acting.hover(null));
    listen("dblclick", (event) => acting.twice(this.#spotOf(event)));
    listen("pointerdown", (event) => this.#press(event, acting));
    signal.addEventListener("abort", () => this.#end?.(), { once: true });
  }

  /** Draws all of it anew. */
  draw(size: Size, theme: Theme, paint: (surface: Surface) => void): void {
    for (const canvas of [this.canvas, this.#over]) sizeTo(canvas, size);
    paintOn(this.canvas, theme, paint);
  }

  drawOver(theme: Theme, paint: (surface: Surface) => void): void {
    paintOn(this.#over, theme, paint);
  }

  /** As a share of the size, for the page around may be scaled, as slides are. */
  #spotOf({ clientX, clientY }: MouseEvent): Spot {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    const { offsetWidth, offsetHeight } = this.canvas;
    return {
      x: ((clientX - left) / (width || 1)) * offsetWidth,
      y: ((clientY - top) / (height || 1)) * offsetHeight,
    };
  }

  #press(event: PointerEvent, acting: Acting): void {
    if (event.button !== 0 || !event.isPrimary) return;
    this.#end?.();
    const from = this.#spotOf(event);
    const dragging = acting.drag(from);
    const ending = new AbortController();
    let moved = false;
    this.#end = () => {
      ending.abort();
      this.#end = null;
    };
    // The page hears the rest, for a drag may end beside the chart.
    const { signal } = ending;
    document.addEventListener(
      "pointermove",
      (to) => {
        moved ||= Math.hypot(to.x - event.x, to.y - event.y) >= SLIP_PX;
        if (moved) dragging?.move(this.#spotOf(to));
      },
      { signal },
    );
    document.addEventListener(
      "pointerup",
      (to) => {
        this.#end?.();
        if (!moved) acting.click(from);
        if (moved) dragging?.end(this.#spotOf(to));
        else dragging?.cancel();
      },
      { signal },
    );
    const cancel = () => {
      this.#end?.();
      dragging?.cancel();
    };
    document.addEventListener("pointercancel", cancel, { signal });
  }
}

function sizeTo(canvas: HTMLCanvasElement, { width, height }: Size): void {
  const ratio = devicePixelRatio || 1;
  const pixels = [Math.round(width * ratio), Math.round(height * ratio)] as const;
  // Setting the size takes new memory even when it is the same.
  if (canvas.width !== pixels[0] || canvas.height !== pixels[1]) {
    [canvas.width, canvas.height] = pixels;
  }
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
}

function paintOn(canvas: HTMLCanvasElement, theme: Theme, paint: (surface: Surface) => void): void {
  const context = canvas.getContext("2d");
  if (context === null) return;
  const ratio = devicePixelRatio || 1;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  paint(canvasSurface(context, theme));
}
