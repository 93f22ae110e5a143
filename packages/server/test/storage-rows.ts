// Rows for tests of storage, with ids that differ and everything else plain. Not fixtures of the domain: nothing here is checked.
import { randomBytes } from 'node:crypto';
import { EVERYWHERE, makeId } from '@sallyport/core';
import type {
  ErrorCode,
  Id,
  IdKind,
  SecretId,
  SecretReference,
  SecretsManagerId,
  UploadId,
  UsageScope,
} from '@sallyport/core';
import { expect } from 'vitest';
import type { ApiKeyRow } from '../src/access/api-key-store.ts';
import type { AuditEntry } from '../src/audit/audit-log.ts';
import type { DelegateRow, DelegateTokenRow } from '../src/fleet/delegate-store.ts';
import { ACCOUNT_ADMINISTRATOR } from '../src/groups/built-in-groups.ts';
import type { SecretRow, SecretVersionRow } from '../src/secrets/secret-store.ts';
import type { SecretsManagerRow } from '../src/secrets-managers/secrets-manager-store.ts';
import type { Tables } from '../src/storage/store.ts';

export const NOW_MS = 1_790_000_000_000;

export function newId<K extends IdKind>(kind: K): Id<K> {
  return makeId(kind, { nowMs: NOW_MS, random: randomBytes(10) });
}

export function managerRow(over: Partial<SecretsManagerRow> = {}): SecretsManagerRow {
  return {
    id: newId('secretsManager'),
    name: 'prod-kms',
    isDefault: false,
    revision: 1,
    settingsRevision: 1,
    settings: {
      kind: 'aws-kms',
      keyArn: 'arn:aws:kms:eu-west-1:111122223333:alias/prod',
      pinnedKeyArn: 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
      formerKeyArns: [],
      region: 'eu-west-1',
      credentials: { type: 'iam-role' },
      selectors: ['prod-vpc'],
      context: { stage: 'prod' },
      dataKeyCache: { maxAgeSeconds: 300, maxUses: 100_000 },
    },
    encryptedSecretKey: null,
    usageScope: EVERYWHERE,
    createdAtMs: NOW_MS,
    updatedAtMs: NOW_MS,
    ...over,
  };
}

export function secretRow(over: Partial<SecretRow> = {}): SecretRow {
  return {
    id: newId('secret'),
    name: 'db-password',
    kind: 'text',
    scope: { type: 'inherit' },
    availability: { mode: 'fresh' },
    createdAtMs: NOW_MS,
    ...over,
  };
}

export function versionRow(
  secretId: SecretId,
  secretsManagerId: SecretsManagerId,
  over: Partial<SecretVersionRow> = {},
): SecretVersionRow {
  return {
    secretId,
    version: 1,
    secretsManagerId,
    envelope: { inline: Uint8Array.from([2, 4, 120]) },
    valueBytes: 3,
    createdAtMs: NOW_MS,
    createdBy: 'ci',
    ...over,
  };
}

/** Inserts a secret with versions 1 to `versions`; the envelope of each is [its number]. */
export async function addSecret(
  tables: Tables,
  options: { name: string; manager: SecretsManagerId; versions?: number; scope?: UsageScope },
): Promise<SecretId> {
  const { name, scope = { type: 'inherit' } } = options;
  const row = secretRow({ name, scope });
  await tables.secrets.insert(row, options.manager);
  for (let version = 1; version <= (options.versions ?? 1); version++) {
    const envelope = { inline: Uint8Array.of(version) };
    await tables.secrets.addVersion(versionRow(row.id, options.manager, { version, envelope }));
  }
  return row.id;
}

export function apiKeyRow(over: Partial<ApiKeyRow> = {}): ApiKeyRow {
  return {
    id: newId('apiKey'),
    name: 'ci',
    kind: 'api-key',
    hash: randomBytes(32).toString('hex'),
    owner: { type: 'groups', groupIds: [ACCOUNT_ADMINISTRATOR] },
    restriction: null,
    issuerId: null,
    createdAtMs: NOW_MS,
    expiresAtMs: null,
    revokedAtMs: null,
    lastUsedAtMs: null,
    ...over,
  };
}

export function tokenRow(over: Partial<DelegateTokenRow> = {}): DelegateTokenRow {
  return {
    id: newId('delegateToken'),
    name: 'fleet',
    hash: randomBytes(32).toString('hex'),
    requiresApproval: true,
    createdAtMs: NOW_MS,
    expiresAtMs: NOW_MS + 1000,
    revokedAtMs: null,
    lastUsedAtMs: null,
    ...over,
  };
}

export function delegateRow(tokenId: DelegateTokenRow['id'], over: Partial<DelegateRow> = {}): DelegateRow {
  return {
    id: newId('delegate'),
    identityKey: randomBytes(32).toString('base64url'),
    fingerprint: 'SHA256:abc',
    name: 'edge',
    hostName: 'host-1',
    version: '0.1.0',
    selectors: ['prod-vpc', 'eu'],
    addedSelectors: ['extra'],
    kinds: ['aws-kms', 'built-in'],
    tokenId,
    approved: false,
    createdAtMs: NOW_MS,
    lastSeenAtMs: NOW_MS,
    ...over,
  };
}

export function auditEntry(over: Partial<AuditEntry> = {}): AuditEntry {
  return {
    atMs: NOW_MS,
    actor: { id: 'key_1', name: 'ci' },
    action: 'secret.released',
    resource: 'sec_1',
    resourceName: 'db-password',
    requestId: null,
    details: { version: 1 },
    ...over,
  };
}

export function byName(name: string, version: number | null = null): SecretReference {
  return { by: 'name', name, version, place: null };
}

export function byId(id: SecretId, version: number | null = null): SecretReference {
  return { by: 'id', id, version, place: null };
}

/** Starts an upload of these chunks, numbered from 0. */
export async function upload(
  uploads: {
    begin(id: UploadId, atMs: number): Promise<void>;
    append(id: UploadId, sequence: number, chunk: Uint8Array): Promise<void>;
  },
  chunks: readonly Uint8Array[],
): Promise<UploadId> {
  const id = newId('upload');
  await uploads.begin(id, NOW_MS);
  for (const [sequence, chunk] of chunks.entries()) await uploads.append(id, sequence, chunk);
  return id;
}

export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<number[][]> {
  const all: number[][] = [];
  for await (const chunk of chunks) all.push([...chunk]);
  return all;
}

/** An error with this code and words in its public message. */
export function refusal(code: ErrorCode, words = ''): unknown {
  return expect.objectContaining({ code, publicMessage: expect.stringContaining(words) as string });
}
