// How many values may be opened a minute: a token bucket that is full at the start and refills evenly.
import type { Time } from '../time/time.ts';

const MINUTE_MS = 60_000;

/** Counts openings against a limit a minute. */
export class MinuteBudget {
  readonly #perMinute: number;
  readonly #time: Pick<Time, 'monotonicMs'>;
  #left: number;
  #filledAtMs: number;

  constructor(options: { perMinute: number; time: Pick<Time, 'monotonicMs'> }) {
    this.#perMinute = options.perMinute;
    this.#time = options.time;
    this.#left = options.perMinute;
    this.#filledAtMs = options.time.monotonicMs();
  }

  /** Takes one opening out of the budget; false when there is none. */
  take(): boolean {
    const nowMs = this.#time.monotonicMs();
    const gained = ((nowMs - this.#filledAtMs) * this.#perMinute) / MINUTE_MS;
    this.#left = Math.min(this.#perMinute, this.#left + gained);
    this.#filledAtMs = nowMs;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
