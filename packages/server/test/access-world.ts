// A server with an account that random choices have made, and the same account as plain data (access-model.ts). Everything is made
// through the HTTP API; what the model does not know, nobody in the test knows.
import { expect } from 'vitest';
import type { AccountPermission, EnvironmentType } from '@sallyport/core';
import { ACTIONS, boundsOf, emptyAccount, isWithin, ModelAsker } from './access-model.ts';
import type { Bounds, ModelAccount, ModelKey, ModelRights, ModelScope, Rows } from './access-model.ts';
import {
  existing,
  PERMISSIONS,
  randomRights,
  randomRows,
  randomScope,
  SECRET_NAMES,
} from './access-random.ts';
import { countedArgon2id, valueOf } from './browser.ts';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import type { ScriptedDelegate } from './scripted-delegate.ts';
import type { SeededRandom } from './seeded-random.ts';
import { fakeSealed, newRequestId, startTestServer } from './test-server.ts';
import type { Answer, Loose, TestServer } from './test-server.ts';

const EVERYTHING: ModelRights = {
  account: PERMISSIONS,
  grants: [{ where: [{ applications: 'all', environments: 'all' }], actions: ACTIONS }],
};
/** There is a key that has one of these, and rights at a part of the applications only. */
const MANAGING: readonly AccountPermission[] = [
  'manage-secrets',
  'manage-secrets',
  'manage-secrets-managers',
  'manage-users-and-groups',
  'manage-api-keys',
];
const PASSWORD = 'a long enough password';

export type World = {
  on: TestServer;
  delegate: ScriptedDelegate;
  account: ModelAccount;
  random: SeededRandom;
  /** May do everything. */
  admin: ModelKey;
  call(by: ModelKey, method: string, path: string, body?: unknown): Promise<Answer>;
  end(): Promise<void>;
};

/** What a key may do now. */
export function askerOf({ account }: { account: ModelAccount }, key: ModelKey): ModelAsker {
  const { owner, restriction } = key;
  const groupIds =
    'groups' in owner ? owner.groups : (account.users.find(({ id }) => id === owner.user)?.groups ?? []);
  const owned = account.groups.filter(({ id }) => [...groupIds].includes(id)).map(({ rights }) => rights);
  return new ModelAsker(account, restriction === null ? [owned] : [owned, [restriction]]);
}

/** The groups that a key belongs to, or its user. */
export function groupsOf({ account }: { account: ModelAccount }, { owner }: ModelKey): Set<string> {
  const all =
    'groups' in owner ? owner.groups : (account.users.find(({ id }) => id === owner.user)?.groups ?? []);
  return new Set([...all].filter((id) => account.groups.some((group) => group.id === id)));
}

export async function startWorld(random: SeededRandom): Promise<World> {
  const store = await openSqliteStore({ path: ':memory:' });
  const { argon2id } = countedArgon2id();
  const on = await startTestServer({ dependencies: { store, argon2id } });
  const delegate = await on.delegate();
  const account = emptyAccount();
  const call: World['call'] = async (by, method, path, body) => on.call(method, path, body, by.value);
  const end = async (): Promise<void> => {
    await on.end();
    await store.close();
  };
  const admin: ModelKey = {
    id: (await on.call('GET', '/v1/whoami')).body.id,
    name: 'admin',
    value: on.key,
    owner: { groups: [] },
    restriction: null,
    lifeSeconds: null,
    revoked: false,
  };
  const world: World = { on, delegate, account, random, admin, call, end };
  await addBuiltInGroups(world);
  await addApplications(world);
  await addGroups(world);
  await addManagers(world);
  for (let left = 18; left > 0; left -= 1) await addSecret(world);
  await addEntries(world);
  await addPrincipals(world);
  await deleteSome(world);
  return world;
}

async function made(world: World, path: string, body: unknown, status = 201): Promise<Loose> {
  const answer = await world.on.call('POST', path, body);
  expect([path, answer.status, answer.body]).toEqual([path, status, answer.body]);
  return answer.body;
}

async function addBuiltInGroups(world: World): Promise<void> {
  const { groups } = (await world.on.call('GET', '/v1/groups')).body;
  const rightsIn = (type: EnvironmentType): ModelRights => ({
    account: [],
    grants: [{ where: [{ applications: 'all', environments: type }], actions: ACTIONS }],
  });
  const rights: Record<string, ModelRights> = {
    'Account Administrator': EVERYTHING,
    'Production Support': rightsIn('production'),
    'Non-Production Support': rightsIn('non-production'),
  };
  for (const { id, name } of groups) {
    world.account.groups.push({ id, name, builtIn: true, rights: rights[name] as ModelRights });
    if (name === 'Account Administrator') world.admin.owner = { groups: [id] };
  }
  expect(world.account.groups.length).toBe(3);
}

