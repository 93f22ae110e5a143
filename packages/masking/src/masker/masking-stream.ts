// One output on its way through a masker. What comes out does not depend on how the text was cut into pieces: every longest stretch of
// values becomes one mask, also where values overlap or stand side by side. Only what may still become a value is held back.
import type { MatcherTables } from '../matcher/build-tables.ts';
import { Matcher } from '../matcher/matcher.ts';
import { SpanList } from '../matcher/span-list.ts';
import type { Span } from '../matcher/span-list.ts';

/** What all streams of a masker have in common. */
export type SharedMasking = {
  tables: readonly MatcherTables[];
  mask: Uint8Array;
  /** How many bytes of what may become a value `idle` may show. */
  idleBytes: number;
};

const NOTHING = new Uint8Array(0);

export class MaskingStream {
  readonly #shared: SharedMasking;
  #matchers: readonly { matcher: Matcher; found: SpanList }[] = [];
  /** Bytes that are not decided yet, those that `idle` has shown among them. */
  #window: Uint8Array = NOTHING;
  /** How many bytes of the window are out already. */
  #released = 0;
  /** The last that came out is a mask: what touches it is not masked a second time. */
  #endsInMask = false;

  /** Made by `Masker.stream`. */
  constructor(shared: SharedMasking) {
    this.#shared = shared;
    this.#restart();
  }

  /**
   * Takes the next piece and returns what is decided by now, perhaps nothing. The result may be the piece itself or part of it, so
   * write it before you use its memory again; the stream keeps none of it.
   */
  push(chunk: Uint8Array): Uint8Array {
    if (chunk.length === 0) return NOTHING;
    const window = this.#window.length === 0 ? chunk : concatenate(this.#window, chunk);
    let decided = window.length;
    for (const { matcher, found } of this.#matchers) {
      matcher.read(window, found);
      decided = Math.min(decided, matcher.openFrom(window));
    }
    const output = this.#render(window, decided);
    this.#keep(window, decided);
    return output;
  }

  /** Ends the text: returns what was held back. The beginning of a value that the end cut off is not a value, and shows. */
  flush(): Uint8Array {
    const output = this.#render(this.#window, this.#window.length);
    this.#restart();
    return output;
  }

  /**
   * To be called when nothing has come for a moment, so that a prompt that happens to end like the beginning of a value is seen whole.
   * Returns what is held back if hardly anything of a value would show: at most three bytes, and at most a third of the shortest
   * value. Otherwise it stays held back until more comes, or the end. What comes next is still recognised as the rest of the value.
   */
  idle(): Uint8Array {
    const window = this.#window;
    const clearBytes = this.#unmaskedBytes(window);
    if (clearBytes > this.#shared.idleBytes) return NOTHING;
    const output = this.#render(window, window.length);
    this.#released = window.length;
    return output;
  }

  /** How many bytes are held back. At most the longest pattern, save for line breaks inside of it. */
  get heldBytes(): number {
    return this.#window.length - this.#released;
  }

  #restart(): void {
    this.#matchers = this.#shared.tables.map((tables) => ({
      matcher: new Matcher(tables),
      found: new SpanList(),
    }));
    this.#window = NOTHING;
    this.#released = 0;
    this.#endsInMask = false;
  }

  #keep(window: Uint8Array, decided: number): void {
    // A copy, since the piece belongs to the caller.
    this.#window = decided === window.length ? NOTHING : window.slice(decided);
    this.#released = Math.max(0, this.#released - decided);
    for (const { matcher, found } of this.#matchers) {
      matcher.shift(decided);
      if (!found.isEmpty) found.dropBefore(decided);
    }
  }

  #spans(): readonly Span[] {
    return SpanList.union(this.#matchers.map(({ found }) => found));
  }

  /** What of the window comes out up to `end`, after what is out already. */
  #render(window: Uint8Array, end: number): Uint8Array {
    const spans = this.#spans();
    let at = this.#released;
    if (at >= end) return NOTHING;
    if (spans.length === 0) {
      this.#endsInMask = false;
      return window.subarray(at, end);
    }
    const parts: Uint8Array[] = [];
    for (const span of spans) {
      if (span.start >= end) break;
      if (span.end <= at) continue;
      if (span.start > at) {
        parts.push(window.subarray(at, span.start));
        this.#endsInMask = false;
      }
      if (!this.#endsInMask) parts.push(this.#shared.mask);
      this.#endsInMask = true;
      at = Math.min(end, span.end);
    }
    if (at < end) {
      parts.push(window.subarray(at, end));
      this.#endsInMask = false;
    }
    return concatenate(...parts);
  }

  /** Bytes of a window that no mask covers, blanks not counted. */
  #unmaskedBytes(window: Uint8Array): number {
    const spans = this.#spans();
    let count = 0;
    for (const [index, byte] of window.entries()) {
      const isBlank = byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
      if (!isBlank && !spans.some(({ start, end }) => index >= start && index < end)) count += 1;
    }
    return count;
  }
}

function concatenate(...parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
