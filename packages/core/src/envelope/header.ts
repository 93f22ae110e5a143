// The header of an envelope: who can unwrap its data key, in which context, and how its body is laid out. Parsing needs no key and
// proves nothing: `authenticateHeader` does that, once a data key is there.
// Layout (AWS Encryption SDK specification, data-format/message-header, version 2.0), integers big-endian:
//   version 1 | suite 2 | message id 32 | context length 2, context | data keys 2, each 3 × (length 2, bytes)
//   | content type 1 | frame length 4 | commitment 32 | tag 16
import { isUtf8 } from 'node:buffer';
import type { KeyObject } from 'node:crypto';
import { AEAD_NONCE_BYTES, AEAD_TAG_BYTES, openAead, sealAead } from '../aead/aes-gcm.ts';
import { invariant } from '../errors/app-error.ts';
import type { EncryptionContext } from '../secrets-manager/encryption-context.ts';
import { bufferView } from './buffer-view.ts';
import { parseEncryptionContext } from './context-bytes.ts';
import {
  COMMITMENT_BYTES,
  CONTENT_TYPE,
  ENVELOPE_MAX_ENCRYPTED_DATA_KEYS,
  FIELD_MAX_BYTES,
  FRAME_BYTES,
  MESSAGE_ID_BYTES,
  MESSAGE_VERSION,
  SUITE_ID,
} from './message-format.ts';
import { envelopeRejected } from './rejection.ts';

/** A data key as an envelope stores it: wrapped, and with what its provider needs to find the wrapping key. */
export type EncryptedDataKey = {
  /** `aws-kms`, or the namespace of a raw-AES wrapping key. */
  providerId: string;
  /** `aws-kms`: the key ARN in UTF-8. Raw AES: see `wrapRawAesDataKey`. */
  providerInfo: Uint8Array;
  /** The wrapped key: a KMS ciphertext blob, or AES-GCM ciphertext and tag. */
  ciphertext: Uint8Array;
};

/** How the body is laid out: frames of at most `frameBytes`, or one block. */
export type EnvelopeFormat = keyof typeof CONTENT_TYPE;

/** What a header says. Byte fields are views into the envelope that was parsed. */
export type EnvelopeHeader = {
  /** 32 bytes, unique to this envelope. */
  messageId: Uint8Array;
  encryptionContext: EncryptionContext;
  /** One to four. */
  encryptedDataKeys: readonly EncryptedDataKey[];
  contentType: EnvelopeFormat;
  /** Plaintext bytes per full frame, 1 to 1,048,576; 0 when unframed. */
  frameBytes: number;
  /** 32 bytes; derived from the data key, so that the envelope opens under no other. */
  commitment: Uint8Array;
  /** Length of the header with its tag: the body begins here. */
  headerBytes: number;
};

const CONTEXT_AT = 1 + 2 + MESSAGE_ID_BYTES;
const FIELDS_PER_DATA_KEY = 3;
/** The header's own nonce. No frame has it: frame nonces end in a sequence number, which begins at 1. */
const HEADER_NONCE = Buffer.alloc(AEAD_NONCE_BYTES);
const NOTHING = Buffer.alloc(0);

/**
 * Reads a header without any key. **Not authenticated**: until `decryptEnvelope` has opened the envelope, whoever stored it may
 * have written anything here. Use it to find the data keys, not to decide what the envelope is.
 * @throws {envelope-rejected} when it is no complete header of format 2.0, suite 0x0478, within our limits
 */
export function parseEnvelopeHeader(envelope: Uint8Array): EnvelopeHeader {
  const bytes = bufferView(envelope);
  const { contextBytes, ...rest } = readLayout(bytes);
  return {
    ...rest,
    encryptionContext: parseEncryptionContext(contextBytes),
    encryptedDataKeys: readDataKeys(bytes, CONTEXT_AT + 2 + contextBytes.length),
  };
}

/** What opening needs of a header, without turning any of it into text: cheaper, and nothing in it is believed yet. */
export type HeaderLayout = Omit<EnvelopeHeader, 'encryptionContext' | 'encryptedDataKeys'> & {
  /** The serialized encryption context. */
  contextBytes: Buffer;
};

/** As `parseEnvelopeHeader`, context and data keys left as they are. @throws {envelope-rejected} */
export function readLayout(bytes: Buffer): HeaderLayout {
  const { headerBytes, isComplete } = measureHeader(bytes);
  if (!isComplete) throw envelopeRejected('header cut short');
  const commitmentAt = headerBytes - AEAD_TAG_BYTES - COMMITMENT_BYTES;
  return {
    messageId: bytes.subarray(CONTEXT_AT - MESSAGE_ID_BYTES, CONTEXT_AT),
    contextBytes: fieldAt(bytes, CONTEXT_AT),
    ...readBodyLayout(bytes, commitmentAt - 5),
    commitment: bytes.subarray(commitmentAt, commitmentAt + COMMITMENT_BYTES),
    headerBytes,
  };
}

/**
 * How far the header reaches, as far as `bytes` tell: its full length when `isComplete`, otherwise a length at which more is
 * known. Checks what can be checked on the way, so that a stream of something else is refused early.
 * @throws {envelope-rejected}
 */
