// From the first bytes of a pattern to its state: a filter of bits that says no to nearly everything, and a table behind it that is exact.

const FILTER_BITS_MIN = 2 ** 13;
/** 512 KiB: more would no longer stay in a processor's cache. */
const FILTER_BITS_MAX = 2 ** 22;
const FILTER_BITS_PER_GRAM = 32;

/** Where a gram leads. */
export type GramRoot = { gram: number; state: number };

export class GramTable {
  /** Which bits of the last bytes read make a gram. */
  readonly mask: number;
  /** One bit per hash; see `filterShift`. */
  readonly filter: Int32Array;
  /** The bit of a gram is the high bits of `Math.imul(gram, HASH)`: those left after this shift. */
  readonly filterShift: number;
  readonly #grams: Int32Array;
  readonly #states: Int32Array;
  readonly #slots: number;

  /**
   * @param roots the first grams of patterns
   * @param filtered all grams that the filter lets pass, those first ones among them
   */
  constructor({
    roots,
    filtered,
    gramBytes,
  }: {
    roots: readonly GramRoot[];
    filtered: ReadonlySet<number>;
    gramBytes: number;
  }) {
    this.mask = gramBytes === 4 ? -1 : 2 ** (8 * gramBytes) - 1;
    const wanted = 2 ** Math.ceil(Math.log2(filtered.size * FILTER_BITS_PER_GRAM + 1));
    const bits = Math.min(FILTER_BITS_MAX, Math.max(FILTER_BITS_MIN, wanted));
    this.filter = new Int32Array(bits / 32);
    this.filterShift = 32 - Math.log2(bits);
    const size = 2 ** Math.ceil(Math.log2(roots.length * 2 + 2));
    this.#slots = size - 1;
    this.#grams = new Int32Array(size);
    this.#states = new Int32Array(size);
    for (const gram of filtered) {
      const bit = Math.imul(gram, HASH) >>> this.filterShift;
      this.filter[bit >>> 5]! |= 1 << (bit & 31);
    }
    for (const { gram, state } of roots) {
      let slot = this.#slot(gram);
      while (this.#states[slot] !== 0) slot = (slot + 1) & this.#slots;
      this.#grams[slot] = gram;
      this.#states[slot] = state;
    }
  }

  /** The state of a gram, or 0. */
  find(gram: number): number {
    for (let slot = this.#slot(gram); this.#states[slot] !== 0; slot = (slot + 1) & this.#slots) {
      if (this.#grams[slot] === gram) return this.#states[slot] ?? 0;
    }
    return 0;
  }

  #slot(gram: number): number {
    return (Math.imul(gram, HASH) >>> 9) & this.#slots;
  }
}

/** Knuth's multiplicative hash: 2^32 divided by the golden ratio. */
export const HASH = 0x9e3779b1;
