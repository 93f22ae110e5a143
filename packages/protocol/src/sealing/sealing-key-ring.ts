// A delegate's sealing keys: the one on offer and those before it that have not expired. In memory only, so that a restart makes
// old traffic unreadable for good. Under each key it remembers which sessions were opened, so that none can be opened twice.
import type { KeyObject } from 'node:crypto';
import { invariant } from '@sallyport/core';
import { setupReceiver } from './hpke.ts';
import type { KemKeyPair } from './hpke.ts';
import { rawPublicKeyOf } from './raw-key.ts';
import { createSealingKey } from './sealing-offer.ts';
import type { OfferedKeys, SealingOffer } from './sealing-offer.ts';
import { deriveSessionKeys, sessionInfo } from './session-keys.ts';
import type { SessionKeys } from './session-keys.ts';

/** How long a sealing key accepts new sessions unless told otherwise, in milliseconds. Offered for the first half of it. */
export const SEALING_KEY_LIFETIME_MS = 60 * 60 * 1000;
/** Sessions under one sealing key unless told otherwise; then a new key takes its place. */
export const SESSIONS_PER_SEALING_KEY = 100_000;

// What an unknown session costs grows with the number of keys tried, so a caller that rotates often drops the oldest.
const MAX_KEYS = 4;

export type SealingKeyRingOptions = {
  /** The delegate's Ed25519 private key. */
  identityPrivateKey: KeyObject;
  /** The delegate's name for itself, as it appears in offers. */
  name: string;
  /** Now, in milliseconds since 1970. */
  clock: () => number;
  /** Milliseconds from making a key to its expiry; default one hour. */
  sealingKeyLifetimeMs?: number | undefined;
  /** Sessions opened under one key before it is replaced early; default 100,000. Bounds memory. */
  maxSessionsPerSealingKey?: number | undefined;
  /** Called with each offer after the first one, when it becomes current; must not throw. */
  onOffer?: ((offer: SealingOffer) => void) | undefined;
};

/** One sealing key. Opaque to all but the ring. */
export type SealingKey = {
  readonly offer: SealingOffer;
  readonly pair: KemKeyPair;
  readonly info: Buffer;
  readonly seenSessionIds: Set<string>;
};

/** Makes, offers, rotates and drops sealing keys. */
export class SealingKeyRing {
  readonly #options: SealingKeyRingOptions;
  readonly #identityKey: Buffer;
  readonly #lifetimeMs: number;
  readonly #maxSessions: number;
  // Newest first, never empty; the newest is on offer.
  #keys: readonly SealingKey[];

  constructor(options: SealingKeyRingOptions) {
    this.#options = options;
    this.#identityKey = rawPublicKeyOf(options.identityPrivateKey);
    this.#lifetimeMs = options.sealingKeyLifetimeMs ?? SEALING_KEY_LIFETIME_MS;
    this.#maxSessions = options.maxSessionsPerSealingKey ?? SESSIONS_PER_SEALING_KEY;
    invariant(this.#lifetimeMs > 0 && this.#maxSessions > 0, 'limits of sealing keys are positive');
    this.#keys = [this.#makeKey()];
  }

  /** The offer to publish: never past half of its life, so that a client has at least that long to use it. */
  currentOffer(): SealingOffer {
    const current = this.#keys[0];
    const remainingMs = (current?.offer.expiresAtMs ?? 0) - this.#options.clock();
    // More than a whole life left means that the clock went back; that key would live too long.
    const young = remainingMs > this.#lifetimeMs / 2 && remainingMs <= this.#lifetimeMs;
    return current !== undefined && young ? current.offer : this.rotate();
  }

  /** Puts a new key on offer. Keys before it go on accepting sessions until they expire. */
  rotate(): SealingOffer {
    const key = this.#makeKey();
    this.#keys = [key, ...this.#accepting()].slice(0, MAX_KEYS);
    this.#options.onOffer?.(key.offer);
    return key.offer;
  }

  /** Finds the key under which `enc` gives the session id `sessionId`, and the keys of that session; `null` when there is none. */
  findSession(sessionId: string, enc: Uint8Array): { sealingKey: SealingKey; keys: SessionKeys } | null {
    const accepting = this.#accepting();
    // First the cheap question: a session that was there before must not come back, whatever its enc.
    if (accepting.some((key) => key.seenSessionIds.has(sessionId))) return null;
    for (const sealingKey of accepting) {
      const context = setupReceiver({ recipient: sealingKey.pair, enc, info: sealingKey.info });
      const keys = context && deriveSessionKeys(context);
      if (keys?.id === sessionId) return { sealingKey, keys };
    }
    return null;
  }

  /** Notes that a session was opened under `sealingKey`. False when that may not be: seen before, or the key is gone. */
  admitSession(sessionId: string, sealingKey: SealingKey): boolean {
    if (!this.#accepting().includes(sealingKey) || sealingKey.seenSessionIds.has(sessionId)) return false;
    sealingKey.seenSessionIds.add(sessionId);
    if (sealingKey.seenSessionIds.size >= this.#maxSessions) this.#retire(sealingKey);
    return true;
  }

  /** Drops a full key with all that it remembers: without the key, nothing under it can be opened a second time. */
  #retire(sealingKey: SealingKey): void {
    const wasCurrent = this.#keys[0] === sealingKey;
    this.#keys = this.#keys.filter((key) => key !== sealingKey);
    if (wasCurrent) this.rotate();
  }

  #accepting(): readonly SealingKey[] {
    const nowMs = this.#options.clock();
    return this.#keys.filter((key) => nowMs < key.offer.expiresAtMs);
  }

  #makeKey(): SealingKey {
    const { identityPrivateKey, name, clock } = this.#options;
    const expiresAtMs = clock() + this.#lifetimeMs;
    const { offer, privateKey, publicKey } = createSealingKey({ identityPrivateKey, name, expiresAtMs });
    const offered: OfferedKeys = { identityKey: this.#identityKey, sealingKey: Buffer.from(publicKey) };
    const pair = { privateKey, publicKey };
    return { offer, pair, info: sessionInfo(offered), seenSessionIds: new Set() };
  }
}
