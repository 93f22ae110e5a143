// User groups and memberships in SQLite. What built-in groups allow comes from the code, whatever the row says.
import { isId, nameKey } from '@sallyport/core';
import type { AccountPermission, Grant, GroupId, UserId } from '@sallyport/core';
import { builtInRights } from '../../groups/built-in-groups.ts';
import type { GroupRow, GroupStore, Membership, MembershipStore } from '../../groups/group-store.ts';
import { prepare, queryOf, tables } from './query.ts';
import type { GroupColumns } from './schema.ts';
import type { Session, UniqueName } from './session.ts';

const insert = prepare((p: GroupColumns) =>
  tables.insertInto('groups').values({
    id: p.id,
    name: p.name,
    name_key: p.name_key,
    built_in: p.built_in,
    account: p.account,
    grants: p.grants,
    created_at_ms: p.created_at_ms,
    updated_at_ms: p.updated_at_ms,
  }),
);
const update = prepare((p: GroupColumns) =>
  tables
    .updateTable('groups')
    .set({
      name: p.name,
      name_key: p.name_key,
      account: p.account,
      grants: p.grants,
      updated_at_ms: p.updated_at_ms,
    })
    .where('id', '=', p.id)
    .where('built_in', '=', 0),
);
const byId = prepare((p: { id: GroupId }) => tables.selectFrom('groups').selectAll().where('id', '=', p.id));
const byName = prepare((p: { nameKey: string }) =>
  tables.selectFrom('groups').selectAll().where('name_key', '=', p.nameKey),
);
const withCounts = prepare(() =>
  tables
    .selectFrom('groups as g')
    .selectAll('g')
    .select((query) =>
      query
        .selectFrom('group_members as m')
        .whereRef('m.group_id', '=', 'g.id')
        .select(({ fn }) => fn.countAll<number>().as('n'))
        .as('member_count'),
    )
    .orderBy('g.built_in', 'desc')
    .orderBy('g.name_key'),
);
const remove = prepare((p: { id: GroupId }) =>
  tables.deleteFrom('groups').where('id', '=', p.id).where('built_in', '=', 0),
);

const addMember = prepare((p: { groupId: GroupId; userId: UserId; sinceMs: number }) =>
  tables
    .insertInto('group_members')
    .values({ group_id: p.groupId, user_id: p.userId, since_ms: p.sinceMs })
    .onConflict((conflict) => conflict.doNothing()),
);
const removeMember = prepare((p: { groupId: GroupId; userId: UserId }) =>
  tables.deleteFrom('group_members').where('group_id', '=', p.groupId).where('user_id', '=', p.userId),
);
const removeUser = prepare((p: { userId: UserId }) =>
  tables.deleteFrom('group_members').where('user_id', '=', p.userId),
);
const membersOf = prepare((p: { groupId: GroupId }) =>
  tables
    .selectFrom('group_members')
    .selectAll()
    .where('group_id', '=', p.groupId)
    .orderBy('since_ms')
    .orderBy('user_id'),
);
const groupsOf = prepare((p: { userId: UserId }) =>
  tables
    .selectFrom('groups as g')
    .innerJoin('group_members as m', 'm.group_id', 'g.id')
    .selectAll('g')
    .where('m.user_id', '=', p.userId)
    .orderBy('g.built_in', 'desc')
    .orderBy('g.name_key'),
);

/** `GroupStore` inside one transaction. */
export class SqliteGroups implements GroupStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async insert(row: GroupRow): Promise<void> {
    this.#session.run(insert(columnsOf(row)), uniqueName(row));
  }

  async update(row: GroupRow): Promise<boolean> {
    return this.#session.run(update(columnsOf(row)), uniqueName(row)) === 1;
  }

  async find(reference: string): Promise<GroupRow | null> {
    const columns =
      (isId('group', reference) ? this.#session.first(byId({ id: reference })) : null) ??
      this.#session.first(byName({ nameKey: nameKey(reference) }));
    return columns && rowOf(columns);
  }

  async findMany(ids: readonly GroupId[]): Promise<GroupRow[]> {
    if (ids.length === 0) return [];
    return this.#session
      .all(queryOf(tables.selectFrom('groups').selectAll().where('id', 'in', ids)))
      .map(rowOf);
  }

  async list(): Promise<(GroupRow & { memberCount: number })[]> {
    return this.#session
      .all(withCounts({}))
      .map((columns) => ({ ...rowOf(columns), memberCount: columns.member_count ?? 0 }));
  }

  async remove(id: GroupId): Promise<boolean> {
    return this.#session.run(remove({ id })) === 1;
  }
}

/** `MembershipStore` inside one transaction. */
export class SqliteMemberships implements MembershipStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async add(membership: Membership): Promise<boolean> {
    return this.#session.run(addMember(membership)) === 1;
  }

  async remove(member: { groupId: GroupId; userId: UserId }): Promise<boolean> {
    return this.#session.run(removeMember(member)) === 1;
  }

  async removeUser(userId: UserId): Promise<void> {
    this.#session.run(removeUser({ userId }));
  }

  async membersOf(groupId: GroupId): Promise<Membership[]> {
    return this.#session
      .all(membersOf({ groupId }))
      .map((columns) => ({ groupId, userId: columns.user_id, sinceMs: columns.since_ms }));
  }

  async groupsOf(userId: UserId): Promise<GroupRow[]> {
    return this.#session.all(groupsOf({ userId })).map(rowOf);
  }
}

function uniqueName(row: GroupRow): UniqueName {
  return { column: 'groups.name_key', thing: 'user group', name: row.name };
}

function columnsOf(row: GroupRow): GroupColumns {
  return {
    id: row.id,
    name: row.name,
    name_key: nameKey(row.name),
    built_in: row.builtIn ? 1 : 0,
    account: JSON.stringify(row.account),
    grants: JSON.stringify(row.grants),
    created_at_ms: row.createdAtMs,
    updated_at_ms: row.updatedAtMs,
  };
}

function rowOf(columns: GroupColumns): GroupRow {
  const { id, name, created_at_ms, updated_at_ms } = columns;
  const builtIn = columns.built_in === 1;
  const { account, grants } = (builtIn ? builtInRights(id) : null) ?? {
    account: JSON.parse(columns.account) as AccountPermission[],
    grants: JSON.parse(columns.grants) as Grant[],
  };
  return { id, name, builtIn, account, grants, createdAtMs: created_at_ms, updatedAtMs: updated_at_ms };
}
