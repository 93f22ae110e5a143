// How long a task may stay with a delegate without a sign of progress. Streams prolong it chunk by chunk, and pause it while the
// server itself waits for the client, so that a slow client is not held against the delegate.
import type { Clock } from '../clock.ts';

export class Lease {
  readonly #clock: Clock;
  readonly #idleMs: number;
  readonly #expired: () => void;
  #cancel: (() => void) | null = null;
  #pauses = 0;
  #ended = false;

  constructor(clock: Clock, options: { idleMs: number; expired: () => void }) {
    this.#clock = clock;
    this.#idleMs = options.idleMs;
    this.#expired = options.expired;
    this.#arm();
  }

  /** Starts the time over. */
  prolong(): void {
    if (this.#ended || this.#pauses > 0) return;
    this.#cancel?.();
    this.#arm();
  }

  /** Stops the time while `waiting` is under way. */
  async pausedFor<T>(waiting: Promise<T>): Promise<T> {
    this.#pauses += 1;
    this.#cancel?.();
    try {
      return await waiting;
    } finally {
      this.#pauses -= 1;
      if (this.#pauses === 0 && !this.#ended) this.#arm();
    }
  }

  end(): void {
    this.#ended = true;
    this.#cancel?.();
  }

  #arm(): void {
    this.#cancel = this.#clock.after(this.#idleMs, this.#expired);
  }
}
