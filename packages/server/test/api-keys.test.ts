// Whose rights an API key has, who makes and revokes keys for whom, and that a key is never a way to more than its maker has.
import { DatabaseSync } from 'node:sqlite';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ACCOUNT_PERMISSIONS } from '@sallyport/core';
import type { AccountPermission, UserId } from '@sallyport/core';
import { insertWorkloadKey } from '../src/access/create-api-key.ts';
import { ACCOUNT_ADMINISTRATOR, PRODUCTION_SUPPORT } from '../src/groups/built-in-groups.ts';
import { APPLICATION_ID, MIGRATIONS } from '../src/storage/sqlite/migrations.ts';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import type { Store } from '../src/storage/store.ts';
import { addGroup, addKey, addPerson, keyWith } from './access-rows.ts';
import { ManualClock } from './manual-clock.ts';
import { newId } from './storage-rows.ts';
import { expectError, startTestServer } from './test-server.ts';
import type { Answer, Loose, TestServer } from './test-server.ts';

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

const create = async (body: object, key?: string): Promise<Answer> =>
  on.call('POST', '/v1/api-keys', body, key);
const revoke = async (key: string, by?: string): Promise<Answer> =>
  on.call('DELETE', `/v1/api-keys/${key}`, undefined, by);
const whoAmI = async (key: string): Promise<Loose> =>
  (await on.call('GET', '/v1/whoami', undefined, key)).body;
const listed = async (key?: string, query = ''): Promise<string[]> =>
  (await on.call('GET', `/v1/api-keys${query}`, undefined, key)).body.apiKeys.map(({ name }: Loose) => name);

/** Somebody with these account permissions, and a key of theirs. */
async function person(name: string, account: AccountPermission[] = []): Promise<{ id: UserId; key: string }> {
  const group = await addGroup(store, `of ${name}`, { account });
  const id = await addPerson(store, { name }, [group]);
  return { id, key: (await addKey(store, { type: 'user', userId: id }, { name: 'first' })).value };
}

describe('a key for oneself', () => {
  test('can be made by everybody, has what they have, and says whose it is', async () => {
    const alice = await person('alice', ['manage-secrets']);
    const made = await create({ name: 'laptop' }, alice.key);
    expect(made.status).toBe(201);
    expect(made.body.apiKey).toEqual({
      id: expect.stringMatching(/^key_/),
      name: 'laptop',
      kind: 'api-key',
      owner: { type: 'user', id: alice.id, name: 'alice', disabled: false },
      restriction: null,
      issuerId: null,
      state: 'active',
      createdAtMs: clock.nowMs(),
      expiresAtMs: null,
      lastUsedAtMs: null,
    });
    expect(await whoAmI(made.body.value)).toMatchObject({
      kind: 'api-key',
      id: made.body.apiKey.id,
      user: { id: alice.id, name: 'alice' },
      groups: [{ name: 'of alice' }],
      permissions: ['manage-secrets'],
    });
    const trail = await store.read(({ audit }) => audit.after(0, 100));
    expect(trail.at(-1)).toMatchObject({
      action: 'api-key.created',
      resource: made.body.apiKey.id,
      details: { owner: alice.id, restriction: null, expiresAtMs: null },
    });
    expect(JSON.stringify(trail)).not.toContain(made.body.value);
  });

  test('is seen, found by name and revoked by its user; for others it does not exist', async () => {
    const [alice, bob] = [await person('alice'), await person('bob')];
    const made = await create({ name: 'laptop' }, alice.key);
    // The same name is free for everybody else: names that are taken would tell of others' keys.
    expect((await create({ name: 'laptop' }, bob.key)).status).toBe(201);
    expectError(await create({ name: 'LAPTOP' }, alice.key), 'name-taken');
    expect((await listed(alice.key)).toSorted()).toEqual(['first', 'laptop']);
    const hidden = await revoke(made.body.apiKey.id, bob.key);
    const missing = await revoke(newId('apiKey'), bob.key);
    expect({ ...hidden.body.error, requestId: '' }).toEqual({ ...missing.body.error, requestId: '' });
    expect(hidden.status).toBe(404);
    expect((await whoAmI(made.body.value)).id).toBe(made.body.apiKey.id);
    expect((await revoke('laptop', alice.key)).status).toBe(204);
    expectError(await on.call('GET', '/v1/whoami', undefined, made.body.value), 'unauthenticated');
    expect(await listed(bob.key)).toHaveLength(2);
  });

  test('ends with its user, and is shown as one of a user who is disabled or gone', async () => {
    const alice = await person('alice');
    const owner = async () =>
      (await on.call('GET', '/v1/api-keys')).body.apiKeys.find(({ name }: Loose) => name === 'first').owner;
    await store.write(async ({ users }) => {
      const user = await users.find(alice.id);
      if (user !== null) await users.update({ ...user, disabledAtMs: clock.nowMs() });
    });
    expectError(await on.call('GET', '/v1/whoami', undefined, alice.key), 'unauthenticated');
    expect(await owner()).toEqual({ type: 'user', id: alice.id, name: 'alice', disabled: true });
    await store.write(({ users }) => users.remove(alice.id));
    expectError(await on.call('GET', '/v1/whoami', undefined, alice.key), 'unauthenticated');
    expect(await owner()).toEqual({ type: 'user', id: alice.id, name: null, disabled: false });
  });
});

