// What changes rights through the API: nobody gives more than they have or meddles with what is stronger, and the account is never left
// without somebody who can administer it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { GroupId, UserId } from '@sallyport/core';
import { ACCOUNT_ADMINISTRATOR, PRODUCTION_SUPPORT } from '../src/groups/built-in-groups.ts';
import { keepAdministrator } from '../src/groups/require-administrator.ts';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import type { Store } from '../src/storage/store.ts';
import { addApplication, addGroup, addKey, addPerson, grant, keyWith } from './access-rows.ts';
import { ManualClock } from './manual-clock.ts';
import { newId } from './storage-rows.ts';
import { expectError, startTestServer } from './test-server.ts';
import type { Loose, TestServer } from './test-server.ts';

let on: TestServer;
let clock: ManualClock;
let store: Store;

beforeEach(async () => {
  clock = new ManualClock();
  store = await openSqliteStore({ path: ':memory:' });
  on = await startTestServer({ dependencies: { clock, store } });
});
afterEach(async () => {
  await on.end();
  await store.close();
});

const names = ({ body }: { body: Loose }): string[] => body.groups.map(({ name }: Loose) => name);
/** A key whose group manages users and groups, with what else is given. */
const managerWith = async (rights: Parameters<typeof keyWith>[1] = {}): Promise<string> =>
  keyWith(store, { ...rights, account: ['manage-users-and-groups', ...(rights.account ?? [])] });

describe('nobody gives more than they have', () => {
  test('when they create a group', async () => {
    const shop = await addApplication(store, clock, 'shop');
    const key = await managerWith({
      account: ['manage-secrets'],
      grants: [grant(['read', 'use'], { applications: [shop.id], environments: 'non-production' })],
    });
    const create = async (name: string, rights: object) =>
      on.call('POST', '/v1/groups', { name, ...rights }, key);
    const use = (environments: string, actions = ['use']) => ({
      grants: [{ where: [{ applications: ['shop'], environments }], actions }],
    });
    expect((await create('a', { account: ['manage-secrets'], ...use('non-production') })).status).toBe(201);
    const refused = expectError(
      await create('b', { account: ['manage-secrets', 'administer'] }),
      'forbidden',
    );
    expect(refused.data.missing).toEqual({ account: ['administer'], actions: [] });
    expect(refused.message).toContain('"administer"');
    const wider = expectError(await create('c', use('all', ['read', 'use'])), 'forbidden');
    expect(wider.data.missing).toEqual({ account: [], actions: ['read', 'use'] });
    expectError(await create('d', use('non-production', ['use', 'delete'])), 'forbidden');
    const everywhere = [
      { where: [{ applications: 'all', environments: 'non-production' }], actions: ['use'] },
    ];
    expectError(await create('e', { grants: everywhere }), 'forbidden');
    expect(names(await on.call('GET', '/v1/groups'))).not.toContain('b');
  });

  test('when they edit one, and leave alone one that is stronger than they are', async () => {
    const weak = await addGroup(store, 'weak', { account: ['view-audit-trail'] });
    const strong = await addGroup(store, 'strong', { account: ['view-audit-trail', 'manage-delegates'] });
    const alice = await addPerson(store, {}, [strong]);
    const key = await managerWith({ account: ['view-audit-trail'] });
    const edit = async (group: GroupId, change: object) =>
      on.call('PATCH', `/v1/groups/${group}`, change, key);
    expectError(await edit(weak, { account: ['view-audit-trail', 'manage-api-keys'] }), 'forbidden');
    expect((await edit(weak, { account: [], name: 'weaker' })).status).toBe(200);
    for (const change of [{ account: ['view-audit-trail'] }, { account: [] }, { name: 'x' }, {}]) {
      const refused = expectError(await edit(strong, change), 'forbidden');
      expect(refused.data.missing).toEqual({ account: ['manage-delegates'], actions: [] });
    }
    expectError(
      await on.call('DELETE', `/v1/groups/${strong}/members/${alice}`, undefined, key),
      'forbidden',
    );
    const { body } = await on.call('GET', `/v1/groups/${strong}/deletion`, undefined, key);
    const confirmed = `/v1/groups/${strong}?confirm=${body.confirmationToken}`;
    expectError(await on.call('DELETE', confirmed, undefined, key), 'forbidden');
    expect((await on.call('GET', `/v1/groups/${strong}`)).body).toMatchObject({
      name: 'strong',
      memberCount: 1,
    });
  });

  test('when they put somebody into a group, themselves included', async () => {
    const modest = await addGroup(store, 'modest', { account: ['manage-secrets'] });
    const managers = await addGroup(store, 'managers', {
      account: ['manage-users-and-groups', 'manage-secrets'],
    });
    const alice = await addPerson(store, {}, [managers]);
    const { value } = await addKey(store, { type: 'user', userId: alice });
    const join = async (group: GroupId) =>
      on.call('POST', `/v1/groups/${group}/members`, { user: 'alice' }, value);
    expect((await join(modest)).status).toBe(204);
    expectError(await join(ACCOUNT_ADMINISTRATOR), 'forbidden');
    expectError(await join(PRODUCTION_SUPPORT), 'forbidden');
    const { body } = await on.call('GET', `/v1/groups/${ACCOUNT_ADMINISTRATOR}`);
    expect(body.members).toEqual([]);
  });

  test('unless they may administer the account', async () => {
    const key = await managerWith({ account: ['administer'] });
    const create = await on.call('POST', '/v1/groups', { name: 'a', account: ['manage-secrets'] }, key);
    expect(create.status).toBe(201);
    const alice = await addPerson(store);
    const path = `/v1/groups/${ACCOUNT_ADMINISTRATOR}/members`;
    expect((await on.call('POST', path, { user: alice }, key)).status).toBe(204);
  });

  test('with a key that is restricted they have only what the restriction leaves', async () => {
    const owner = { type: 'groups', groupIds: [ACCOUNT_ADMINISTRATOR] } as const;
    const restriction = { account: ['manage-users-and-groups'], grants: [] } as const;
    const { value } = await addKey(store, owner, { restriction });
    const create = async (account: string[]) => on.call('POST', '/v1/groups', { name: 'a', account }, value);
    expectError(await create(['manage-secrets']), 'forbidden');
    expect((await create(['manage-users-and-groups'])).status).toBe(201);
  });
});

