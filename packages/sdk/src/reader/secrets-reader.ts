// Reads secrets for an application: reads that come together become one call, values are held for a while and renewed ahead, and a source
// that is down for the moment does not take the application down with it.
import { AppError, isAppError, parseSecretReference, Plaintext } from '@sallyport/core';
import type { ResolvedSecret } from '../secrets/resolve-secrets.ts';
import { ReadBatches } from './read-batches.ts';
import type { SecretsSource } from './secrets-source.ts';
import { ValueCache } from './value-cache.ts';
import type { HeldValue } from './value-cache.ts';

export type SecretsOptions = {
  /** For how long a value is given without asking again, in milliseconds. 0: each read asks. Default 60,000. */
  maxAgeMs?: number;
  /** A read of a value older than this part of `maxAgeMs` has it renewed meanwhile, so that no reader waits. 1: never. Default 0.75. */
  refreshAhead?: number;
  /**
   * For how much longer, in milliseconds, a value is given when the source cannot be asked for the moment. What the source refuses is never
   * given. 0: not at all. Default 600,000.
   */
  staleIfErrorMs?: number;
  /** How long a read waits for the source when it could give an older value instead, in milliseconds. Default 2,000. */
  patienceMs?: number;
  /** How long the first of several reads waits for others to join its call, in milliseconds. Default 0: those of the same moment. */
  batchWindowMs?: number;
  /** Values held at most. Default 10,000. */
  maxEntries?: number;
  /** Told of a failure that a reader did not get to see, since there was an older value to give. */
  onStale?: (error: AppError, reference: string) => void;
  /** Milliseconds since 1970. */
  clock?: () => number;
};

export type GetOptions = {
  /** Ask the source, whatever is held, and give nothing older. Default false. */
  fresh?: boolean;
  /** Ends the waiting. What was asked for is read all the same, for others. */
  signal?: AbortSignal;
};

/** A value, and where it comes from. */
export type SecretReading = ResolvedSecret & {
  /** `source`: asked for just now; `held`: within its age; `stale`: above it, since the source cannot be asked. */
  from: 'source' | 'held' | 'stale';
  /** Since when it is known to be the one, in milliseconds since 1970. */
  readAtMs: number;
};

/** After a failure the source is left alone for so long. */
const RETRY_AFTER_MS = 2000;

/** Implements `Secrets` for one reference at a time. */
export class SecretsReader {
  readonly source: SecretsSource;
  readonly #options: Required<Omit<SecretsOptions, 'maxEntries' | 'batchWindowMs'>>;
  readonly #batches: ReadBatches;
  readonly #cache: ValueCache;

