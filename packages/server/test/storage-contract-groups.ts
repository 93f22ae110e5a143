// The storage contract of user groups, memberships and the owners of API keys.
import { describe, expect, test } from 'vitest';
import { ALL_RIGHTS } from '@sallyport/core';
import type { GroupId, UserId } from '@sallyport/core';
import type { ApiKeyRow } from '../src/access/api-key-store.ts';
import {
  ACCOUNT_ADMINISTRATOR,
  BUILT_IN_GROUPS,
  NON_PRODUCTION_SUPPORT,
  PRODUCTION_SUPPORT,
} from '../src/groups/built-in-groups.ts';
import { grant, groupRow, personRow } from './access-rows.ts';
import type { Database } from './storage-contract.ts';
import { apiKeyRow, newId, NOW_MS, refusal } from './storage-rows.ts';

export function describeAccess(database: Database): void {
  describeGroups(database);
  describeMemberships(database);
  describeKeyOwners(database);
}

function describeGroups(database: Database): void {
  describe('user groups', () => {
    test('the built-in ones are there from the start, with rights that come from the code', async () => {
      const groups = await database.store.read((tables) => tables.groups.list());
      expect(groups.map(({ id, name, builtIn }) => ({ id, name, builtIn }))).toEqual([
        { id: ACCOUNT_ADMINISTRATOR, name: 'Account Administrator', builtIn: true },
        { id: NON_PRODUCTION_SUPPORT, name: 'Non-Production Support', builtIn: true },
        { id: PRODUCTION_SUPPORT, name: 'Production Support', builtIn: true },
      ]);
      for (const { id, rights } of BUILT_IN_GROUPS) {
        const row = await database.store.read((tables) => tables.groups.find(id));
        expect({ account: row?.account, grants: row?.grants }).toEqual(rights);
      }
    });

    test('are found by id and name, many at once, and listed built-in ones first', async () => {
      const grants = [grant(['use'], { applications: [newId('application')], environments: 'production' })];
      const row = groupRow({ name: 'Änderung', account: ['manage-secrets'], grants });
      const found = await database.store.write(async ({ groups }) => {
        await groups.insert(row);
        const missing = newId('group');
        return {
          one: [await groups.find(row.id), await groups.find('änderung'), await groups.find('nope')],
          many: await groups.findMany([row.id, missing, ACCOUNT_ADMINISTRATOR]),
          none: await groups.findMany([]),
          last: (await groups.list()).at(-1),
        };
      });
      expect(found.one).toEqual([row, row, null]);
      expect(found.many.map(({ id }) => id).toSorted()).toEqual([ACCOUNT_ADMINISTRATOR, row.id].toSorted());
      expect(found.none).toEqual([]);
      expect(found.last).toEqual({ ...row, memberCount: 0 });
    });

    test('have names of their own, whatever the letter case', async () => {
      const [a, b] = [groupRow({ name: 'Deployers' }), groupRow({ name: 'Others' })];
      await database.store.write(async ({ groups }) => {
        await groups.insert(a);
        await groups.insert(b);
      });
      const taken = refusal('name-taken', 'another user group named');
      const write = database.store.write.bind(database.store);
      await expect(write(({ groups }) => groups.insert(groupRow({ name: 'DEPLOYERS' })))).rejects.toEqual(
        taken,
      );
      await expect(write(({ groups }) => groups.update({ ...b, name: 'deployers' }))).rejects.toEqual(taken);
      expect(await write(({ groups }) => groups.update({ ...a, name: 'DEPLOYERS' }))).toBe(true);
    });

    test('are replaced and removed, but for built-in ones', async () => {
      const row = groupRow();
      const edited = { ...row, name: 'New', account: ['administer'] as const, updatedAtMs: NOW_MS + 1 };
      const done = await database.store.write(async ({ groups }) => {
        await groups.insert(row);
        const builtIn = await groups.find(ACCOUNT_ADMINISTRATOR);
        return [
          await groups.update(edited),
          await groups.update(groupRow()),
          await groups.update({ ...edited, id: ACCOUNT_ADMINISTRATOR, name: 'Mine', ...builtIn }),
          await groups.remove(ACCOUNT_ADMINISTRATOR),
          await groups.remove(newId('group')),
        ];
      });
      expect(done).toEqual([true, false, false, false, false]);
      const after = await database.store.write(async ({ groups }) => [
        await groups.find(row.id),
        await groups.remove(row.id),
        await groups.find(row.id),
        (await groups.find(ACCOUNT_ADMINISTRATOR))?.account,
      ]);
      expect(after).toEqual([edited, true, null, ALL_RIGHTS.account]);
    });
  });
}