async function addApplications(world: World): Promise<void> {
  const { random } = world;
  for (let left = 3 + random.below(3); left > 0; left -= 1) {
    const environments = Array.from({ length: random.below(5) }, () => ({
      name: random.word('env'),
      type: random.pick<EnvironmentType>(['production', 'non-production']),
    }));
    addApplicationToModel(
      world,
      await made(world, '/v1/applications', { name: random.word('app'), environments }),
    );
  }
  for (const { id } of world.account.applications) {
    for (let left = random.below(3); left > 0; left -= 1) {
      const service = await made(world, `/v1/applications/${id}/services`, { name: random.word('svc') });
      world.account.services.push({ id: service.id, application: id, name: service.name });
    }
  }
}

export function addApplicationToModel({ account }: World, { id, name, environments }: Loose): void {
  account.applications.push({ id, name, deleted: false });
  for (const one of environments) {
    account.environments.push({
      id: one.id,
      application: id,
      name: one.name,
      type: one.type,
      deleted: false,
    });
  }
}

async function addGroups(world: World): Promise<void> {
  const { random } = world;
  for (let left = 4 + random.below(4); left > 0; left -= 1) await addGroup(world, randomRights(world));
}

async function addGroup(world: World, rights: ModelRights): Promise<string> {
  const name = world.random.word('grp');
  const { id } = await made(world, '/v1/groups', { name, ...rights });
  world.account.groups.push({ id, name, builtIn: false, rights });
  return id;
}

async function addManagers(world: World): Promise<void> {
  const { random, account } = world;
  for (let left = 3 + random.below(3); left > 0; left -= 1) {
    const scope: Rows = left === 1 ? [{ applications: 'all', environments: 'all' }] : randomRows(world);
    const name = random.word('mgr');
    const settings = { kind: 'built-in' };
    const body = { name, settings, usageScope: scope };
    const { secretsManager } = await made(world, '/v1/secrets-managers', body);
    account.managers.push({ id: secretsManager.id, name, scope, isDefault: secretsManager.isDefault });
  }
}

/** One with a scope that its secrets manager allows, and a name that is free there; otherwise none. */
async function addSecret(world: World): Promise<void> {
  const { random, account, delegate } = world;
  const manager = random.pick(account.managers);
  const scope = randomScope(world);
  if (scope.type === 'rows' && !isWithin(scope.rows, manager.scope, account)) return;
  const name = random.pick(SECRET_NAMES);
  const answer = await world.on.call('POST', '/v1/secrets/write', {
    requestId: newRequestId(),
    delegateId: delegate.delegateId,
    secret: name,
    secretsManager: manager.id,
    // The name alone may stand for another secret, which would get a version.
    expectedVersion: 0,
    scope,
    sealed: fakeSealed(`value of ${name}`),
  });
  if (answer.status !== 200) return;
  account.secrets.push({
    id: answer.body.secret.id,
    name,
    aliases: [],
    scope,
    versions: [{ manager: manager.id, value: `value of ${name}` }],
    askedBy: new Set(),
  });
}

export function effectiveBounds(world: World, scope: ModelScope, managerId: string): Bounds {
  const manager = world.account.managers.find(({ id }) => id === managerId);
  if (manager === undefined) throw new Error('no such secrets manager');
  return boundsOf(scope, manager);
}

async function addEntries(world: World): Promise<void> {
  const { random, account } = world;
  for (let left = 12; left > 0; left -= 1) {
    const service = random.pickOrNull(account.services);
    const secret = random.pickOrNull(account.secrets);
    if (service === null || secret === null) return;
    const inside = account.environments.filter(({ application }) => application === service.application);
    const environment = random.chance(0.3) ? null : random.pickOrNull(inside);
    const body = {
      kind: 'variable',
      name: `V_${left}`,
      environment: environment?.id ?? null,
      secret: secret.id,
    };
    const path = `/v1/applications/${service.application}/services/${service.id}/config`;
    const answer = await world.on.call('PUT', path, body);
    if (answer.status !== 200) continue;
    account.entries.push({
      id: answer.body.id,
      service: service.id,
      kind: 'variable',
      name: body.name,
      environment: body.environment,
      secret: secret.id,
    });
  }
}

