// Who a request is from, and how soon what changes about them is noticed: at once in the process that changed it, within one second in
// all others. "Another process" is a change in the database that this authenticator is not told of.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pino } from 'pino';
import {
  ACCOUNT_PERMISSIONS,
  APPLICATION_ACTIONS,
  authorityContains,
  ENVIRONMENT_TYPES,
  may,
  mayAt,
} from '@sallyport/core';
import type { ApplicationId, EnvironmentId, GroupId, Rights, UserId } from '@sallyport/core';
import { Authenticator, authorityOf } from '../src/access/authenticator.ts';
import type { Principal } from '../src/access/principal.ts';
import { BackgroundWork } from '../src/background-work.ts';
import { ACCOUNT_ADMINISTRATOR, PRODUCTION_SUPPORT } from '../src/groups/built-in-groups.ts';
import { RightsDirectory } from '../src/groups/rights-directory.ts';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import type { Store } from '../src/storage/store.ts';
import type { AuthenticatedSession, SessionAuthentication } from '../src/users/session-authenticator.ts';
import { AccountChanges } from '../src/local-reads/account-changes.ts';
import { addGroup, addKey, addPerson, grant } from './access-rows.ts';
import { ManualClock } from './manual-clock.ts';
import { newId } from './storage-rows.ts';

let store: Store;
let clock: ManualClock;
let reads: number;
let sessions: Map<string, AuthenticatedSession>;
let rights: RightsDirectory;
let authenticator: Authenticator;

beforeEach(async () => {
  clock = new ManualClock();
  store = await openSqliteStore({ path: ':memory:' });
  reads = 0;
  const read = store.read.bind(store);
  store.read = async (work) => {
    reads += 1;
    return read(work);
  };
  sessions = new Map();
  startOn(store);
});
afterEach(async () => store.close());

/** Makes the authenticator under test, which is told of nothing that happens on other stores. */
function startOn(on: Store): void {
  const byValue: SessionAuthentication = {
    authenticateSession: async (value) => sessions.get(value) ?? null,
    forgetAll: () => undefined,
  };
  const background = new BackgroundWork(pino({ level: 'silent' }));
  rights = new RightsDirectory({ store: on, clock, changes: new AccountChanges() });
  authenticator = new Authenticator({ store: on, clock, background, rights, sessions: byValue });
}

const NOBODY = { code: 'unauthenticated' };

async function principalOf(value: string): Promise<Principal> {
  const authorization = `Bearer ${value}`;
  return (await authenticator.authenticate({ authorization, sessionValue: undefined })).principal;
}

async function principalOfSession(sessionValue: string): Promise<Principal> {
  return (await authenticator.authenticate({ authorization: undefined, sessionValue })).principal;
}

function signIn(userId: UserId, name = 'alice'): AuthenticatedSession {
  const session: AuthenticatedSession = {
    userId,
    sessionId: newId('session'),
    name,
    expiresAtMs: clock.nowMs() + 3_600_000,
    rotatedValue: null,
  };
  sessions.set('cookie', session);
  return session;
}

const ofGroups = (...groupIds: GroupId[]) => ({ type: 'groups', groupIds }) as const;
const ofUser = (userId: UserId) => ({ type: 'user', userId }) as const;

