// API keys in SQLite. A name is free again once its key is revoked.
import { isId, nameKey } from '@sallyport/core';
import type { ApiKeyId } from '@sallyport/core';
import type { ApiKeyRow, ApiKeyStore } from '../../access/api-key-store.ts';
import { prepare, tables } from './query.ts';
import type { ApiKeyColumns } from './schema.ts';
import type { Session } from './session.ts';

const insert = prepare((p: ApiKeyColumns) =>
  tables.insertInto('api_keys').values({
    id: p.id,
    name: p.name,
    name_key: p.name_key,
    hash: p.hash,
    created_at_ms: p.created_at_ms,
    expires_at_ms: p.expires_at_ms,
    revoked_at_ms: p.revoked_at_ms,
    last_used_at_ms: p.last_used_at_ms,
  }),
);
const byHash = prepare((p: { hash: string }) =>
  tables.selectFrom('api_keys').selectAll().where('hash', '=', p.hash),
);
const byId = prepare((p: { id: ApiKeyId }) =>
  tables.selectFrom('api_keys').selectAll().where('id', '=', p.id),
);
const activeByName = prepare((p: { nameKey: string }) =>
  tables
    .selectFrom('api_keys')
    .selectAll()
    .where('name_key', '=', p.nameKey)
    .where('revoked_at_ms', 'is', null),
);
const newestFirst = prepare(() =>
  tables.selectFrom('api_keys').selectAll().orderBy('created_at_ms', 'desc').orderBy('id', 'desc'),
);
const revoke = prepare((p: { id: ApiKeyId; atMs: number }) =>
  tables
    .updateTable('api_keys')
    .set({ revoked_at_ms: p.atMs })
    .where('id', '=', p.id)
    .where('revoked_at_ms', 'is', null),
);
const touch = prepare((p: { id: ApiKeyId; atMs: number }) =>
  tables.updateTable('api_keys').set({ last_used_at_ms: p.atMs }).where('id', '=', p.id),
);

/** `ApiKeyStore` inside one transaction. */
export class SqliteApiKeys implements ApiKeyStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async insert(row: ApiKeyRow): Promise<void> {
    this.#session.run(
      insert({
        id: row.id,
        name: row.name,
        name_key: nameKey(row.name),
        hash: row.hash,
        created_at_ms: row.createdAtMs,
        expires_at_ms: row.expiresAtMs,
        revoked_at_ms: row.revokedAtMs,
        last_used_at_ms: row.lastUsedAtMs,
      }),
      { column: 'api_keys.name_key', thing: 'API key', name: row.name },
    );
  }

  async findByHash(hash: string): Promise<ApiKeyRow | null> {
    const columns = this.#session.first(byHash({ hash }));
    return columns && rowOf(columns);
  }

  async find(reference: string): Promise<ApiKeyRow | null> {
    const columns =
      (isId('apiKey', reference) ? this.#session.first(byId({ id: reference })) : null) ??
      this.#session.first(activeByName({ nameKey: nameKey(reference) }));
    return columns && rowOf(columns);
  }

  async list(): Promise<ApiKeyRow[]> {
    return this.#session.all(newestFirst({})).map(rowOf);
  }

  async revoke(id: ApiKeyId, atMs: number): Promise<void> {
    this.#session.run(revoke({ id, atMs }));
  }

  async touch(id: ApiKeyId, atMs: number): Promise<void> {
    this.#session.run(touch({ id, atMs }));
  }
}

function rowOf(columns: ApiKeyColumns): ApiKeyRow {
  return {
    id: columns.id,
    name: columns.name,
    hash: columns.hash,
    createdAtMs: columns.created_at_ms,
    expiresAtMs: columns.expires_at_ms,
    revokedAtMs: columns.revoked_at_ms,
    lastUsedAtMs: columns.last_used_at_ms,
  };
}
