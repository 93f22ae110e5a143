// Reads any byte array through Buffer's methods without copying it.

/** The same memory as `bytes`, as a `Buffer`. */
export function bufferView(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
