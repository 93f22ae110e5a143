// Services in SQLite.
import { AppError, nameKey } from '@sallyport/core';
import type { ApplicationId, ServiceId } from '@sallyport/core';
import { sql } from 'kysely';
import type { SqlBool } from 'kysely';
import type { ServiceRow, ServiceStore } from '../../applications/application-store.ts';
import type { ServiceColumns } from './applications-migration.ts';
import { prepare, tables } from './query.ts';
import type { Session, UniqueName } from './session.ts';

const insert = prepare((p: ServiceColumns) =>
  tables.insertInto('services').values({
    id: p.id,
    application_id: p.application_id,
    name: p.name,
    name_key: p.name_key,
    created_at_ms: p.created_at_ms,
  }),
);
/** `ids` holds a JSON array, so that the text of the query never changes. */
const list = prepare((p: { ids: string }) =>
  tables
    .selectFrom('services')
    .selectAll()
    .where(sql<SqlBool>`application_id IN (SELECT value FROM json_each(${p.ids}))`)
    .orderBy('name_key')
    .orderBy('id'),
);
const rename = prepare((p: { id: ServiceId; name: string; nameKey: string }) =>
  tables.updateTable('services').set({ name: p.name, name_key: p.nameKey }).where('id', '=', p.id),
);
const removeEntries = prepare((p: { id: ServiceId }) =>
  tables.deleteFrom('config_entries').where('service_id', '=', p.id),
);
const remove = prepare((p: { id: ServiceId }) => tables.deleteFrom('services').where('id', '=', p.id));

/** `ServiceStore` inside one transaction. */
export class SqliteServices implements ServiceStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async insert(row: ServiceRow): Promise<void> {
    this.#session.run(
      insert({
        id: row.id,
        application_id: row.applicationId,
        name: row.name,
        name_key: nameKey(row.name),
        created_at_ms: row.createdAtMs,
      }),
      uniqueService(row.name),
    );
  }

  async list(applicationIds: readonly ApplicationId[]): Promise<ServiceRow[]> {
    return this.#session.all(list({ ids: JSON.stringify(applicationIds) })).map((columns) => ({
      id: columns.id,
      applicationId: columns.application_id,
      name: columns.name,
      createdAtMs: columns.created_at_ms,
    }));
  }

  async rename(id: ServiceId, name: string): Promise<void> {
    const query = rename({ id, name, nameKey: nameKey(name) });
    if (this.#session.run(query, uniqueService(name)) === 0) {
      throw new AppError('not-found', { publicMessage: 'There is no such service.' });
    }
  }

  async remove(id: ServiceId): Promise<void> {
    this.#session.run(removeEntries({ id }));
    this.#session.run(remove({ id }));
  }
}

function uniqueService(name: string): UniqueName {
  return {
    column: 'services.application_id, services.name_key',
    thing: 'service in this application',
    name,
  };
}
