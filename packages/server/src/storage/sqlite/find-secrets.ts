// The queries that find secrets together with one of their versions: the hot path of every read. One query answers any number of
// references, since the references travel as one JSON parameter and the text of the query never changes.
import { nameKey } from '@sallyport/core';
import type { SecretId, SecretKind, SecretReference, SecretsManagerId, UploadId } from '@sallyport/core';
import { sql } from 'kysely';
import type { SqlBool } from 'kysely';
import type { FoundSecret, StoredEnvelope } from '../../secrets/secret-store.ts';
import { prepare, tables } from './query.ts';
import type { Session } from './session.ts';
import { parseStoredAvailability } from './stored-availability.ts';
import { parseEffectiveScope, parseRegion, parseScope } from './stored-scope.ts';

/** One row of the queries below. */
export type FoundColumns = {
  id: SecretId;
  name: string;
  found_as: string;
  kind: SecretKind;
  scope: string;
  availability: string;
  created_at_ms: number;
  newest_version: number;
  version: number;
  secrets_manager_id: SecretsManagerId;
  value_bytes: number;
  version_created_at_ms: number;
  created_by: string;
  upload_id: UploadId | null;
  secrets_manager_name: string;
  /** Of the newest version's secrets manager. */
  manager_scope: string;
};

type FoundAt = FoundColumns & { position: number };
type EnvelopeAt = { position: number; upload_id: UploadId | null; envelope: Uint8Array | null };

const NO_BYTES = new Uint8Array(0);

/**
 * `list` holds a JSON array of [name key or id, version or null]. Joined in the order in which they stand: cross joins keep SQLite from
 * another.
 */
const byName = prepare(({ list }: { list: string }) =>
  tables
    .selectFrom(sql<{ key: number; value: string }>`json_each(${list})`.as('asked'))
    .crossJoin('secret_names as n')
    .crossJoin('secrets as s')
    .crossJoin('secret_versions as v')
    .crossJoin('secrets_managers as m')
    .crossJoin('secrets_managers as nm')
    .where(sql<SqlBool>`n.name_key = asked.value ->> 0`)
    .whereRef('s.id', '=', 'n.secret_id')
    .whereRef('v.secret_id', '=', 's.id')
    .where(sql<SqlBool>`v.version = coalesce(asked.value ->> 1, s.newest_version)`)
    .whereRef('m.id', '=', 'v.secrets_manager_id')
    .whereRef('nm.id', '=', 's.secrets_manager_id')
    .select(['asked.key as position', 's.id', 's.name', 'n.name as found_as', 's.kind', 's.scope'])
    .select([
      's.availability',
      's.created_at_ms',
      's.newest_version',
      'v.version',
      'v.secrets_manager_id',
      'v.value_bytes',
    ])
    .select(['v.created_at_ms as version_created_at_ms', 'v.created_by', 'v.upload_id'])
    .select(['m.name as secrets_manager_name', 'nm.usage_scope as manager_scope']),
);
const byId = prepare(({ list }: { list: string }) =>
  tables
    .selectFrom(sql<{ key: number; value: string }>`json_each(${list})`.as('asked'))
    .crossJoin('secrets as s')
    .crossJoin('secret_versions as v')
    .crossJoin('secrets_managers as m')
    .crossJoin('secrets_managers as nm')
    .where(sql<SqlBool>`s.id = asked.value ->> 0`)
    .whereRef('v.secret_id', '=', 's.id')
    .where(sql<SqlBool>`v.version = coalesce(asked.value ->> 1, s.newest_version)`)
    .whereRef('m.id', '=', 'v.secrets_manager_id')
    .whereRef('nm.id', '=', 's.secrets_manager_id')
    .select(['asked.key as position', 's.id', 's.name', 's.name as found_as', 's.kind', 's.scope'])
    .select(['s.availability'])
    .select(['s.created_at_ms', 's.newest_version', 'v.version', 'v.secrets_manager_id', 'v.value_bytes'])
    .select(['v.created_at_ms as version_created_at_ms', 'v.created_by', 'v.upload_id'])
    .select(['m.name as secrets_manager_name', 'nm.usage_scope as manager_scope']),
);
/** `list` holds a JSON array of [secret id, version]. */
const envelopes = prepare(({ list }: { list: string }) =>
  tables
    .selectFrom(sql<{ key: number; value: string }>`json_each(${list})`.as('asked'))
    .crossJoin('secret_versions as v')
    .where(sql<SqlBool>`v.secret_id = asked.value ->> 0`)
    .where(sql<SqlBool>`v.version = asked.value ->> 1`)
    .select(['asked.key as position', 'v.upload_id', 'v.envelope']),
);

/** As `SecretStore.findMany`: at most one query for references by name and one for those by id. */
export function findSecrets(session: Session, references: readonly SecretReference[]): FoundSecret[][] {
  const found: FoundSecret[][] = references.map(() => []);
  for (const by of ['name', 'id'] as const) {
    const positions: number[] = [];
    const asked: [string, number | null][] = [];
    for (const [position, reference] of references.entries()) {
      if (reference.by !== by) continue;
      positions.push(position);
      asked.push([reference.by === 'id' ? reference.id : nameKey(reference.name), reference.version]);
    }
    if (asked.length === 0) continue;
    const query = by === 'name' ? byName : byId;
    for (const row of session.all<FoundAt>(query({ list: JSON.stringify(asked) }))) {
      found[positions[row.position] as number]?.push(foundSecret(row));
    }
  }
  return found;
}

/** As `SecretStore.readEnvelopes`, in one query. */
export function readEnvelopes(
  session: Session,
  addresses: readonly { secretId: SecretId; version: number }[],
): (StoredEnvelope | null)[] {
  const found: (StoredEnvelope | null)[] = addresses.map(() => null);
  if (addresses.length === 0) return found;
  const list = JSON.stringify(addresses.map(({ secretId, version }) => [secretId, version]));
  for (const row of session.all<EnvelopeAt>(envelopes({ list }))) {
    found[row.position] =
      row.upload_id === null ? { inline: row.envelope ?? NO_BYTES } : { uploadId: row.upload_id };
  }
  return found;
}

/** The row as the port tells it. */
export function foundSecret(row: FoundColumns): FoundSecret {
  return {
    secret: {
      id: row.id,
      name: row.name,
      kind: row.kind,
      scope: parseScope(row.scope),
      availability: parseStoredAvailability(row.availability),
      createdAtMs: row.created_at_ms,
    },
    foundAs: row.found_as,
    version: {
      secretId: row.id,
      version: row.version,
      secretsManagerId: row.secrets_manager_id,
      envelope: row.upload_id === null ? { inline: NO_BYTES } : { uploadId: row.upload_id },
      valueBytes: row.value_bytes,
      createdAtMs: row.version_created_at_ms,
      createdBy: row.created_by,
    },
    newestVersion: row.newest_version,
    secretsManagerName: row.secrets_manager_name,
    managerScope: parseRegion(row.manager_scope),
    scope: parseEffectiveScope(row.scope, row.manager_scope),
  };
}
