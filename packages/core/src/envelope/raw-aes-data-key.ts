// Data keys wrapped by a 256-bit AES key that we hold ourselves, in the form that every AWS Encryption SDK calls a raw AES keyring.
// The built-in secrets manager uses it, and so can a key-encryption key that KMS wraps. Not for KMS-wrapped data keys.
import { createSecretKey, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { AEAD_NONCE_BYTES, AEAD_TAG_BYTES, openAead, sealAead } from '../aead/aes-gcm.ts';
import { invariant } from '../errors/app-error.ts';
import type { EncryptionContext } from '../secrets-manager/encryption-context.ts';
import { bufferView } from './buffer-view.ts';
import { serializeEncryptionContext, serializeExpectedContext } from './context-bytes.ts';
import type { EncryptedDataKey } from './header.ts';
import { isDataKey } from './message-keys.ts';
import { DATA_KEY_BYTES } from './message-format.ts';
import { envelopeRejected } from './rejection.ts';

export type RawAesWrappingKey = {
  /** Provider id: names the set of keys. Must not begin with `aws-kms`, which the format reserves. */
  namespace: string;
  /** Names this key within the namespace; stored in clear. */
  name: string;
  /** 256-bit secret key. Nonces are random: retire a key well before 2^32 wraps. */
  wrappingKey: KeyObject;
  /** Authenticated with the data key: the context of the envelope that carries it. */
  encryptionContext: EncryptionContext;
};

const TAG_BITS = AEAD_TAG_BYTES * 8;
/** Tag length in bits 4 | nonce length 4 | nonce, after the name. */
const AFTER_NAME_BYTES = 4 + 4 + AEAD_NONCE_BYTES;

/**
 * Wraps `dataKey` with AES-256-GCM. Provider info = name | tag length in bits, u32 | nonce length, u32 | nonce; ciphertext = wrapped
 * key | tag; associated data = the serialized context (AWS Encryption SDK specification, framework/raw-aes-keyring).
 * @throws {invalid-encryption-context}
 */
export function wrapRawAesDataKey(options: RawAesWrappingKey, dataKey: KeyObject): EncryptedDataKey {
  const { namespace, name, wrappingKey } = options;
  invariant(!namespace.startsWith('aws-kms'), 'the provider id aws-kms means KMS');
  invariant(isDataKey(wrappingKey) && isDataKey(dataKey), 'wrapping key and data key are of 256 bits');
  const aad = serializeEncryptionContext(options.encryptionContext);
  const nonce = randomBytes(AEAD_NONCE_BYTES);
  const dataKeyBytes = dataKey.export();
  const { ciphertext, tag } = sealAead({ key: wrappingKey, nonce, aad }, dataKeyBytes);
  dataKeyBytes.fill(0);
  return {
    providerId: namespace,
    providerInfo: Buffer.concat([providerInfoHead(name), nonce]),
    ciphertext: Buffer.concat([ciphertext, tag]),
  };
}

/**
 * Unwraps a data key; `null` when it is wrapped by another key: another namespace or another name.
 * @throws {envelope-rejected} when it names this key but does not open: damaged, another context, or another key of that name
 */
export function unwrapRawAesDataKey(
  options: RawAesWrappingKey,
  encrypted: EncryptedDataKey,
): KeyObject | null {
  if (encrypted.providerId !== options.namespace) return null;
  const info = bufferView(encrypted.providerInfo);
  const head = providerInfoHead(options.name);
  const nameBytes = head.length - (AFTER_NAME_BYTES - AEAD_NONCE_BYTES);
  // A longer name may begin with ours, so the length decides too.
  if (info.length !== nameBytes + AFTER_NAME_BYTES) return null;
  if (!info.subarray(0, nameBytes).equals(head.subarray(0, nameBytes))) return null;
  if (!info.subarray(0, head.length).equals(head)) throw envelopeRejected('raw AES lengths differ');
  return openDataKey(options, {
    nonce: info.subarray(head.length),
    wrapped: bufferView(encrypted.ciphertext),
  });
}

function openDataKey(options: RawAesWrappingKey, sealed: { nonce: Buffer; wrapped: Buffer }): KeyObject {
  const { nonce, wrapped } = sealed;
  if (wrapped.length !== DATA_KEY_BYTES + AEAD_TAG_BYTES) throw envelopeRejected('raw AES data key length');
  const aad = serializeExpectedContext(options.encryptionContext);
  const dataKeyBytes = openAead(
    { key: options.wrappingKey, nonce, aad },
    { ciphertext: wrapped.subarray(0, DATA_KEY_BYTES), tag: wrapped.subarray(DATA_KEY_BYTES) },
  );
  if (dataKeyBytes === null) throw envelopeRejected('raw AES data key does not authenticate');
  const dataKey = createSecretKey(dataKeyBytes);
  dataKeyBytes.fill(0);
  return dataKey;
}

/** Name and the two lengths: all of the provider info but the nonce. */
function providerInfoHead(name: string): Buffer {
  const nameBytes = Buffer.from(name);
  const head = Buffer.alloc(nameBytes.length + AFTER_NAME_BYTES - AEAD_NONCE_BYTES);
  nameBytes.copy(head);
  head.writeUInt32BE(AEAD_NONCE_BYTES, head.writeUInt32BE(TAG_BITS, nameBytes.length));
  return head;
}
