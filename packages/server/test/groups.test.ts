// User groups through the API: who sees them and who changes them, members, and what their deletion does. What nobody may give is in
// give-rights.test.ts.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ACCOUNT_PERMISSIONS, APPLICATION_ACTIONS } from '@sallyport/core';
import {
  ACCOUNT_ADMINISTRATOR,
  NON_PRODUCTION_SUPPORT,
  PRODUCTION_SUPPORT,
} from '../src/groups/built-in-groups.ts';
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
/** Oldest first. */
const records = async (action: string): Promise<Loose[]> => {
  const all = await store.read(({ audit }) => audit.after(0, 500));
  return all.filter((record) => record.action === action);
};
/** A key whose group manages users and groups, with what else is given. */
const managerWith = async (rights: Parameters<typeof keyWith>[1] = {}): Promise<string> =>
  keyWith(store, { ...rights, account: ['manage-users-and-groups', ...(rights.account ?? [])] });

describe('a user group', () => {
  test('is created with rights by name, and shows them with ids and names', async () => {
    const shop = await addApplication(store, clock, 'shop');
    const created = await on.call('POST', '/v1/groups', {
      name: 'Deployers',
      account: ['manage-secrets', 'manage-secrets'],
      grants: [
        {
          where: [
            { applications: ['shop'], environments: ['dev', `SHOP/production`] },
            { applications: 'all', environments: 'non-production' },
          ],
          actions: ['use', 'read'],
        },
      ],
    });
    expect(created.status).toBe(201);
    expect(created.body).toEqual({
      id: expect.stringMatching(/^grp_/),
      name: 'Deployers',
      builtIn: false,
      account: ['manage-secrets'],
      grants: [
        {
          where: [
            {
              applications: [{ id: shop.id, name: 'shop', deleted: false }],
              environments: [
                { id: shop.envs[1], name: 'dev', applicationName: 'shop', deleted: false },
                { id: shop.envs[0], name: 'production', applicationName: 'shop', deleted: false },
              ],
            },
            { applications: 'all', environments: 'non-production' },
          ],
          actions: ['read', 'use'],
        },
      ],
      memberCount: 0,
      createdAtMs: clock.nowMs(),
      updatedAtMs: clock.nowMs(),
    });
    const shown = await on.call('GET', '/v1/groups/deployers');
    expect(shown.body).toEqual({ ...created.body, members: [] });
    expect((await records('group.created'))[0]).toMatchObject({
      resource: created.body.id,
      resourceName: 'Deployers',
      details: {
        account: ['manage-secrets'],
        grants: [`read,use at ${shop.id}/${shop.envs[1]},${shop.envs[0]} */non-production`],
      },
    });
  });

  test('is refused with a name that is taken, or rights that name what is not there', async () => {
    await addApplication(store, clock, 'shop');
    const create = async (body: object) => on.call('POST', '/v1/groups', { name: 'new', ...body });
    const where = (applications: Loose, environments: Loose) => ({
      grants: [{ where: [{ applications, environments }], actions: ['use'] }],
    });
    expectError(await create({ name: 'production SUPPORT' }), 'name-taken');
    expectError(await create({ name: ' ' }), 'invalid-name');
    expectError(await create(where(['nope'], 'all')), 'invalid-scope');
    expectError(await create(where(['shop'], ['nope'])), 'invalid-scope');
    expectError(await create(where('all', ['dev'])), 'invalid-scope');
    expectError(await create(where([], 'all')), 'invalid-scope');
    expectError(await create(where(['shop', 'SHOP'], 'all')), 'invalid-scope');
    expectError(await create({ account: ['everything'] }), 'invalid-request');
    expectError(await create({ grants: [{ where: [], actions: [] }] }), 'invalid-request');
    const many = Array.from({ length: 65 }, () => where('all', 'all').grants[0]);
    expectError(await create({ grants: many }), 'invalid-scope');
    expect(names(await on.call('GET', '/v1/groups'))).toHaveLength(3);
  });

  test('is edited field by field, with a record of what changed from what to what', async () => {
    const { body } = await on.call('POST', '/v1/groups', { name: 'a', account: ['manage-secrets'] });
    const edit = async (change: object) => on.call('PATCH', `/v1/groups/${body.id}`, change);
    const renamed = await edit({ name: 'b' });
    expect([renamed.body.name, renamed.body.account]).toEqual(['b', ['manage-secrets']]);
    expect((await edit({})).status).toBe(200);
    expect((await edit({ account: ['manage-secrets'] })).status).toBe(200);
    const grants = [{ where: [{ applications: 'all', environments: 'production' }], actions: ['use'] }];
    await edit({ account: [], grants, expectedUpdatedAtMs: renamed.body.updatedAtMs });
    expect((await records('group.edited')).map(({ details }) => details.changes)).toEqual([
      [{ field: 'name', from: 'a', to: 'b' }],
      [
        { field: 'account', from: ['manage-secrets'], to: [] },
        { field: 'grants', from: [], to: ['use at */production'] },
      ],
    ]);
    expectError(await edit({ name: 'c', expectedUpdatedAtMs: renamed.body.updatedAtMs }), 'edit-conflict');
    expectError(await edit({ name: 'Account Administrator' }), 'name-taken');
    expectError(await on.call('PATCH', '/v1/groups/nope', { name: 'c' }), 'not-found');
  });

  test('keeps ids of what was deleted since, marked as such, also when its grants are sent back', async () => {
    const { id, envs } = await addApplication(store, clock, 'shop');
    const grants = [{ where: [{ applications: ['shop'], environments: ['dev'] }], actions: ['use'] }];
    const { body } = await on.call('POST', '/v1/groups', { name: 'a', grants });
    await store.write(({ applications }) => applications.markDeleted(id, clock.nowMs()));
    const shown = (await on.call('GET', `/v1/groups/${body.id}`)).body.grants;
    expect(shown[0].where[0]).toEqual({
      applications: [{ id, name: 'shop', deleted: true }],
      environments: [{ id: envs[1], name: 'dev', applicationName: 'shop', deleted: true }],
    });
    const byIds = [{ where: [{ applications: [id], environments: [envs[1]] }], actions: ['use', 'read'] }];
    const kept = await on.call('PATCH', `/v1/groups/${body.id}`, { grants: byIds });
    expect(kept.body.grants[0].actions).toEqual(['read', 'use']);
    // Elsewhere it cannot be named any more.
    expectError(await on.call('POST', '/v1/groups', { name: 'b', grants: byIds }), 'invalid-scope');
    // An application that takes the name over is another one.
    await addApplication(store, clock, 'shop');
    expect((await on.call('GET', `/v1/groups/${body.id}`)).body.grants[0].where[0].applications[0].id).toBe(
      id,
    );
  });

  test('that is built in is neither edited nor deleted', async () => {
    for (const id of [ACCOUNT_ADMINISTRATOR, PRODUCTION_SUPPORT, NON_PRODUCTION_SUPPORT]) {
      expectError(await on.call('PATCH', `/v1/groups/${id}`, { name: 'mine' }), 'forbidden');
      expectError(await on.call('GET', `/v1/groups/${id}/deletion`), 'forbidden');
      expectError(await on.call('DELETE', `/v1/groups/${id}`), 'forbidden');
    }
    const { body } = await on.call('GET', '/v1/groups');
    expect(body.groups[0]).toMatchObject({ account: ACCOUNT_PERMISSIONS, createdAtMs: 0 });
    expect(body.groups[0].grants).toEqual([
      { where: [{ applications: 'all', environments: 'all' }], actions: APPLICATION_ACTIONS },
    ]);
    expect(body.groups[1].grants[0].where).toEqual([{ applications: 'all', environments: 'non-production' }]);
  });
});

