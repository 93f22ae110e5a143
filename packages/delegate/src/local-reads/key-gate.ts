// Keeps guessing of API keys away from the server: a key that it refused is refused here for a while, and when refusals come fast, keys
// that are not known to be good have to wait. Keeps hashes only.
import { AppError } from '@sallyport/core';
import { MinuteBudget } from '../guard/minute-budget.ts';
import type { Time } from '../time/time.ts';

/** A key made a moment ago works after this long, even if somebody tried it too early. */
const REFUSED_FOR_MS = 10_000;
const REFUSALS_PER_MINUTE = 60;
const REMEMBERED_MAX = 10_000;

export class KeyGate {
  readonly #time: Time;
  readonly #budget: MinuteBudget;
  #refusedUntilMs = Number.NEGATIVE_INFINITY;
  readonly #refused = new Map<string, { error: AppError; untilMs: number }>();
  readonly #good = new Set<string>();

  constructor(time: Time) {
    this.#time = time;
    this.#budget = new MinuteBudget({ perMinute: REFUSALS_PER_MINUTE, time });
  }

  /**
   * Judges a key before the server is asked about it.
   * @throws what the server refused it with a moment ago; {rate-limited} while too many others were refused
   */
  require(callerHash: string): void {
    const nowMs = this.#time.monotonicMs();
    const refusal = this.#refused.get(callerHash);
    if (refusal !== undefined && nowMs < refusal.untilMs) throw refusal.error;
    if (nowMs >= this.#refusedUntilMs || this.#good.has(callerHash)) return;
    throw new AppError('rate-limited', {
      publicMessage:
        'Too many API keys that are not valid were tried here; keys that are new to this delegate wait.',
      data: { hint: 'Try again in some seconds, with a valid key.' },
    });
  }

  /** The server has taken the key. */
  accepted(callerHash: string): void {
    this.#refused.delete(callerHash);
    if (this.#good.has(callerHash)) return;
    if (this.#good.size >= REMEMBERED_MAX) this.#good.delete(this.#good.values().next().value ?? '');
    this.#good.add(callerHash);
  }

  /** The server has refused the key. */
  refused(callerHash: string, error: AppError): void {
    const nowMs = this.#time.monotonicMs();
    this.#good.delete(callerHash);
    if (this.#refused.size >= REMEMBERED_MAX) this.#refused.delete(this.#refused.keys().next().value ?? '');
    this.#refused.set(callerHash, { error, untilMs: nowMs + REFUSED_FOR_MS });
    if (!this.#budget.take()) this.#refusedUntilMs = nowMs + REFUSED_FOR_MS;
  }
}
