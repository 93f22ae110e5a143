// Cuts bytes that come in any portions into chunks of one length. It holds the newest bytes back until it knows whether more
// follow, so that the last chunk can be marked.
import { STREAM_CHUNK_BYTES } from '@sallyport/protocol';

/** Takes one chunk; called again only after the promise has settled. The bytes may be overwritten by it. */
export type EmitChunk = (chunk: Buffer, options: { last: boolean }) => Promise<void>;

/** Bytes in, chunks of 1 MiB (the last one shorter) out. */
export class ChunkWriter {
  readonly #emit: EmitChunk;
  readonly #pending: Buffer[] = [];
  #pendingBytes = 0;

  constructor(emit: EmitChunk) {
    this.#emit = emit;
  }

  /** Takes bytes in and emits the chunks that are full and not the last. The bytes belong to the writer from now on. */
  async write(bytes: Buffer): Promise<void> {
    if (bytes.length === 0) return;
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    while (this.#pendingBytes > STREAM_CHUNK_BYTES) {
      await this.#emit(this.#take(STREAM_CHUNK_BYTES), { last: false });
    }
  }

  /** Emits the rest as the last chunk. */
  async end(): Promise<void> {
    await this.#emit(this.#take(this.#pendingBytes), { last: true });
  }

  #take(byteCount: number): Buffer {
    const [only] = this.#pending;
    if (only !== undefined && only.length >= byteCount) {
      if (only.length === byteCount) this.#pending.shift();
      else this.#pending[0] = only.subarray(byteCount);
      this.#pendingBytes -= byteCount;
      return only.subarray(0, byteCount);
    }
    const chunk = Buffer.allocUnsafe(byteCount);
    let filled = 0;
    while (filled < byteCount) {
      const head = this.#pending.shift();
      if (head === undefined) break;
      const part = head.subarray(0, byteCount - filled);
      filled += part.copy(chunk, filled);
      if (part.length < head.length) this.#pending.unshift(head.subarray(part.length));
      // A copy has been made; the original may be plaintext.
      part.fill(0);
    }
    this.#pendingBytes -= filled;
    return chunk.subarray(0, filled);
  }
}