describe('who does not manage groups', () => {
  test('sees the groups that they are in, without members; others do not exist', async () => {
    const mine = await addGroup(store, 'mine');
    const other = await addGroup(store, 'other');
    const alice = await addPerson(store, {}, [mine]);
    const { value } = await addKey(store, { type: 'user', userId: alice });
    const list = await on.call('GET', '/v1/groups', undefined, value);
    expect(names(list)).toEqual(['mine']);
    expect(list.body.groups[0].memberCount).toBeNull();
    const shown = await on.call('GET', '/v1/groups/mine', undefined, value);
    expect([shown.status, shown.body.members]).toEqual([200, null]);
    const missing = await on.call('GET', `/v1/groups/${newId('group')}`, undefined, value);
    for (const reference of [other, 'other', ACCOUNT_ADMINISTRATOR]) {
      const hidden = await on.call('GET', `/v1/groups/${reference}`, undefined, value);
      expect(withoutRequestId(hidden.body)).toEqual(withoutRequestId(missing.body));
    }
  });

  test('changes none, not even those that they are in', async () => {
    const account = ACCOUNT_PERMISSIONS.filter((permission) => permission !== 'manage-users-and-groups');
    const key = await keyWith(store, { account });
    const group = await addGroup(store, 'g');
    const alice = await addPerson(store);
    const attempts: [string, string, object?][] = [
      ['POST', '/v1/groups', { name: 'x' }],
      ['PATCH', `/v1/groups/${group}`, { name: 'x' }],
      ['GET', `/v1/groups/${group}/deletion`],
      ['DELETE', `/v1/groups/${group}`],
      ['POST', `/v1/groups/${group}/members`, { user: alice }],
      ['DELETE', `/v1/groups/${group}/members/${alice}`],
    ];
    for (const [method, path, body] of attempts)
      expectError(await on.call(method, path, body, key), 'forbidden');
  });

  test('is not told the names of applications that they may not see', async () => {
    const shop = await addApplication(store, clock, 'shop');
    const row = { applications: [shop.id], environments: shop.envs };
    await addGroup(store, 'g', { grants: [grant(['use'], row)] });
    const { body } = await on.call('GET', '/v1/groups/g', undefined, await managerWith());
    expect(body.grants[0].where[0]).toEqual({
      applications: [{ id: shop.id, name: null, deleted: false }],
      environments: shop.envs.map((id) => ({ id, name: null, applicationName: null, deleted: false })),
    });
  });

  test('finds an application that they may not see refused in the same words as one that is not there', async () => {
    const shop = await addApplication(store, clock, 'shop');
    const key = await managerWith();
    const create = async (application: string, environments: Loose = 'all') => {
      const where = [{ applications: [application], environments }];
      return on.call('POST', '/v1/groups', { name: 'g', grants: [{ where, actions: ['use'] }] }, key);
    };
    const said = ({ body }: { body: Loose }, name: string): string =>
      expectError({ body } as never, 'invalid-scope').message.replaceAll(name, 'NAME');
    const missing = newId('application');
    expect(said(await create('shop'), 'shop')).toBe(said(await create('none'), 'none'));
    expect(said(await create(shop.id), shop.id)).toBe(said(await create(missing), missing));
  });
});

