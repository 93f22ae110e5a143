// Remembers for a short while which delegates can decrypt which reference, so that reading a secret again takes one request instead
// of two. Nothing here is trusted: identities are judged elsewhere, and whoever turns out not to be eligible any more is asked anew.
import type { SecretKind } from '@sallyport/core';
import type { DelegateOffer } from '@sallyport/protocol';

/** References that one delegate can serve together, with what the server says of them. */
export type ReadGroup = {
  items: readonly ReadItem[];
  delegates: readonly DelegateOffer[];
};
export type ReadItem = { reference: string; kind: SecretKind; valueBytes: number };

const MAX_AGE_MS = 60_000;
const MAX_ENTRIES = 10_000;

export class RememberedReadOffers {
  readonly #clock: () => number;
  // In the order in which they were remembered, so the first one is the oldest.
  readonly #entries = new Map<
    string,
    { item: ReadItem; delegates: readonly DelegateOffer[]; rememberedAtMs: number }
  >();

  /** @param clock milliseconds since 1970 */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** The groups for exactly these references; `null` when any of them is not (or no longer) remembered. */
  groupsFor(references: readonly string[]): ReadGroup[] | null {
    const groups = new Map<readonly DelegateOffer[], ReadItem[]>();
    const nowMs = this.#clock();
    for (const reference of references) {
      const entry = this.#entries.get(reference);
      const ageMs = nowMs - (entry?.rememberedAtMs ?? 0);
      if (entry === undefined || ageMs < 0 || ageMs > MAX_AGE_MS) return null;
      const items = groups.get(entry.delegates);
      if (items === undefined) groups.set(entry.delegates, [entry.item]);
      else items.push(entry.item);
    }
    return [...groups].map(([delegates, items]) => ({ items, delegates }));
  }

  remember(groups: readonly ReadGroup[]): void {
    const rememberedAtMs = this.#clock();
    for (const { items, delegates } of groups) {
      for (const item of items) {
        this.#entries.delete(item.reference);
        this.#entries.set(item.reference, { item, delegates, rememberedAtMs });
      }
    }
    for (const reference of this.#entries.keys()) {
      if (this.#entries.size <= MAX_ENTRIES) break;
      this.#entries.delete(reference);
    }
  }

  forget(references: Iterable<string>): void {
    for (const reference of references) this.#entries.delete(reference);
  }
}
