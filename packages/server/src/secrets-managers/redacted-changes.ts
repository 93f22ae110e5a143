// What an edit of a secrets manager changed, field by field, for the audit trail. Credentials show as keyed hashes: that one was replaced by
// another, and whether it is one that was there before, but not which.
import type { Credentials } from '@sallyport/core';
import { printRegion } from '../applications/region-view.ts';
import type { AuditEntry } from '../audit/audit-log.ts';
import { keyedHash } from '../audit/keyed-hash.ts';
import type { RootKey } from '../root-key/root-key.ts';
import type { SecretsManagerRow } from './secrets-manager-store.ts';

type Json = AuditEntry['details'][string];
type Change = { field: string; from: Json; to: Json };

/** Stands for what is not even hashed: it was typed to be hidden. */
const HIDDEN = 'hidden';

/** @param changed names of what differs */
export function redactedChanges(
  rows: { before: SecretsManagerRow; after: SecretsManagerRow },
  changed: readonly string[],
  rootKey: Pick<RootKey, 'mac'>,
): Change[] {
  return changed.map((field) => ({
    field,
    from: shown(rows.before, field, rootKey),
    to: shown(rows.after, field, rootKey),
  }));
}

function shown(row: SecretsManagerRow, field: string, rootKey: Pick<RootKey, 'mac'>): Json {
  if (field === 'name') return row.name;
  if (field === 'usageScope') return printRegion(row.usageScope);
  if (field === 'secretAccessKey') return row.encryptedSecretKey === null ? null : HIDDEN;
  const value = (row.settings as Record<string, unknown>)[field];
  if (value === undefined) return null;
  if (field === 'credentials') return redacted(value as Credentials, rootKey);
  return value as Json;
}

function redacted(credentials: Credentials, rootKey: Pick<RootKey, 'mac'>): Json {
  if (credentials.type === 'access-keys') {
    return { ...credentials, accessKeyId: keyedHash(rootKey, 'accessKeyId', credentials.accessKeyId) };
  }
  if (credentials.type === 'iam-role') return { ...credentials };
  const { externalId } = credentials;
  return {
    ...credentials,
    externalId: externalId === null ? null : keyedHash(rootKey, 'externalId', externalId),
  };
}
