// Start-up profiles of delegates, in SQLite.
import { isId, nameKey } from '@sallyport/core';
import type { DelegateProfileId } from '@sallyport/core';
import type { DelegateProfileRow, DelegateProfileStore } from '../../delegate-profiles/profile-store.ts';
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
  }

  async update(row: DelegateProfileRow): Promise<void> {
    this.#session.run(update(columnsOf(row)), uniqueName(row));
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