function describeMemberships(database: Database): void {
  describe('memberships', () => {
    async function people(...names: string[]): Promise<UserId[]> {
      const rows = names.map((name) => personRow({ name }));
      await database.store.write(async ({ users }) => {
        for (const row of rows) await users.insert(row);
      });
      return rows.map(({ id }) => id);
    }

    test('are kept once, from the first time on, and counted', async () => {
      const [alice, bob] = (await people('alice', 'bob')) as [UserId, UserId];
      const group = groupRow();
      const seen = await database.store.write(async ({ groups, memberships }) => {
        await groups.insert(group);
        const add = (userId: UserId, sinceMs: number) =>
          memberships.add({ groupId: group.id, userId, sinceMs });
        const added = [await add(bob, NOW_MS + 1), await add(alice, NOW_MS), await add(bob, NOW_MS + 9)];
        return { added, members: await memberships.membersOf(group.id), list: await groups.list() };
      });
      expect(seen.added).toEqual([true, true, false]);
      expect(seen.members).toEqual([
        { groupId: group.id, userId: alice, sinceMs: NOW_MS },
        { groupId: group.id, userId: bob, sinceMs: NOW_MS + 1 },
      ]);
      expect(seen.list.map(({ memberCount }) => memberCount)).toEqual([0, 0, 0, 2]);
    });

    test('end one by one, with the group, with the user, or all of a user at once', async () => {
      const [alice, bob] = (await people('alice', 'bob')) as [UserId, UserId];
      const [a, b] = [groupRow({ name: 'a' }), groupRow({ name: 'b' })];
      const namesOf = async (userId: UserId) =>
        (await database.store.read(({ memberships }) => memberships.groupsOf(userId))).map(
          ({ name }) => name,
        );
      await database.store.write(async ({ groups, memberships }) => {
        for (const group of [b, a]) {
          await groups.insert(group);
          for (const userId of [alice, bob]) await memberships.add({ groupId: group.id, userId, sinceMs: 0 });
        }
        await memberships.add({ groupId: PRODUCTION_SUPPORT, userId: alice, sinceMs: 0 });
      });
      expect(await namesOf(alice)).toEqual(['Production Support', 'a', 'b']);
      const removed = await database.store.write(async ({ memberships }) => [
        await memberships.remove({ groupId: a.id, userId: alice }),
        await memberships.remove({ groupId: a.id, userId: alice }),
      ]);
      expect([removed, await namesOf(alice)]).toEqual([
        [true, false],
        ['Production Support', 'b'],
      ]);
      await database.store.write(({ memberships }) => memberships.removeUser(alice));
      expect([await namesOf(alice), await namesOf(bob)]).toEqual([[], ['a', 'b']]);
      await database.store.write(({ groups }) => groups.remove(a.id));
      expect(await namesOf(bob)).toEqual(['b']);
      await database.store.write(({ users }) => users.remove(bob));
      expect(await database.store.read(({ memberships }) => memberships.membersOf(b.id))).toEqual([]);
    });

    test('are of users and groups that are there', async () => {
      const [alice] = (await people('alice')) as [UserId];
      const add = async (groupId: GroupId, userId: UserId) =>
        database.store.write(({ memberships }) => memberships.add({ groupId, userId, sinceMs: 0 }));
      await expect(add(newId('group'), alice)).rejects.toEqual(refusal('internal'));
      await expect(add(PRODUCTION_SUPPORT, newId('user'))).rejects.toEqual(refusal('internal'));
    });
  });
}

