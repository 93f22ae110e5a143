// Questions of the access fuzzer that change who may do what: groups, their rights and members, and API keys. Nobody gives others more
// than they have, except for those who may administer.
import { ModelAsker } from './access-model.ts';
import type { ModelGroup, ModelKey, ModelRights } from './access-model.ts';
import { seesKey } from './access-account-questions.ts';
import { writtenRows } from './access-question.ts';
import type { Ask, Asks } from './access-secret-questions.ts';
import { PERMISSIONS, randomRights } from './access-random.ts';
import { askerOf, groupsOf, lifeOfMade } from './access-world.ts';
import type { World } from './access-world.ts';

const KEYS_MAX = 24;

/** As the API takes them; `isKnown`: whether the asker may know of all that they name. */
function writtenRights(
  world: World,
  rights: ModelRights,
  by: { asker: ModelAsker; kept: ModelRights | null },
): { input: object; isKnown: boolean } {
  const kept = (by.kept?.grants ?? []).flatMap(({ where }) => where);
  const grants = rights.grants.map(({ where, actions }) => {
    const { input, rows } = writtenRows(world, where, { asker: by.asker, kept });
    return { input: { where: input, actions }, isKnown: rows !== null };
  });
  return {
    input: { account: rights.account, grants: grants.map(({ input }) => input) },
    isKnown: grants.every(({ isKnown }) => isKnown),
  };
}

function mayGive(asker: ModelAsker, rights: ModelRights): boolean {
  if (asker.holds('administer')) return true;
  return asker.hasAllOf(new ModelAsker(asker.account, [[rights]]), PERMISSIONS);
}

const createGroup: Ask = (world, by) => {
  const { random, account } = world;
  const asker = askerOf(world, by);
  const name = random.word('grp');
  const rights = randomRights(world);
  const { input, isKnown } = writtenRights(world, rights, { asker, kept: null });
  const outcome = !asker.holds('manage-users-and-groups')
    ? 'forbidden'
    : !isKnown
      ? 'invalid-scope'
      : mayGive(asker, rights)
        ? 'ok'
        : 'forbidden';
  return {
    kind: 'create group',
    by,
    method: 'POST',
    path: '/v1/groups',
    body: { name, ...input },
    expected: [outcome],
    apply: ({ body }) => {
      account.groups.push({ id: body.id, name, builtIn: false, rights });
    },
  };
};

/** Groups that nobody's rights depend on are few, so absent ones are asked for too. */
function randomGroup({ random, account }: World): { text: string; found: ModelGroup | null } {
  const found = random.chance(0.1) ? null : random.pick(account.groups);
  const text = found === null ? 'no-such-group' : random.pick([found.id, found.name]);
  return { text: encodeURIComponent(text), found };
}

const editGroup: Ask = (world, by) => {
  const { random } = world;
  const asker = askerOf(world, by);
  const { text, found } = randomGroup(world);
  const name = random.word('grp');
  const rights = random.chance(0.7) ? randomRights(world) : null;
  const written = rights && writtenRights(world, rights, { asker, kept: found?.rights ?? null });
  const outcome = !asker.holds('manage-users-and-groups')
    ? 'forbidden'
    : found === null
      ? 'not-found'
      : found.builtIn || !mayGive(asker, found.rights)
        ? 'forbidden'
        : written?.isKnown === false
          ? 'invalid-scope'
          : mayGive(asker, rights ?? found.rights)
            ? 'ok'
            : 'forbidden';
  return {
    kind: 'edit group',
    by,
    method: 'PATCH',
    path: `/v1/groups/${text}`,
    body: { name, ...written?.input },
    expected: [outcome],
    apply: () => {
      if (found !== null) Object.assign(found, { name, rights: rights ?? found.rights });
    },
  };
};

/** Putting a user in, or taking one out. */
const changeMembers: Ask = (world, by) => {
  const { random, account } = world;
  const asker = askerOf(world, by);
  const { text, found } = randomGroup(world);
  const user = random.chance(0.1) ? null : random.pick(account.users);
  const isAddition = random.chance(0.6);
  const named = user === null ? 'nobody' : random.pick([user.id, user.name]);
  const outcome = !asker.holds('manage-users-and-groups')
    ? 'forbidden'
    : found === null || user === null
      ? 'not-found'
      : mayGive(asker, found.rights)
        ? 'ok'
        : 'forbidden';
  const path = `/v1/groups/${text}/members`;
  return {
    kind: isAddition ? 'add group member' : 'remove group member',
    by,
    method: isAddition ? 'POST' : 'DELETE',
    path: isAddition ? path : `${path}/${named}`,
    ...(isAddition ? { body: { user: named } } : {}),
    expected: [outcome],
    apply: () => {
      if (found === null) return;
      if (isAddition) user?.groups.add(found.id);
      else user?.groups.delete(found.id);
    },
  };
};

