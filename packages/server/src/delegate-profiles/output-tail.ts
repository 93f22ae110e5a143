// The end of an output: takes all of it, keeps the last bytes.

export class OutputTail {
  readonly #maxBytes: number;
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  take(chunk: Uint8Array): void {
    // A copy: the chunk may be a view on a message that is much larger.
    this.#chunks.push(Uint8Array.from(chunk.subarray(-this.#maxBytes)));
    this.#bytes += Math.min(chunk.length, this.#maxBytes);
    if (this.#bytes <= 2 * this.#maxBytes) return;
    this.#chunks = [this.bytes()];
    this.#bytes = this.#maxBytes;
  }

  /** The last bytes, at most as many as were to be kept. */
  bytes(): Uint8Array {
    return Uint8Array.from(Buffer.concat(this.#chunks).subarray(-this.#maxBytes));
  }
}
