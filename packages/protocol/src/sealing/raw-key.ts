// Raw 32-byte X25519 and Ed25519 public keys to `KeyObject`s and back. DER with the fixed prefixes of RFC 8410 instead of
// Node's newer raw key formats, which Node 24 lacks. Private keys are never written out here.
import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** Length of a raw X25519 or Ed25519 public key, in bytes. */
export const RAW_PUBLIC_KEY_BYTES = 32;

/** The two curves of RFC 8410 that the product uses. */
export type Curve = 'x25519' | 'ed25519';

// SubjectPublicKeyInfo (RFC 8410 section 4) up to the key bytes; only the last arc of the object identifier differs.
const SPKI_PREFIX: Record<Curve, Buffer> = {
  x25519: Buffer.from('302a300506032b656e032100', 'hex'),
  ed25519: Buffer.from('302a300506032b6570032100', 'hex'),
};

/** The 32 raw bytes of a public key, or of the public half of a private key. */
export function rawPublicKeyOf(key: KeyObject): Buffer {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return publicKey.export({ format: 'der', type: 'spki' }).subarray(-RAW_PUBLIC_KEY_BYTES);
}

/** A public `KeyObject` from 32 raw bytes; `null` for any other length. The point itself is judged where it is used. */
export function publicKeyFromRaw(curve: Curve, raw: Uint8Array): KeyObject | null {
  if (raw.length !== RAW_PUBLIC_KEY_BYTES) return null;
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX[curve], raw]), format: 'der', type: 'spki' });
}