/** Only empty groups, which need no confirmation, are deleted in the end. */
const deleteGroup: Ask = (world, by) => {
  const { account } = world;
  const asker = askerOf(world, by);
  const { text, found } = randomGroup(world);
  const isUsed =
    found !== null &&
    (account.users.some(({ groups }) => groups.has(found.id)) ||
      account.keys.some(
        (key) => !key.revoked && 'groups' in key.owner && key.owner.groups.includes(found.id),
      ));
  const outcome = !asker.holds('manage-users-and-groups')
    ? 'forbidden'
    : found === null
      ? 'not-found'
      : found.builtIn || !mayGive(asker, found.rights)
        ? 'forbidden'
        : isUsed
          ? 'confirmation-required'
          : 'ok';
  return {
    kind: 'delete group',
    by,
    method: 'DELETE',
    path: `/v1/groups/${text}`,
    expected: [outcome],
    apply: () => {
      account.groups = account.groups.filter((one) => one !== found);
    },
  };
};

const createKey: Ask = (world, by) => {
  const { random, account } = world;
  const asker = askerOf(world, by);
  const name = random.word('key');
  const groups = random.chance(0.5) ? random.some(account.groups, 1).slice(0, 2) : null;
  const rights = random.chance(0.6) ? randomRights(world) : null;
  const written = rights && writtenRights(world, rights, { asker, kept: null });
  const isOwn = groups === null && 'user' in by.owner;
  const owner: ModelKey['owner'] =
    groups !== null
      ? { groups: groups.map(({ id }) => id) }
      : 'user' in by.owner
        ? by.owner
        : { groups: [...groupsOf(world, by)] };
  // The groups of a key whose own groups are gone are none.
  const lifeSeconds = lifeOfMade(by);
  const key: ModelKey = { id: '', name, value: '', owner, restriction: rights, lifeSeconds, revoked: false };
  const given = askerOf(world, key);
  const outcome =
    !isOwn && !asker.holds('manage-api-keys')
      ? 'forbidden'
      : written?.isKnown === false
        ? 'invalid-scope'
        : asker.hasAllOf(given, PERMISSIONS)
          ? 'ok'
          : 'forbidden';
  return {
    kind: 'create API key',
    by,
    method: 'POST',
    path: '/v1/api-keys',
    body: {
      name,
      owner: groups === null ? 'me' : { groups: groups.map((one) => random.pick([one.id, one.name])) },
      restriction: written?.input ?? null,
      expiresInSeconds: lifeSeconds,
    },
    expected: [outcome],
    apply: ({ body }) => {
      const active = account.keys.filter(({ revoked }) => !revoked);
      const made = { ...key, id: body.apiKey.id, value: body.value };
      account.keys.push(made);
      // Not all of them ask: there would be more and more.
      if (active.length >= KEYS_MAX) made.value = '';
    },
  };
};

const revokeKey: Ask = (world, by) => {
  const { random, account } = world;
  const key = random.pick(account.keys);
  const isSeen = seesKey(world, by, key);
  const alone = account.keys.filter(({ revoked, value }) => !revoked && value !== '').length < 8;
  // So that enough are left to ask, good ones are revoked only while there are many.
  const text = alone ? 'key_01arz3ndektsv4rrffq69g5fav' : key.id;
  return {
    kind: 'revoke API key',
    by,
    method: 'DELETE',
    path: `/v1/api-keys/${text}`,
    expected: [!alone && isSeen ? 'ok' : 'not-found'],
    apply: () => {
      key.revoked = true;
    },
  };
};

export const PEOPLE_CHANGES: Asks = [
  ['manage-users-and-groups', createGroup],
  ['manage-users-and-groups', editGroup],
  ['manage-users-and-groups', editGroup],
  ['manage-users-and-groups', changeMembers],
  ['manage-users-and-groups', deleteGroup],
  ['manage-api-keys', createKey],
  ['manage-api-keys', createKey],
  ['manage-api-keys', revokeKey],
];
