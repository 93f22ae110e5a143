// Collects bytes that arrive in chunks until a whole unit (a header, a frame) is there. It grows with what has arrived, never by
// a length that a message merely claims, and it copies, so that callers may reuse their chunks. Not a general stream.

const SMALLEST_BYTES = 1_024;

/** A buffer that keeps its memory between units and zeroes what it gives up. */
export class ByteAccumulator {
  #memory = Buffer.alloc(0);
  #length = 0;

  /** Bytes collected since the last `clear`. */
  get length(): number {
    return this.#length;
  }

  append(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#memory.length) {
      const grown = Buffer.alloc(Math.max(SMALLEST_BYTES, length, this.#memory.length * 2));
      this.#memory.copy(grown, 0, 0, this.#length);
      this.#memory.fill(0);
      this.#memory = grown;
    }
    this.#memory.set(bytes, this.#length);
    this.#length = length;
  }

  /** The collected bytes, valid until the next `append`, `clear` or `release`. */
  view(): Buffer {
    return this.#memory.subarray(0, this.#length);
  }

  /** Forgets the collected bytes and keeps the memory, zeroed, for the next unit. */
  clear(): void {
    this.#memory.fill(0, 0, this.#length);
    this.#length = 0;
  }

  /** Forgets the bytes and gives the memory back. */
  release(): void {
    this.clear();
    this.#memory = Buffer.alloc(0);
  }
}
