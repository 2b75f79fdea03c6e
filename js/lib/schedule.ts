/**
 * When to draw: once an animation frame however many messages came, and only what is on screen. A hidden browser tab
 * gets no animation frames at all, so it costs nothing until it is looked at.
 */

/** Returns a function that asks for `draw` in the next frame; asking twice draws once. */
export function onFrame(draw: () => void, signal: AbortSignal): () => void {
  let pending = 0;
  signal.addEventListener("abort", () => cancelAnimationFrame(pending));
  return () => {
    if (pending !== 0 || signal.aborted) return;
    pending = requestAnimationFrame(() => {
      pending = 0;
      draw();
    });
  };
}

/** Calls back when the page is zoomed, or moved to a screen with finer or coarser pixels. */
export function watchRatio(changed: () => void, signal: AbortSignal): void {
  // The query is for the ratio there is, so each change needs the next query.
  const query = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
  const next = () => {
    if (signal.aborted) return;
    changed();
    watchRatio(changed, signal);
  };
  query.addEventListener("change", next, { once: true, signal });
}

/** Tells elements when they come on or leave the screen, and when their width changes. */
export class Watcher {
  readonly #seen = new WeakMap<Element, (visible: boolean) => void>();
  readonly #sized = new WeakMap<Element, (width: number) => void>();
  readonly #intersections: IntersectionObserver;
  readonly #sizes: ResizeObserver;

  constructor(signal: AbortSignal) {
    this.#intersections = new IntersectionObserver(
      (entries) => {
        for (const entry of entries) this.#seen.get(entry.target)?.(entry.isIntersecting);
      },
      // A little early, so that scrolling meets charts that are already drawn.
      { rootMargin: "200px" },
    );
    this.#sizes = new ResizeObserver((entries) => {
      for (const entry of entries) this.#sized.get(entry.target)?.(entry.contentRect.width);
    });
    signal.addEventListener("abort", () => {
      this.#intersections.disconnect();
      this.#sizes.disconnect();
    });
  }

  watch(
    target: Element,
    seen: (visible: boolean) => void,
    sized: (width: number) => void,
    signal: AbortSignal,
  ): void {
    this.see(target, seen, signal);
    this.size(target, sized, signal);
  }

  see(target: Element, seen: (visible: boolean) => void, signal: AbortSignal): void {
    this.#seen.set(target, seen);
    this.#intersections.observe(target);
    signal.addEventListener("abort", () => this.#intersections.unobserve(target));
  }

  size(target: Element, sized: (width: number) => void, signal: AbortSignal): void {
    this.#sized.set(target, sized);
    this.#sizes.observe(target);
    signal.addEventListener("abort", () => this.#sizes.unobserve(target));
  }
}
