// The queries that find secrets together with one of their versions: the hot path of every read. One query answers any number of
// references, since the references travel as one JSON parameter and the text of the query never changes.
import { nameKey } from '@sallyport/core';
import type { SecretId, SecretKind, SecretReference, SecretsManagerId, UploadId } from '@sallyport/core';
import { sql } from 'kysely';
import type { Expression, SqlBool } from 'kysely';
import type { FoundSecret } from '../../secrets/secret-store.ts';
import { prepare, tables } from './query.ts';
import type { Session } from './session.ts';

/** One row of the queries below. */
export type FoundColumns = {
  id: SecretId;
  name: string;
  kind: SecretKind;
  created_at_ms: number;
  newest_version: number;
  version: number;
  secrets_manager_id: SecretsManagerId;
  value_bytes: number;
  version_created_at_ms: number;
  created_by: string;
  upload_id: UploadId | null;
  secrets_manager_name: string;
  /** Null when it is in chunks, or was not asked for. */
  envelope: Uint8Array | null;
};

type FoundAt = FoundColumns & { position: number };

const NO_BYTES = new Uint8Array(0);

/** `list` holds a JSON array of [name key or id, version or null]. Cross joins keep SQLite from reordering them. */
function search(list: string, options: { matches: Expression<SqlBool>; envelopes: boolean }) {
  return tables
    .selectFrom(sql<{ key: number; value: string }>`json_each(${list})`.as('asked'))
    .crossJoin('secrets as s')
    .crossJoin('secret_versions as v')
    .crossJoin('secrets_managers as m')
    .where(options.matches)
    .whereRef('v.secret_id', '=', 's.id')
    .where(sql<SqlBool>`v.version = coalesce(asked.value ->> 1, s.newest_version)`)
    .whereRef('m.id', '=', 'v.secrets_manager_id')
    .select(['asked.key as position', 's.id', 's.name', 's.kind', 's.created_at_ms', 's.newest_version'])
    .select([
      'v.version',
      'v.secrets_manager_id',
      'v.value_bytes',
      'v.created_at_ms as version_created_at_ms',
    ])
    .select(['v.created_by', 'v.upload_id', 'm.name as secrets_manager_name'])
    .select(options.envelopes ? 'v.envelope' : sql<null>`null`.as('envelope'));
}

const nameMatches = sql<SqlBool>`s.name_key = asked.value ->> 0`;
const idMatches = sql<SqlBool>`s.id = asked.value ->> 0`;
type List = { list: string };

const queries = {
  name: {
    bare: prepare(({ list }: List) => search(list, { matches: nameMatches, envelopes: false })),
    full: prepare(({ list }: List) => search(list, { matches: nameMatches, envelopes: true })),
  },
  id: {
    bare: prepare(({ list }: List) => search(list, { matches: idMatches, envelopes: false })),
    full: prepare(({ list }: List) => search(list, { matches: idMatches, envelopes: true })),
  },
} as const;

/** As `SecretStore.findMany`: at most one query for references by name and one for those by id. */
export function findSecrets(
  session: Session,
  references: readonly SecretReference[],
  options: { envelopes: boolean },
): (FoundSecret | null)[] {
  const found: (FoundSecret | null)[] = references.map(() => null);
  for (const by of ['name', 'id'] as const) {
    const positions: number[] = [];
    const asked: [string, number | null][] = [];
    for (const [position, reference] of references.entries()) {
      if (reference.by !== by) continue;
      positions.push(position);
      asked.push([reference.by === 'id' ? reference.id : nameKey(reference.name), reference.version]);
    }
    if (asked.length === 0) continue;
    const query = options.envelopes ? queries[by].full : queries[by].bare;
    for (const row of session.all<FoundAt>(query({ list: JSON.stringify(asked) }))) {
      found[positions[row.position] as number] = foundSecret(row);
    }
  }
  return found;
}

/** A page by name: newest versions, no envelopes. */
export function pageOfSecrets(query: { afterNameKey: string | null; search: string | null; limit: number }) {
  let builder = tables
    .selectFrom('secrets as s')
    .innerJoin('secret_versions as v', (join) =>
      join.onRef('v.secret_id', '=', 's.id').onRef('v.version', '=', 's.newest_version'),
    )
    .innerJoin('secrets_managers as m', 'm.id', 'v.secrets_manager_id')
    .select(['s.id', 's.name', 's.kind', 's.created_at_ms', 's.newest_version'])
    .select([
      'v.version',
      'v.secrets_manager_id',
      'v.value_bytes',
      'v.created_at_ms as version_created_at_ms',
    ])
    .select(['v.created_by', 'v.upload_id', 'm.name as secrets_manager_name', sql<null>`null`.as('envelope')])
    .orderBy('s.name_key')
    .limit(query.limit);
  if (query.afterNameKey !== null) builder = builder.where('s.name_key', '>', query.afterNameKey);
  if (query.search !== null) {
    builder = builder.where(sql<SqlBool>`instr(s.name_key, ${nameKey(query.search)}) > 0`);
  }
  return builder;
}

/** The row as the port tells it. */
export function foundSecret(row: FoundColumns): FoundSecret {
  return {
    secret: { id: row.id, name: row.name, kind: row.kind, createdAtMs: row.created_at_ms },
    version: {
      secretId: row.id,
      version: row.version,
      secretsManagerId: row.secrets_manager_id,
      envelope: row.upload_id === null ? { inline: row.envelope ?? NO_BYTES } : { uploadId: row.upload_id },
      valueBytes: row.value_bytes,
      createdAtMs: row.version_created_at_ms,
      createdBy: row.created_by,
    },
    newestVersion: row.newest_version,
    secretsManagerName: row.secrets_manager_name,
  };
}
