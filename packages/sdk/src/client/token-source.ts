// API keys that are good for a while only: got when they are needed, kept, and renewed before they end.
import { AppError } from '@sallyport/core';

/** An API key and when it ends, in milliseconds since 1970. */
export type TokenForAWhile = { value: string; expiresAtMs: number };

/** Gets an API key, e.g. in exchange for an identity that a workload has elsewhere; see `workloadToken`. */
export type TokenSource = () => Promise<TokenForAWhile>;

/** With less time left, another key is got: a call that is sent must not arrive too late. */
const RENEW_AHEAD_MS = 30_000;
/** Of a key that lives for less than twice that, half its life. */
const SHORTEST_LIFE_PART = 0.5;

/**
 * The key to use now. Calls at the same time share one renewal; a failure is not kept.
 * @returns a function that throws what `source` throws, and {config-invalid} when what it gives is no key
 */
export function renewing(source: TokenSource, clock: () => number): () => Promise<string> {
  let held: { value: string; untilMs: number } | null = null;
  let flight: Promise<string> | null = null;
  const renew = async (): Promise<string> => {
    const askedAtMs = clock();
    const { value, expiresAtMs } = await source();
    checkToken(value);
    const aheadMs = Math.min(RENEW_AHEAD_MS, (expiresAtMs - askedAtMs) * SHORTEST_LIFE_PART);
    held = { value, untilMs: expiresAtMs - aheadMs };
    return value;
  };
  return async () => {
    if (held !== null && clock() < held.untilMs) return held.value;
    flight ??= renew().finally(() => {
      flight = null;
    });
    return flight;
  };
}

/** @throws {config-invalid} */
export function checkToken(token: string): void {
  if (/^[\x21-\x7e]+$/.test(token)) return;
  // What is wrong with it is not repeated: it is a key all the same.
  throw new AppError('config-invalid', {
    publicMessage: 'The API key is empty or has characters that no key has.',
  });
}
