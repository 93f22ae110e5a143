// The tables of an Aho-Corasick automaton over bytes, made small: states are numbered so that the first child of a state is the next
// state, so only further children need an edge of their own, and states of fewer bytes than a *gram* (the first bytes of a pattern)
// do not exist. A filter of one bit per gram lets the matcher pass over nearly all of a text without looking at a state at all.
import { GramTable } from './gram-table.ts';
import type { GramRoot } from './gram-table.ts';

/** Eight bytes a state. State 0 is none. */
export type MatcherTables = {
  /** Line breaks inside a match, and blanks after them, are passed over. */
  skipsBreaks: boolean;
  /** Length of the first bytes by which a pattern is found, 1 to 4. */
  gramBytes: number;
  /** In steps of how many bytes a text is looked through for grams: 4 when all patterns have more than one gram's bytes to spare, else 1. */
  strideBytes: 1 | 4;
  grams: GramTable;
  /** Proper beginnings of grams, as `beginningKey` makes them. */
  beginnings: ReadonlySet<number>;
  /** The byte that leads to a state. */
  label: Uint8Array;
  /** How many bytes of text a state stands for. */
  depth: Uint8Array;
  /** The state of the longest shorter end of the same text, or 0. */
  fail: Int32Array;
  /** Length of the longest pattern that ends in a state, or 0. */
  longest: Uint8Array;
  /** Whether a state has more children than the next one. */
  hasBranches: Uint8Array;
  /** Children other than the first. */
  branches: BranchTable;
};

const GRAM_MAX_BYTES = 4;
const PATTERN_MAX_BYTES = 255;
/** Wherever such a pattern begins, at every fourth byte of a text one of its first four grams begins. */
export const STRIDE_PATTERN_MIN_BYTES = 7;

/**
 * Builds the tables.
 * @param patterns one character per byte, all different, none empty, none longer than 255
 */
export function buildTables(patterns: readonly string[], skipsBreaks: boolean): MatcherTables {
  const lengths = patterns.map((pattern) => pattern.length);
  const least = lengths.reduce((left, right) => Math.min(left, right), Infinity);
  if (least < 1 || lengths.some((length) => length > PATTERN_MAX_BYTES))
    throw new RangeError('a pattern has no usable length');
  const gramBytes = Math.min(GRAM_MAX_BYTES, least);
  const strideBytes = least < STRIDE_PATTERN_MIN_BYTES ? 1 : 4;
  const statesMax = lengths.reduce((sum, length) => sum + length, 0);
  const trie = new Trie({ gramBytes, statesMax });
  const beginnings = new Set<number>();
  const filtered = new Set<number>();
  // Without a comparison function, strings are sorted by character, and these are bytes.
  for (const pattern of [...patterns].sort()) {
    trie.add(pattern);
    for (let at = 0; at < strideBytes; at += 1) filtered.add(gramOf(pattern, at, gramBytes));
    for (let bytes = 1; bytes < gramBytes; bytes += 1)
      beginnings.add(beginningKey(gramOf(pattern, 0, bytes), bytes));
  }
  return { skipsBreaks, gramBytes, strideBytes, beginnings, ...trie.finish(filtered) };
}

/** Tells beginnings of different lengths apart. */
export function beginningKey(gram: number, bytes: number): number {
  return bytes * 0x1000000 + gram;
}

function gramOf(text: string, start: number, bytes: number): number {
  let gram = 0;
  for (let at = start; at < start + bytes; at += 1) gram = (gram << 8) | text.charCodeAt(at);
  return gram;
}

/** Edges to all children but the first, in one table for all states. */
export class BranchTable {
  readonly #parents: Int32Array;
  readonly #children: Int32Array;
  readonly #label: Uint8Array;
  readonly #mask: number;

  constructor(edges: readonly { parent: number; child: number }[], label: Uint8Array) {
    const size = 2 ** Math.ceil(Math.log2(edges.length * 2 + 2));
    this.#mask = size - 1;
    this.#parents = new Int32Array(size);
    this.#children = new Int32Array(size);
    this.#label = label;
    for (const { parent, child } of edges) {
      let slot = this.#slot(parent, label[child] ?? 0);
      while (this.#parents[slot] !== 0) slot = (slot + 1) & this.#mask;
      this.#parents[slot] = parent;
      this.#children[slot] = child;
    }
  }

  /** The child of a state by a byte, or 0; the first child is not among them. */
  child(parent: number, byte: number): number {
    for (let slot = this.#slot(parent, byte); this.#parents[slot] !== 0; slot = (slot + 1) & this.#mask) {
      const child = this.#children[slot] ?? 0;
      if (this.#parents[slot] === parent && this.#label[child] === byte) return child;
    }
    return 0;
  }

  #slot(parent: number, byte: number): number {
    return (Math.imul(parent * 31 + byte, 0x9e3779b1) >>> 7) & this.#mask;
  }
}

type Finished = Omit<MatcherTables, 'skipsBreaks' | 'gramBytes' | 'strideBytes' | 'beginnings'>;

/** Takes the patterns in sorted order. */
class Trie {
  readonly #gramBytes: number;
  readonly #label: Uint8Array;
  readonly #depth: Uint8Array;
  readonly #isEnd: Uint8Array;
  readonly #parent: Int32Array;
  readonly #edges: { parent: number; child: number }[] = [];
  readonly #roots: GramRoot[] = [];
  /** States of the pattern before, by depth. */
  readonly #path = new Int32Array(PATTERN_MAX_BYTES + 1);
  #last = '';
  #count = 1;

