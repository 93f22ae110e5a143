// The port to registered delegates and the tokens that admit them. A delegate is its identity key; its name is a label.
import type { DelegateId, DelegateTokenId, SecretsManagerKind } from '@sallyport/core';

export type DelegateRow = {
  id: DelegateId;
  /** Raw Ed25519 public key, base64url; unique. */
  identityKey: string;
  fingerprint: string;
  name: string;
  hostName: string;
  version: string;
  /** Custom selectors as the delegate declared them. */
  selectors: string[];
  /** Further ones that were added at the server. */
  addedSelectors: string[];
  kinds: SecretsManagerKind[];
  /** The token that admitted it last; one that is stored. */
  tokenId: DelegateTokenId;
  approved: boolean;
  createdAtMs: number;
  lastSeenAtMs: number;
};

export type DelegateTokenRow = {
  id: DelegateTokenId;
  name: string;
  /** SHA-256 of the token's value, hex. */
  hash: string;
  requiresApproval: boolean;
  createdAtMs: number;
  expiresAtMs: number | null;
  revokedAtMs: number | null;
  lastUsedAtMs: number | null;
};

export type DelegateStore = {
  /** Inserts, or replaces the row of the same identity key. */
  save(row: DelegateRow): Promise<void>;
  findByIdentityKey(identityKey: string): Promise<DelegateRow | null>;
  /** By id or name; a name that several delegates share gives null. */
  find(reference: string): Promise<DelegateRow | null>;
  list(): Promise<DelegateRow[]>;
  remove(id: DelegateId): Promise<void>;
  readonly tokens: DelegateTokenStore;
};

export type DelegateTokenStore = {
  /** @throws {name-taken} when a token that is not revoked has the name */
  insert(row: DelegateTokenRow): Promise<void>;
  findByHash(hash: string): Promise<DelegateTokenRow | null>;
  /** By id, or by name among those not revoked. */
  find(reference: string): Promise<DelegateTokenRow | null>;
  list(): Promise<DelegateTokenRow[]>;
  revoke(id: DelegateTokenId, atMs: number): Promise<void>;
  touch(id: DelegateTokenId, atMs: number): Promise<void>;
};
