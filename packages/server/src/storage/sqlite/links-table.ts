// One-time links in SQLite.
import type { UserId } from '@sallyport/core';
import type { LinkRow, LinkStore } from '../../users/link-store.ts';
import { prepare, queryOf, tables } from './query.ts';
import type { Session } from './session.ts';
import type { LinkColumns } from './users-migration.ts';

const insert = prepare((p: LinkColumns) =>
  tables.insertInto('one_time_links').values({
    id: p.id,
    purpose: p.purpose,
    user_id: p.user_id,
    hash: p.hash,
    created_at_ms: p.created_at_ms,
    expires_at_ms: p.expires_at_ms,
  }),
);
const byHash = prepare((p: { hash: string }) =>
  tables.selectFrom('one_time_links').selectAll().where('hash', '=', p.hash),
);
const removeExpired = prepare((p: { nowMs: number }) =>
  tables.deleteFrom('one_time_links').where('expires_at_ms', '<=', p.nowMs),
);

/** `LinkStore` inside one transaction. */
export class SqliteLinks implements LinkStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async replace(row: LinkRow): Promise<void> {
    this.#session.run(queryOf(removing(row.userId).where('purpose', '=', row.purpose)));
    this.#session.run(
      insert({
        id: row.id,
        purpose: row.purpose,
        user_id: row.userId,
        hash: row.hash,
        created_at_ms: row.createdAtMs,
        expires_at_ms: row.expiresAtMs,
      }),
    );
  }

  async findByHash(hash: string): Promise<LinkRow | null> {
    const columns = this.#session.first(byHash({ hash }));
    return columns && rowOf(columns);
  }

  async listOf(userId: UserId | null): Promise<LinkRow[]> {
    const builder = tables.selectFrom('one_time_links').selectAll().orderBy('created_at_ms', 'desc');
    const own =
      userId === null ? builder.where('user_id', 'is', null) : builder.where('user_id', '=', userId);
    return this.#session.all(queryOf(own)).map(rowOf);
  }

  async removeOf(userId: UserId | null): Promise<void> {
    this.#session.run(queryOf(removing(userId)));
  }

  async removeExpired(nowMs: number): Promise<number> {
    return this.#session.run(removeExpired({ nowMs }));
  }
}

function removing(userId: UserId | null) {
  const builder = tables.deleteFrom('one_time_links');
  return userId === null ? builder.where('user_id', 'is', null) : builder.where('user_id', '=', userId);
}

function rowOf(columns: LinkColumns): LinkRow {
  return {
    id: columns.id,
    purpose: columns.purpose,
    userId: columns.user_id,
    hash: columns.hash,
    createdAtMs: columns.created_at_ms,
    expiresAtMs: columns.expires_at_ms,
  };
}
