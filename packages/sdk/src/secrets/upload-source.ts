// Where the bytes of an upload come from. It finds out whether there are any before something is sent, cuts them into chunks of one
// size whatever pieces they arrive in, and knows whether they can be read a second time.
import { invariant } from '@sallyport/core';
import { emptyValue } from './write-secret.ts';

/** Bytes to upload: a stream that can be read once, or a function that opens one as often as asked. */
export type UploadBytes = AsyncIterable<Uint8Array> | (() => AsyncIterable<Uint8Array>);

export class UploadSource {
  readonly #bytes: UploadBytes;
  #opened: { first: Uint8Array; rest: AsyncIterator<Uint8Array> } | null = null;
  #spent = false;

  constructor(bytes: UploadBytes) {
    this.#bytes = bytes;
  }

  /** Whether the bytes can (still) be read from their beginning. */
  get repeatable(): boolean {
    return typeof this.#bytes === 'function' || !this.#spent;
  }

  /**
   * Has the source at its beginning and waits for its first byte.
   * @throws {empty-value} when it ends without one
   */
  async open(): Promise<void> {
    if (this.#opened !== null && !this.#spent) return;
    invariant(this.repeatable, 'a stream that was read from is not opened again');
    await this.close();
    const stream = typeof this.#bytes === 'function' ? this.#bytes() : this.#bytes;
    const rest = stream[Symbol.asyncIterator]();
    for (;;) {
      const next = await rest.next();
      if (next.done === true) throw emptyValue();
      if (next.value.length === 0) continue;
      this.#opened = { first: next.value, rest };
      this.#spent = false;
      return;
    }
  }

  /** Lets go of what is open. */
  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = null;
    await opened?.rest.return?.();
  }

  /**
   * The bytes in chunks of exactly `chunkBytes`, the last one shorter or as long; it alone is `final`.
   * A chunk is good until the next one is asked for: all are views on one buffer, so that memory stays flat.
   */
  async *chunks(chunkBytes: number): AsyncGenerator<{ content: Uint8Array; final: boolean }> {
    const buffer = new Uint8Array(chunkBytes);
    let filled = 0;
    for await (const piece of this.#pieces()) {
      for (let offset = 0; offset < piece.length;) {
        // A full buffer goes out only when there is more to come, since the last one has to say that it is the last.
        if (filled === chunkBytes) {
          yield { content: buffer, final: false };
          filled = 0;
        }
        const part = piece.subarray(offset, offset + chunkBytes - filled);
        buffer.set(part, filled);
        filled += part.length;
        offset += part.length;
      }
    }
    yield { content: buffer.subarray(0, filled), final: true };
    buffer.fill(0);
  }

  async *#pieces(): AsyncGenerator<Uint8Array> {
    const opened = this.#opened;
    if (opened === null) return;
    yield opened.first;
    this.#spent = true;
    for (;;) {
      const next = await opened.rest.next();
      if (next.done === true) return;
      yield next.value;
    }
  }
}
