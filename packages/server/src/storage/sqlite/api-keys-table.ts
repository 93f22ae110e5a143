// API keys in SQLite. A name is free again once its key is revoked.
import { sql } from 'kysely';
import type { SqlBool } from 'kysely';
import { nameKey } from '@sallyport/core';
import type { ApiKeyId, GroupId, Rights, UserId, WorkloadIssuerId } from '@sallyport/core';
import type { ApiKeyOwner, ApiKeyQuery, ApiKeyRow, ApiKeyStore } from '../../access/api-key-store.ts';
import { prepare, queryOf, tables } from './query.ts';
import type { ApiKeyColumns } from './schema.ts';
import type { Session } from './session.ts';

type ApiKeyWithGroups = ApiKeyColumns & { group_ids: string };

const insert = prepare((p: ApiKeyColumns) =>
  tables.insertInto('api_keys').values({
    id: p.id,
    name: p.name,
    name_key: p.name_key,
    kind: p.kind,
    hash: p.hash,
    user_id: p.user_id,
    restriction: p.restriction,
    issuer_id: p.issuer_id,
    created_at_ms: p.created_at_ms,
    expires_at_ms: p.expires_at_ms,
    revoked_at_ms: p.revoked_at_ms,
    last_used_at_ms: p.last_used_at_ms,
  }),
);
const insertGroup = prepare((p: { id: ApiKeyId; groupId: GroupId }) =>
  tables.insertInto('api_key_groups').values({ api_key_id: p.id, group_id: p.groupId }),
);
const withGroups = () =>
  tables
    .selectFrom('api_keys as k')
    .selectAll('k')
    .select(
      sql<string>`(SELECT json_group_array(g.group_id) FROM api_key_groups g WHERE g.api_key_id = k.id)`.as(
        'group_ids',
      ),
    );
const byHash = prepare((p: { hash: string }) => withGroups().where('k.hash', '=', p.hash));
const byId = prepare((p: { id: ApiKeyId }) => withGroups().where('k.id', '=', p.id));
const activeByName = prepare((p: { nameKey: string; ownerKey: string }) =>
  withGroups()
    .where('k.name_key', '=', p.nameKey)
    .where(sql`coalesce(k.user_id, '')`, '=', p.ownerKey)
    .where('k.kind', '=', sql.lit('api-key'))
    .where('k.revoked_at_ms', 'is', null),
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
const revokeOfIssuer = prepare((p: { issuerId: WorkloadIssuerId; atMs: number }) =>
  tables
    .updateTable('api_keys')
    .set({ revoked_at_ms: p.atMs })
    .where('issuer_id', '=', p.issuerId)
    .where('revoked_at_ms', 'is', null)
    .where('expires_at_ms', '>', p.atMs),
);
const removeExpiredWorkloads = prepare((p: { beforeMs: number }) =>
  tables
    .deleteFrom('api_keys')
    .where('kind', '=', sql.lit('workload'))
    .where('expires_at_ms', '<', p.beforeMs),
);

/** `ApiKeyStore` inside one transaction. */
export class SqliteApiKeys implements ApiKeyStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async insert(row: ApiKeyRow): Promise<void> {
    this.#session.run(insert(columnsOf(row)), {
      column: "index 'api_keys_active_name'",
      thing: 'API key',
      name: row.name,
    });
    if (row.owner.type === 'user') return;
    for (const groupId of row.owner.groupIds) this.#session.run(insertGroup({ id: row.id, groupId }));
  }

  async findByHash(hash: string): Promise<ApiKeyRow | null> {
    const columns = this.#session.first(byHash({ hash }));
    return columns && rowOf(columns);
  }

  async find(reference: ApiKeyId | { name: string; userId: UserId | null }): Promise<ApiKeyRow | null> {
    const columns =
      typeof reference === 'string'
        ? this.#session.first(byId({ id: reference }))
        : this.#session.first(
            activeByName({ nameKey: nameKey(reference.name), ownerKey: reference.userId ?? '' }),
          );
    return columns && rowOf(columns);
  }

  async list({ userId, groupId, after, limit }: ApiKeyQuery): Promise<ApiKeyRow[]> {
    let query = withGroups().orderBy('k.created_at_ms', 'desc').orderBy('k.id', 'desc').limit(limit);
    if (userId !== undefined) query = query.where('k.user_id', '=', userId);
    if (groupId !== undefined) {
      const ofGroup = tables
        .selectFrom('api_key_groups')
        .select('api_key_id')
        .where('group_id', '=', groupId);
      query = query.where('k.id', 'in', ofGroup);
    }
    if (after !== null) {
      query = query.where(sql<SqlBool>`(k.created_at_ms, k.id) < (${after.createdAtMs}, ${after.id})`);
    }
    return this.#session.all(queryOf(query)).map(rowOf);
  }

  async revoke(id: ApiKeyId, atMs: number): Promise<void> {
    this.#session.run(revoke({ id, atMs }));
  }

  async touch(id: ApiKeyId, atMs: number): Promise<void> {
    this.#session.run(touch({ id, atMs }));
  }

  async revokeOfIssuer(issuerId: WorkloadIssuerId, atMs: number): Promise<number> {
    return this.#session.run(revokeOfIssuer({ issuerId, atMs }));
  }

  async removeExpiredWorkloads(beforeMs: number): Promise<number> {
    return this.#session.run(removeExpiredWorkloads({ beforeMs }));
  }
}

function columnsOf(row: ApiKeyRow): ApiKeyColumns {
  return {
    id: row.id,
    name: row.name,
    name_key: nameKey(row.name),
    kind: row.kind,
    hash: row.hash,
    user_id: row.owner.type === 'user' ? row.owner.userId : null,
    restriction: row.restriction && JSON.stringify(row.restriction),
    issuer_id: row.issuerId,
    created_at_ms: row.createdAtMs,
    expires_at_ms: row.expiresAtMs,
    revoked_at_ms: row.revokedAtMs,
    last_used_at_ms: row.lastUsedAtMs,
  };
}

function rowOf(columns: ApiKeyWithGroups): ApiKeyRow {
  const owner: ApiKeyOwner =
    columns.user_id === null
      ? { type: 'groups', groupIds: JSON.parse(columns.group_ids) as GroupId[] }
      : { type: 'user', userId: columns.user_id };
  return {
    id: columns.id,
    name: columns.name,
    kind: columns.kind,
    hash: columns.hash,
    owner,
    restriction: columns.restriction === null ? null : (JSON.parse(columns.restriction) as Rights),
    issuerId: columns.issuer_id,
    createdAtMs: columns.created_at_ms,
    expiresAtMs: columns.expires_at_ms,
    revokedAtMs: columns.revoked_at_ms,
    lastUsedAtMs: columns.last_used_at_ms,
  };
}