export function measureHeader(bytes: Buffer): { headerBytes: number; isComplete: boolean } {
  let end = CONTEXT_AT + 2;
  if (bytes.length < end) return { headerBytes: end, isComplete: false };
  if (bytes.readUInt8(0) !== MESSAGE_VERSION) throw envelopeRejected('another format version');
  if (bytes.readUInt16BE(1) !== SUITE_ID) throw envelopeRejected('another algorithm suite');
  const contextEnd = end + bytes.readUInt16BE(CONTEXT_AT);
  end = contextEnd + 2;
  if (bytes.length < end) return { headerBytes: end, isComplete: false };
  const dataKeys = bytes.readUInt16BE(contextEnd);
  if (dataKeys === 0 || dataKeys > ENVELOPE_MAX_ENCRYPTED_DATA_KEYS)
    throw envelopeRejected('no data key, or too many');
  for (let fields = dataKeys * FIELDS_PER_DATA_KEY; fields > 0; fields -= 1) {
    if (bytes.length < end + 2) return { headerBytes: end + 2, isComplete: false };
    end += 2 + bytes.readUInt16BE(end);
  }
  end += 1 + 4 + COMMITMENT_BYTES + AEAD_TAG_BYTES;
  return { headerBytes: end, isComplete: bytes.length >= end };
}

/** Whether the header's tag is that of `contentKey`. */
export function authenticateHeader(contentKey: KeyObject, header: Buffer): boolean {
  const tagAt = header.length - AEAD_TAG_BYTES;
  const sealed = { ciphertext: NOTHING, tag: header.subarray(tagAt) };
  return openAead({ key: contentKey, nonce: HEADER_NONCE, aad: header.subarray(0, tagAt) }, sealed) !== null;
}

export type HeaderFields = {
  messageId: Uint8Array;
  /** As `serializeEncryptionContext` returns it. */
  contextBytes: Uint8Array;
  encryptedDataKeys: readonly EncryptedDataKey[];
  contentType: EnvelopeFormat;
  commitment: Uint8Array;
  contentKey: KeyObject;
};

/** Writes a header with its tag. @throws {internal} for no data key, more than four, or a field above 65,535 bytes */
export function writeHeader(fields: HeaderFields): Buffer {
  const { encryptedDataKeys, contextBytes } = fields;
  invariant(
    encryptedDataKeys.length >= 1 && encryptedDataKeys.length <= ENVELOPE_MAX_ENCRYPTED_DATA_KEYS,
    'an envelope carries one to four data keys',
  );
  const dataKeyFields: Uint8Array[] = [];
  for (const { providerId, providerInfo, ciphertext } of encryptedDataKeys)
    dataKeyFields.push(Buffer.from(providerId), providerInfo, ciphertext);
  let length = CONTEXT_AT + 2 + contextBytes.length + 2 + 1 + 4 + COMMITMENT_BYTES;
  for (const field of dataKeyFields) length += 2 + field.length;
  const header = Buffer.allocUnsafe(length + AEAD_TAG_BYTES);
  let at = header.writeUInt8(MESSAGE_VERSION, 0);
  at = header.writeUInt16BE(SUITE_ID, at);
  header.set(fields.messageId, at);
  at = writeField(header, at + MESSAGE_ID_BYTES, contextBytes);
  at = header.writeUInt16BE(encryptedDataKeys.length, at);
  for (const field of dataKeyFields) at = writeField(header, at, field);
  at = header.writeUInt8(CONTENT_TYPE[fields.contentType], at);
  at = header.writeUInt32BE(fields.contentType === 'framed' ? FRAME_BYTES : 0, at);
  header.set(fields.commitment, at);
  const aad = header.subarray(0, length);
  header.set(sealAead({ key: fields.contentKey, nonce: HEADER_NONCE, aad }, NOTHING).tag, length);
  return header;
}

function fieldAt(bytes: Buffer, at: number): Buffer {
  return bytes.subarray(at + 2, at + 2 + bytes.readUInt16BE(at));
}

function writeField(header: Buffer, at: number, field: Uint8Array): number {
  invariant(field.length <= FIELD_MAX_BYTES, 'a header field has at most 65,535 bytes');
  header.set(field, header.writeUInt16BE(field.length, at));
  return at + 2 + field.length;
}

function readBodyLayout(bytes: Buffer, at: number): { contentType: EnvelopeFormat; frameBytes: number } {
  const typeByte = bytes.readUInt8(at);
  const frameBytes = bytes.readUInt32BE(at + 1);
  if (typeByte === CONTENT_TYPE.framed && frameBytes >= 1 && frameBytes <= FRAME_BYTES)
    return { contentType: 'framed', frameBytes };
  if (typeByte === CONTENT_TYPE.unframed && frameBytes === 0) return { contentType: 'unframed', frameBytes };
  throw envelopeRejected('unknown content type, or a frame length outside our limits');
}

function readDataKeys(bytes: Buffer, countAt: number): EncryptedDataKey[] {
  const encryptedDataKeys: EncryptedDataKey[] = [];
  let at = countAt + 2;
  for (let left = bytes.readUInt16BE(countAt); left > 0; left -= 1) {
    const providerId = fieldAt(bytes, at);
    const providerInfo = fieldAt(bytes, at + 2 + providerId.length);
    const ciphertext = fieldAt(bytes, at + 4 + providerId.length + providerInfo.length);
    at += 6 + providerId.length + providerInfo.length + ciphertext.length;
    if (!isUtf8(providerId)) throw envelopeRejected('provider id is not UTF-8');
    encryptedDataKeys.push({ providerId: providerId.toString('utf8'), providerInfo, ciphertext });
  }
  return encryptedDataKeys;
}
