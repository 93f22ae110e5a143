// Values that a reader holds in memory, each with its age; the least recently used makes room.
import type { ResolvedSecret } from '../secrets/resolve-secrets.ts';

/** A value, and since when it is known to be the one. */
export type HeldValue = {
  readonly secret: ResolvedSecret;
  /** When the read that brought it began, in milliseconds since 1970. */
  readonly readAtMs: number;
  /** Which of all reads that was. */
  readonly order: number;
  /** Not before this time is the source asked again: it failed just now. 0: at any time. */
  retryAtMs: number;
};

/** Held values by reference. What leaves is overwritten. */
export class ValueCache {
  readonly #maxEntries: number;
  // In the order of use, so the first is the one to go.
  readonly #values = new Map<string, HeldValue>();

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  get(reference: string): HeldValue | null {
    const held = this.#values.get(reference);
    if (held === undefined) return null;
    this.#values.delete(reference);
    this.#values.set(reference, held);
    return held;
  }

  put(reference: string, held: HeldValue): void {
    this.forget(reference);
    this.#values.set(reference, held);
    for (const oldest of this.#values.keys()) {
      if (this.#values.size <= this.#maxEntries) break;
      this.forget(oldest);
    }
  }

  forget(reference: string): void {
    const held = this.#values.get(reference);
    if (held === undefined) return;
    this.#values.delete(reference);
    held.secret.value.wipe();
  }

  forgetAll(): void {
    for (const reference of this.#values.keys()) this.forget(reference);
  }
}
