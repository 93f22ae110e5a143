// The name of a data key in the cache: one hash over everything that decides which data key it is and under which settings it was
// unwrapped. Whatever differs in any of it is another entry.
import { hash } from 'node:crypto';
import type { DataKey, EncryptionContext, SecretsManagerId } from '@sallyport/core';

/** What a cached data key is bound to. */
export type CacheKeyParts = {
  secretsManagerId: SecretsManagerId;
  /** Revision of the settings it was unwrapped with. */
  revision: number;
  /** All wrapped data keys of the envelope, in their order. */
  encrypted: readonly DataKey['encrypted'][];
  context: EncryptionContext;
};

/** SHA-256 of the parts, base64; the order of the context's pairs does not matter. */
export function cacheKeyOf(parts: CacheKeyParts): string {
  const pairs = Object.entries(parts.context).sort(([a], [b]) => (a < b ? -1 : 1));
  const encrypted = parts.encrypted.map((key) => [
    key.providerId,
    base64(key.providerInfo),
    base64(key.ciphertext),
  ]);
  // JSON keeps the parts apart whatever they contain.
  return hash('sha256', JSON.stringify([parts.secretsManagerId, parts.revision, pairs, encrypted]), 'base64');
}

/** Unlike latin1 it has nothing that JSON would escape, which costs more than the hash. */
function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