describe('an API key', () => {
  test('in steady use costs one lookup a second, however many requests come at once', async () => {
    const { value } = await addKey(store, ofGroups(ACCOUNT_ADMINISTRATOR));
    const principals = await Promise.all(Array.from({ length: 50 }, () => principalOf(value)));
    expect(reads).toBe(1);
    // The principal and its authority are built once, not for each request.
    expect(new Set(principals).size).toBe(1);
    clock.advance(999);
    expect(await principalOf(value)).toBe(principals[0]);
    expect(reads).toBe(1);
    clock.advance(1);
    await principalOf(value);
    expect(reads).toBe(2);
  });

  test('of groups has what they allow together, and is named in the trail as itself', async () => {
    const a = await addGroup(store, 'a', { account: ['manage-secrets'] });
    const b = await addGroup(store, 'b', { account: ['manage-delegates'] });
    const { id, value } = await addKey(store, ofGroups(a, b), { name: 'ci' });
    const principal = await principalOf(value);
    expect(principal).toMatchObject({ kind: 'api-key', id, name: 'ci', userId: null, sessionId: null });
    expect(principal.groupIds.toSorted()).toEqual([a, b].toSorted());
    const allowed = ACCOUNT_PERMISSIONS.filter((permission) => may(principal.authority, permission));
    expect(allowed).toEqual(['manage-secrets', 'manage-delegates']);
  });

  test('of a user follows the user into groups and out of them', async () => {
    const group = await addGroup(store, 'a', { account: ['manage-secrets'] });
    const alice = await addPerson(store, {}, [group]);
    const { value } = await addKey(store, ofUser(alice));
    const before = await principalOf(value);
    expect([before.userId, before.groupIds, may(before.authority, 'manage-secrets')]).toEqual([
      alice,
      [group],
      true,
    ]);
    await store.write(({ memberships }) => memberships.remove({ groupId: group, userId: alice }));
    clock.advance(1000);
    const after = await principalOf(value);
    expect([after.groupIds, may(after.authority, 'manage-secrets')]).toEqual([[], false]);
  });

  test('of a workload is one of a workload', async () => {
    const issuerId = newId('workloadIssuer');
    const over = { kind: 'workload', name: 'repo:acme/shop', issuerId } as const;
    const { value } = await addKey(store, ofGroups(PRODUCTION_SUPPORT), over);
    expect(await principalOf(value)).toMatchObject({ kind: 'workload', name: 'repo:acme/shop' });
  });

  test('that another process revokes is refused within one second', async () => {
    const { id, value } = await addKey(store, ofGroups(ACCOUNT_ADMINISTRATOR));
    await principalOf(value);
    await store.write(({ apiKeys }) => apiKeys.revoke(id, clock.nowMs()));
    clock.advance(1000);
    await expect(principalOf(value)).rejects.toMatchObject(NOBODY);
  });

  test('expires to the millisecond, without being looked up again', async () => {
    const { value } = await addKey(store, ofGroups(ACCOUNT_ADMINISTRATOR), {
      expiresAtMs: clock.nowMs() + 500,
    });
    clock.advance(499);
    await principalOf(value);
    clock.advance(1);
    await expect(principalOf(value)).rejects.toMatchObject(NOBODY);
    expect(reads).toBe(1);
  });

  test.each([
    [
      'is disabled',
      (id: UserId) =>
        store.write(async ({ users }) => {
          const user = await users.find(id);
          if (user !== null) await users.update({ ...user, disabledAtMs: clock.nowMs() });
        }),
    ],
    ['is removed', (id: UserId) => store.write(({ users }) => users.remove(id))],
  ])('does not work once its user %s: at once here, within a second elsewhere', async (_, end) => {
    const alice = await addPerson(store, {}, [ACCOUNT_ADMINISTRATOR]);
    const { value } = await addKey(store, ofUser(alice));
    await principalOf(value);
    await end(alice);
    clock.advance(999);
    await principalOf(value);
    clock.advance(1);
    await expect(principalOf(value)).rejects.toMatchObject(NOBODY);

    const bob = await addPerson(store, { name: 'bob' });
    const second = await addKey(store, ofUser(bob));
    await principalOf(second.value);
    await end(bob);
    authenticator.forgetAll();
    await expect(principalOf(second.value)).rejects.toMatchObject(NOBODY);
  });

  test('of a group that is deleted works still, and may do nothing', async () => {
    const group = await addGroup(store, 'a', { account: ['administer'], grants: [everything()] });
    const { value } = await addKey(store, ofGroups(group));
    expect(may((await principalOf(value)).authority, 'administer')).toBe(true);
    await store.write(({ groups }) => groups.remove(group));
    clock.advance(1000);
    const { authority, groupIds } = await principalOf(value);
    expect([groupIds, authority]).toEqual([[], { layers: [{ account: [], grants: [] }] }]);
  });

  test('has what its group allows now: at once here, within a second elsewhere', async () => {
    const group = await addGroup(store, 'a', { account: ['manage-secrets'] });
    const { value } = await addKey(store, ofGroups(group));
    const edit = async (account: Rights['account']) =>
      store.write(async ({ groups }) => {
        const row = await groups.find(group);
        if (row !== null) await groups.update({ ...row, account });
      });
    const allowed = async () => may((await principalOf(value)).authority, 'manage-secrets');
    expect(await allowed()).toBe(true);
    await edit([]);
    rights.forget();
    expect(await allowed()).toBe(false);
    await edit(['manage-secrets']);
    expect(await allowed()).toBe(false);
    clock.advance(1000);
    expect(await allowed()).toBe(true);
  });

  test('that is revoked while it is being looked up is not remembered as valid', async () => {
    const { id, value } = await addKey(store, ofGroups(ACCOUNT_ADMINISTRATOR));
    const early = principalOf(value);
    const revoked = store
      .write(({ apiKeys }) => apiKeys.revoke(id, clock.nowMs()))
      .then(() => authenticator.forgetAll());
    await Promise.allSettled([early, revoked]);
    await expect(principalOf(value)).rejects.toMatchObject(NOBODY);
  });
});

