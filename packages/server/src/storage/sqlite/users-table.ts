// Users and their recovery codes in SQLite.
import { invariant, isId, nameKey } from '@sallyport/core';
import type { UserId } from '@sallyport/core';
import { sql } from 'kysely';
import type { SqlBool } from 'kysely';
import type { RecoveryCodeStore, UserRow, UserStore } from '../../users/user-store.ts';
import { prepare, queryOf, tables } from './query.ts';
import type { Session } from './session.ts';
import type { UserColumns } from './users-migration.ts';

type Changeable = Omit<UserColumns, 'id' | 'created_at_ms'>;

function changeable(p: Changeable): Changeable {
  return {
    name: p.name,
    name_key: p.name_key,
    display_name: p.display_name,
    search_key: p.search_key,
    password_hash: p.password_hash,
    external_issuer: p.external_issuer,
    external_subject: p.external_subject,
    totp_secret: p.totp_secret,
    totp_last_step: p.totp_last_step,
    pending_totp_secret: p.pending_totp_secret,
    disabled_at_ms: p.disabled_at_ms,
    last_sign_in_at_ms: p.last_sign_in_at_ms,
  };
}

const insert = prepare((p: UserColumns) =>
  tables.insertInto('users').values({ id: p.id, created_at_ms: p.created_at_ms, ...changeable(p) }),
);
const update = prepare((p: UserColumns) =>
  tables.updateTable('users').set(changeable(p)).where('id', '=', p.id),
);
const byId = prepare((p: { id: UserId }) => tables.selectFrom('users').selectAll().where('id', '=', p.id));
const byName = prepare((p: { nameKey: string }) =>
  tables.selectFrom('users').selectAll().where('name_key', '=', p.nameKey),
);
const byExternal = prepare((p: { issuer: string; subject: string }) =>
  tables
    .selectFrom('users')
    .selectAll()
    .where('external_issuer', '=', p.issuer)
    .where('external_subject', '=', p.subject),
);
const countAll = prepare(() => tables.selectFrom('users').select(({ fn }) => fn.countAll<number>().as('n')));
const remove = prepare((p: { id: UserId }) => tables.deleteFrom('users').where('id', '=', p.id));

const addCode = prepare((p: { userId: UserId; hash: string }) =>
  tables.insertInto('recovery_codes').values({ user_id: p.userId, hash: p.hash }),
);
const removeCode = prepare((p: { userId: UserId; hash: string }) =>
  tables.deleteFrom('recovery_codes').where('user_id', '=', p.userId).where('hash', '=', p.hash),
);
const removeCodes = prepare((p: { userId: UserId }) =>
  tables.deleteFrom('recovery_codes').where('user_id', '=', p.userId),
);
const countCodes = prepare((p: { userId: UserId }) =>
  tables
    .selectFrom('recovery_codes')
    .where('user_id', '=', p.userId)
    .select(({ fn }) => fn.countAll<number>().as('n')),
);

/** `UserStore` inside one transaction. */
export class SqliteUsers implements UserStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async insert(row: UserRow): Promise<void> {
    this.#session.run(insert(columnsOf(row)), taken(row));
  }

  async find(reference: string): Promise<UserRow | null> {
    const columns =
      (isId('user', reference) ? this.#session.first(byId({ id: reference })) : null) ??
      this.#session.first(byName({ nameKey: nameKey(reference) }));
    return columns && rowOf(columns);
  }

  async findExternal(external: { issuer: string; subject: string }): Promise<UserRow | null> {
    const columns = this.#session.first(byExternal(external));
    return columns && rowOf(columns);
  }

  async update(row: UserRow): Promise<void> {
    const updated = this.#session.run(update(columnsOf(row)), taken(row));
    invariant(updated === 1, 'a user is updated who was read in another transaction');
  }

  async list(query: {
    afterNameKey: string | null;
    search: string | null;
    limit: number;
  }): Promise<UserRow[]> {
    const { afterNameKey, search, limit } = query;
    let builder = tables.selectFrom('users').selectAll().orderBy('name_key').limit(limit);
    if (afterNameKey !== null) builder = builder.where('name_key', '>', afterNameKey);
    if (search !== null) builder = builder.where(sql<SqlBool>`instr(search_key, ${nameKey(search)}) > 0`);
    return this.#session.all(queryOf(builder)).map(rowOf);
  }

  async count(): Promise<number> {
    return this.#session.first(countAll({}))?.n ?? 0;
  }

  async remove(id: UserId): Promise<void> {
    this.#session.run(remove({ id }));
  }
}

/** `RecoveryCodeStore` inside one transaction. */
export class SqliteRecoveryCodes implements RecoveryCodeStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async replace(userId: UserId, hashes: readonly string[]): Promise<void> {
    this.#session.run(removeCodes({ userId }));
    for (const hash of hashes) this.#session.run(addCode({ userId, hash }));
  }

  async use(userId: UserId, hash: string): Promise<boolean> {
    return this.#session.run(removeCode({ userId, hash })) === 1;
  }

  async count(userId: UserId): Promise<number> {
    return this.#session.first(countCodes({ userId }))?.n ?? 0;
  }
}

function taken(row: UserRow): { column: string; thing: string; name: string } {
  return { column: 'users.name_key', thing: 'user', name: row.name };
}

function columnsOf(row: UserRow): UserColumns {
  return {
    id: row.id,
    name: row.name,
    name_key: nameKey(row.name),
    display_name: row.displayName,
    search_key: `${nameKey(row.name)}\n${nameKey(row.displayName)}`,
    password_hash: row.passwordHash,
    external_issuer: row.externalIssuer,
    external_subject: row.externalSubject,
    totp_secret: row.totp?.encryptedSecret ?? null,
    totp_last_step: row.totp?.lastStep ?? null,
    pending_totp_secret: row.pendingTotpSecret,
    disabled_at_ms: row.disabledAtMs,
    created_at_ms: row.createdAtMs,
    last_sign_in_at_ms: row.lastSignInAtMs,
  };
}

function rowOf(columns: UserColumns): UserRow {
  const { totp_secret, totp_last_step } = columns;
  return {
    id: columns.id,
    name: columns.name,
    displayName: columns.display_name,
    passwordHash: columns.password_hash,
    externalIssuer: columns.external_issuer,
    externalSubject: columns.external_subject,
    totp: totp_secret === null ? null : { encryptedSecret: totp_secret, lastStep: totp_last_step ?? 0 },
    pendingTotpSecret: columns.pending_totp_secret,
    disabledAtMs: columns.disabled_at_ms,
    createdAtMs: columns.created_at_ms,
    lastSignInAtMs: columns.last_sign_in_at_ms,
  };
}