describe('a key of groups', () => {
  test('needs the permission to manage API keys, and has what the groups allow', async () => {
    await addGroup(store, 'a', { account: ['manage-secrets'] });
    const alice = await person('alice', ['manage-secrets']);
    const body = { name: 'ci', owner: { groups: ['a'] } };
    const refused = expectError(await create(body, alice.key), 'forbidden');
    expect(refused.message).toContain('manage-api-keys');
    const keeper = await person('keeper', ['manage-secrets', 'manage-api-keys']);
    const made = await create({ ...body, owner: { groups: ['a', 'A'] } }, keeper.key);
    expect(made.body.apiKey.owner).toMatchObject({ type: 'groups', groups: [{ name: 'a' }] });
    expect((await whoAmI(made.body.value)).permissions).toEqual(['manage-secrets']);
    expectError(await create({ name: 'x', owner: { groups: ['a', 'nope'] } }, keeper.key), 'not-found');
    expectError(await create({ name: 'CI', owner: { groups: ['a'] } }, keeper.key), 'name-taken');
    expectError(await create({ name: 'x', owner: { groups: [] } }, keeper.key), 'invalid-request');
  });

  test('makes further ones for its own groups unless told otherwise', async () => {
    const made = await create({ name: 'second' });
    expect(made.body.apiKey.owner).toEqual({
      type: 'groups',
      groups: [{ id: ACCOUNT_ADMINISTRATOR, name: 'Account Administrator' }],
    });
    const modest = await keyWith(store, { account: ['manage-secrets'] });
    expectError(await create({ name: 'x' }, modest), 'forbidden');
  });

  test('sees itself and revokes itself, and no other', async () => {
    const group = await addGroup(store, 'a');
    const mine = await addKey(store, { type: 'groups', groupIds: [group] }, { name: 'mine' });
    const other = await addKey(store, { type: 'groups', groupIds: [group] }, { name: 'other' });
    expect(await listed(mine.value)).toEqual(['mine']);
    expectError(await revoke(other.id, mine.value), 'not-found');
    expectError(await revoke('other', mine.value), 'not-found');
    expect((await revoke('mine', mine.value)).status).toBe(204);
    expectError(await on.call('GET', '/v1/whoami', undefined, mine.value), 'unauthenticated');
  });

  test('of a group that is deleted is shown with the id of that group', async () => {
    const group = await addGroup(store, 'a');
    await addKey(store, { type: 'groups', groupIds: [PRODUCTION_SUPPORT, group] }, { name: 'k' });
    await store.write(({ groups }) => groups.remove(group));
    const { body } = await on.call('GET', '/v1/api-keys');
    expect(body.apiKeys.find(({ name }: Loose) => name === 'k').owner.groups).toEqual([
      { id: PRODUCTION_SUPPORT, name: 'Production Support' },
      { id: group, name: null },
    ]);
  });
});

