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

  /** Where the next of them is in the window, once looked for in this reading. */
  #lineFeed = -1;
  #carriageReturn = -1;

  constructor(tables: MatcherTables) {
    this.#tables = tables;
  }

  /** Reads on to the end of the window and adds what it finds. */
  read(window: Uint8Array, found: SpanList): void {
    this.#lineFeed = -1;
    this.#carriageReturn = -1;
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
    // Bytes that cannot begin a pattern are let go before they are passed over.
    this.#next = Math.max(0, this.#next - bytes);
  }

  /** Looks for the next gram that begins a pattern; what is too short for one at the end of the window waits for more. */
  #findGram(window: Uint8Array): boolean {
    const { gramBytes, strideBytes, skipsBreaks } = this.#tables;
    const end = window.length;
    if (strideBytes === 4 && skipsBreaks) {
      // Line by line: a pattern may go on behind the end of a line, where its later grams are not found.
      for (let line = this.#lineEnd(window); line < end; line = this.#lineEnd(window)) {
        if (this.#findInStrides(window, line)) return true;
        this.#next = line + 1;
      }
    }
    const isFound = strideBytes === 4 ? this.#findInStrides(window, end) : this.#findAtBytes(window);
    if (!isFound) this.#next = Math.max(this.#next, end - gramBytes + 1);
    return isFound;
  }

  /** The index of the next line end, or beyond the window. */
  #lineEnd(window: Uint8Array): number {
    if (this.#lineFeed < this.#next) this.#lineFeed = indexOrEnd(window, 0x0a, this.#next);
    if (this.#carriageReturn < this.#next) this.#carriageReturn = indexOrEnd(window, 0x0d, this.#next);
    return Math.min(this.#lineFeed, this.#carriageReturn);
  }

  #findInStrides(window: Uint8Array, end: number): boolean {
    const lastGram = end - this.#tables.gramBytes;
    for (let from = this.#next; from <= lastGram;) {
      const at = this.#passOver(window, from, end);
      // The gram may be any of a pattern's first four, so the pattern begins here or up to three bytes before.
      const last = Math.min(at, lastGram);
      for (from = Math.max(from, at - 3); from <= last; from += 1) if (this.#enter(window, from)) return true;
    }
    return false;
  }

  #findAtBytes(window: Uint8Array): boolean {
    const lastGram = window.length - this.#tables.gramBytes;
    for (let from = this.#next; from <= lastGram; from += 1) {
      from = this.#passOverBytes(window, from);
      if (from <= lastGram && this.#enter(window, from)) return true;
    }
    return false;
  }

  /** Where the filter first says perhaps, looking at every fourth byte only; beyond the last gram if nowhere. */
  #passOver(window: Uint8Array, from: number, end: number): number {
    const { filter, filterShift } = this.#tables.grams;
    const last = end - 4;
    let at = from;
    for (; at <= last; at += 4) {
      const gram =
        ((window[at] as number) << 24) |
        ((window[at + 1] as number) << 16) |
        ((window[at + 2] as number) << 8) |
        (window[at + 3] as number);
      const bit = Math.imul(gram, HASH) >>> filterShift;
      if (((filter[bit >>> 5] as number) & (1 << (bit & 31))) !== 0) return at;
    }
    return at;
  }

  /** The same, looking at every byte. */
  #passOverBytes(window: Uint8Array, from: number): number {
    const { gramBytes, grams } = this.#tables;
    const { filter, filterShift, mask } = grams;
    const end = window.length;
    let at = from;
    let gram = 0;
    for (const firstEnd = Math.min(end, from + gramBytes - 1); at < firstEnd; at += 1) {
      gram = (gram << 8) | (window[at] as number);
    }
    for (; at < end; at += 1) {
      gram = ((gram << 8) | (window[at] as number)) & mask;
      const bit = Math.imul(gram, HASH) >>> filterShift;
      if (((filter[bit >>> 5] as number) & (1 << (bit & 31))) !== 0) return at - gramBytes + 1;
    }
    return end;
  }

  /** Goes to the state of the gram at a place, if it is one that begins a pattern. */
  #enter(window: Uint8Array, at: number): boolean {
    const { grams, gramBytes } = this.#tables;
    let gram = 0;
    for (let byte = 0; byte < gramBytes; byte += 1) gram = (gram << 8) | (window[at + byte] as number);
    const state = grams.find(gram);
    if (state === 0) return false;
    this.#state = state;
    this.#next = at + gramBytes;
    this.#breaks = 0;
    return true;
  }

  /** Follows states until none fits any more: then true. False at the end of the window. */
  #follow(window: Uint8Array, found: SpanList): boolean {
    const { fail, longest, skipsBreaks } = this.#tables;
    const end = window.length;
    let state = this.#state;
    let next = this.#next;
    for (; next < end; next += 1) {
      const byte = window[next] as number;
      if (skipsBreaks && (isLineEnd(byte) || (this.#breaks > 0 && isIndent(byte)))) {
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
      while (isLineEnd(window[at] as number) || isIndent(window[at] as number)) at -= 1;
    }
    return at;
  }
}

function isLineEnd(byte: number): boolean {
  return byte === 0x0a || byte === 0x0d;
}

/** Blanks by which a line after a break may be indented. */
function isIndent(byte: number): boolean {
  return byte === 0x20 || byte === 0x09;
}

function indexOrEnd(window: Uint8Array, byte: number, from: number): number {
  const index = window.indexOf(byte, from);
  return index === -1 ? Infinity : index;
}
