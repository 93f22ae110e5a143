// Values that admit their bearer: API keys, delegate tokens, sessions, one-time links. 256 random bits need no slow hash; what is stored is SHA-256, and
// looking a hash up takes the same time whatever was guessed, so nothing needs comparing in constant time.
import { hash, randomBytes } from 'node:crypto';

/** Prefixes tell them apart, for people and for scanners of leaked secrets. */
export const BEARER_PREFIXES = {
  apiKey: 'sp_key_',
  delegateToken: 'sp_dtk_',
  session: 'sp_ses_',
  link: 'sp_lnk_',
} as const;
export type BearerKind = keyof typeof BEARER_PREFIXES;

const VALUE_BYTES = 32;
const RANDOM_CHARACTERS = Math.ceil((VALUE_BYTES * 4) / 3);

/** A new value, to be shown once, and its hash, to be stored. */
export function makeBearerValue(kind: BearerKind): { value: string; hash: string } {
  const value = BEARER_PREFIXES[kind] + randomBytes(VALUE_BYTES).toString('base64url');
  return { value, hash: hashBearerValue(value) };
}

/** SHA-256 in hex. */
export function hashBearerValue(value: string): string {
  return hash('sha256', value, 'hex');
}

/** Whether `value` has the form of its kind; anything else need not be looked up. */
export function isBearerValue(kind: BearerKind, value: string): boolean {
  const prefix = BEARER_PREFIXES[kind];
  return value.length === prefix.length + RANDOM_CHARACTERS && value.startsWith(prefix);
}