describe('who manages API keys', () => {
  test('sees and revokes all, or asks for their own only', async () => {
    const [alice, keeper] = [await person('alice'), await person('keeper', ['manage-api-keys'])];
    const made = await create({ name: 'laptop' }, alice.key);
    expect((await listed(keeper.key)).toSorted()).toEqual(['admin', 'first', 'first', 'laptop']);
    expect(await listed(keeper.key, '?owner=me')).toEqual(['first']);
    expect(await listed(alice.key, '?owner=all')).toHaveLength(2);
    // A bare name is that of an own key or of one of groups; somebody else's is named by id.
    expectError(await revoke('laptop', keeper.key), 'not-found');
    expect((await revoke(made.body.apiKey.id, keeper.key)).status).toBe(204);
    expect((await revoke('first', keeper.key)).status).toBe(204);
    expectError(await on.call('GET', '/v1/whoami', undefined, keeper.key), 'unauthenticated');
    expect((await whoAmI(alice.key)).name).toBe('first');
  });

  test('reads the list in pages without gaps', async () => {
    const owner = { type: 'groups', groupIds: [PRODUCTION_SUPPORT] } as const;
    for (let i = 0; i < 7; i++)
      await addKey(store, owner, { name: `k${i}`, createdAtMs: 1000 + Math.floor(i / 3) });
    const all = await listed();
    const paged: string[] = [];
    for (let cursor = ''; ;) {
      const { body } = await on.call('GET', `/v1/api-keys?limit=3${cursor}`);
      paged.push(...body.apiKeys.map(({ name }: Loose) => name));
      if (body.nextCursor === null) break;
      cursor = `&cursor=${body.nextCursor}`;
    }
    expect(paged).toEqual(all);
    expect(all).toHaveLength(8);
    const strange = Buffer.from('api-keys:x').toString('base64url');
    expectError(await on.call('GET', `/v1/api-keys?cursor=${strange}`), 'invalid-request');
  });
});

describe('a restriction', () => {
  test('only narrows: what the owner lacks, it does not give', async () => {
    const alice = await person('alice', ['manage-secrets', 'view-audit-trail']);
    const restriction = {
      account: ['manage-secrets', 'manage-delegates'],
      grants: [{ where: [{ applications: 'all', environments: 'all' }], actions: ['use'] }],
    };
    // The restriction itself is no right, so asking for a wide one is no crime.
    const made = await create({ name: 'narrow', restriction }, alice.key);
    expect(made.body.apiKey.restriction).toEqual(restriction);
    const me = await whoAmI(made.body.value);
    expect(me.permissions).toEqual(['manage-secrets']);
    expect(me.grants).toEqual([[], restriction.grants]);
    expectError(await on.call('GET', '/v1/audit', undefined, made.body.value), 'forbidden');
    expectError(await on.call('GET', '/v1/delegate-tokens', undefined, made.body.value), 'forbidden');
    const trail = await store.read(({ audit }) => audit.after(0, 100));
    expect(trail.at(-1)?.details['restriction']).toEqual({
      account: ['manage-secrets', 'manage-delegates'],
      grants: ['use at */*'],
    });
  });

  test('naming an application that is not there is refused', async () => {
    const grants = [{ where: [{ applications: ['nope'], environments: 'all' }], actions: ['use'] }];
    expectError(await create({ name: 'x', restriction: { grants } }), 'invalid-scope');
  });
});

