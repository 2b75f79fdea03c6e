/**
 * The points a view holds, kept in step with the kernel. Pushes are numbered; one that does not follow on from what is
 * held means something was missed, and then the feed asks once for a snapshot and waits. The answer may come late or
 * never (a busy kernel), so waiting is an ordinary state that shows nothing and fails nothing.
 */

import { COLUMNS, decodeFrame, type SeriesPart } from "./frame.ts";
import { asNumber, asText, field } from "./wire.ts";

/** A metric as it is held: its newest head and all its points. */
export type Series = Omit<SeriesPart, "from" | "n">;

export class Feed {
  readonly #ask: () => void;
  readonly #series = new Map<number, Series>();
  #seq = 0;
  #waiting = false;

  constructor(ask: () => void) {
    this.#ask = ask;
  }

  /** In the order the kernel sent them, which is the order they were first logged in. */
  get series(): Series[] {
    return [...this.#series.values()];
  }

  /** Draws on the trait that was saved with the page, then asks for what has happened since. */
  start(snapshot: unknown): void {
    this.snapshot(snapshot);
    this.#request();
  }

  /** The `_snapshot` trait: true when the view has something new to draw. */
  snapshot(value: unknown): boolean {
    return this.#replace(value, field(value, "data"));
  }

  /** A message from the kernel; true when the view has something new to draw. */
  message(content: unknown, buffers: readonly unknown[]): boolean {
    const type = asText(field(content, "type"));
    if (type === "snapshot") return this.#replace(content, buffers[0]);
    if (type === "points") return this.#extend(content, buffers[0]);
    return false;
  }

  #replace(frame: unknown, buffer: unknown): boolean {
    const seq = asNumber(field(frame, "seq"));
    // An older picture than the one held would step back and then miss the pushes in between.
    if (seq === null || seq < this.#seq) return false;
    const parts = decodeFrame(field(frame, "series"), buffer);
    if (parts === null) return false;
    this.#seq = seq;
    this.#waiting = false;
    this.#series.clear();
    for (const part of parts) this.#series.set(part.id, held(part, undefined));
    return true;
  }

  #extend(push: unknown, buffer: unknown): boolean {
    const seq = asNumber(field(push, "seq"));
    if (seq === null || seq <= this.#seq) return false;
    const parts = seq === this.#seq + 1 ? decodeFrame(field(push, "series"), buffer) : null;
    if (parts === null || !parts.every((part) => this.#fits(part))) {
      if (!this.#waiting) this.#request();
      return false;
    }
    this.#seq = seq;
    for (const part of parts) {
      this.#series.set(part.id, held(part, this.#series.get(part.id)));
    }
    return true;
  }

  #fits(part: SeriesPart): boolean {
    return part.from <= (this.#series.get(part.id)?.step.length ?? 0);
  }

  #request(): void {
    this.#waiting = true;
    this.#ask();
  }
}

/** A part as it is held: its points after those that the series already had and keeps. */
function held({ from, n: _, ...part }: SeriesPart, kept: Series | undefined): Series {
  if (kept !== undefined && from > 0) {
    for (const column of COLUMNS) part[column] = spliced(kept[column], from, part[column]);
  }
  return part;
}

/** The first `keep` numbers of a column and then the new ones. */
function spliced(old: Float64Array, keep: number, tail: Float64Array): Float64Array {
  const joined = new Float64Array(keep + tail.length);
  joined.set(old.subarray(0, keep));
  joined.set(tail, keep);
  return joined;
}
