// Secrets managers in SQLite. That there is at most one default is kept twice: by clearing the old one here, and by a unique
// index over the rows that have the flag.
import { AppError, isId, nameKey } from '@sallyport/core';
import type { SecretsManagerId, SecretsManagerSettings } from '@sallyport/core';
import type { SecretsManagerRow, SecretsManagerStore } from '../../secrets-managers/secrets-manager-store.ts';
import { prepare, tables } from './query.ts';
import type { SecretsManagerColumns } from './schema.ts';
import type { Session, UniqueName } from './session.ts';
import { parseRegion, printRegion } from './stored-scope.ts';

const insert = prepare((p: SecretsManagerColumns) =>
  tables.insertInto('secrets_managers').values({
    id: p.id,
    name: p.name,
    name_key: p.name_key,
    is_default: p.is_default,
    revision: p.revision,
    settings_revision: p.settings_revision,
    settings: p.settings,
    usage_scope: p.usage_scope,
    encrypted_secret_key: p.encrypted_secret_key,
    created_at_ms: p.created_at_ms,
    updated_at_ms: p.updated_at_ms,
  }),
);
const update = prepare((p: SecretsManagerColumns & { expected: number }) =>
  tables
    .updateTable('secrets_managers')
    .set({
      name: p.name,
      name_key: p.name_key,
      revision: p.revision,
      settings_revision: p.settings_revision,
      settings: p.settings,
      usage_scope: p.usage_scope,
      encrypted_secret_key: p.encrypted_secret_key,
      created_at_ms: p.created_at_ms,
      updated_at_ms: p.updated_at_ms,
    })
    .where('id', '=', p.id)
    .where('revision', '=', p.expected)
    .where('is_default', '=', p.is_default),
);
const byId = prepare((p: { id: SecretsManagerId }) =>
  tables.selectFrom('secrets_managers').selectAll().where('id', '=', p.id),
);
const byName = prepare((p: { nameKey: string }) =>
  tables.selectFrom('secrets_managers').selectAll().where('name_key', '=', p.nameKey),
);
const theDefault = prepare(() =>
  tables.selectFrom('secrets_managers').selectAll().where('is_default', '=', 1),
);
const withCounts = prepare(() =>
  tables
    .selectFrom('secrets_managers as m')
    .selectAll('m')
    .select((query) =>
      query
        .selectFrom('secret_versions as v')
        .whereRef('v.secrets_manager_id', '=', 'm.id')
        .select(({ fn }) => fn.count<number>('v.secret_id').distinct().as('n'))
        .as('secret_count'),
    )
    .orderBy('m.is_default', 'desc')
    .orderBy('m.name_key'),
);
const clearDefault = prepare(() =>
  tables.updateTable('secrets_managers').set({ is_default: 0 }).where('is_default', '=', 1),
);
const setDefault = prepare((p: { id: SecretsManagerId }) =>
  tables.updateTable('secrets_managers').set({ is_default: 1 }).where('id', '=', p.id),
);
const countSecrets = prepare((p: { id: SecretsManagerId }) =>
  tables
    .selectFrom('secret_versions')
    .where('secrets_manager_id', '=', p.id)
    .select(({ fn }) => fn.count<number>('secret_id').distinct().as('n')),
);
const remove = prepare((p: { id: SecretsManagerId }) =>
  tables.deleteFrom('secrets_managers').where('id', '=', p.id),
);

/** `SecretsManagerStore` inside one transaction. */
export class SqliteSecretsManagers implements SecretsManagerStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async insert(row: SecretsManagerRow): Promise<void> {
    const before = row.isDefault ? this.#session.first(theDefault({})) : null;
    if (before !== null) this.#session.run(clearDefault({}));
    try {
      this.#session.run(insert(columnsOf(row)), uniqueName(row));
    } catch (thrown) {
      // Whoever handles the refusal and goes on must not be left without a default.
      if (before !== null) this.#session.run(setDefault({ id: before.id }));
      throw thrown;
    }
  }

  async update(row: SecretsManagerRow, expectedRevision: number): Promise<boolean> {
    const statement = update({ ...columnsOf(row), expected: expectedRevision });
    return this.#session.run(statement, uniqueName(row)) === 1;
  }

  async find(reference: string): Promise<SecretsManagerRow | null> {
    const columns =
      (isId('secretsManager', reference) ? this.#session.first(byId({ id: reference })) : null) ??
      this.#session.first(byName({ nameKey: nameKey(reference) }));
    return columns && rowOf(columns);
  }

  async findDefault(): Promise<SecretsManagerRow | null> {
    const columns = this.#session.first(theDefault({}));
    return columns && rowOf(columns);
  }

  async list(): Promise<(SecretsManagerRow & { secretCount: number })[]> {
    return this.#session
      .all(withCounts({}))
      .map((columns) => ({ ...rowOf(columns), secretCount: columns.secret_count ?? 0 }));
  }

  async makeDefault(id: SecretsManagerId): Promise<void> {
    if (this.#session.first(byId({ id })) === null) {
      throw new AppError('not-found', { publicMessage: 'There is no such secrets manager.' });
    }
    this.#session.run(clearDefault({}));
    this.#session.run(setDefault({ id }));
  }

  async remove(id: SecretsManagerId): Promise<number> {
    const secretCount = this.#session.first(countSecrets({ id }))?.n ?? 0;
    if (secretCount === 0) this.#session.run(remove({ id }));
    return secretCount;
  }
}

function uniqueName(row: SecretsManagerRow): UniqueName {
  return { column: 'secrets_managers.name_key', thing: 'secrets manager', name: row.name };
}

function columnsOf(row: SecretsManagerRow): SecretsManagerColumns {
  return {
    id: row.id,
    name: row.name,
    name_key: nameKey(row.name),
    is_default: row.isDefault ? 1 : 0,
    revision: row.revision,
    settings_revision: row.settingsRevision,
    settings: JSON.stringify(row.settings),
    usage_scope: printRegion(row.usageScope),
    encrypted_secret_key: row.encryptedSecretKey,
    created_at_ms: row.createdAtMs,
    updated_at_ms: row.updatedAtMs,
  };
}

function rowOf(columns: SecretsManagerColumns): SecretsManagerRow {
  return {
    id: columns.id,
    name: columns.name,
    isDefault: columns.is_default === 1,
    revision: columns.revision,
    settingsRevision: columns.settings_revision,
    settings: JSON.parse(columns.settings) as SecretsManagerSettings,
    usageScope: parseRegion(columns.usage_scope),
    encryptedSecretKey: columns.encrypted_secret_key,
    createdAtMs: columns.created_at_ms,
    updatedAtMs: columns.updated_at_ms,
  };
}