describe('members', () => {
  test('come and go once, on the record, and have the rights from then on and only until then', async () => {
    const group = await addGroup(store, 'g', { account: ['view-audit-trail'] });
    const alice = await addPerson(store, { displayName: 'Alice A.' });
    const { value } = await addKey(store, { type: 'user', userId: alice });
    const seesTrail = async () => (await on.call('GET', '/v1/audit', undefined, value)).status;
    expect(await seesTrail()).toBe(403);
    for (let i = 0; i < 2; i++) {
      expect((await on.call('POST', '/v1/groups/g/members', { user: 'ALICE' })).status).toBe(204);
    }
    expect(await seesTrail()).not.toBe(403);
    const { body } = await on.call('GET', '/v1/groups/g');
    expect(body.memberCount).toBe(1);
    expect(body.members).toEqual([
      { userId: alice, name: 'alice', displayName: 'Alice A.', disabled: false, sinceMs: clock.nowMs() },
    ]);
    for (let i = 0; i < 2; i++) {
      expect((await on.call('DELETE', `/v1/groups/${group}/members/${alice}`)).status).toBe(204);
    }
    expect(await seesTrail()).toBe(403);
    for (const action of ['group.member-added', 'group.member-removed']) {
      const found = await records(action);
      expect(found).toHaveLength(1);
      expect(found[0]).toMatchObject({ resource: group, details: { user: alice, userName: 'alice' } });
    }
    expectError(await on.call('POST', '/v1/groups/g/members', { user: 'nobody' }), 'not-found');
    expectError(await on.call('POST', '/v1/groups/nope/members', { user: 'alice' }), 'not-found');
    expectError(await on.call('DELETE', '/v1/groups/g/members/nobody'), 'not-found');
  });
});

