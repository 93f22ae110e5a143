// Byte encodings that sealing authenticates or puts on the wire: length-prefixed fields and strict base64url.
// Two different inputs never give the same bytes, and no two texts decode to the same bytes.
import { invariant } from '@sallyport/core';

const TEXT_ENCODER = new TextEncoder();

/** UTF-8 bytes of `text`; a lone surrogate is our own mistake, since it would encode like U+FFFD. */
export function utf8(text: string): Uint8Array {
  invariant(text.isWellFormed(), 'text to authenticate is well-formed Unicode');
  return TEXT_ENCODER.encode(text);
}

/** Each field behind its length as u32 big endian, so that no byte can move from one field to the next. */
export function lengthPrefixed(fields: readonly Uint8Array[]): Buffer {
  const encoded = Buffer.allocUnsafe(fields.reduce((total, field) => total + 4 + field.length, 0));
  let offset = 0;
  for (const field of fields) {
    offset = encoded.writeUInt32BE(field.length, offset);
    encoded.set(field, offset);
    offset += field.length;
  }
  return encoded;
}

/**
 * Strict base64url without padding (RFC 4648 section 5); `null` for anything else, non-zero trailing bits included.
 * `bytes` demands an exact length.
 */
export function decodeBase64url(text: unknown, bytes?: number): Buffer | null {
  if (typeof text !== 'string') return null;
  const decoded = Buffer.from(text, 'base64url');
  // Node's decoder skips what it does not know and takes both alphabets, so only the way back tells.
  if (decoded.toString('base64url') !== text) return null;
  return bytes === undefined || decoded.length === bytes ? decoded : null;
}
