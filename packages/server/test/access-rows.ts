// People, groups and keys for tests: put straight into the store, past the rules that the API has for making them.
import type {
  AccountPermission,
  ApplicationAction,
  ApplicationId,
  EnvironmentId,
  Grant,
  GroupId,
  Region,
  Rights,
  UserId,
} from '@sallyport/core';
import type { ApiKeyOwner, ApiKeyRow } from '../src/access/api-key-store.ts';
import { makeBearerValue } from '../src/access/bearer-value.ts';
import type { GroupRow } from '../src/groups/group-store.ts';
import type { Store } from '../src/storage/store.ts';
import type { UserRow } from '../src/users/user-store.ts';
import type { ManualClock } from './manual-clock.ts';
import { newId, NOW_MS } from './storage-rows.ts';

/** Somebody who could sign in with a password that nobody knows. */
export function personRow(over: Partial<UserRow> = {}): UserRow {
  return {
    id: newId('user'),
    name: 'alice',
    displayName: 'Alice',
    passwordHash: 'unusable',
    externalIssuer: null,
    externalSubject: null,
    totp: null,
    pendingTotpSecret: null,
    disabledAtMs: null,
    createdAtMs: NOW_MS,
    lastSignInAtMs: null,
    ...over,
  };
}

export function groupRow(over: Partial<GroupRow> = {}): GroupRow {
  return {
    id: newId('group'),
    name: 'Deployers',
    builtIn: false,
    account: [],
    grants: [],
    createdAtMs: NOW_MS,
    updatedAtMs: NOW_MS,
    ...over,
  };
}

export function grant(actions: readonly ApplicationAction[], ...where: Region): Grant {
  return { actions, where };
}

export async function addPerson(
  store: Store,
  over: Partial<UserRow> = {},
  groups: GroupId[] = [],
): Promise<UserId> {
  const row = personRow(over);
  await store.write(async ({ users, memberships }) => {
    await users.insert(row);
    for (const groupId of groups) await memberships.add({ groupId, userId: row.id, sinceMs: NOW_MS });
  });
  return row.id;
}

export async function addGroup(
  store: Store,
  name: string,
  rights: { account?: readonly AccountPermission[]; grants?: readonly Grant[] } = {},
): Promise<GroupId> {
  const row = groupRow({ name, ...rights });
  await store.write(async ({ groups }) => groups.insert(row));
  return row.id;
}

/** The value of a new key, to send as a bearer. */
export async function addKey(
  store: Store,
  owner: ApiKeyOwner,
  over: Partial<ApiKeyRow> = {},
): Promise<{ id: ApiKeyRow['id']; value: string }> {
  const { value, hash } = makeBearerValue('apiKey');
  const id = newId('apiKey');
  const row: ApiKeyRow = {
    id,
    name: id,
    kind: 'api-key',
    hash,
    owner,
    restriction: null,
    issuerId: null,
    createdAtMs: NOW_MS,
    expiresAtMs: null,
    revokedAtMs: null,
    lastUsedAtMs: null,
    ...over,
  };
  await store.write(async ({ apiKeys }) => apiKeys.insert(row));
  return { id, value };
}

/** A key of a new group that allows this, and nothing else. */
export async function keyWith(store: Store, rights: Partial<Rights>): Promise<string> {
  const groupId = await addGroup(store, newId('group'), rights);
  return (await addKey(store, { type: 'groups', groupIds: [groupId] })).value;
}

/** An application with environments `production` and `dev`; servers know of it from now on. */
export async function addApplication(
  store: Store,
  clock: ManualClock,
  name: string,
): Promise<{ id: ApplicationId; envs: EnvironmentId[] }> {
  const id = newId('application');
  const envs = [newId('environment'), newId('environment')] as const;
  const row = { applicationId: id, createdAtMs: 0, deletedAtMs: null };
  await store.write(async ({ applications }) => {
    await applications.insert({ id, name, createdAtMs: 0, deletedAtMs: null });
    await applications.environments.insert({ ...row, id: envs[0], name: 'production', type: 'production' });
    await applications.environments.insert({ ...row, id: envs[1], name: 'dev', type: 'non-production' });
  });
  clock.advance(1000);
  return { id, envs: [...envs] };
}
