// The encryption context as bytes, the form that envelope headers and raw-AES data keys authenticate: a 16-bit count, then keys and
// values with 16-bit lengths, sorted by the keys' UTF-8 bytes; nothing at all for an empty context. What a context means, and the
// narrower rules for the pairs of a secrets manager, are in secrets-manager/encryption-context.ts.
import { isUtf8 } from 'node:buffer';
import { AppError } from '../errors/app-error.ts';
import type { EncryptionContext } from '../secrets-manager/encryption-context.ts';
import { bufferView } from './buffer-view.ts';
import { CONTEXT_MAX_BYTES } from './message-format.ts';
import { envelopeRejected } from './rejection.ts';

/** AWS reserves context keys that begin with this; an envelope with one neither is written nor opens. */
const RESERVED_PREFIX = 'aws-crypto';

/**
 * Serializes a context (AWS Encryption SDK specification, framework/structures, "Encryption Context Serialization"); at most 65,535
 * bytes, empty for an empty context.
 * @throws {invalid-encryption-context} for an empty or reserved key, text that is not well-formed Unicode, or too many bytes
 */
export function serializeEncryptionContext(context: EncryptionContext): Buffer {
  const pairs: ContextPair[] = [];
  let length = 2;
  for (const [key, value] of Object.entries(context)) {
    checkPair(key, value);
    const pair = { key: Buffer.from(key), value, valueBytes: Buffer.byteLength(value) };
    length += 4 + pair.key.length + pair.valueBytes;
    // Also keeps each single length within its 16 bits.
    if (length > CONTEXT_MAX_BYTES)
      throw invalid(`The encryption context exceeds ${CONTEXT_MAX_BYTES} bytes.`);
    pairs.push(pair);
  }
  if (pairs.length === 0) return Buffer.alloc(0);
  // By bytes, not by JavaScript's UTF-16 order: they differ above U+FFFF, and another implementation could not open the result.
  pairs.sort((left, right) => left.key.compare(right.key));
  return writePairs(pairs, length);
}

/**
 * Parses a serialized context, with the same rules in reverse; the one accepted form is the one `serializeEncryptionContext` writes.
 * The result has no prototype, so that a key such as `__proto__` is only a key.
 * @throws {envelope-rejected}
 */
export function parseEncryptionContext(serialized: Uint8Array): EncryptionContext {
  const context = Object.create(null) as Record<string, string>;
  if (serialized.length === 0) return context;
  const bytes = bufferView(serialized);
  if (bytes.length < 2 || bytes.readUInt16BE(0) === 0)
    throw envelopeRejected('context count missing or zero');
  let at = 2;
  let previousKey: Buffer | null = null;
  for (let left = bytes.readUInt16BE(0); left > 0; left -= 1) {
    const key = readField(bytes, at);
    at += 2 + key.length;
    const value = readField(bytes, at);
    at += 2 + value.length;
    // Strictly ascending also means that no key comes twice.
    if (previousKey !== null && Buffer.compare(previousKey, key) >= 0)
      throw envelopeRejected('context keys not in ascending order');
    previousKey = key;
    const keyText = readText(key);
    if (keyText === '' || keyText.startsWith(RESERVED_PREFIX))
      throw envelopeRejected('context key empty or reserved');
    context[keyText] = readText(value);
  }
  if (at !== bytes.length) throw envelopeRejected('bytes after the context');
  return context;
}

/** The bytes of the context that an opener expects. A context that could not have been written is expected in vain. */
export function serializeExpectedContext(context: EncryptionContext): Buffer {
  try {
    return serializeEncryptionContext(context);
  } catch {
    throw envelopeRejected('the expected context is not a valid context');
  }
}

function checkPair(key: string, value: string): void {
  if (key === '') throw invalid('A key of the encryption context is empty.');
  if (key.startsWith(RESERVED_PREFIX))
    throw invalid(`Context keys that start with "${RESERVED_PREFIX}" are reserved by AWS.`);
  // A lone surrogate would be replaced silently, and two different contexts would become one.
  if (!key.isWellFormed() || !value.isWellFormed())
    throw invalid('The encryption context holds text that is not well-formed Unicode.');
}

type ContextPair = { key: Buffer; value: string; valueBytes: number };

function writePairs(pairs: readonly ContextPair[], length: number): Buffer {
  const out = Buffer.allocUnsafe(length);
  let at = out.writeUInt16BE(pairs.length, 0);
  for (const { key, value, valueBytes } of pairs) {
    at = out.writeUInt16BE(key.length, at);
    at += key.copy(out, at);
    at = out.writeUInt16BE(valueBytes, at);
    at += out.write(value, at);
  }
  return out;
}

function readField(bytes: Buffer, at: number): Buffer {
  if (at + 2 > bytes.length) throw envelopeRejected('context cut short');
  const end = at + 2 + bytes.readUInt16BE(at);
  if (end > bytes.length) throw envelopeRejected('context cut short');
  return bytes.subarray(at + 2, end);
}

function readText(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw envelopeRejected('context is not UTF-8');
  return bytes.toString('utf8');
}

function invalid(publicMessage: string): AppError {
  return new AppError('invalid-encryption-context', { publicMessage });
}