describe('nobody gives a key more than they have:', () => {
  test('not for groups that allow what they lack', async () => {
    await addGroup(store, 'strong', { account: ['manage-delegates'] });
    const keeper = await person('keeper', ['manage-api-keys']);
    const body = { name: 'ci', owner: { groups: ['strong'] } };
    const refused = expectError(await create(body, keeper.key), 'forbidden');
    expect(refused.data.missing).toEqual({ account: ['manage-delegates'], actions: [] });
    expectError(
      await create({ ...body, owner: { groups: [ACCOUNT_ADMINISTRATOR] } }, keeper.key),
      'forbidden',
    );
    // Restricted to what they have, it gives nothing that they lack.
    const narrow = await create({ ...body, restriction: { account: ['manage-api-keys'] } }, keeper.key);
    expect(narrow.status).toBe(201);
    expect((await whoAmI(narrow.body.value)).permissions).toEqual([]);
  });

  test('a restricted key cannot make an unrestricted one, not even for its own user, not even to administer', async () => {
    const alice = await person('alice', [...ACCOUNT_PERMISSIONS]);
    const restriction = { account: ['administer', 'manage-api-keys', 'manage-secrets'] };
    const { value } = (await create({ name: 'narrow', restriction }, alice.key)).body;
    expectError(await create({ name: 'wide' }, value), 'forbidden');
    expectError(
      await create({ name: 'wide', restriction: { account: ['view-audit-trail'] } }, value),
      'forbidden',
    );
    const less = await create({ name: 'less', restriction: { account: ['manage-secrets'] } }, value);
    expect((await whoAmI(less.body.value)).permissions).toEqual(['manage-secrets']);
  });

  test('a key that expires cannot make one that outlives it, unless it may administer', async () => {
    const alice = await person('alice', ['manage-secrets']);
    const { value } = (await create({ name: 'short', expiresInSeconds: 600 }, alice.key)).body;
    expectError(await create({ name: 'ever' }, value), 'forbidden');
    expectError(await create({ name: 'longer', expiresInSeconds: 601 }, value), 'forbidden');
    expect((await create({ name: 'same', expiresInSeconds: 600 }, value)).status).toBe(201);
    const admin = (await create({ name: 'passing', expiresInSeconds: 600 })).body.value;
    expect((await create({ name: 'lasting' }, admin)).status).toBe(201);
  });

  test('a workload makes none beyond its own short life', async () => {
    const groupId = await addGroup(store, 'deployers', { account: ['manage-api-keys'] });
    const { value } = await store.write((tables) =>
      insertWorkloadKey(
        tables,
        {
          subject: 'repo:acme/shop:ref:refs/heads/main',
          issuerId: newId('workloadIssuer'),
          groupIds: [groupId],
          restriction: null,
          createdAtMs: clock.nowMs(),
          expiresAtMs: clock.nowMs() + 900_000,
        },
        newId,
      ),
    );
    expect(await whoAmI(value)).toMatchObject({
      kind: 'workload',
      name: 'repo:acme/shop:ref:refs/heads/main',
    });
    expectError(await create({ name: 'ever' }, value), 'forbidden');
    expect((await create({ name: 'brief', expiresInSeconds: 900 }, value)).status).toBe(201);
    clock.advance(900_000);
    expectError(await on.call('GET', '/v1/whoami', undefined, value), 'unauthenticated');
  });
});

describe('the last way to administer the account', () => {
  test('is not revoked, by whoever asks; keys that do not administer can be', async () => {
    const keeper = await person('keeper', ['manage-api-keys']);
    expectError(await revoke('admin', keeper.key), 'last-administrator');
    expect((await whoAmI(on.key)).name).toBe('admin');
    expect((await revoke('first', keeper.key)).status).toBe(204);
    await addPerson(store, { name: 'root' }, [ACCOUNT_ADMINISTRATOR]);
    expect((await revoke('admin')).status).toBe(204);
  });
});

describe('a database from before keys had owners', () => {
  test('is migrated: its keys are keys of Account Administrator, under the names they had', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-keys-'));
    const path = join(folder, 'old.db');
    const old = new DatabaseSync(path);
    const id = newId('apiKey');
    old.exec(`PRAGMA application_id = ${APPLICATION_ID};
      CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at_ms INTEGER NOT NULL) STRICT;
      ${MIGRATIONS[0]?.sql}
      INSERT INTO migrations VALUES (1, '${MIGRATIONS[0]?.name}', 0);
      INSERT INTO api_keys VALUES ('${id}', 'CI', 'ci', 'abc', 5, NULL, NULL, 7);
      INSERT INTO api_keys VALUES ('${newId('apiKey')}', 'ci', 'ci', 'def', 1, NULL, 2, NULL);`);
    old.close();
    const migrated = await openSqliteStore({ path });
    expect(await migrated.checkIntegrity()).toEqual([]);
    const keys = await migrated.read(({ apiKeys }) => apiKeys.list({ after: null, limit: 10 }));
    expect(keys).toHaveLength(2);
    expect(keys[0]).toEqual({
      id,
      name: 'CI',
      kind: 'api-key',
      hash: 'abc',
      owner: { type: 'groups', groupIds: [ACCOUNT_ADMINISTRATOR] },
      restriction: null,
      issuerId: null,
      createdAtMs: 5,
      expiresAtMs: null,
      revokedAtMs: null,
      lastUsedAtMs: 7,
    });
    expect((await migrated.read(({ apiKeys }) => apiKeys.find({ name: 'ci', userId: null })))?.id).toBe(id);
    await migrated.close();
    await rm(folder, { recursive: true });
  });
});