  constructor(source: SecretsSource, options: SecretsOptions) {
    this.source = source;
    this.#options = {
      maxAgeMs: options.maxAgeMs ?? 60_000,
      refreshAhead: options.refreshAhead ?? 0.75,
      staleIfErrorMs: options.staleIfErrorMs ?? 600_000,
      patienceMs: options.patienceMs ?? 2000,
      onStale: options.onStale ?? (() => undefined),
      clock: options.clock ?? Date.now,
    };
    this.#batches = new ReadBatches(source, {
      windowMs: options.batchWindowMs ?? 0,
      clock: this.#options.clock,
    });
    this.#cache = new ValueCache(options.maxEntries ?? 10_000);
  }

  /** @throws what reading can fail with, and the reason of `signal` */
  async read(reference: string, { fresh = false, signal }: GetOptions): Promise<SecretReading> {
    signal?.throwIfAborted();
    parseSecretReference(reference);
    const reading = fresh ? this.#ask(reference, { fresh }) : this.#readOrHeld(reference);
    return signal === undefined ? reading : unlessAborted(reading, signal);
  }

  forget(reference?: string): void {
    if (reference === undefined) this.#cache.forgetAll();
    else this.#cache.forget(reference);
  }

  close(): void {
    this.#cache.forgetAll();
    this.source.close();
  }

  async #readOrHeld(reference: string): Promise<SecretReading> {
    const { maxAgeMs, refreshAhead, staleIfErrorMs, clock } = this.#options;
    const held = this.#cache.get(reference);
    if (held === null) return this.#ask(reference, { fresh: false });
    const ageMs = clock() - held.readAtMs;
    // A clock that was set back: nobody knows how old it is.
    if (ageMs < 0 || ageMs >= maxAgeMs + staleIfErrorMs) return this.#ask(reference, { fresh: false });
    if (ageMs >= maxAgeMs) return this.#askWithin(reference, held);
    if (ageMs >= maxAgeMs * refreshAhead && clock() >= held.retryAtMs) this.#renew(reference, held);
    return readingOf(held, 'held');
  }

  /** Asks for a value that has come of age; the old one is given when the source cannot be asked, or takes long. */
  async #askWithin(reference: string, held: HeldValue): Promise<SecretReading> {
    const { patienceMs, clock } = this.#options;
    if (clock() < held.retryAtMs) return readingOf(held, 'stale');
    // Before the asking, which may overwrite what is held.
    const old = readingOf(held, 'stale');
    const { promise: late, resolve } = Promise.withResolvers<SecretReading>();
    const timer = setTimeout(() => {
      this.#failed(reference, { held, error: takesLong(patienceMs) });
      resolve(old);
    }, patienceMs);
    const asked = this.#ask(reference, { fresh: false }).catch((error: unknown) => {
      if (!mayPass(error)) throw error;
      this.#failed(reference, { held, error });
      return old;
    });
    // A refusal that comes after the old value was given has made sure that it is not given again.
    asked.catch(() => undefined);
    try {
      return await Promise.race([asked, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Renews in the background. */
  #renew(reference: string, held: HeldValue): void {
    this.#ask(reference, { fresh: false }).catch((error: unknown) => {
      if (mayPass(error)) this.#failed(reference, { held, error });
    });
  }

  /** Reads from the source and holds what comes. What the source refuses is no longer held. */
  async #ask(reference: string, options: { fresh: boolean }): Promise<SecretReading> {
    try {
      const { outcome, askedAtMs: readAtMs, order } = await this.#batches.read(reference, options);
      if ('error' in outcome) throw outcome.error;
      this.#hold(reference, { secret: outcome, readAtMs, order, retryAtMs: 0 });
      return readingOf({ secret: outcome, readAtMs }, 'source');
    } catch (error) {
      if (!mayPass(error)) this.#cache.forget(reference);
      throw error;
    }
  }

  /** Not when it is held already, or something that was read later is. */
  #hold(reference: string, held: HeldValue): void {
    const { secret, order } = held;
    if (this.#options.maxAgeMs === 0 || order <= (this.#cache.get(reference)?.order ?? 0)) return;
    this.#cache.put(reference, { ...held, secret: { ...secret, value: copyOf(secret.value) } });
  }

  #failed(reference: string, { held, error }: { held: HeldValue; error: AppError }): void {
    held.retryAtMs = this.#options.clock() + RETRY_AFTER_MS;
    this.#options.onStale(error, reference);
  }
}

/** Whether a failure may be over the next time, so that an older value is better than none. A refusal is not such a failure. */
function mayPass(error: unknown): error is AppError {
  return isAppError(error) && error.retryable;
}

function takesLong(patienceMs: number): AppError {
  return new AppError('task-timeout', {
    publicMessage: `The source has not answered within ${patienceMs} ms; an older value was given.`,
  });
}

/** With bytes of its own: whoever reads may overwrite them, and what is held may be overwritten. */
function readingOf(
  { secret, readAtMs }: Pick<HeldValue, 'secret' | 'readAtMs'>,
  from: SecretReading['from'],
): SecretReading {
  return { ...secret, value: copyOf(secret.value), from, readAtMs };
}

function copyOf(value: Plaintext): Plaintext {
  // Not `slice`: of Node's buffers that is a view of the same bytes.
  return new Plaintext(Uint8Array.from(value.bytes()));
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => {
    reject(signal.reason as Error);
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
