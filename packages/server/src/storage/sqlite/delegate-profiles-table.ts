// Start-up profiles of delegates, in SQLite.
import { isId, nameKey } from '@sallyport/core';
import type { DelegateProfileId, SecretId } from '@sallyport/core';
import { sql } from 'kysely';
import type { SqlBool } from 'kysely';
import { secretKeysIn } from '../../delegate-profiles/named-secrets.ts';
import type {
  DelegateProfileRow,
  DelegateProfileStore,
  ProfileNaming,
} from '../../delegate-profiles/profile-store.ts';
import type { DelegateProfileColumns } from './delegate-profiles-migration.ts';
import { SqliteProfileRuns } from './profile-runs-table.ts';
import { prepare, tables } from './query.ts';
import type { Session, UniqueName } from './session.ts';

const insert = prepare((p: DelegateProfileColumns) =>
  tables.insertInto('delegate_profiles').values({
    id: p.id,
    name: p.name,
    name_key: p.name_key,
    script: p.script,
    selectors: p.selectors,
    max_seconds: p.max_seconds,
    revision: p.revision,
    saved_by: p.saved_by,
    saved_by_name: p.saved_by_name,
    created_at_ms: p.created_at_ms,
    updated_at_ms: p.updated_at_ms,
  }),
);
const update = prepare((p: DelegateProfileColumns) =>
  tables
    .updateTable('delegate_profiles')
    .set({
      name: p.name,
      name_key: p.name_key,
      script: p.script,
      selectors: p.selectors,
      max_seconds: p.max_seconds,
      revision: p.revision,
      saved_by: p.saved_by,
      saved_by_name: p.saved_by_name,
      updated_at_ms: p.updated_at_ms,
    })
    .where('id', '=', p.id),
);
const byId = prepare((p: { id: DelegateProfileId }) =>
  tables.selectFrom('delegate_profiles').selectAll().where('id', '=', p.id),
);
const byName = prepare((p: { nameKey: string }) =>
  tables.selectFrom('delegate_profiles').selectAll().where('name_key', '=', p.nameKey),
);
const all = prepare(() => tables.selectFrom('delegate_profiles').selectAll().orderBy('name_key'));
const remove = prepare((p: { id: DelegateProfileId }) =>
  tables.deleteFrom('delegate_profiles').where('id', '=', p.id),
);
const forgetSecrets = prepare((p: { id: DelegateProfileId }) =>
  tables.deleteFrom('profile_secrets').where('profile_id', '=', p.id),
);
/** `keys` holds a JSON array, as `ids` does below. */
const rememberSecrets = prepare((p: { id: DelegateProfileId; keys: string }) =>
  tables
    .insertInto('profile_secrets')
    .columns(['profile_id', 'secret_key'])
    .expression((query) =>
      query
        .selectFrom(sql<{ value: string }>`json_each(${p.keys})`.as('one'))
        .select([sql<DelegateProfileId>`${p.id}`.as('profile_id'), sql<string>`one.value`.as('secret_key')]),
    ),
);
const namingById = prepare((p: { ids: string }) =>
  tables
    .selectFrom('profile_secrets as s')
    .innerJoin('delegate_profiles as p', 'p.id', 's.profile_id')
    .where(sql<SqlBool>`s.secret_key IN (SELECT value FROM json_each(${p.ids}))`)
    .select([sql<SecretId>`s.secret_key`.as('secret_id'), 'p.id', 'p.name', 'p.name_key'])
    .select(sql<string | null>`NULL`.as('by_name')),
);
const namingByName = prepare((p: { ids: string }) =>
  tables
    .selectFrom('secret_names as n')
    .innerJoin('profile_secrets as s', 's.secret_key', 'n.name_key')
    .innerJoin('delegate_profiles as p', 'p.id', 's.profile_id')
    .where(sql<SqlBool>`n.secret_id IN (SELECT value FROM json_each(${p.ids}))`)
    .select(['n.secret_id', 'p.id', 'p.name', 'p.name_key', 'n.name as by_name']),
);

/** `DelegateProfileStore` inside one transaction. */
export class SqliteDelegateProfiles implements DelegateProfileStore {
  readonly #session: Session;
  readonly runs: SqliteProfileRuns;

  constructor(session: Session) {
    this.#session = session;
    this.runs = new SqliteProfileRuns(session);
  }

  async insert(row: DelegateProfileRow): Promise<void> {
    this.#session.run(insert(columnsOf(row)), uniqueName(row));
    this.#indexSecrets(row);
  }

  async update(row: DelegateProfileRow): Promise<void> {
    this.#session.run(update(columnsOf(row)), uniqueName(row));
    this.#session.run(forgetSecrets({ id: row.id }));
    this.#indexSecrets(row);
  }

  async find(reference: string): Promise<DelegateProfileRow | null> {
    const columns =
      (isId('delegateProfile', reference) ? this.#session.first(byId({ id: reference })) : null) ??
      this.#session.first(byName({ nameKey: nameKey(reference) }));
    return columns && rowOf(columns);
  }

  async list(): Promise<DelegateProfileRow[]> {
    return this.#session.all(all({})).map(rowOf);
  }

  async remove(id: DelegateProfileId): Promise<void> {
    this.#session.run(remove({ id }));
  }

  async naming(secretIds: readonly SecretId[]): Promise<ProfileNaming[]> {
    const ids = JSON.stringify(secretIds);
    const rows = [...this.#session.all(namingById({ ids })), ...this.#session.all(namingByName({ ids }))];
    return rows
      .sort((a, b) => (a.name_key < b.name_key ? -1 : a.name_key > b.name_key ? 1 : 0))
      .map(({ secret_id, id, name, by_name }) => ({
        secretId: secret_id,
        profile: { id, name },
        by: by_name,
      }));
  }

  #indexSecrets({ id, script }: DelegateProfileRow): void {
    const keys = secretKeysIn(script);
    if (keys.length > 0) this.#session.run(rememberSecrets({ id, keys: JSON.stringify(keys) }));
  }
}

function uniqueName({ name }: DelegateProfileRow): UniqueName {
  return { column: 'delegate_profiles.name_key', thing: 'start-up profile', name };
}

function columnsOf(row: DelegateProfileRow): DelegateProfileColumns {
  return {
    id: row.id,
    name: row.name,
    name_key: nameKey(row.name),
    script: row.script,
    selectors: JSON.stringify(row.selectors),
    max_seconds: row.maxSeconds,
    revision: row.revision,
    saved_by: row.savedBy.id,
    saved_by_name: row.savedBy.name,
    created_at_ms: row.createdAtMs,
    updated_at_ms: row.updatedAtMs,
  };
}

function rowOf(columns: DelegateProfileColumns): DelegateProfileRow {
  return {
    id: columns.id,
    name: columns.name,
    script: columns.script,
    selectors: JSON.parse(columns.selectors) as string[],
    maxSeconds: columns.max_seconds,
    revision: columns.revision,
    savedBy: { id: columns.saved_by, name: columns.saved_by_name },
    createdAtMs: columns.created_at_ms,
    updatedAtMs: columns.updated_at_ms,
  };
}
