// Users, as those see and change them who manage them: lists, renaming, removing, and that somebody can always administer the account.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addKey, addPerson } from './access-rows.ts';
import { addSecondFactor, ADMIN, ALICE, startPeople } from './browser.ts';
import type { People } from './browser.ts';
import { expectError } from './test-server.ts';
import type { Loose } from './test-server.ts';

let people: People;
beforeEach(async () => {
  people = await startPeople();
});
afterEach(async () => {
  await people.end();
});

describe('a user', () => {
  test('is created by an invitation, in the groups that are named, and seen as invited until then', async () => {
    const invited = await people.admin.call('POST', '/v1/users', {
      name: 'alice@example.com',
      displayName: 'Alice Ä. Example',
      groups: ['production support', 'Production Support'],
    });
    expect(invited.body.user).toEqual({
      id: expect.stringMatching(/^usr_/),
      name: 'alice@example.com',
      displayName: 'Alice Ä. Example',
      state: 'invited',
      hasPassword: false,
      singleSignOn: false,
      secondFactor: false,
      createdAtMs: people.clock.nowMs(),
      lastSignInAtMs: null,
    });
    const { body } = await people.admin.call('GET', `/v1/users/${invited.body.user.id}`);
    expect(body).toMatchObject({
      groups: [{ name: 'Production Support' }],
      sessionCount: 0,
      pendingLink: { purpose: 'invitation', expiresAtMs: invited.body.expiresAtMs },
    });
    const actions = (await people.trail()).slice(-3).map(({ action }: Loose) => action);
    expect(actions).toEqual(['user.created', 'group.member-added', 'link.created']);
  });

  test('has a name of its own, whatever the case, and one that can be typed', async () => {
    await people.join(ALICE);
    for (const [name, code] of [
      ['ALICE', 'name-taken'],
      ['with blanks', 'invalid-name'],
      ['-dash', 'invalid-name'],
      ['usr_00000000000000000000000001', 'invalid-name'],
    ] as const) {
      expectError(await people.admin.call('POST', '/v1/users', { name }), code);
    }
    const unknownGroup = { name: 'bob', groups: ['No such group'] };
    expectError(await people.admin.call('POST', '/v1/users', unknownGroup), 'not-found');
    expectError(await people.admin.call('GET', '/v1/users/bob'), 'not-found');
  });

  test('is renamed, and signs in by the new name; what changed is recorded', async () => {
    const alice = await people.join(ALICE);
    const edit = { name: 'alicia', displayName: 'Alicia' };
    const { body } = await people.admin.call('PATCH', '/v1/users/alice', edit);
    expect(body).toMatchObject({ name: 'alicia', displayName: 'Alicia', state: 'active' });
    expect((await alice.call('GET', '/v1/whoami')).body.name).toBe('alicia');
    expectError(await people.browser().signIn('alice', ALICE.password), 'sign-in-failed');
    expect((await people.browser().signIn('alicia', ALICE.password)).status).toBe(200);
    const [record] = (await people.trail()).filter(({ action }: Loose) => action === 'user.edited');
    expect(record).toMatchObject({
      actorName: 'admin',
      details: {
        changes: [
          { field: 'name', from: 'alice', to: 'alicia' },
          { field: 'displayName', from: 'alice', to: 'Alicia' },
        ],
      },
    });
    // What changes nothing leaves no record.
    await people.admin.call('PATCH', '/v1/users/alicia', edit);
    expect((await people.trail()).filter(({ action }: Loose) => action === 'user.edited')).toHaveLength(1);
  });

  test('that is removed is gone with keys and memberships, and the name is free', async () => {
    const alice = await people.join(ALICE, ['Production Support']);
    const { body: me } = await alice.call('GET', '/v1/whoami');
    const key = await addKey(people.store, { type: 'user', userId: me.id });
    await addSecondFactor(alice, ALICE.password, people.clock);
    expect((await people.admin.call('DELETE', '/v1/users/alice')).status).toBe(204);
    expectError(await people.on.call('GET', '/v1/whoami', undefined, key.value), 'unauthenticated');
    expectError(await people.admin.call('GET', `/v1/users/${me.id}`), 'not-found');
    const { members } = (await people.admin.call('GET', '/v1/groups/Production Support'.replace(' ', '%20')))
      .body;
    expect(members).toEqual([]);
    const records = (await people.trail()).slice(-2).map(({ action, resource }: Loose) => [action, resource]);
    expect(records).toEqual([
      ['api-key.revoked', key.id],
      ['user.removed', me.id],
    ]);
    const next = await people.join(ALICE);
    const { body } = await next.call('GET', '/v1/whoami');
    expect(body.id).not.toBe(me.id);
    expect(body.groups).toEqual([]);
  });
});