describe('with a second server on the same database', () => {
  let folder: string;
  let other: Store;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sallyport-authenticator-'));
    await store.close();
    const path = join(folder, 'shared.db');
    store = await openSqliteStore({ path });
    other = await openSqliteStore({ path });
    startOn(store);
  });
  afterEach(async () => {
    await other.close();
    await rm(folder, { recursive: true });
  });

  test('a key that it revokes is refused within one second, though it is in use all the time', async () => {
    const { id, value } = await addKey(store, ofGroups(ACCOUNT_ADMINISTRATOR));
    await principalOf(value);
    await other.write(({ apiKeys }) => apiKeys.revoke(id, clock.nowMs()));
    const outcomes: boolean[] = [];
    for (let ms = 0; ms < 1000; ms += 100) {
      clock.advance(100);
      outcomes.push(
        await principalOf(value).then(
          () => true,
          () => false,
        ),
      );
    }
    expect(outcomes.at(-1)).toBe(false);
  });

  test('rights that it takes away are gone within one second, for keys and for sessions', async () => {
    const group = await addGroup(store, 'g', { account: ['manage-secrets'] });
    const alice = await addPerson(store, {}, [group]);
    signIn(alice);
    const keys = [await addKey(store, ofGroups(group)), await addKey(store, ofUser(alice))];
    const allowed = async () =>
      Promise.all([
        principalOfSession('cookie').then(({ authority }) => may(authority, 'manage-secrets')),
        ...keys.map(async ({ value }) => may((await principalOf(value)).authority, 'manage-secrets')),
      ]);
    expect(await allowed()).toEqual([true, true, true]);
    await other.write(({ groups }) => groups.remove(group));
    clock.advance(1000);
    expect(await allowed()).toEqual([false, false, false]);
  });
});

