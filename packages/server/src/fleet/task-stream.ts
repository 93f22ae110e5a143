// Chunks of one task in both directions, with a window each way: a sender has at most so many chunks under way before the receiver
// grants more. So memory stays flat, however large the file and however slow either end.
import { AppError, invariant } from '@sallyport/core';
import type { TaskId } from '@sallyport/core';
import { STREAM_WINDOW_CHUNKS } from '@sallyport/protocol';
import type { StreamFrame } from '@sallyport/protocol';

/** How frames and credit reach the delegate. */
export type StreamTransport = {
  sendFrame(frame: StreamFrame): void;
  sendCredit(taskId: TaskId, chunks: number): void;
};

export class TaskStream {
  readonly #taskId: TaskId;
  readonly #transport: StreamTransport;
  readonly #incoming: StreamFrame[] = [];
  #credit = STREAM_WINDOW_CHUNKS;
  /** Chunks that the delegate may still send. */
  #granted = STREAM_WINDOW_CHUNKS;
  #ended = false;
  #failure: AppError | null = null;
  /** The task has its result: the delegate takes no more chunks. */
  #closed = false;
  /** Wakes whoever waits for credit, for a chunk, or for the end. */
  #changed = Promise.withResolvers<void>();

  constructor(taskId: TaskId, transport: StreamTransport) {
    this.#taskId = taskId;
    this.#transport = transport;
  }

  /** Whether the delegate has sent its last chunk. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Sends one chunk as soon as the delegate has granted it. @throws whatever the task failed with */
  async send(payload: Uint8Array, { last }: { last: boolean }): Promise<void> {
    while (this.#credit === 0 && this.#failure === null && !this.#closed) await this.#changed.promise;
    if (this.#failure !== null) throw this.#failure;
    if (this.#closed)
      throw new AppError('delegate-lost', { publicMessage: 'The delegate ended the task early.' });
    this.#credit -= 1;
    this.#transport.sendFrame({ taskId: this.#taskId, last, payload });
  }

  /**
   * The delegate's chunks as they come; each one taken grants another. What had arrived before a failure comes before it.
   * @throws whatever the task failed with
   */
  async *receive(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const frame = this.#incoming.shift();
      if (frame === undefined) {
        if (this.#failure !== null) throw this.#failure;
        if (this.#ended) return;
        await this.#changed.promise;
        continue;
      }
      if (frame.payload.length > 0) yield frame.payload;
      if (this.#failure !== null) continue;
      if (frame.last) return;
      this.#granted += 1;
      this.#transport.sendCredit(this.#taskId, 1);
    }
  }

  /** Takes a chunk from the delegate; false when it may not send one now. */
  accept(frame: StreamFrame): boolean {
    if (this.#ended || this.#granted === 0) return false;
    this.#granted -= 1;
    this.#ended = frame.last;
    this.#incoming.push(frame);
    this.#wake();
    return true;
  }

  grant(chunks: number): void {
    this.#credit += chunks;
    this.#wake();
  }

  /** Ends the direction to the delegate; what it sent can still be received. */
  close(): void {
    this.#closed = true;
    this.#wake();
  }

  /** Ends both directions with an error; what the delegate sent before can still be received. */
  fail(error: AppError): void {
    invariant(error instanceof AppError, 'a task fails with an AppError');
    this.#failure ??= error;
    this.#wake();
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
