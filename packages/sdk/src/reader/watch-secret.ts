// Watches a secret for new versions. Asks for the version alone where the source can tell it, so that looking is not reading.
import { isAppError, parseSecretReference } from '@sallyport/core';
import type { AppError } from '@sallyport/core';
import type { SecretReading, SecretsReader } from './secrets-reader.ts';

export type WatchOptions = {
  /** How often to look, in milliseconds; up to a tenth more or less, so that many watchers do not look at once. Default 30,000. */
  everyMs?: number;
  /** Ends the watching, without an error. */
  signal?: AbortSignal;
  /** Told of failures that may be over the next time; watching goes on. */
  onError?: (error: AppError) => void;
};

const SHARE_OF_JITTER = 0.1;

/** @throws what the source refuses with, e.g. {not-found} when the secret is gone */
export async function* watchSecret(
  reader: SecretsReader,
  { reference, options }: { reference: string; options: WatchOptions },
): AsyncGenerator<SecretReading, void> {
  const { everyMs = 30_000, signal, onError = () => undefined } = options;
  const isPinned = parseSecretReference(reference).version !== null;
  let known: number | null = null;
  for (;;) {
    if (signal?.aborted === true) return;
    const reading = await passing(async () => newerThan(known, reader, reference), onError);
    if (reading !== null && reading.version !== known) {
      known = reading.version;
      yield reading;
      if (isPinned) return;
    }
    await pause(everyMs * (1 + (Math.random() * 2 - 1) * SHARE_OF_JITTER), signal ?? null);
  }
}

/** The value, unless its version is known. */
async function newerThan(
  known: number | null,
  reader: SecretsReader,
  reference: string,
): Promise<SecretReading | null> {
  if (known !== null) {
    const newest = (await reader.source.newestVersion?.(reference)) ?? null;
    if (newest === known) return null;
  }
  return reader.read(reference, { fresh: true });
}

/** null when the failure may be over the next time. */
async function passing<T>(work: () => Promise<T>, onError: (error: AppError) => void): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (!isAppError(error) || !error.retryable) throw error;
    onError(error);
    return null;
  }
}

/** Resolves early when the signal says so. */
async function pause(forMs: number, signal: AbortSignal | null): Promise<void> {
  if (signal?.aborted === true) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, forMs);
  const stop = (): void => resolve();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}
