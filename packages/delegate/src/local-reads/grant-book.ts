// Grants in memory, by caller and reference. Holds envelopes, still wrapped, and no values.
import type { SecretsManagerId } from '@sallyport/core';
import type { HeldGrant } from './held-grant.ts';

/** A caller and what it asked for. */
export type GrantKey = { callerHash: string; reference: string };

/** Envelopes are small, mostly; a few large ones must not use up the memory. */
const MAX_ENVELOPE_BYTES = 64 * 1_048_576;

export class GrantBook {
  readonly #maxEntries: number;
  // In the order of last use, so the first one makes room.
  readonly #held = new Map<string, HeldGrant>();
  #envelopeBytes = 0;

  constructor(options: { maxEntries: number }) {
    this.#maxEntries = options.maxEntries;
  }

  get size(): number {
    return this.#held.size;
  }

  get(key: GrantKey): HeldGrant | null {
    const name = nameOf(key);
    const held = this.#held.get(name);
    if (held === undefined) return null;
    this.#held.delete(name);
    this.#held.set(name, held);
    return held;
  }

  put(key: GrantKey, held: HeldGrant): void {
    this.forget(key);
    this.#held.set(nameOf(key), held);
    this.#envelopeBytes += held.envelope.length;
    while (this.#held.size > this.#maxEntries || this.#envelopeBytes > MAX_ENVELOPE_BYTES) {
      const oldest = this.#held.keys().next();
      if (oldest.done) return;
      this.#remove(oldest.value);
    }
  }

  forget(key: GrantKey): void {
    this.#remove(nameOf(key));
  }

  forgetCaller(callerHash: string): void {
    this.#forgetWhere((held) => held.grant.callerHash === callerHash);
  }

  forgetManager(secretsManagerId: SecretsManagerId): void {
    this.#forgetWhere((held) => held.grant.secretsManagerId === secretsManagerId);
  }

  forgetAll(): void {
    this.#held.clear();
    this.#envelopeBytes = 0;
  }

  #forgetWhere(isMeant: (held: HeldGrant) => boolean): void {
    for (const [name, held] of this.#held) if (isMeant(held)) this.#remove(name);
  }

  #remove(name: string): void {
    const held = this.#held.get(name);
    if (held === undefined) return;
    this.#held.delete(name);
    this.#envelopeBytes -= held.envelope.length;
  }
}

/** Hashes have one length, so that nothing can stand for another pair. */
function nameOf({ callerHash, reference }: GrantKey): string {
  return callerHash + reference;
}
