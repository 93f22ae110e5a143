// The chunks of one task, both ways, within credit windows: at most four chunks are under way per direction, so a stream of any
// size needs the memory of a few chunks. What the chunks mean is the executor's business.
import { AppError, invariant } from '@sallyport/core';
import { STREAM_WINDOW_CHUNKS } from '@sallyport/protocol';

/** A chunk as it travels; `last` ends its direction. */
export type StreamChunk = { payload: Uint8Array; last: boolean };

/** Where chunks and credit of one task are sent. */
export type StreamOutlet = {
  sendChunk(chunk: StreamChunk): void;
  sendCredit(chunks: number): void;
};

// One more than the window: a sender may hold an empty last chunk to need no credit.
const MOST_UNREAD_CHUNKS = STREAM_WINDOW_CHUNKS + 1;

/** Both directions of one task's stream. One reader and one writer at a time. */
export class TaskStream {
  readonly #outlet: StreamOutlet;
  readonly #signal: AbortSignal;
  readonly #unread: StreamChunk[] = [];
  #sendCredit: number = STREAM_WINDOW_CHUNKS;
  #reading = false;
  #ended = false;
  #wakeReader: (() => void) | null = null;
  #wakeWriter: (() => void) | null = null;

  constructor(outlet: StreamOutlet, signal: AbortSignal) {
    this.#outlet = outlet;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#wakeAll(), { once: true });
  }

  /**
   * Takes in a chunk that arrived.
   * @throws {invalid-request} when the sender ignores the window, or sends after its last chunk
   */
  arrived(chunk: StreamChunk): void {
    if (this.#ended || this.#unread.length >= MOST_UNREAD_CHUNKS) {
      throw new AppError('invalid-request', {
        publicMessage: 'The stream has more chunks than were asked for.',
      });
    }
    this.#ended = chunk.last;
    this.#unread.push(chunk);
    this.#wakeReader?.();
  }

  /** Takes in credit for chunks in the other direction. */
  credited(chunks: number): void {
    this.#sendCredit += chunks;
    this.#wakeWriter?.();
  }

  /**
   * The next chunk. The one before it is done with by now, so its sender may send another.
   * @throws the signal's reason
   */
  async receive(): Promise<StreamChunk> {
    if (this.#reading && !this.#ended) this.#outlet.sendCredit(1);
    this.#reading = true;
    for (;;) {
      this.#signal.throwIfAborted();
      const chunk = this.#unread.shift();
      if (chunk !== undefined) return chunk;
      invariant(!this.#ended, 'nothing is received after the last chunk');
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
    }
  }

  /**
   * Sends a chunk as soon as there is credit for it.
   * @throws the signal's reason
   */
  async send(chunk: StreamChunk): Promise<void> {
    for (;;) {
      this.#signal.throwIfAborted();
      if (this.#sendCredit > 0) break;
      await new Promise<void>((resolve) => {
        this.#wakeWriter = resolve;
      });
    }
    this.#sendCredit -= 1;
    this.#outlet.sendChunk(chunk);
  }

  #wakeAll(): void {
    this.#wakeReader?.();
    this.#wakeWriter?.();
  }
}