describe('deleting a group', () => {
  test('shows who and what loses rights, and does just that once it is confirmed', async () => {
    const group = await addGroup(store, 'g', { account: ['view-audit-trail'] });
    const alice = await addPerson(store, {}, [group]);
    const key = await addKey(store, { type: 'groups', groupIds: [group] }, { name: 'robot' });
    const workload = { kind: 'workload', issuerId: newId('workloadIssuer') } as const;
    await addKey(store, { type: 'groups', groupIds: [group] }, workload);
    await addKey(store, { type: 'groups', groupIds: [group] }, { revokedAtMs: 1 });
    const { body } = await on.call('GET', '/v1/groups/g/deletion');
    expect(body.effect.consequences).toEqual([
      { kind: 'user', count: 1, examples: ['alice'], sentence: expect.stringMatching(/^1 user will/) },
      { kind: 'api-key', count: 1, examples: ['robot'], sentence: expect.stringMatching(/^1 API key will/) },
    ]);
    const unconfirmed = expectError(await on.call('DELETE', '/v1/groups/g'), 'confirmation-required');
    expect(unconfirmed.data).toMatchObject({
      preview: body.effect,
      confirmationToken: body.confirmationToken,
    });
    // What was confirmed is no longer what would happen.
    await addPerson(store, { name: 'bob' }, [group]);
    const confirmed = `/v1/groups/g?confirm=${body.confirmationToken}`;
    const stale = expectError(await on.call('DELETE', confirmed), 'confirmation-required');
    expect(stale.data.preview.consequences[0].count).toBe(2);
    const again = await on.call('DELETE', `/v1/groups/g?confirm=${stale.data.confirmationToken}`);
    expect(again.status).toBe(204);
    expectError(await on.call('GET', '/v1/groups/g'), 'not-found');
    // The key still says who it is, and may do nothing.
    const whoAmI = await on.call('GET', '/v1/whoami', undefined, key.value);
    expect(whoAmI.body).toMatchObject({ groups: [], permissions: [], grants: [[]] });
    expectError(await on.call('GET', '/v1/audit', undefined, key.value), 'forbidden');
    const left = await store.read(({ memberships }) => memberships.groupsOf(alice));
    expect(left).toEqual([]);
    expect((await records('group.deleted'))[0]).toMatchObject({
      resource: group,
      resourceName: 'g',
      details: { consequences: { user: 2, 'api-key': 1 } },
    });
    // One that takes the name over gives the old key nothing.
    await on.call('POST', '/v1/groups', { name: 'g', account: ['view-audit-trail'] });
    expectError(await on.call('GET', '/v1/audit', undefined, key.value), 'forbidden');
  });

  test('counts the issuers whose workloads have its rights', async () => {
    const group = await addGroup(store, 'g');
    await store.write(({ workloadIssuers }) =>
      workloadIssuers.insert({
        id: newId('workloadIssuer'),
        name: 'ci',
        settings: { kind: 'aws' } as Loose,
        groupIds: [PRODUCTION_SUPPORT, group],
        restriction: null,
        ttlSeconds: 900,
        createdAtMs: 0,
        updatedAtMs: 0,
      }),
    );
    const { body } = await on.call('GET', '/v1/groups/g/deletion');
    expect(body.effect.consequences).toMatchObject([{ kind: 'workload-issuer', count: 1, examples: ['ci'] }]);
  });

  test('that nobody has needs no confirmation', async () => {
    await addGroup(store, 'empty');
    expect((await on.call('DELETE', '/v1/groups/empty')).status).toBe(204);
    expectError(await on.call('DELETE', '/v1/groups/empty'), 'not-found');
  });

  test('does not name keys to whom may not see them', async () => {
    const group = await addGroup(store, 'g');
    await addKey(store, { type: 'groups', groupIds: [group] }, { name: 'robot' });
    const { body } = await on.call('GET', '/v1/groups/g/deletion', undefined, await managerWith());
    expect(body.effect.consequences).toMatchObject([{ kind: 'api-key', count: 1, examples: [] }]);
  });
});

function withoutRequestId(body: Loose): Loose {
  const { requestId: _, ...error } = body.error;
  return error;
}
