// Registered delegates in SQLite. The identity key is what makes a delegate the same one; names may repeat.
import { isId, nameKey } from '@sallyport/core';
import type { DelegateId } from '@sallyport/core';
import type { DelegateRow, DelegateStore, DelegateTokenStore } from '../../fleet/delegate-store.ts';
import { SqliteDelegateTokens } from './delegate-tokens-table.ts';
import { prepare, tables } from './query.ts';
import type { DelegateColumns } from './schema.ts';
import type { Session } from './session.ts';

const save = prepare((p: DelegateColumns) => {
  const columns: DelegateColumns = {
    id: p.id,
    identity_key: p.identity_key,
    fingerprint: p.fingerprint,
    name: p.name,
    name_key: p.name_key,
    host_name: p.host_name,
    version: p.version,
    selectors: p.selectors,
    added_selectors: p.added_selectors,
    kinds: p.kinds,
    token_id: p.token_id,
    approved: p.approved,
    created_at_ms: p.created_at_ms,
    last_seen_at_ms: p.last_seen_at_ms,
  };
  return tables
    .insertInto('delegates')
    .values(columns)
    .onConflict((conflict) => conflict.column('identity_key').doUpdateSet(columns));
});
const byIdentityKey = prepare((p: { identityKey: string }) =>
  tables.selectFrom('delegates').selectAll().where('identity_key', '=', p.identityKey),
);
const byId = prepare((p: { id: DelegateId }) =>
  tables.selectFrom('delegates').selectAll().where('id', '=', p.id),
);
const twoByName = prepare((p: { nameKey: string }) =>
  tables.selectFrom('delegates').selectAll().where('name_key', '=', p.nameKey).limit(2),
);
const byNames = prepare(() => tables.selectFrom('delegates').selectAll().orderBy('name_key').orderBy('id'));
const remove = prepare((p: { id: DelegateId }) => tables.deleteFrom('delegates').where('id', '=', p.id));

/** `DelegateStore` inside one transaction. */
export class SqliteDelegates implements DelegateStore {
  readonly #session: Session;
  readonly tokens: DelegateTokenStore;

  constructor(session: Session) {
    this.#session = session;
    this.tokens = new SqliteDelegateTokens(session);
  }

  async save(row: DelegateRow): Promise<void> {
    this.#session.run(
      save({
        id: row.id,
        identity_key: row.identityKey,
        fingerprint: row.fingerprint,
        name: row.name,
        name_key: nameKey(row.name),
        host_name: row.hostName,
        version: row.version,
        selectors: JSON.stringify(row.selectors),
        added_selectors: JSON.stringify(row.addedSelectors),
        kinds: JSON.stringify(row.kinds),
        token_id: row.tokenId,
        approved: row.approved ? 1 : 0,
        created_at_ms: row.createdAtMs,
        last_seen_at_ms: row.lastSeenAtMs,
      }),
    );
  }

  async findByIdentityKey(identityKey: string): Promise<DelegateRow | null> {
    const columns = this.#session.first(byIdentityKey({ identityKey }));
    return columns && rowOf(columns);
  }

  async find(reference: string): Promise<DelegateRow | null> {
    const known = isId('delegate', reference) ? this.#session.first(byId({ id: reference })) : null;
    if (known !== null) return rowOf(known);
    const [only, second] = this.#session.all(twoByName({ nameKey: nameKey(reference) }));
    return only === undefined || second !== undefined ? null : rowOf(only);
  }

  async list(): Promise<DelegateRow[]> {
    return this.#session.all(byNames({})).map(rowOf);
  }

  async remove(id: DelegateId): Promise<void> {
    this.#session.run(remove({ id }));
  }
}

function rowOf(columns: DelegateColumns): DelegateRow {
  return {
    id: columns.id,
    identityKey: columns.identity_key,
    fingerprint: columns.fingerprint,
    name: columns.name,
    hostName: columns.host_name,
    version: columns.version,
    selectors: JSON.parse(columns.selectors) as DelegateRow['selectors'],
    addedSelectors: JSON.parse(columns.added_selectors) as DelegateRow['addedSelectors'],
    kinds: JSON.parse(columns.kinds) as DelegateRow['kinds'],
    tokenId: columns.token_id,
    approved: columns.approved === 1,
    createdAtMs: columns.created_at_ms,
    lastSeenAtMs: columns.last_seen_at_ms,
  };
}
