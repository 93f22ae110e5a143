// Applications and environments in SQLite. Names are unique among those that are not deleted, by partial indexes.
import { AppError, invariant, nameKey } from '@sallyport/core';
import type { ApplicationId, EnvironmentId } from '@sallyport/core';
import type {
  ApplicationRow,
  ApplicationStore,
  EnvironmentRow,
  EnvironmentStore,
  ServiceStore,
} from '../../applications/application-store.ts';
import type { ApplicationColumns, EnvironmentColumns } from './applications-migration.ts';
import { prepare, tables } from './query.ts';
import { SqliteServices } from './services-table.ts';
import type { Session, UniqueName } from './session.ts';

const applicationQueries = {
  insert: prepare((p: ApplicationColumns) =>
    tables.insertInto('applications').values({
      id: p.id,
      name: p.name,
      name_key: p.name_key,
      created_at_ms: p.created_at_ms,
      deleted_at_ms: p.deleted_at_ms,
    }),
  ),
  list: prepare(() => tables.selectFrom('applications').selectAll().orderBy('name_key').orderBy('id')),
  revision: prepare(() => tables.selectFrom('catalogue_revision').select('revision')),
  rename: prepare((p: { id: ApplicationId; name: string; nameKey: string }) =>
    tables
      .updateTable('applications')
      .set({ name: p.name, name_key: p.nameKey })
      .where('id', '=', p.id)
      .where('deleted_at_ms', 'is', null),
  ),
  markDeleted: prepare((p: { id: ApplicationId; atMs: number }) =>
    tables
      .updateTable('applications')
      .set({ deleted_at_ms: p.atMs })
      .where('id', '=', p.id)
      .where('deleted_at_ms', 'is', null),
  ),
};

const environmentQueries = {
  insert: prepare((p: EnvironmentColumns) =>
    tables.insertInto('environments').values({
      id: p.id,
      application_id: p.application_id,
      name: p.name,
      name_key: p.name_key,
      type: p.type,
      created_at_ms: p.created_at_ms,
      deleted_at_ms: p.deleted_at_ms,
    }),
  ),
  list: prepare(() => tables.selectFrom('environments').selectAll().orderBy('name_key').orderBy('id')),
  rename: prepare((p: { id: EnvironmentId; name: string; nameKey: string }) =>
    tables
      .updateTable('environments')
      .set({ name: p.name, name_key: p.nameKey })
      .where('id', '=', p.id)
      .where('deleted_at_ms', 'is', null),
  ),
  markDeleted: prepare((p: { id: EnvironmentId; atMs: number }) =>
    tables
      .updateTable('environments')
      .set({ deleted_at_ms: p.atMs })
      .where('id', '=', p.id)
      .where('deleted_at_ms', 'is', null),
  ),
  markAllDeleted: prepare((p: { applicationId: ApplicationId; atMs: number }) =>
    tables
      .updateTable('environments')
      .set({ deleted_at_ms: p.atMs })
      .where('application_id', '=', p.applicationId)
      .where('deleted_at_ms', 'is', null),
  ),
};

/** `ApplicationStore` inside one transaction. */
export class SqliteApplications implements ApplicationStore {
  readonly #session: Session;
  readonly environments: EnvironmentStore;
  readonly services: ServiceStore;

  constructor(session: Session) {
    this.#session = session;
    this.environments = new SqliteEnvironments(session);
    this.services = new SqliteServices(session);
  }

  async insert(row: ApplicationRow): Promise<void> {
    this.#session.run(
      applicationQueries.insert({
        id: row.id,
        name: row.name,
        name_key: nameKey(row.name),
        created_at_ms: row.createdAtMs,
        deleted_at_ms: row.deletedAtMs,
      }),
      uniqueApplication(row.name),
    );
  }

  async list(): Promise<ApplicationRow[]> {
    return this.#session.all(applicationQueries.list({})).map((columns) => ({
      id: columns.id,
      name: columns.name,
      createdAtMs: columns.created_at_ms,
      deletedAtMs: columns.deleted_at_ms,
    }));
  }

  async revision(): Promise<string> {
    const row = this.#session.first(applicationQueries.revision({}));
    invariant(row !== null, 'the catalogue has no revision');
    return row.revision;
  }

  async rename(id: ApplicationId, name: string): Promise<void> {
    const query = applicationQueries.rename({ id, name, nameKey: nameKey(name) });
    if (this.#session.run(query, uniqueApplication(name)) === 0) {
      throw new AppError('not-found', { publicMessage: 'There is no such application.' });
    }
  }

  async markDeleted(id: ApplicationId, atMs: number): Promise<void> {
    this.#session.run(environmentQueries.markAllDeleted({ applicationId: id, atMs }));
    this.#session.run(applicationQueries.markDeleted({ id, atMs }));
  }
}

class SqliteEnvironments implements EnvironmentStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async insert(row: EnvironmentRow): Promise<void> {
    this.#session.run(
      environmentQueries.insert({
        id: row.id,
        application_id: row.applicationId,
        name: row.name,
        name_key: nameKey(row.name),
        type: row.type,
        created_at_ms: row.createdAtMs,
        deleted_at_ms: row.deletedAtMs,
      }),
      uniqueEnvironment(row.name),
    );
  }

  async list(): Promise<EnvironmentRow[]> {
    return this.#session.all(environmentQueries.list({})).map((columns) => ({
      id: columns.id,
      applicationId: columns.application_id,
      name: columns.name,
      type: columns.type,
      createdAtMs: columns.created_at_ms,
      deletedAtMs: columns.deleted_at_ms,
    }));
  }

  async rename(id: EnvironmentId, name: string): Promise<void> {
    const query = environmentQueries.rename({ id, name, nameKey: nameKey(name) });
    if (this.#session.run(query, uniqueEnvironment(name)) === 0) {
      throw new AppError('not-found', { publicMessage: 'There is no such environment.' });
    }
  }

  async markDeleted(id: EnvironmentId, atMs: number): Promise<void> {
    this.#session.run(environmentQueries.markDeleted({ id, atMs }));
  }
}

function uniqueApplication(name: string): UniqueName {
  return { column: 'applications.name_key', thing: 'application', name };
}

function uniqueEnvironment(name: string): UniqueName {
  return {
    column: 'environments.application_id, environments.name_key',
    thing: 'environment in this application',
    name,
  };
}