describe('the list', () => {
  test('is by name, page by page, and found by parts of names', async () => {
    for (const name of ['carol', 'alice', 'Bob']) {
      await addPerson(people.store, { name, displayName: `${name} of the Example` });
    }
    const names = async (query: string) => {
      const { body } = await people.admin.call('GET', `/v1/users${query}`);
      return { names: body.users.map(({ name }: Loose) => name), next: body.nextCursor };
    };
    const first = await names('?limit=3');
    expect(first.names).toEqual(['admin', 'alice', 'Bob']);
    expect(await names(`?limit=3&cursor=${first.next}`)).toEqual({ names: ['carol'], next: null });
    expect((await names('?search=OB')).names).toEqual(['Bob']);
    expect((await names('?search=example&limit=10')).names).toEqual(['alice', 'Bob', 'carol']);
    expect((await names('?search=%25')).names).toEqual([]);
  });

  test('and everything about users is for those who manage them', async () => {
    const alice = await people.join(ALICE);
    for (const [method, path, body] of [
      ['GET', '/v1/users'],
      ['POST', '/v1/users', { name: 'eve' }],
      ['GET', '/v1/users/alice'],
      ['PATCH', '/v1/users/alice', { displayName: 'x' }],
      ['DELETE', '/v1/users/alice'],
      ['POST', '/v1/users/admin/reset-link'],
      ['POST', '/v1/users/admin/revoke-sessions'],
      ['POST', '/v1/users/admin/reset-second-factor'],
    ] as const) {
      expectError(await alice.call(method, path, body), 'forbidden');
    }
    expectError(await people.browser().call('GET', '/v1/users'), 'unauthenticated');
  });
});

describe('the last account administrator', () => {
  /** The key that tests use is an administrator too. */
  async function revokeTestKey(): Promise<void> {
    const { apiKeys } = (await people.admin.call('GET', '/v1/api-keys')).body;
    for (const { id } of apiKeys) {
      expect((await people.admin.call('DELETE', `/v1/api-keys/${id}`)).status).toBe(204);
    }
  }

  test('cannot be disabled or removed, not even by themselves', async () => {
    await revokeTestKey();
    expectError(
      await people.admin.call('PATCH', '/v1/users/admin', { disabled: true }),
      'last-administrator',
    );
    expectError(await people.admin.call('DELETE', '/v1/users/admin'), 'last-administrator');
    expect(await people.admin.isSignedIn()).toBe(true);
    expect((await people.browser().signIn(ADMIN.user, ADMIN.password)).status).toBe(200);
  });

  test('is not the last while another one can sign in', async () => {
    await revokeTestKey();
    // One who was only invited could not.
    await people.admin.call('POST', '/v1/users', { name: 'second', groups: ['Account Administrator'] });
    expectError(await people.admin.call('DELETE', '/v1/users/admin'), 'last-administrator');
    const third = await people.join({ user: 'third', password: 'third administrator' }, [
      'Account Administrator',
    ]);
    expect((await third.call('DELETE', '/v1/users/admin')).status).toBe(204);
    expectError(await third.call('PATCH', '/v1/users/third', { disabled: true }), 'last-administrator');
  });

  test('may go while an active key of the group is left', async () => {
    expect((await people.on.call('DELETE', '/v1/users/admin')).status).toBe(204);
    expect((await people.on.call('GET', '/v1/users')).body.users).toEqual([]);
    // Nobody is left, so the next start makes a way in again.
    expect(await people.on.server.createSetupLink()).toMatch(/#\/welcome\//);
  });
});

test('a profile says how its user signs in, and is nothing for keys of groups', async () => {
  const alice = await people.join(ALICE, ['Production Support']);
  const { body } = await alice.call('GET', '/v1/me');
  expect(body).toEqual({
    userId: expect.stringMatching(/^usr_/),
    name: 'alice',
    displayName: 'alice',
    hasPassword: true,
    singleSignOn: false,
    secondFactor: null,
    groups: [{ id: expect.stringMatching(/^grp_/), name: 'Production Support' }],
    createdAtMs: people.clock.nowMs(),
    lastSignInAtMs: people.clock.nowMs(),
  });
  expectError(await people.on.call('GET', '/v1/me'), 'forbidden');
});
