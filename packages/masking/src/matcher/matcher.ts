// Finds patterns in a text that arrives in pieces. Each byte is looked at a bounded number of times, whatever the text: the automaton
// never goes back behind what may still become a match. The window of text belongs to the caller, who shifts it.
import { beginningKey, childOf, hasChildren } from './build-tables.ts';
import type { MatcherTables } from './build-tables.ts';
import { HASH } from './gram-table.ts';
import type { SpanList } from './span-list.ts';

/** So many in a row end a match, which otherwise could be held back without end. */
const BREAKS_MAX = 64;

export class Matcher {
  readonly #tables: MatcherTables;
  /** 0: no beginning of a pattern has been seen, and `#next` is where one may start. Otherwise `#next` is the next byte to read. */
  #state = 0;
  #next = 0;
  /** How many breaks in a row were passed over last. */
  #breaks = 0;

  constructor(tables: MatcherTables) {
    this.#tables = tables;
  }

  /** Reads on to the end of the window and adds what it finds. */
  read(window: Uint8Array, found: SpanList): void {
    for (;;) {
      if (this.#state === 0) {
        if (!this.#findGram(window)) return;
        this.#note(window, found);
      }
      if (this.#state !== 0 && !this.#follow(window, found)) return;
    }
  }

  /** Adds the longest pattern that ends in the state, and leaves the state if nothing longer can: nobody need wait for more. */
  #note(window: Uint8Array, found: SpanList): void {
    const { longest, fail } = this.#tables;
    const length = longest[this.#state] as number;
    if (length === 0) return;
    found.add(this.#stepBack(window, length), this.#next);
    while (this.#state !== 0 && !hasChildren(this.#tables, this.#state))
      this.#state = fail[this.#state] as number;
    if (this.#state === 0) this.#startAnew(window);
  }

  /** From where a pattern may begin when no state stands for what was read: longer beginnings would have one. */
  #startAnew(window: Uint8Array): void {
    this.#state = 0;
    this.#next = this.#stepBack(window, this.#tables.gramBytes - 1);
  }

  /** Where the text starts that may still become a match, at most the end of the window. All before it is decided. */
  openFrom(window: Uint8Array): number {
    const { depth, beginnings } = this.#tables;
    if (this.#state !== 0) return this.#stepBack(window, depth[this.#state] ?? 0);
    for (let start = this.#next; start < window.length; start += 1) {
      let gram = 0;
      for (let at = start; at < window.length; at += 1) gram = (gram << 8) | (window[at] ?? 0);
      if (beginnings.has(beginningKey(gram, window.length - start))) return start;
    }
    return window.length;
  }

  /** The window has lost its first bytes. */
  shift(bytes: number): void {
    this.#next -= bytes;
  }

  /** Looks for the next gram that begins a pattern; what is too short for one at the end of the window waits for more. */
  #findGram(window: Uint8Array): boolean {
    const { grams, gramBytes } = this.#tables;
    const { filter, filterShift, mask } = grams;
    const end = window.length;
    let at = Math.max(0, this.#next);
    let gram = 0;
    const firstEnd = Math.min(end, at + gramBytes - 1);
    for (; at < firstEnd; at += 1) gram = (gram << 8) | (window[at] as number);
    for (; at < end; at += 1) {
      gram = ((gram << 8) | (window[at] as number)) & mask;
      const bit = Math.imul(gram, HASH) >>> filterShift;
      if (((filter[bit >>> 5] as number) & (1 << (bit & 31))) === 0) continue;
      const state = grams.find(gram);
      if (state === 0) continue;
      this.#state = state;
      this.#next = at + 1;
      this.#breaks = 0;
      return true;
    }
    this.#next = Math.max(this.#next, end - gramBytes + 1);
    return false;
  }

  /** Follows states until none fits any more: then true. False at the end of the window. */
  #follow(window: Uint8Array, found: SpanList): boolean {
    const { fail, longest, skipsBreaks } = this.#tables;
    const end = window.length;
    let state = this.#state;
    let next = this.#next;
    for (; next < end; next += 1) {
      const byte = window[next] as number;
      if (skipsBreaks && isBreak(byte)) {
        this.#breaks += 1;
        if (this.#breaks <= BREAKS_MAX) continue;
        this.#state = 0;
        this.#next = next;
        return true;
      }
      this.#breaks = 0;
      let child = childOf(this.#tables, state, byte);
      while (child === 0 && state !== 0) {
        state = fail[state] as number;
        if (state !== 0) child = childOf(this.#tables, state, byte);
      }
      if (child === 0) {
        this.#next = next;
        this.#startAnew(window);
        return true;
      }
      state = child;
      if ((longest[state] as number) > 0) {
        this.#state = state;
        this.#next = next + 1;
        this.#note(window, found);
        state = this.#state;
        if (state === 0) return true;
      }
    }
    this.#state = state;
    this.#next = next;
    return false;
  }

  /** The index that is `bytes` bytes before the next one, those passed over not counted. */
  #stepBack(window: Uint8Array, bytes: number): number {
    if (!this.#tables.skipsBreaks) return this.#next - bytes;
    let at = this.#next;
    for (let left = bytes; left > 0; left -= 1) {
      at -= 1;
      while (isBreak(window[at] as number)) at -= 1;
    }
    return at;
  }
}

/** Line breaks, and blanks by which the next line is indented. */
function isBreak(byte: number): boolean {
  return byte === 0x0a || byte === 0x0d || byte === 0x20 || byte === 0x09;
}
