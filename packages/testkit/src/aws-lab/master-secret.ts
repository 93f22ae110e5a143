// The one secret of a lab. Everything else that must be secret is derived from it: backing keys of KMS keys, secret access keys,
// the key that seals session tokens. So a state file holds one secret, and a lab that restarts with it opens what it made before.
import { createSecretKey, hkdfSync, randomBytes, randomInt } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** Length of the master secret, in bytes. */
export const MASTER_SECRET_BYTES = 32;

/** Derives secrets by purpose; equal inputs give equal secrets. */
export type MasterSecret = {
  /** The secret itself as 64 hex digits, for the state file only. */
  hex: string;
  /** 32 derived bytes as a key. */
  deriveKey(purpose: string, subject: string): KeyObject;
  /** `bytes` derived bytes. */
  deriveBytes(purpose: string, subject: string, bytes: number): Buffer;
};

/** Makes a master secret from 64 hex digits, or a random one. */
export function makeMasterSecret(
  hex: string = randomBytes(MASTER_SECRET_BYTES).toString('hex'),
): MasterSecret {
  const root = createSecretKey(Buffer.from(hex, 'hex'));
  const deriveBytes = (purpose: string, subject: string, bytes: number): Buffer =>
    // JSON keeps purpose and subject apart: ("a", "bc") and ("ab", "c") are different derivations.
    Buffer.from(hkdfSync('sha256', root, '', JSON.stringify(['sallyport-lab', purpose, subject]), bytes));
  return {
    hex,
    deriveBytes,
    deriveKey: (purpose, subject) => createSecretKey(deriveBytes(purpose, subject, 32)),
  };
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** A random identifier as AWS writes them: a prefix such as `AKIA`, then upper-case letters and digits, 20 or 21 characters in all. */
export function randomIamId(prefix: 'AKIA' | 'ASIA' | 'AROA' | 'AIDA'): string {
  const length = prefix === 'AKIA' || prefix === 'ASIA' ? 16 : 17;
  return prefix + Array.from({ length }, () => BASE32[randomInt(BASE32.length)]).join('');
}