function describeKeyOwners(database: Database): void {
  describe('API keys by owner', () => {
    const alice = newId('user');
    const bob = newId('user');
    const insert = async (...rows: ApiKeyRow[]) =>
      database.store.write(async ({ apiKeys }) => {
        for (const row of rows) await apiKeys.insert(row);
      });

    test('come back as they were stored: owner, restriction, kind and issuer', async () => {
      const restriction = { account: ['manage-secrets'] as const, grants: [grant(['use'])] };
      const groupIds = [newId('group'), newId('group')].toSorted();
      const rows = [
        apiKeyRow({ name: 'mine', owner: { type: 'user', userId: alice }, restriction }),
        apiKeyRow({ name: 'ours', owner: { type: 'groups', groupIds } }),
        apiKeyRow({ name: 'repo:acme/shop', kind: 'workload', issuerId: newId('workloadIssuer') }),
      ];
      await insert(...rows);
      for (const row of rows) {
        const found = await database.store.read(async ({ apiKeys }) => [
          await apiKeys.find(row.id),
          await apiKeys.findByHash(row.hash),
        ]);
        expect(found).toEqual([row, row]);
      }
    });

    test('a name is taken for one user, or among keys of groups; workloads have no names to take', async () => {
      const name = 'ci';
      const ofUser = (userId: UserId) => apiKeyRow({ name, owner: { type: 'user', userId } });
      const [first, second, ofGroups] = [ofUser(alice), ofUser(bob), apiKeyRow({ name })];
      const workload = () => apiKeyRow({ name, kind: 'workload', issuerId: newId('workloadIssuer') });
      await insert(first, second, ofGroups, workload(), workload());
      const taken = refusal('name-taken');
      await expect(insert(ofUser(alice))).rejects.toEqual(taken);
      const otherGroup = apiKeyRow({ name: 'CI', owner: { type: 'groups', groupIds: [newId('group')] } });
      await expect(insert(otherGroup)).rejects.toEqual(taken);
      const found = await database.store.read(async ({ apiKeys }) => [
        await apiKeys.find({ name, userId: alice }),
        await apiKeys.find({ name, userId: bob }),
        await apiKeys.find({ name, userId: null }),
        await apiKeys.find({ name, userId: newId('user') }),
      ]);
      expect(found).toEqual([first, second, ofGroups, null]);
    });

    test('are listed by user, by group, and in pages without gaps', async () => {
      const groupId = newId('group');
      const rows = Array.from({ length: 6 }, (_, index) =>
        apiKeyRow({
          name: `key ${index}`,
          // Two of each time: the id decides.
          createdAtMs: NOW_MS + Math.floor(index / 2),
          owner:
            index % 3 === 0
              ? { type: 'user', userId: alice }
              : { type: 'groups', groupIds: index % 3 === 1 ? [groupId] : [newId('group')] },
        }),
      );
      await insert(...rows);
      const newestFirst = rows.toSorted((a, b) => b.createdAtMs - a.createdAtMs || (a.id < b.id ? 1 : -1));
      const list = async (query: object) =>
        database.store.read(({ apiKeys }) => apiKeys.list({ after: null, limit: 100, ...query }));
      expect(await list({})).toEqual(newestFirst);
      expect(await list({ userId: alice })).toEqual(newestFirst.filter(({ owner }) => owner.type === 'user'));
      const ofGroup = newestFirst.filter(
        ({ owner }) => owner.type === 'groups' && owner.groupIds.includes(groupId),
      );
      expect(ofGroup).toHaveLength(2);
      expect(await list({ groupId })).toEqual(ofGroup);
      const paged: ApiKeyRow[] = [];
      for (let after: ApiKeyRow | null = null; ;) {
        const page: ApiKeyRow[] = await list({ after, limit: 2 });
        paged.push(...page);
        after = page.at(-1) ?? null;
        if (page.length < 2) break;
      }
      expect(paged).toEqual(newestFirst);
    });

    test('those of workloads go once they have expired long enough, others never', async () => {
      const workload = (expiresAtMs: number) => apiKeyRow({ kind: 'workload', expiresAtMs });
      const [old, recent, key] = [workload(NOW_MS), workload(NOW_MS + 1), apiKeyRow({ expiresAtMs: 1 })];
      await insert(old, recent, key);
      const left = await database.store.write(async ({ apiKeys }) => ({
        removed: await apiKeys.removeExpiredWorkloads(NOW_MS + 1),
        ids: (await apiKeys.list({ after: null, limit: 10 })).map(({ id }) => id).toSorted(),
      }));
      expect(left).toEqual({ removed: 1, ids: [recent.id, key.id].toSorted() });
    });
  });
}