async function addPrincipals(world: World): Promise<void> {
  const { random, account } = world;
  for (let left = 3; left > 0; left -= 1) await addUserWithKeys(world);
  for (let left = 4; left > 0; left -= 1) {
    await addKey(
      world,
      random
        .some(account.groups, 1)
        .slice(0, 2)
        .map(({ id }) => id),
    );
  }
  for (const permission of MANAGING) {
    const where = randomRows(world);
    const rights: ModelRights = {
      account: [permission],
      grants: [{ where, actions: random.some(ACTIONS, 3) }],
    };
    await addKey(world, [await addGroup(world, rights)]);
  }
}

async function addUserWithKeys(world: World): Promise<void> {
  const { random, account, on } = world;
  const name = random.word('usr');
  const groups = random
    .some(account.groups, 1)
    .slice(0, 2)
    .map(({ id }) => id);
  const invited = await made(world, '/v1/users', { name, groups });
  account.users.push({ id: invited.user.id, name, groups: new Set(groups) });
  await made(world, '/v1/links/redeem', { value: valueOf(invited.link), password: PASSWORD }, 200);
  const keyName = random.word('key');
  const lifeSeconds = 31_536_000;
  const body = { user: name, password: PASSWORD, keyName, expiresInSeconds: lifeSeconds };
  const signedIn = await made(world, '/v1/sign-in/api-key', body);
  const key: ModelKey = {
    id: signedIn.apiKeyId,
    name: keyName,
    value: signedIn.value,
    owner: { user: invited.user.id },
    restriction: null,
    lifeSeconds,
    revoked: false,
  };
  account.keys.push(key);
  if (random.chance(0.6)) {
    const restriction = restrictionFor(world, key);
    const expiresInSeconds = lifeOfMade(key);
    const request = { name: random.word('key'), owner: 'me', restriction, expiresInSeconds };
    const answer = await on.call('POST', '/v1/api-keys', request, key.value);
    expect(answer.status).toBe(201);
    const { apiKey, value } = answer.body;
    const made = { id: apiKey.id, name: apiKey.name, value, restriction, lifeSeconds: expiresInSeconds };
    account.keys.push({ ...key, ...made });
  }
}

/** No key makes one that outlives it. */
export function lifeOfMade({ lifeSeconds }: ModelKey): number | null {
  return lifeSeconds === null ? null : Math.floor(lifeSeconds / 2);
}

/** Names only what the key may know of. */
export function restrictionFor(world: World, key: ModelKey): ModelRights {
  const { random, account } = world;
  const asker = askerOf(world, key);
  const visible = {
    ...account,
    applications: account.applications.filter(({ id }) => asker.seesApplication(id)),
    environments: account.environments.filter(({ id }) => asker.seesEnvironment(id)),
  };
  const where = randomRows({ ...world, account: visible }, existing(visible.applications));
  const restricted = { where, actions: random.some(ACTIONS, 1) };
  return { account: PERMISSIONS.filter(() => random.chance(0.5)), grants: [restricted] };
}

async function addKey(world: World, groups: readonly string[]): Promise<void> {
  const name = world.random.word('key');
  const { apiKey, value } = await made(world, '/v1/api-keys', { name, owner: { groups } });
  const bounds = { restriction: null, lifeSeconds: null, revoked: false };
  world.account.keys.push({ id: apiKey.id, name, value, owner: { groups }, ...bounds });
}

/** So that scopes and grants name what is not there any more. */
async function deleteSome(world: World): Promise<void> {
  const { random, account, on } = world;
  const environment = random.pickOrNull(account.environments);
  if (environment !== null) {
    const path = `/v1/applications/${environment.application}/environments/${environment.id}`;
    const { confirmationToken } = (await on.call('GET', `${path}/deletion`)).body;
    expect((await on.call('DELETE', `${path}?confirm=${confirmationToken}`)).status).toBe(204);
    markEnvironmentDeleted(world, environment.id);
  }
  if (random.chance(0.5)) return;
  const { id } = random.pick(account.applications);
  const { confirmationToken } = (await on.call('GET', `/v1/applications/${id}/deletion`)).body;
  expect((await on.call('DELETE', `/v1/applications/${id}?confirm=${confirmationToken}`)).status).toBe(204);
  markApplicationDeleted(world, id);
}

export function markEnvironmentDeleted({ account }: World, id: string): void {
  for (const one of account.environments) if (one.id === id) one.deleted = true;
  account.entries = account.entries.filter(({ environment }) => environment !== id);
}

export function markApplicationDeleted(world: World, id: string): void {
  const { account } = world;
  for (const one of account.applications) if (one.id === id) one.deleted = true;
  for (const one of account.environments) if (one.application === id) markEnvironmentDeleted(world, one.id);
  const gone = account.services.filter(({ application }) => application === id).map((one) => one.id);
  account.services = account.services.filter(({ application }) => application !== id);
  account.entries = account.entries.filter(({ service }) => !gone.includes(service));
}
