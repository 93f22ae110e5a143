// What a delegate publishes so that clients can seal for it: an X25519 key with an expiry, signed by its Ed25519 identity.
// Proves which delegate made the key. Whether that delegate is the one a client knows is the caller's fingerprint to say.
import { createHash, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { decodeBase64url, lengthPrefixed, utf8 } from './encoding.ts';
import { generateKemKeyPair } from './hpke.ts';
import type { KemKeyPair } from './hpke.ts';
import { publicKeyFromRaw, RAW_PUBLIC_KEY_BYTES, rawPublicKeyOf } from './raw-key.ts';
import { offerNotSigned, requireExpectedOffer } from './rejections.ts';
import type { OfferExpectation } from './rejections.ts';
import { OFFER_LABEL } from './session-limits.ts';

const SIGNATURE_BYTES = 64;

/** A delegate's sealing key as published. All binary fields are base64url without padding. */
export type SealingOffer = {
  /** The delegate's raw Ed25519 public key, 32 bytes. */
  identityKey: string;
  /** The delegate's own name for itself; signed, but no proof of anything beyond what its identity key says. */
  name: string;
  /** The raw X25519 public key to seal to, 32 bytes. */
  sealingKey: string;
  /** When the delegate stops opening new sessions under this key, in milliseconds since 1970. */
  expiresAtMs: number;
  /** Ed25519 over label, identity key, name, sealing key and expiry, each with its length in front; 64 bytes. */
  signature: string;
};

/** The offered keys in binary, as the session binds them. */
export type OfferedKeys = { identityKey: Buffer; sealingKey: Buffer };

/** Names an identity key to people: `SHA256:` and the base64url SHA-256 of the raw 32-byte Ed25519 public key. */
export function fingerprintOf(identityPublicKey: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(identityPublicKey).digest('base64url')}`;
}

/** Makes a new sealing key and its signed offer. The private half is for the delegate's memory only. */
export function createSealingKey(input: {
  identityPrivateKey: KeyObject;
  name: string;
  expiresAtMs: number;
}): {
  offer: SealingOffer;
  privateKey: KeyObject;
  publicKey: Uint8Array;
} {
  const keyPair: KemKeyPair = generateKemKeyPair();
  const identityKey = rawPublicKeyOf(input.identityPrivateKey);
  const signed = signedBytes({ ...input, identityKey, sealingKey: keyPair.publicKey });
  const offer: SealingOffer = {
    identityKey: identityKey.toString('base64url'),
    name: input.name,
    sealingKey: Buffer.from(keyPair.publicKey).toString('base64url'),
    expiresAtMs: input.expiresAtMs,
    signature: sign(null, signed, input.identityPrivateKey).toString('base64url'),
  };
  return { offer, privateKey: keyPair.privateKey, publicKey: keyPair.publicKey };
}

/**
 * Checks shape, signature, fingerprint and expiry of an offer, in this order.
 * @throws {delegate-untrusted} when it is malformed, not signed by the identity key it names, or expired.
 * @throws {delegate-key-changed} when it is properly signed by another identity than the known one; `data` has both fingerprints.
 */
export function verifySealingOffer(
  offer: SealingOffer,
  expected: OfferExpectation,
): { fingerprint: string; keys: OfferedKeys } {
  const keys = signedKeysOf(offer);
  if (keys === null) throw offerNotSigned();
  const fingerprint = fingerprintOf(keys.identityKey);
  requireExpectedOffer({ fingerprint, expiresAtMs: offer.expiresAtMs }, expected);
  return { fingerprint, keys };
}

/** The keys of a well-formed offer whose signature holds; `null` otherwise. */
function signedKeysOf(offer: SealingOffer): OfferedKeys | null {
  const identityKey = decodeBase64url(offer.identityKey, RAW_PUBLIC_KEY_BYTES);
  const sealingKey = decodeBase64url(offer.sealingKey, RAW_PUBLIC_KEY_BYTES);
  const signature = decodeBase64url(offer.signature, SIGNATURE_BYTES);
  const { name, expiresAtMs } = offer;
  if (identityKey === null || sealingKey === null || signature === null) return null;
  if (typeof name !== 'string' || !name.isWellFormed()) return null;
  if (!Number.isSafeInteger(expiresAtMs) || expiresAtMs < 0) return null;
  const publicKey = publicKeyFromRaw('ed25519', identityKey);
  if (publicKey === null) return null;
  const signed = signedBytes({ identityKey, name, sealingKey, expiresAtMs });
  return verify(null, signed, publicKey, signature) ? { identityKey, sealingKey } : null;
}

function signedBytes(input: {
  identityKey: Uint8Array;
  name: string;
  sealingKey: Uint8Array;
  expiresAtMs: number;
}): Buffer {
  const expiry = Buffer.alloc(8);
  expiry.writeBigUInt64BE(BigInt(input.expiresAtMs));
  return lengthPrefixed([utf8(OFFER_LABEL), input.identityKey, utf8(input.name), input.sealingKey, expiry]);
}
