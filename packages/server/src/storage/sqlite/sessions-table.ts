// Sessions in SQLite. Ended ones are removed, not marked: the audit trail keeps that they were.
import type { SessionId, UserId } from '@sallyport/core';
import type { SessionRow, SessionStore } from '../../users/session-store.ts';
import { prepare, queryOf, tables } from './query.ts';
import type { Session } from './session.ts';
import type { SessionColumns } from './users-migration.ts';

const insert = prepare((p: SessionColumns) =>
  tables.insertInto('sessions').values({
    id: p.id,
    user_id: p.user_id,
    method: p.method,
    hash: p.hash,
    issued_at_ms: p.issued_at_ms,
    former_hash: p.former_hash,
    former_until_ms: p.former_until_ms,
    created_at_ms: p.created_at_ms,
    last_used_at_ms: p.last_used_at_ms,
    expires_at_ms: p.expires_at_ms,
    client_address: p.client_address,
    user_agent: p.user_agent,
  }),
);
const byHash = prepare((p: { hash: string }) =>
  tables
    .selectFrom('sessions')
    .selectAll()
    .where((row) => row.or([row('hash', '=', p.hash), row('former_hash', '=', p.hash)])),
);
const rotate = prepare(
  (p: {
    id: SessionId;
    expectedHash: string;
    hash: string;
    issuedAtMs: number;
    formerHash: string;
    formerUntilMs: number;
  }) =>
    tables
      .updateTable('sessions')
      .set({
        hash: p.hash,
        issued_at_ms: p.issuedAtMs,
        former_hash: p.formerHash,
        former_until_ms: p.formerUntilMs,
      })
      .where('id', '=', p.id)
      .where('hash', '=', p.expectedHash),
);
const touch = prepare((p: { id: SessionId; atMs: number }) =>
  tables
    .updateTable('sessions')
    .set({ last_used_at_ms: p.atMs })
    .where('id', '=', p.id)
    .where('last_used_at_ms', '<', p.atMs),
);
const ofUser = prepare((p: { userId: UserId }) =>
  tables
    .selectFrom('sessions')
    .selectAll()
    .where('user_id', '=', p.userId)
    .orderBy('created_at_ms', 'desc')
    .orderBy('id', 'desc'),
);
const removeEnded = prepare((p: { nowMs: number; idleSinceMs: number }) =>
  tables
    .deleteFrom('sessions')
    .where((row) =>
      row.or([row('expires_at_ms', '<=', p.nowMs), row('last_used_at_ms', '<=', p.idleSinceMs)]),
    ),
);

/** `SessionStore` inside one transaction. */
export class SqliteSessions implements SessionStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async insert(row: SessionRow): Promise<void> {
    this.#session.run(insert(columnsOf(row)));
  }

  async findByHash(hash: string): Promise<SessionRow | null> {
    const columns = this.#session.first(byHash({ hash }));
    return columns && rowOf(columns);
  }

  async rotate(
    id: SessionId,
    change: { expectedHash: string; hash: string; issuedAtMs: number; formerUntilMs: number },
  ): Promise<boolean> {
    return this.#session.run(rotate({ id, formerHash: change.expectedHash, ...change })) === 1;
  }

  async touch(id: SessionId, atMs: number): Promise<void> {
    this.#session.run(touch({ id, atMs }));
  }

  async listOf(userId: UserId): Promise<SessionRow[]> {
    return this.#session.all(ofUser({ userId })).map(rowOf);
  }

  async remove(which: { userId: UserId; id?: SessionId; except?: SessionId | null }): Promise<number> {
    const { userId, id, except = null } = which;
    let builder = tables.deleteFrom('sessions').where('user_id', '=', userId);
    if (id !== undefined) builder = builder.where('id', '=', id);
    if (except !== null) builder = builder.where('id', '!=', except);
    return this.#session.run(queryOf(builder));
  }

  async removeEnded(limits: { nowMs: number; idleSinceMs: number }): Promise<number> {
    return this.#session.run(removeEnded(limits));
  }
}

function columnsOf(row: SessionRow): SessionColumns {
  return {
    id: row.id,
    user_id: row.userId,
    method: row.method,
    hash: row.hash,
    issued_at_ms: row.issuedAtMs,
    former_hash: row.formerHash,
    former_until_ms: row.formerUntilMs,
    created_at_ms: row.createdAtMs,
    last_used_at_ms: row.lastUsedAtMs,
    expires_at_ms: row.expiresAtMs,
    client_address: row.clientAddress,
    user_agent: row.userAgent,
  };
}

function rowOf(columns: SessionColumns): SessionRow {
  return {
    id: columns.id,
    userId: columns.user_id,
    method: columns.method,
    hash: columns.hash,
    issuedAtMs: columns.issued_at_ms,
    formerHash: columns.former_hash,
    formerUntilMs: columns.former_until_ms,
    createdAtMs: columns.created_at_ms,
    lastUsedAtMs: columns.last_used_at_ms,
    expiresAtMs: columns.expires_at_ms,
    clientAddress: columns.client_address,
    userAgent: columns.user_agent,
  };
}
