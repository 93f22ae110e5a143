// AES-256-GCM, the only place in the product that touches a cipher. It fixes what callers must not choose: tag length 16
// bytes (without `authTagLength` Node accepts a four-byte tag on opening) and keys as `KeyObject`s (cheaper, and they do not print).
import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** Length of the authentication tag, in bytes. */
export const AEAD_TAG_BYTES = 16;
/** Length of the nonce, in bytes. */
export const AEAD_NONCE_BYTES = 12;
/** Length of the key, in bytes. */
export const AEAD_KEY_BYTES = 32;

export type AeadInput = {
  /** A secret `KeyObject` of 32 bytes. */
  key: KeyObject;
  /** 12 bytes, never used twice with one key. */
  nonce: Uint8Array;
  /** Additional authenticated data; may be empty. */
  aad: Uint8Array;
};

/** Encrypts `plaintext`; returns ciphertext and 16-byte tag apart, since formats differ in where the tag goes. */
export function sealAead(input: AeadInput, plaintext: Uint8Array): { ciphertext: Buffer; tag: Buffer } {
  const cipher = createCipheriv('aes-256-gcm', input.key, input.nonce, { authTagLength: AEAD_TAG_BYTES });
  cipher.setAAD(input.aad);
  // GCM is a stream mode: `update` returns everything and `final` only closes the tag.
  const ciphertext = cipher.update(plaintext);
  cipher.final();
  return { ciphertext, tag: cipher.getAuthTag() };
}

/** Decrypts; returns `null` when the tag does not match, so that callers choose one error code for every cause. */
export function openAead(
  input: AeadInput,
  sealed: { ciphertext: Uint8Array; tag: Uint8Array },
): Buffer | null {
  if (sealed.tag.length !== AEAD_TAG_BYTES || input.nonce.length !== AEAD_NONCE_BYTES) return null;
  const decipher = createDecipheriv('aes-256-gcm', input.key, input.nonce, { authTagLength: AEAD_TAG_BYTES });
  decipher.setAAD(input.aad);
  decipher.setAuthTag(sealed.tag);
  try {
    const plaintext = decipher.update(sealed.ciphertext);
    decipher.final();
    return plaintext;
  } catch {
    return null;
  }
}
