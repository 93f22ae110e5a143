// Bytes as strings of one character per byte (Latin-1): what patterns are while they are made, since such strings can be sorted, joined
// and put into sets. None of it is used on the text that is masked.

const CHUNK = 8192;
const FATAL_UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const LOSSY_UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** One character per byte. */
export function toByteString(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += CHUNK) {
    text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  }
  return text;
}

/** The UTF-8 bytes of a text, one character per byte. */
export function utf8ByteString(text: string): string {
  return toByteString(new TextEncoder().encode(text));
}

/** The text that the bytes are, or `null` when they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return FATAL_UTF8.decode(bytes);
  } catch {
    return null;
  }
}

/** The text with a replacement character for whatever is not UTF-8, as most programs print it. */
export function decodeLossily(bytes: Uint8Array): string {
  return LOSSY_UTF8.decode(bytes);
}
