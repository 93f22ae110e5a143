// Joins reads that come at the same time into one call, and reads of the same secret into one read.
import type { ReadOutcome } from '../secrets/resolve-secrets.ts';
import type { SecretsSource } from './secrets-source.ts';

/** What a call brought. */
export type BatchedRead = {
  outcome: ReadOutcome;
  /** When the first reader asked for it, in milliseconds since 1970. What is older than that is not in it. */
  askedAtMs: number;
  /** Counts up with each read: of two answers, the one with the higher number was asked for later. */
  order: number;
};

type Waiting = { settle: PromiseWithResolvers<BatchedRead>; askedAtMs: number; order: number };

/** One reader's calls to its source. */
export class ReadBatches {
  readonly #source: SecretsSource;
  readonly #windowMs: number;
  readonly #clock: () => number;
  #order = 0;
  /** To be sent with the next call. */
  #next = new Map<string, Waiting>();
  /** Sent and not answered yet. */
  readonly #underWay = new Map<string, Waiting>();

  /** @param options.windowMs how long the first read waits for others to join it */
  constructor(source: SecretsSource, options: { windowMs: number; clock: () => number }) {
    this.#source = source;
    this.#windowMs = options.windowMs;
    this.#clock = options.clock;
  }

  /**
   * @param options.fresh whether the call has to begin after this one: one that is under way already may bring what was true before
   * @throws what concerns the whole call
   */
  async read(reference: string, options: { fresh: boolean }): Promise<BatchedRead> {
    const waiting = this.#next.get(reference) ?? (options.fresh ? undefined : this.#underWay.get(reference));
    if (waiting !== undefined) return waiting.settle.promise;
    const settle = Promise.withResolvers<BatchedRead>();
    if (this.#next.size === 0) setTimeout(() => void this.#send(), this.#windowMs);
    this.#order += 1;
    this.#next.set(reference, { settle, askedAtMs: this.#clock(), order: this.#order });
    return settle.promise;
  }

  async #send(): Promise<void> {
    const batch = this.#next;
    this.#next = new Map();
    for (const [reference, waiting] of batch) this.#underWay.set(reference, waiting);
    try {
      const outcomes = await this.#source.read([...batch.keys()]);
      for (const outcome of outcomes) {
        const waiting = batch.get(outcome.reference);
        waiting?.settle.resolve({ outcome, askedAtMs: waiting.askedAtMs, order: waiting.order });
      }
    } catch (error) {
      for (const { settle } of batch.values()) settle.reject(error);
    } finally {
      for (const [reference, waiting] of batch) {
        if (this.#underWay.get(reference) === waiting) this.#underWay.delete(reference);
        // Does nothing to those that have an outcome.
        waiting.settle.reject(new Error(`the source left ${reference} out`));
      }
    }
  }
}