describe('a session', () => {
  test('makes its user the actor, with the rights of all their groups', async () => {
    const group = await addGroup(store, 'a', { account: ['manage-secrets'] });
    const alice = await addPerson(store, {}, [group, PRODUCTION_SUPPORT]);
    const { sessionId, expiresAtMs } = signIn(alice);
    const principal = await principalOfSession('cookie');
    expect(principal).toMatchObject({
      kind: 'user',
      id: alice,
      userId: alice,
      name: 'alice',
      sessionId,
      expiresAtMs,
    });
    expect(principal.groupIds.toSorted()).toEqual([group, PRODUCTION_SUPPORT].toSorted());
    expect(may(principal.authority, 'manage-secrets')).toBe(true);
    expect(await principalOfSession('cookie')).toBe(principal);
  });

  test('loses what a group no longer gives: at once here, within a second elsewhere', async () => {
    const alice = await addPerson(store, {}, [ACCOUNT_ADMINISTRATOR]);
    signIn(alice);
    const administers = async () => may((await principalOfSession('cookie')).authority, 'administer');
    const member = { groupId: ACCOUNT_ADMINISTRATOR, userId: alice };
    expect(await administers()).toBe(true);
    await store.write(({ memberships }) => memberships.remove(member));
    expect(await administers()).toBe(true);
    clock.advance(1000);
    expect(await administers()).toBe(false);
    await store.write(({ memberships }) => memberships.add({ ...member, sinceMs: 0 }));
    authenticator.forgetAll();
    expect(await administers()).toBe(true);
  });

  test('that is not known, and no credentials at all, are refused alike', async () => {
    const none = authenticator.authenticate({ authorization: undefined, sessionValue: undefined });
    const [first, second] = await Promise.allSettled([none, principalOfSession('unknown')]);
    expect([first.status, second.status]).toEqual(['rejected', 'rejected']);
    expect(second).toEqual(first);
  });

  test('hands on the value that its cookie has to hold from now on', async () => {
    const session = signIn(await addPerson(store));
    sessions.set('cookie', { ...session, rotatedValue: 'next' });
    const answer = await authenticator.authenticate({ authorization: undefined, sessionValue: 'cookie' });
    expect(answer.rotatedSessionValue).toBe('next');
  });

  test('counts for nothing beside an Authorization header, be that valid or not', async () => {
    signIn(await addPerson(store));
    const { id, value } = await addKey(store, ofGroups(PRODUCTION_SUPPORT));
    const both = async (authorization: string) =>
      authenticator.authenticate({ authorization, sessionValue: 'cookie' });
    expect((await both(`Bearer ${value}`)).principal.id).toBe(id);
    for (const wrong of ['', 'Bearer', 'Bearer x', `Basic ${value}`, value, `Bearer ${value}x`])
      await expect(both(wrong)).rejects.toMatchObject(NOBODY);
  });
});

describe('rights', () => {
  const apps = [newId('application'), newId('application')];
  const envs = apps.flatMap((applicationId) =>
    ENVIRONMENT_TYPES.map((type) => ({ id: newId('environment'), applicationId, type })),
  );
  const catalogue = { environment: (id: EnvironmentId) => envs.find((env) => env.id === id) ?? null };
  const row = fc.oneof(
    fc.record({
      applications: fc.constantFrom('all' as const, [apps[0]] as ApplicationId[], apps),
      environments: fc.constantFrom('all' as const, ...ENVIRONMENT_TYPES),
    }),
    fc.constantFrom(...envs).map((env) => ({ applications: [env.applicationId], environments: [env.id] })),
  );
  const anyRights = fc.record({
    account: fc.subarray([...ACCOUNT_PERMISSIONS]),
    grants: fc.array(
      fc.record({ where: fc.array(row, { maxLength: 3 }), actions: fc.subarray([...APPLICATION_ACTIONS]) }),
      { maxLength: 3 },
    ),
  });
  const places = envs.map(({ id, applicationId, type }) => ({
    applicationId,
    environmentId: id,
    environmentType: type,
  }));

  test('of several groups add up: a user may do what any of the groups allows, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRights, { maxLength: 3 }), async (all) => {
        const groupIds: GroupId[] = [];
        for (const given of all) groupIds.push(await addGroup(store, newId('group'), given));
        const userId = await addPerson(store, { name: newId('user') }, groupIds);
        signIn(userId);
        const { authority } = await principalOfSession('cookie');
        for (const permission of ACCOUNT_PERMISSIONS)
          expect(may(authority, permission)).toBe(all.some(({ account }) => account.includes(permission)));
        for (const place of places)
          for (const action of APPLICATION_ACTIONS)
            expect(mayAt(authority, action, place)).toBe(
              all.some((one) => mayAt({ layers: [one] }, action, place)),
            );
      }),
      { numRuns: 40 },
    );
  });

  test('of an API key are never widened by its restriction', () => {
    fc.assert(
      fc.property(anyRights, anyRights, (owner, restriction) => {
        const whole = authorityOf(owner, null);
        const restricted = authorityOf(owner, restriction);
        expect(authorityContains(whole, restricted, catalogue)).toBe(true);
        expect(authorityContains({ layers: [restriction] }, restricted, catalogue)).toBe(true);
      }),
    );
  });
});

function everything() {
  return grant(APPLICATION_ACTIONS, { applications: 'all', environments: 'all' });
}