  constructor({ gramBytes, statesMax }: { gramBytes: number; statesMax: number }) {
    this.#gramBytes = gramBytes;
    // One more at either end, so that the next state can always be asked for.
    this.#label = new Uint8Array(statesMax + 2);
    this.#depth = new Uint8Array(statesMax + 2);
    this.#isEnd = new Uint8Array(statesMax + 2);
    this.#parent = new Int32Array(statesMax + 2);
  }

  add(pattern: string): void {
    let depth = 0;
    while (depth < this.#last.length && pattern.charCodeAt(depth) === this.#last.charCodeAt(depth))
      depth += 1;
    if (depth < this.#gramBytes) {
      depth = this.#gramBytes;
      this.#make(pattern, depth, 0);
      this.#roots.push({ gram: gramOf(pattern, 0, depth), state: this.#path[depth] ?? 0 });
    } else if (depth < pattern.length) {
      const parent = this.#path[depth] ?? 0;
      depth += 1;
      // When the pattern before is the beginning of this one, the new state comes right after its last.
      if (parent + 1 !== this.#count) this.#edges.push({ parent, child: this.#count });
      this.#make(pattern, depth, parent);
    }
    while (depth < pattern.length) {
      depth += 1;
      this.#make(pattern, depth, this.#count - 1);
    }
    this.#isEnd[this.#path[pattern.length] ?? 0] = 1;
    this.#last = pattern;
  }

  #make(pattern: string, depth: number, parent: number): void {
    const state = this.#count;
    this.#count += 1;
    this.#label[state] = pattern.charCodeAt(depth - 1);
    this.#depth[state] = depth;
    this.#parent[state] = parent;
    this.#path[depth] = state;
  }

  finish(filtered: ReadonlySet<number>): Finished {
    const size = this.#count + 1;
    const label = this.#label.slice(0, size);
    const depth = this.#depth.slice(0, size);
    const branches = new BranchTable(this.#edges, label);
    const hasBranches = new Uint8Array(size);
    for (const { parent } of this.#edges) hasBranches[parent] = 1;
    const grams = new GramTable({ roots: this.#roots, filtered, gramBytes: this.#gramBytes });
    const forward = { label, depth, hasBranches, branches };
    return { ...forward, grams, ...this.#ends({ ...forward, grams }) };
  }

  /** Fills in, from the shortest to the longest, where a state goes on when no child fits, and which pattern ends in it. */
  #ends(tables: Omit<Finished, 'fail' | 'longest'>): Pick<Finished, 'fail' | 'longest'> {
    const { depth, label, grams } = tables;
    const fail = new Int32Array(depth.length);
    const longest = new Uint8Array(depth.length);
    const lastBytes = new Int32Array(depth.length);
    for (const { gram, state } of this.#roots) lastBytes[state] = gram;
    for (const state of this.#byDepth(depth)) {
      const byte = label[state] ?? 0;
      const parent = this.#parent[state] ?? 0;
      if (parent !== 0) {
        lastBytes[state] = ((lastBytes[parent] ?? 0) << 8) | byte;
        let from = fail[parent] ?? 0;
        let next = 0;
        while (from !== 0 && next === 0) {
          next = childOf(tables, from, byte);
          from = fail[from] ?? 0;
        }
        fail[state] = next === 0 ? grams.find((lastBytes[state] ?? 0) & grams.mask) : next;
      }
      longest[state] = this.#isEnd[state] === 1 ? (depth[state] ?? 0) : (longest[fail[state] ?? 0] ?? 0);
    }
    return { fail, longest };
  }

  /** All states, those of the fewest bytes first. */
  #byDepth(depth: Uint8Array): Int32Array {
    const starts = new Int32Array(PATTERN_MAX_BYTES + 2);
    for (let state = 1; state < this.#count; state += 1) starts[(depth[state] ?? 0) + 1]! += 1;
    for (let at = 1; at < starts.length; at += 1) starts[at]! += starts[at - 1] ?? 0;
    const order = new Int32Array(this.#count - 1);
    for (let state = 1; state < this.#count; state += 1) {
      const place = starts[depth[state] ?? 0] ?? 0;
      order[place] = state;
      starts[depth[state] ?? 0] = place + 1;
    }
    return order;
  }
}

type Forward = Pick<MatcherTables, 'label' | 'depth' | 'hasBranches' | 'branches'>;

/** Whether a longer pattern begins like the text of a state. */
export function hasChildren({ depth, hasBranches }: Forward, state: number): boolean {
  return depth[state + 1] === (depth[state] ?? 0) + 1 || hasBranches[state] === 1;
}

/** The state after one more byte, or 0. */
export function childOf(tables: Forward, state: number, byte: number): number {
  const { label, depth, hasBranches, branches } = tables;
  if (label[state + 1] === byte && depth[state + 1] === (depth[state] ?? 0) + 1) return state + 1;
  return hasBranches[state] === 1 ? branches.child(state, byte) : 0;
}
