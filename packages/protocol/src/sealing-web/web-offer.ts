// Checks a delegate's signed sealing key in a browser: the same fields, order and errors as ../sealing/sealing-offer.ts.
import { utf8 } from '../sealing/encoding.ts';
import { offerNotSigned, requireExpectedOffer } from '../sealing/rejections.ts';
import type { OfferExpectation } from '../sealing/rejections.ts';
import type { SealingOffer } from '../sealing/sealing-offer.ts';
import { OFFER_LABEL } from '../sealing/session-limits.ts';
import { base64urlOf, bytesOfBase64url, lengthPrefixedFields, u64 } from './web-bytes.ts';
import type { Bytes } from './web-bytes.ts';

const PUBLIC_KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

/** The offered keys in binary, 32 bytes each. */
export type WebOfferedKeys = { identityKey: Bytes; sealingKey: Bytes };

/** Names an identity key to people: `SHA256:` and the base64url SHA-256 of the raw 32-byte Ed25519 public key. */
export async function webFingerprintOf(identityPublicKey: Bytes): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', identityPublicKey);
  return `SHA256:${base64urlOf(new Uint8Array(digest))}`;
}

/**
 * Checks shape, signature, fingerprint and expiry of an offer, in this order.
 * @throws {delegate-untrusted} when it is malformed, not signed by the identity key it names, or expired.
 * @throws {delegate-key-changed} when it is properly signed by another identity than the known one; `data` has both fingerprints.
 */
export async function verifyWebSealingOffer(
  offer: SealingOffer,
  expected: OfferExpectation,
): Promise<{ fingerprint: string; keys: WebOfferedKeys }> {
  const keys = await signedKeysOf(offer);
  if (keys === null) throw offerNotSigned();
  const fingerprint = await webFingerprintOf(keys.identityKey);
  requireExpectedOffer({ fingerprint, expiresAtMs: offer.expiresAtMs }, expected);
  return { fingerprint, keys };
}

/** The keys of a well-formed offer whose signature holds; `null` otherwise. */
async function signedKeysOf(offer: SealingOffer): Promise<WebOfferedKeys | null> {
  const identityKey = bytesOfBase64url(offer.identityKey, PUBLIC_KEY_BYTES);
  const sealingKey = bytesOfBase64url(offer.sealingKey, PUBLIC_KEY_BYTES);
  const signature = bytesOfBase64url(offer.signature, SIGNATURE_BYTES);
  const { name, expiresAtMs } = offer;
  if (identityKey === null || sealingKey === null || signature === null) return null;
  if (typeof name !== 'string' || !name.isWellFormed()) return null;
  if (!Number.isSafeInteger(expiresAtMs) || expiresAtMs < 0) return null;
  const fields = [utf8(OFFER_LABEL), identityKey, utf8(name), sealingKey, u64(expiresAtMs)];
  const isSigned = await isWebSignature(identityKey, signature, lengthPrefixedFields(fields));
  return isSigned ? { identityKey, sealingKey } : null;
}

/** Whether the signature holds (Ed25519). */
export async function isWebSignature(identityKey: Bytes, signature: Bytes, signed: Bytes): Promise<boolean> {
  try {
    const key = await crypto.subtle.importKey('raw', identityKey, 'Ed25519', false, ['verify']);
    return await crypto.subtle.verify('Ed25519', key, signature, signed);
  } catch {
    // Bytes that are no point of the curve; some implementations refuse them on import.
    return false;
  }
}
