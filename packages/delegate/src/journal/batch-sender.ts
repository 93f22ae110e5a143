// Sends batches of uses, one at a time, at a measured pace, and again when the server does not say that it has recorded one.
import type { LocalUses } from '@sallyport/protocol';
import type { Time } from '../time/time.ts';

/** At least this long between two batches: uses of one moment travel together. */
const PACE_MS = 250;
/** A batch without an answer is sent again after this long. */
const AGAIN_AFTER_MS = 10_000;

export type BatchSenderOptions = {
  time: Time;
  /** The oldest batch that is not recorded yet; null: there is none. */
  nextBatch: () => Promise<LocalUses | null>;
  describeFailure: (thrown: unknown) => void;
};

export class BatchSender {
  readonly #options: BatchSenderOptions;
  #send: ((message: LocalUses) => void) | null = null;
  #underWay: number | null = null;
  #isPicking = false;
  #cancelTimer: (() => void) | null = null;
  #lastSentAtMs = Number.NEGATIVE_INFINITY;
  #onIdle: (() => void)[] = [];

  constructor(options: BatchSenderOptions) {
    this.#options = options;
  }

  connected(send: (message: LocalUses) => void): void {
    this.disconnected();
    this.#send = send;
    this.wake();
  }

  disconnected(): void {
    this.#send = null;
    this.#underWay = null;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  /** There may be something to send. */
  wake(): void {
    if (this.#send === null || this.#underWay !== null || this.#isPicking || this.#cancelTimer !== null)
      return;
    const { time } = this.#options;
    const waitMs = Math.max(0, this.#lastSentAtMs + PACE_MS - time.monotonicMs());
    this.#schedule(waitMs, () => void this.#pick());
  }

  /** Batches up to this one are recorded. */
  seen(sequence: number): void {
    if (this.#underWay === null || this.#underWay > sequence) return;
    this.#underWay = null;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.wake();
  }

  /** Resolves when nothing is left to send, or the time is over. */
  async idle(atMostMs: number): Promise<void> {
    if (this.#send === null) return;
    this.#lastSentAtMs = Number.NEGATIVE_INFINITY;
    const idle = new Promise<void>((resolve) => {
      this.#onIdle.push(resolve);
    });
    const cancel = this.#options.time.after(atMostMs, () => this.#rest());
    this.wake();
    await idle;
    cancel();
  }

  close(): void {
    this.disconnected();
    this.#rest();
  }

  async #pick(): Promise<void> {
    this.#isPicking = true;
    const batch = await this.#options.nextBatch().catch((thrown: unknown) => {
      this.#options.describeFailure(thrown);
      return 'failed' as const;
    });
    this.#isPicking = false;
    if (this.#send === null) return;
    if (batch === 'failed') return this.#schedule(PACE_MS * 4, () => void this.#pick());
    if (batch === null) return this.#rest();
    this.#underWay = batch.sequence;
    this.#lastSentAtMs = this.#options.time.monotonicMs();
    this.#send(batch);
    this.#schedule(AGAIN_AFTER_MS, () => void this.#pick());
  }

  #schedule(delayMs: number, run: () => void): void {
    this.#cancelTimer = this.#options.time.after(delayMs, () => {
      this.#cancelTimer = null;
      run();
    });
  }

  #rest(): void {
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }
}
