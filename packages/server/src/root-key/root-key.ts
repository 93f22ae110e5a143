// The server's root key: encrypts the few things that the server itself must be able to read back, i.e. static AWS access keys.
// It never touches a secret or a data key. What is encrypted is bound to the id of what it belongs to.
import { createHmac, createSecretKey, hkdfSync, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { AppError, invariant } from '@sallyport/core';
import { AEAD_KEY_BYTES, AEAD_NONCE_BYTES, AEAD_TAG_BYTES, openAead, sealAead } from '@sallyport/core/aead';

/** Length of the root key, in bytes. */
export const ROOT_KEY_BYTES = 32;

const FORMAT_VERSION = 1;
const ENCRYPTION_LABEL = 'sallyport root key v1: encryption';
const FINGERPRINT_LABEL = 'sallyport root key v1: fingerprint';
const MAC_LABEL = 'sallyport root key v1: mac for ';
const AAD_LABEL = 'sallyport root key v1: bound to ';

/** A loaded root key; the key itself cannot be read from it. */
export type RootKey = {
  /** `SHA256:` and 43 characters of base64url. Says which key it is; of no help in guessing it. */
  readonly fingerprint: string;
  /** Where the key came from, to be named in errors: `the file …` or `the variable …`. */
  readonly source: string;
  /**
   * Encrypts with AES-256-GCM under a random nonce.
   * @param boundTo id of what it belongs to; `decrypt` must be given the same
   * @returns base64 of version byte (1), nonce (12 bytes), ciphertext, tag (16 bytes)
   */
  encrypt(plaintext: Uint8Array, boundTo: string): string;
  /** @throws {internal} when the text was changed, is bound to something else, or is under another key */
  decrypt(text: string, boundTo: string): Buffer;
  /**
   * HMAC-SHA256 (32 bytes) under a key of its own per purpose: says that two texts are equal without saying what they are, and that a text
   * came from this server.
   * @param purpose a fixed text of the code, e.g. `confirmation`
   */
  mac(purpose: string, text: string): Buffer;
};

/** Makes the key from its 32 bytes, which may be overwritten afterwards. */
export function makeRootKey(bytes: Uint8Array, source: string): RootKey {
  invariant(bytes.length === ROOT_KEY_BYTES, 'a root key has 32 bytes');
  const root = createSecretKey(bytes);
  const key = createSecretKey(derive(root, ENCRYPTION_LABEL));
  const macKeys = new Map<string, KeyObject>();
  const macKey = (purpose: string): KeyObject => {
    const known = macKeys.get(purpose) ?? createSecretKey(derive(root, MAC_LABEL + purpose));
    macKeys.set(purpose, known);
    return known;
  };
  return {
    fingerprint: `SHA256:${derive(root, FINGERPRINT_LABEL).toString('base64url')}`,
    source,
    encrypt: (plaintext, boundTo) => encrypt(key, plaintext, boundTo),
    decrypt: (text, boundTo) => decrypt(key, text, boundTo),
    mac: (purpose, text) => createHmac('sha256', macKey(purpose)).update(text, 'utf8').digest(),
  };
}

/** One key per purpose (RFC 5869), so that the fingerprint, which is published, says nothing about the encryption key. */
function derive(root: KeyObject, label: string): Buffer {
  return Buffer.from(hkdfSync('sha256', root, Buffer.alloc(0), label, AEAD_KEY_BYTES));
}

function encrypt(key: KeyObject, plaintext: Uint8Array, boundTo: string): string {
  const nonce = randomBytes(AEAD_NONCE_BYTES);
  const { ciphertext, tag } = sealAead({ key, nonce, aad: Buffer.from(AAD_LABEL + boundTo) }, plaintext);
  return Buffer.concat([Uint8Array.of(FORMAT_VERSION), nonce, ciphertext, tag]).toString('base64');
}

function decrypt(key: KeyObject, text: string, boundTo: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  const nonceEnd = 1 + AEAD_NONCE_BYTES;
  const tagStart = bytes.length - AEAD_TAG_BYTES;
  if (bytes[0] !== FORMAT_VERSION || tagStart < nonceEnd || bytes.toString('base64') !== text)
    throw unopened();
  const plaintext = openAead(
    { key, nonce: bytes.subarray(1, nonceEnd), aad: Buffer.from(AAD_LABEL + boundTo) },
    { ciphertext: bytes.subarray(nonceEnd, tagStart), tag: bytes.subarray(tagStart) },
  );
  if (plaintext === null) throw unopened();
  return plaintext;
}

function unopened(): AppError {
  return new AppError('internal', {
    publicMessage: 'A credential that the server stores cannot be opened. Enter it again.',
    message:
      'A credential under the root key does not open: it was changed in the database, or belongs to something else.',
  });
}
