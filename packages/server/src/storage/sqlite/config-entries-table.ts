// Config entries in SQLite.
import { isId } from '@sallyport/core';
import type { ApplicationId, ConfigEntryId, EnvironmentId, SecretId } from '@sallyport/core';
import { sql } from 'kysely';
import type { SqlBool } from 'kysely';
import type {
  ConfigEntryRow,
  ConfigEntryStore,
  EntryOwner,
  SetupUsage,
} from '../../applications/config-entry-store.ts';
import type { ConfigEntryColumns } from './applications-migration.ts';
import { prepare, tables } from './query.ts';
import type { Session } from './session.ts';

const insert = prepare((p: ConfigEntryColumns) =>
  tables.insertInto('config_entries').values({
    id: p.id,
    service_id: p.service_id,
    kind: p.kind,
    name: p.name,
    environment_id: p.environment_id,
    secret_id: p.secret_id,
    created_at_ms: p.created_at_ms,
    updated_at_ms: p.updated_at_ms,
  }),
);
const replace = prepare((p: { id: ConfigEntryId; secretId: SecretId; atMs: number }) =>
  tables
    .updateTable('config_entries')
    .set({ secret_id: p.secretId, updated_at_ms: p.atMs })
    .where('id', '=', p.id),
);
const ordered = () =>
  tables
    .selectFrom('config_entries as c')
    .selectAll('c')
    .orderBy('c.kind', 'desc')
    .orderBy('c.name')
    .orderBy('c.environment_id')
    .orderBy('c.id');
const ofService = prepare((p: { owner: EntryOwner }) =>
  ordered().where('c.service_id', '=', p.owner as ConfigEntryRow['serviceId']),
);
const ofEnvironment = prepare((p: { owner: EntryOwner }) =>
  ordered().where('c.environment_id', '=', p.owner as EnvironmentId),
);
const ofApplication = prepare((p: { owner: EntryOwner }) =>
  ordered()
    .innerJoin('services as s', 's.id', 'c.service_id')
    .where('s.application_id', '=', p.owner as ApplicationId),
);
const atSamePlace = prepare(
  (p: Pick<ConfigEntryColumns, 'service_id' | 'kind' | 'name' | 'environment_id'>) =>
    tables
      .selectFrom('config_entries')
      .selectAll()
      .where('service_id', '=', p.service_id)
      .where('kind', '=', p.kind)
      .where('name', '=', p.name)
      .where(sql<SqlBool>`coalesce(environment_id, '') = coalesce(${p.environment_id}, '')`),
);
/** `ids` holds a JSON array, so that the text of the query never changes. */
const remove = prepare((p: { ids: string }) =>
  tables.deleteFrom('config_entries').where(sql<SqlBool>`id IN (SELECT value FROM json_each(${p.ids}))`),
);
const usages = prepare((p: { secretId: SecretId }) =>
  tables
    .selectFrom('config_entries as c')
    .innerJoin('services as s', 's.id', 'c.service_id')
    .innerJoin('applications as a', 'a.id', 's.application_id')
    .where('c.secret_id', '=', p.secretId)
    .selectAll('c')
    .select(['s.name as service_name', 'a.id as application_id', 'a.name as application_name'])
    .orderBy('a.name_key')
    .orderBy('s.name_key')
    .orderBy('c.kind', 'desc')
    .orderBy('c.name')
    .orderBy('c.environment_id')
    .orderBy('c.id'),
);
const environmentsOfUsages = prepare((p: { secretId: SecretId }) =>
  tables
    .selectFrom('config_entries as c')
    .innerJoin('services as s', 's.id', 'c.service_id')
    .innerJoin('environments as e', 'e.application_id', 's.application_id')
    .where('c.secret_id', '=', p.secretId)
    .where('e.deleted_at_ms', 'is', null)
    .where(
      sql<SqlBool>`(c.environment_id = e.id OR (c.environment_id IS NULL AND NOT EXISTS (
        SELECT 1 FROM config_entries AS own
        WHERE own.service_id = c.service_id AND own.kind = c.kind AND own.name = c.name AND own.environment_id = e.id)))`,
    )
    .select(['c.id as entry_id', 'e.id', 'e.name', 'e.type'])
    .orderBy('e.name_key'),
);
const counts = prepare((p: { ids: string }) =>
  tables
    .selectFrom('config_entries')
    .where(sql<SqlBool>`secret_id IN (SELECT value FROM json_each(${p.ids}))`)
    .select(['secret_id', ({ fn }) => fn.countAll<number>().as('n')])
    .groupBy('secret_id'),
);

/** `ConfigEntryStore` inside one transaction. */
export class SqliteConfigEntries implements ConfigEntryStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async list(of: EntryOwner): Promise<ConfigEntryRow[]> {
    const byOwner = isId('service', of) ? ofService : isId('environment', of) ? ofEnvironment : ofApplication;
    return this.#session.all(byOwner({ owner: of })).map(rowOf);
  }

  async put(row: ConfigEntryRow): Promise<ConfigEntryRow | null> {
    const columns = columnsOf(row);
    const before = this.#session.first(atSamePlace(columns));
    if (before === null) this.#session.run(insert(columns));
    else {
      this.#session.run(replace({ id: before.id, secretId: row.secretId, atMs: row.updatedAtMs }));
    }
    return before && rowOf(before);
  }

  async remove(ids: readonly ConfigEntryId[]): Promise<void> {
    this.#session.run(remove({ ids: JSON.stringify(ids) }));
  }

  async entriesOfSecret(secretId: SecretId): Promise<SetupUsage[]> {
    const places = Map.groupBy(this.#session.all(environmentsOfUsages({ secretId })), (row) => row.entry_id);
    return this.#session.all(usages({ secretId })).map((columns) => ({
      entry: rowOf(columns),
      serviceName: columns.service_name,
      applicationId: columns.application_id,
      applicationName: columns.application_name,
      environments: (places.get(columns.id) ?? []).map(({ id, name, type }) => ({ id, name, type })),
    }));
  }

  async countsOfSecrets(secretIds: readonly SecretId[]): Promise<Map<SecretId, number>> {
    const rows = this.#session.all(counts({ ids: JSON.stringify(secretIds) }));
    return new Map(rows.map(({ secret_id, n }) => [secret_id, n]));
  }
}

function columnsOf(row: ConfigEntryRow): ConfigEntryColumns {
  return {
    id: row.id,
    service_id: row.serviceId,
    kind: row.kind,
    name: row.name,
    environment_id: row.environmentId,
    secret_id: row.secretId,
    created_at_ms: row.createdAtMs,
    updated_at_ms: row.updatedAtMs,
  };
}

function rowOf(columns: ConfigEntryColumns): ConfigEntryRow {
  return {
    id: columns.id,
    serviceId: columns.service_id,
    kind: columns.kind,
    name: columns.name,
    environmentId: columns.environment_id,
    secretId: columns.secret_id,
    createdAtMs: columns.created_at_ms,
    updatedAtMs: columns.updated_at_ms,
  };
}
