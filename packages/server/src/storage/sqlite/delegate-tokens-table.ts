// Delegate tokens in SQLite. A name is free again once its token is revoked.
import { isId, nameKey } from '@sallyport/core';
import type { DelegateTokenId } from '@sallyport/core';
import type { DelegateTokenRow, DelegateTokenStore } from '../../fleet/delegate-store.ts';
import { prepare, tables } from './query.ts';
import type { DelegateTokenColumns } from './schema.ts';
import type { Session } from './session.ts';

const insert = prepare((p: DelegateTokenColumns) =>
  tables.insertInto('delegate_tokens').values({
    id: p.id,
    name: p.name,
    name_key: p.name_key,
    hash: p.hash,
    requires_approval: p.requires_approval,
    created_at_ms: p.created_at_ms,
    expires_at_ms: p.expires_at_ms,
    revoked_at_ms: p.revoked_at_ms,
    last_used_at_ms: p.last_used_at_ms,
  }),
);
const byHash = prepare((p: { hash: string }) =>
  tables.selectFrom('delegate_tokens').selectAll().where('hash', '=', p.hash),
);
const byId = prepare((p: { id: DelegateTokenId }) =>
  tables.selectFrom('delegate_tokens').selectAll().where('id', '=', p.id),
);
const activeByName = prepare((p: { nameKey: string }) =>
  tables
    .selectFrom('delegate_tokens')
    .selectAll()
    .where('name_key', '=', p.nameKey)
    .where('revoked_at_ms', 'is', null),
);
const newestFirst = prepare(() =>
  tables.selectFrom('delegate_tokens').selectAll().orderBy('created_at_ms', 'desc').orderBy('id', 'desc'),
);
const revoke = prepare((p: { id: DelegateTokenId; atMs: number }) =>
  tables
    .updateTable('delegate_tokens')
    .set({ revoked_at_ms: p.atMs })
    .where('id', '=', p.id)
    .where('revoked_at_ms', 'is', null),
);
const touch = prepare((p: { id: DelegateTokenId; atMs: number }) =>
  tables.updateTable('delegate_tokens').set({ last_used_at_ms: p.atMs }).where('id', '=', p.id),
);

/** `DelegateTokenStore` inside one transaction. */
export class SqliteDelegateTokens implements DelegateTokenStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async insert(row: DelegateTokenRow): Promise<void> {
    this.#session.run(
      insert({
        id: row.id,
        name: row.name,
        name_key: nameKey(row.name),
        hash: row.hash,
        requires_approval: row.requiresApproval ? 1 : 0,
        created_at_ms: row.createdAtMs,
        expires_at_ms: row.expiresAtMs,
        revoked_at_ms: row.revokedAtMs,
        last_used_at_ms: row.lastUsedAtMs,
      }),
      { column: 'delegate_tokens.name_key', thing: 'delegate token', name: row.name },
    );
  }

  async findByHash(hash: string): Promise<DelegateTokenRow | null> {
    const columns = this.#session.first(byHash({ hash }));
    return columns && rowOf(columns);
  }

  async find(reference: string): Promise<DelegateTokenRow | null> {
    const columns =
      (isId('delegateToken', reference) ? this.#session.first(byId({ id: reference })) : null) ??
      this.#session.first(activeByName({ nameKey: nameKey(reference) }));
    return columns && rowOf(columns);
  }

  async list(): Promise<DelegateTokenRow[]> {
    return this.#session.all(newestFirst({})).map(rowOf);
  }

  async revoke(id: DelegateTokenId, atMs: number): Promise<void> {
    this.#session.run(revoke({ id, atMs }));
  }

  async touch(id: DelegateTokenId, atMs: number): Promise<void> {
    this.#session.run(touch({ id, atMs }));
  }
}

function rowOf(columns: DelegateTokenColumns): DelegateTokenRow {
  return {
    id: columns.id,
    name: columns.name,
    hash: columns.hash,
    requiresApproval: columns.requires_approval === 1,
    createdAtMs: columns.created_at_ms,
    expiresAtMs: columns.expires_at_ms,
    revokedAtMs: columns.revoked_at_ms,
    lastUsedAtMs: columns.last_used_at_ms,
  };
}
