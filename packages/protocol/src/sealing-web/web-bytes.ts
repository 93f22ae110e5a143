// Byte encodings for browsers, where there is no Buffer. They give the same bytes, and refuse the same texts, as ../sealing/encoding.ts.

/** Bytes with memory of their own, which WebCrypto asks for. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Each field behind its length as u32 big endian, so that no byte can move from one field to the next. */
export function lengthPrefixedFields(fields: readonly Uint8Array[]): Bytes {
  const encoded = new Uint8Array(fields.reduce((total, field) => total + 4 + field.length, 0));
  const view = new DataView(encoded.buffer);
  let offset = 0;
  for (const field of fields) {
    view.setUint32(offset, field.length);
    encoded.set(field, offset + 4);
    offset += 4 + field.length;
  }
  return encoded;
}

/** A whole number as u64 big endian. */
export function u64(value: number): Bytes {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

/** The parts one after the other. */
export function joinBytes(parts: readonly Uint8Array[]): Bytes {
  const joined = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

// Strings are built piece by piece: spreading a megabyte into arguments overflows the stack.
const PIECE_BYTES = 0x8000;

/** Base64url without padding (RFC 4648 section 5). */
export function base64urlOf(bytes: Uint8Array): string {
  let binary = '';
  for (let from = 0; from < bytes.length; from += PIECE_BYTES) {
    binary += String.fromCharCode(...bytes.subarray(from, from + PIECE_BYTES));
  }
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/**
 * Strict base64url without padding; `null` for anything else, non-zero trailing bits included. `bytes` demands an exact length.
 */
export function bytesOfBase64url(text: unknown, bytes?: number): Bytes | null {
  if (typeof text !== 'string' || !/^[A-Za-z0-9_-]*$/.test(text)) return null;
  const decoded = decode(text);
  // `atob` lets trailing bits pass, so only the way back tells.
  if (decoded === null || base64urlOf(decoded) !== text) return null;
  return bytes === undefined || decoded.length === bytes ? decoded : null;
}

function decode(text: string): Bytes | null {
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    const decoded = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i += 1) decoded[i] = binary.charCodeAt(i);
    return decoded;
  } catch {
    return null;
  }
}