describe('somebody can always administer the account:', () => {
  /** The account's only administrator is a user in a group of their own making. */
  async function onlyAdministrator() {
    const group = await addGroup(store, 'root', {
      account: ['administer', 'manage-users-and-groups', 'manage-api-keys'],
    });
    const alice = await addPerson(store, {}, [group]);
    const { value } = await addKey(store, { type: 'user', userId: alice });
    const adminKey = (await on.call('GET', '/v1/api-keys')).body.apiKeys.find(
      ({ name }: Loose) => name === 'admin',
    );
    expect((await on.call('DELETE', `/v1/api-keys/${adminKey.id}`)).status).toBe(204);
    return { group, alice, value };
  }

  test('the last group with the right neither loses it nor is deleted', async () => {
    const { group, value } = await onlyAdministrator();
    const path = `/v1/groups/${group}`;
    expectError(await on.call('PATCH', path, { account: [] }, value), 'last-administrator');
    const { body } = await on.call('GET', `${path}/deletion`, undefined, value);
    const confirmed = await on.call('DELETE', `${path}?confirm=${body.confirmationToken}`, undefined, value);
    expectError(confirmed, 'last-administrator');
    // Nothing of it happened.
    expect((await on.call('GET', path, undefined, value)).body.account).toContain('administer');
    expect((await on.call('PATCH', path, { name: 'still root' }, value)).status).toBe(200);
  });

  test('the last member of such groups does not leave, until another one can', async () => {
    const { group, alice, value } = await onlyAdministrator();
    const leave = async () => on.call('DELETE', `/v1/groups/${group}/members/${alice}`, undefined, value);
    expectError(await leave(), 'last-administrator');
    // Who is disabled, or has no way to sign in, is no administrator.
    await addPerson(store, { name: 'bob', disabledAtMs: 1 }, [ACCOUNT_ADMINISTRATOR]);
    await addPerson(store, { name: 'carol', passwordHash: null }, [ACCOUNT_ADMINISTRATOR]);
    // Nor is a key that has expired, was revoked, is a workload's, or is restricted to other things.
    const owner = { type: 'groups', groupIds: [ACCOUNT_ADMINISTRATOR] } as const;
    await addKey(store, owner, { expiresAtMs: clock.nowMs() });
    await addKey(store, owner, { revokedAtMs: 1 });
    await addKey(store, owner, { kind: 'workload', issuerId: newId('workloadIssuer') });
    await addKey(store, owner, { restriction: { account: ['manage-secrets'], grants: [] } });
    expectError(await leave(), 'last-administrator');
    const external = { externalIssuer: 'https://id.example', externalSubject: 'dave' };
    await addPerson(store, { name: 'dave', passwordHash: null, ...external }, [ACCOUNT_ADMINISTRATOR]);
    expect((await leave()).status).toBe(204);
  });

  test('two servers that take out one of the two last administrators each leave one of them in', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-groups-'));
    const path = join(folder, 'shared.db');
    const stores = await Promise.all([openSqliteStore({ path }), openSqliteStore({ path })]);
    for (let round = 0; round < 10; round++) {
      const people = [
        await addPerson(stores[0], { name: `a${round}` }, [ACCOUNT_ADMINISTRATOR]),
        await addPerson(stores[0], { name: `b${round}` }, [ACCOUNT_ADMINISTRATOR]),
      ];
      const outcomes = await Promise.allSettled(
        stores.map(async (one, which) =>
          one.write(async (tables) => {
            const member = { groupId: ACCOUNT_ADMINISTRATOR, userId: people[which] as UserId };
            return keepAdministrator(tables, 0, async () => tables.memberships.remove(member));
          }),
        ),
      );
      expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
      const refused = outcomes.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
      expect(refused.reason).toMatchObject({ code: 'last-administrator' });
      for (const userId of people) await stores[0].write(({ memberships }) => memberships.removeUser(userId));
    }
    for (const one of stores) await one.close();
    await rm(folder, { recursive: true });
  });

  test('an API key of such a group counts as a way', async () => {
    const { group, alice, value } = await onlyAdministrator();
    await addKey(
      store,
      { type: 'groups', groupIds: [ACCOUNT_ADMINISTRATOR] },
      { expiresAtMs: clock.nowMs() + 60_000 },
    );
    expect((await on.call('DELETE', `/v1/groups/${group}/members/${alice}`, undefined, value)).status).toBe(
      204,
    );
  });
});
