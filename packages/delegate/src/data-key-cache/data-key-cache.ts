// Unwrapped data keys for reading, kept in memory for a while so that not every read costs a call to KMS. Both limits of a secrets
// manager's policy are absolute: nothing prolongs an entry. Writing never uses it: each version gets a data key of its own.
import type { KeyObject } from 'node:crypto';
import { DATA_KEY_CACHE_LIMITS } from '@sallyport/core';
import type { DataKeyCachePolicy, SecretsManagerId } from '@sallyport/core';
import type { DataKeyCacheState } from '@sallyport/protocol';
import type { Time } from '../time/time.ts';
import { SharedFlight } from './shared-flight.ts';

/** How often entries that are too old are dropped even though nobody asks for them. */
const SWEEP_EVERY_MS = 5000;

type Entry = {
  readonly secretsManagerId: SecretsManagerId;
  readonly expiresAtMs: number;
  /** Set once the call has answered. */
  key: KeyObject | null;
  readonly flight: SharedFlight<KeyObject>;
  uses: number;
};

/** One use of one data key. */
export type DataKeyUse = {
  secretsManagerId: SecretsManagerId;
  /** From `cacheKeyOf`. */
  cacheKey: string;
  policy: DataKeyCachePolicy;
  signal: AbortSignal;
  /** Asks the key service. Called at most once for all uses of the key that come while it is under way. */
  unwrap: (signal: AbortSignal) => Promise<KeyObject>;
};

/** Data keys by cache key. Shows none when printed. */
export class DataKeyCache {
  readonly #time: Time;
  readonly #maxEntries: number;
  // In the order of last use, so the first one makes room.
  readonly #entries = new Map<string, Entry>();
  #cancelSweep: (() => void) | null = null;
  #uses = 0;
  #keyServiceCalls = 0;

  constructor(options: { time: Time; maxEntries: number }) {
    this.#time = options.time;
    this.#maxEntries = options.maxEntries;
  }

  /** Entries held, calls under way included. */
  get size(): number {
    return this.#entries.size;
  }

  get state(): DataKeyCacheState {
    return { keys: this.size, uses: this.#uses, keyServiceCalls: this.#keyServiceCalls };
  }

  /**
   * The data key, from the cache or by `unwrap`. With a maximum age of 0 every use is a call of its own.
   * @throws what `unwrap` throws (nothing is kept then), or the signal's reason
   */
  async use(request: DataKeyUse): Promise<KeyObject> {
    request.signal.throwIfAborted();
    this.#uses += 1;
    if (request.policy.maxAgeSeconds === 0) {
      this.#keyServiceCalls += 1;
      return request.unwrap(request.signal);
    }
    const { cacheKey } = request;
    const entry = this.#live(cacheKey) ?? this.#start(request);
    entry.uses += 1;
    this.#entries.delete(cacheKey);
    if (entry.uses < request.policy.maxUses) this.#keep(cacheKey, entry);
    return entry.key ?? entry.flight.join(request.signal, () => this.#drop(cacheKey, entry));
  }

  /** The data key if it is here, counted as a use; null: it has to be asked for by `use`. */
  take(cacheKey: string, policy: DataKeyCachePolicy): KeyObject | null {
    if (policy.maxAgeSeconds === 0) return null;
    const entry = this.#live(cacheKey);
    if (entry === null || entry.key === null) return null;
    this.#uses += 1;
    entry.uses += 1;
    this.#entries.delete(cacheKey);
    if (entry.uses < policy.maxUses) this.#entries.set(cacheKey, entry);
    return entry.key;
  }

  /** Forgets every data key of one secrets manager. Calls under way still answer those who wait, and are not kept. */
  flush(secretsManagerId: SecretsManagerId): void {
    for (const [cacheKey, entry] of this.#entries) {
      if (entry.secretsManagerId === secretsManagerId) this.#entries.delete(cacheKey);
    }
    this.#scheduleSweep();
  }

  /** Forgets everything. */
  flushAll(): void {
    this.#entries.clear();
    this.#scheduleSweep();
  }

  #live(cacheKey: string): Entry | null {
    const entry = this.#entries.get(cacheKey);
    if (entry === undefined) return null;
    if (this.#time.monotonicMs() < entry.expiresAtMs) return entry;
    this.#entries.delete(cacheKey);
    return null;
  }

  #start(request: DataKeyUse): Entry {
    this.#keyServiceCalls += 1;
    const maxAgeSeconds = Math.min(request.policy.maxAgeSeconds, DATA_KEY_CACHE_LIMITS.maxAgeSeconds);
    const entry: Entry = {
      secretsManagerId: request.secretsManagerId,
      // From when the key service was asked: its permission is as old as that.
      expiresAtMs: this.#time.monotonicMs() + maxAgeSeconds * 1000,
      key: null,
      flight: new SharedFlight(async (signal) => {
        try {
          entry.key = await request.unwrap(signal);
          return entry.key;
        } catch (thrown) {
          this.#drop(request.cacheKey, entry);
          throw thrown;
        }
      }),
      uses: 0,
    };
    return entry;
  }

  #keep(cacheKey: string, entry: Entry): void {
    this.#entries.set(cacheKey, entry);
    if (this.#entries.size > this.#maxEntries) {
      const oldest = this.#entries.keys().next();
      if (!oldest.done) this.#entries.delete(oldest.value);
    }
    this.#scheduleSweep();
  }

  /** Removes the entry unless another one has taken its place. */
  #drop(cacheKey: string, entry: Entry): void {
    if (this.#entries.get(cacheKey) === entry) this.#entries.delete(cacheKey);
  }

  #scheduleSweep(): void {
    if (this.#entries.size === 0) {
      this.#cancelSweep?.();
      this.#cancelSweep = null;
      return;
    }
    this.#cancelSweep ??= this.#time.after(SWEEP_EVERY_MS, () => {
      this.#cancelSweep = null;
      const nowMs = this.#time.monotonicMs();
      for (const [cacheKey, entry] of this.#entries) {
        if (nowMs >= entry.expiresAtMs) this.#entries.delete(cacheKey);
      }
      this.#scheduleSweep();
    });
  }
}
