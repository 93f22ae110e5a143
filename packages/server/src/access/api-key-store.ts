// The port to API keys. Only hashes are stored. A key has the rights of its owner, less what its own restriction leaves out.
import type { ApiKeyId, GroupId, Rights, UserId, WorkloadIssuerId } from '@sallyport/core';

/** Whose rights a key has. Users and groups that are gone give none. */
export type ApiKeyOwner = { type: 'user'; userId: UserId } | { type: 'groups'; groupIds: readonly GroupId[] };

export type ApiKeyRow = {
  id: ApiKeyId;
  /** For keys of workloads who the workload is, e.g. the subject of its token. */
  name: string;
  /** `workload`: was given for a short time in exchange for an identity that the workload has elsewhere. */
  kind: 'api-key' | 'workload';
  /** SHA-256 of the key's value, hex. */
  hash: string;
  owner: ApiKeyOwner;
  /** What the key may do at most; null: all that its owner may. */
  restriction: Rights | null;
  /** Which issuer's rules let the workload in; null for other keys. */
  issuerId: WorkloadIssuerId | null;
  createdAtMs: number;
  expiresAtMs: number | null;
  revokedAtMs: number | null;
  /** Accurate to a minute. */
  lastUsedAtMs: number | null;
};

/** Which keys to list; all unless narrowed. */
export type ApiKeyQuery = {
  userId?: UserId;
  groupId?: GroupId;
  /** Those after this one; null: from the newest. */
  after: { createdAtMs: number; id: ApiKeyId } | null;
  limit: number;
};

export type ApiKeyStore = {
  /** @throws {name-taken} when an active key of the same user, or for a key of groups another such, has the name */
  insert(row: ApiKeyRow): Promise<void>;
  findByHash(hash: string): Promise<ApiKeyRow | null>;
  /** By id; or by name among keys not revoked that are the user's, or with `userId` null groups'. Workloads' keys have no names to find. */
  find(reference: ApiKeyId | { name: string; userId: UserId | null }): Promise<ApiKeyRow | null>;
  /** Newest first. */
  list(query: ApiKeyQuery): Promise<ApiKeyRow[]>;
  revoke(id: ApiKeyId, atMs: number): Promise<void>;
  touch(id: ApiKeyId, atMs: number): Promise<void>;
  /** Ends the keys of all workloads that this issuer has let in; returns how many were active. */
  revokeOfIssuer(issuerId: WorkloadIssuerId, atMs: number): Promise<number>;
  /** Removes keys of workloads that expired before then; they would pile up. */
  removeExpiredWorkloads(beforeMs: number): Promise<number>;
};
