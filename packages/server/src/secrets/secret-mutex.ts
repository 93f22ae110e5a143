// One writer at a time per secret within this process, in the order in which they came. Only to spare writers a conflict: what
// decides is the version check when a write is committed.
import { AppError } from '@sallyport/core';
import type { Clock } from '../clock.ts';

export class SecretMutex {
  readonly #clock: Clock;
  readonly #maxWaitMs: number;
  readonly #tails = new Map<string, Promise<void>>();

  constructor(clock: Clock, options: { maxWaitMs: number }) {
    this.#clock = clock;
    this.#maxWaitMs = options.maxWaitMs;
  }

  /**
   * Runs `work` when everybody who asked for `key` before has finished.
   * @throws {edit-conflict} retryable, when that takes too long; `work` has not been run then
   */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key);
    const { promise: mine, resolve: release } = Promise.withResolvers<void>();
    const tail = before === undefined ? mine : before.then(async () => mine);
    this.#tails.set(key, tail);
    // Only when nobody holds it any more: one who gave up waiting must not open the way for the next.
    void tail.then(() => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    });
    try {
      if (before !== undefined) await this.#wait(before);
      return await work();
    } finally {
      release();
    }
  }

  async #wait(before: Promise<void>): Promise<void> {
    const { promise: expired, reject } = Promise.withResolvers<never>();
    const cancel = this.#clock.after(this.#maxWaitMs, () => {
      reject(
        new AppError('edit-conflict', {
          publicMessage: 'Others are writing this secret right now.',
          retryable: true,
        }),
      );
    });
    try {
      await Promise.race([before, expired]);
    } finally {
      cancel();
    }
  }
}
