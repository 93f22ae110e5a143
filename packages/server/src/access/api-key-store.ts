// The port to API keys. Only hashes are stored.
import type { ApiKeyId } from '@sallyport/core';

export type ApiKeyRow = {
  id: ApiKeyId;
  name: string;
  /** SHA-256 of the key's value, hex. */
  hash: string;
  createdAtMs: number;
  expiresAtMs: number | null;
  revokedAtMs: number | null;
  lastUsedAtMs: number | null;
};

export type ApiKeyStore = {
  /** @throws {name-taken} when an active key has the name */
  insert(row: ApiKeyRow): Promise<void>;
  findByHash(hash: string): Promise<ApiKeyRow | null>;
  /** By id, or by name among those not revoked. */
  find(reference: string): Promise<ApiKeyRow | null>;
  /** Newest first. */
  list(): Promise<ApiKeyRow[]>;
  revoke(id: ApiKeyId, atMs: number): Promise<void>;
  touch(id: ApiKeyId, atMs: number): Promise<void>;
};
