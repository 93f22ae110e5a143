// Issuers whose workloads are let in, in SQLite.
import { isId, nameKey } from '@sallyport/core';
import type { GroupId, Rights, WorkloadIssuerId } from '@sallyport/core';
import type { WorkloadIssuerSettings } from '@sallyport/protocol';
import type { WorkloadIssuerRow, WorkloadIssuerStore } from '../../workloads/workload-issuer-store.ts';
import { prepare, tables } from './query.ts';
import type { WorkloadIssuerColumns } from './schema.ts';
import type { Session, UniqueName } from './session.ts';

const insert = prepare((p: WorkloadIssuerColumns) =>
  tables.insertInto('workload_issuers').values({
    id: p.id,
    name: p.name,
    name_key: p.name_key,
    settings: p.settings,
    group_ids: p.group_ids,
    restriction: p.restriction,
    ttl_seconds: p.ttl_seconds,
    created_at_ms: p.created_at_ms,
    updated_at_ms: p.updated_at_ms,
  }),
);
const update = prepare((p: WorkloadIssuerColumns) =>
  tables
    .updateTable('workload_issuers')
    .set({
      name: p.name,
      name_key: p.name_key,
      settings: p.settings,
      group_ids: p.group_ids,
      restriction: p.restriction,
      ttl_seconds: p.ttl_seconds,
      updated_at_ms: p.updated_at_ms,
    })
    .where('id', '=', p.id),
);
const byId = prepare((p: { id: WorkloadIssuerId }) =>
  tables.selectFrom('workload_issuers').selectAll().where('id', '=', p.id),
);
const byName = prepare((p: { nameKey: string }) =>
  tables.selectFrom('workload_issuers').selectAll().where('name_key', '=', p.nameKey),
);
const all = prepare(() => tables.selectFrom('workload_issuers').selectAll().orderBy('name_key'));
const remove = prepare((p: { id: WorkloadIssuerId }) =>
  tables.deleteFrom('workload_issuers').where('id', '=', p.id),
);

/** `WorkloadIssuerStore` inside one transaction. */
export class SqliteWorkloadIssuers implements WorkloadIssuerStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async insert(row: WorkloadIssuerRow): Promise<void> {
    this.#session.run(insert(columnsOf(row)), uniqueName(row));
  }

  async update(row: WorkloadIssuerRow): Promise<void> {
    this.#session.run(update(columnsOf(row)), uniqueName(row));
  }

  async find(reference: string): Promise<WorkloadIssuerRow | null> {
    const columns =
      (isId('workloadIssuer', reference) ? this.#session.first(byId({ id: reference })) : null) ??
      this.#session.first(byName({ nameKey: nameKey(reference) }));
    return columns && rowOf(columns);
  }

  async list(): Promise<WorkloadIssuerRow[]> {
    return this.#session.all(all({})).map(rowOf);
  }

  async remove(id: WorkloadIssuerId): Promise<void> {
    this.#session.run(remove({ id }));
  }
}

function uniqueName({ name }: WorkloadIssuerRow): UniqueName {
  return { column: 'workload_issuers.name_key', thing: 'workload issuer', name };
}

function columnsOf(row: WorkloadIssuerRow): WorkloadIssuerColumns {
  return {
    id: row.id,
    name: row.name,
    name_key: nameKey(row.name),
    settings: JSON.stringify(row.settings),
    group_ids: JSON.stringify(row.groupIds),
    restriction: row.restriction && JSON.stringify(row.restriction),
    ttl_seconds: row.ttlSeconds,
    created_at_ms: row.createdAtMs,
    updated_at_ms: row.updatedAtMs,
  };
}

function rowOf(columns: WorkloadIssuerColumns): WorkloadIssuerRow {
  return {
    id: columns.id,
    name: columns.name,
    settings: JSON.parse(columns.settings) as WorkloadIssuerSettings,
    groupIds: JSON.parse(columns.group_ids) as GroupId[],
    restriction: columns.restriction === null ? null : (JSON.parse(columns.restriction) as Rights),
    ttlSeconds: columns.ttl_seconds,
    createdAtMs: columns.created_at_ms,
    updatedAtMs: columns.updated_at_ms,
  };
}
