// Questions of the access fuzzer about everything around secrets that change nothing: secrets managers, applications, services and their
// config entries, groups and keys.
import { boundsOfSecret } from './access-model.ts';
import type {
  ModelApplication,
  ModelAsker,
  ModelEnvironment,
  ModelKey,
  ModelService,
} from './access-model.ts';
import { sorted } from './access-question.ts';
import { findManager, randomManager } from './access-references.ts';
import type { Ask, Asks } from './access-secret-questions.ts';
import { existing, PERMISSIONS } from './access-random.ts';
import { askerOf, groupsOf } from './access-world.ts';
import type { World } from './access-world.ts';
import type { Loose } from './test-server.ts';

const namesIn = (items: readonly Loose[]): string[] => sorted(items.map(({ name }) => name));
const idsIn = (items: readonly Loose[]): string[] => sorted(items.map(({ id }) => id));

const listManagers: Ask = (world, by) => {
  const asker = askerOf(world, by);
  const visible = world.account.managers.filter((one) => asker.seesManager(one));
  return {
    kind: 'list secrets managers',
    by,
    method: 'GET',
    path: '/v1/secrets-managers',
    expected: ['ok'],
    facts: {
      expected: sorted(visible.map(({ name, isDefault }) => `${name} ${isDefault}`)),
      observe: ({ body }) =>
        sorted(body.secretsManagers.map(({ name, isDefault }: Loose) => `${name} ${isDefault}`)),
    },
  };
};

const getManager: Ask = (world, by) => {
  const { text, found } = randomManager(world);
  return {
    kind: 'get secrets manager',
    by,
    method: 'GET',
    path: `/v1/secrets-managers/${text}`,
    expected: [findManager(found, askerOf(world, by)) === null ? 'not-found' : 'ok'],
    facts: { expected: found?.name, observe: ({ body }) => body.name },
  };
};

/** An application by id or name; null: not there, as far as the asker may know. */
export function randomApplication(
  world: World,
  asker: ModelAsker,
): { text: string; found: ModelApplication | null } {
  const { random, account } = world;
  const isSeen = ({ id, deleted }: ModelApplication): boolean => !deleted && asker.seesApplication(id);
  const chosen = random.chance(0.1) ? null : random.pickLiked(account.applications, isSeen);
  if (chosen === null) return { text: 'no-such-app', found: null };
  const isThere = isSeen(chosen);
  return { text: random.pick([chosen.id, chosen.name]), found: isThere ? chosen : null };
}

/** An environment by id or name, mostly of this application. */
export function randomEnvironment(
  world: World,
  { asker, application }: { asker: ModelAsker; application: ModelApplication | null },
): { text: string; found: ModelEnvironment | null } {
  const { random, account } = world;
  const inside = account.environments.filter((one) => one.application === application?.id);
  const isSeen = ({ id, deleted }: ModelEnvironment): boolean => !deleted && asker.seesEnvironment(id);
  const chosen = random.pickLiked(random.chance(0.85) ? inside : account.environments, isSeen);
  if (chosen === null) return { text: 'no-such-env', found: null };
  const isThere = isSeen(chosen) && chosen.application === application?.id;
  return { text: random.pick([chosen.id, chosen.name]), found: isThere ? chosen : null };
}

/** A service by id or name. Whoever may know of the application may know of its services. */
export function randomService(
  world: World,
  application: ModelApplication | null,
): { text: string; found: ModelService | null } {
  const { random, account } = world;
  const inside = account.services.filter((one) => one.application === application?.id);
  const chosen = random.pickOrNull(random.chance(0.85) ? inside : account.services);
  if (chosen === null) return { text: 'no-such-service', found: null };
  const isThere = chosen.application === application?.id;
  return { text: random.pick([chosen.id, chosen.name]), found: isThere ? chosen : null };
}

function partsOf({ account }: World, { id }: ModelApplication, asker: ModelAsker): [string[], string[]] {
  const environments = existing(account.environments).filter(
    (one) => one.application === id && asker.seesEnvironment(one.id),
  );
  const services = account.services.filter(({ application }) => application === id);
  return [sorted(environments.map(({ name }) => name)), sorted(services.map(({ name }) => name))];
}

const listApplications: Ask = (world, by) => {
  const asker = askerOf(world, by);
  const visible = existing(world.account.applications).filter(({ id }) => asker.seesApplication(id));
  visible.sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    kind: 'list applications',
    by,
    method: 'GET',
    path: '/v1/applications?limit=500',
    expected: ['ok'],
    facts: {
      expected: visible.map((one) => [one.name, ...partsOf(world, one, asker)]),
      observe: ({ body }) =>
        body.applications.map((one: Loose) => [one.name, namesIn(one.environments), namesIn(one.services)]),
    },
  };
};

const getApplication: Ask = (world, by) => {
  const asker = askerOf(world, by);
  const { text, found } = randomApplication(world, asker);
  return {
    kind: 'get application',
    by,
    method: 'GET',
    path: `/v1/applications/${text}`,
    expected: [found === null ? 'not-found' : 'ok'],
    facts: {
      expected: found && partsOf(world, found, asker),
      observe: ({ body }) => [namesIn(body.environments), namesIn(body.services)],
    },
  };
};

const previewApplicationDeletion: Ask = (world, by) => {
  const asker = askerOf(world, by);
  const { text, found } = randomApplication(world, asker);
  const isPermitted = asker.holds('manage-applications');
  return {
    kind: 'preview application deletion',
    by,
    method: 'GET',
    path: `/v1/applications/${text}/deletion`,
    expected: [!isPermitted ? 'forbidden' : found === null ? 'not-found' : 'ok'],
  };
};

const previewEnvironmentDeletion: Ask = (world, by) => {
  const asker = askerOf(world, by);
  const application = randomApplication(world, asker);
  const environment = randomEnvironment(world, { asker, application: application.found });
  const found = environment.found;
  const isPermitted =
    asker.holds('manage-applications') || (found !== null && asker.allowed('delete').has(found.id));
  return {
    kind: 'preview environment deletion',
    by,
    method: 'GET',
    path: `/v1/applications/${application.text}/environments/${environment.text}/deletion`,
    expected: [found === null ? 'not-found' : isPermitted ? 'ok' : 'forbidden'],
  };
};

const listEntries: Ask = (world, by) => {
  const { account } = world;
  const asker = askerOf(world, by);
  const application = randomApplication(world, asker);
  const service = randomService(world, application.found);
  const visible = account.entries.filter(
    ({ service: id, environment }) =>
      id === service.found?.id && (environment === null || asker.seesEnvironment(environment)),
  );
  return {
    kind: 'list config entries',
    by,
    method: 'GET',
    path: `/v1/applications/${application.text}/services/${service.text}/config`,
    expected: [service.found === null ? 'not-found' : 'ok'],
    facts: {
      expected: sorted(
        visible.map(({ id, secret }) => {
          const referred = account.secrets.find((one) => one.id === secret);
          const isSeen = referred !== undefined && asker.seesSecret(boundsOfSecret(referred, account));
          return `${id} ${isSeen ? referred.name : null}`;
        }),
      ),
      observe: ({ body }) => sorted(body.entries.map(({ id, secret }: Loose) => `${id} ${secret.name}`)),
    },
  };
};

const listGroups: Ask = (world, by) => {
  const asker = askerOf(world, by);
  const own = groupsOf(world, by);
  const visible = world.account.groups.filter(
    ({ id }) => asker.holds('manage-users-and-groups') || own.has(id),
  );
  return {
    kind: 'list groups',
    by,
    method: 'GET',
    path: '/v1/groups',
    expected: ['ok'],
    facts: { expected: sorted(visible.map(({ id }) => id)), observe: ({ body }) => idsIn(body.groups) },
  };
};

const getGroup: Ask = (world, by) => {
  const { random, account } = world;
  const asker = askerOf(world, by);
  const found = random.chance(0.1) ? null : random.pick(account.groups);
  const text = found === null ? 'no-such-group' : random.pick([found.id, found.name]);
  const isSeen =
    found !== null && (asker.holds('manage-users-and-groups') || groupsOf(world, by).has(found.id));
  const members = account.users.filter(({ groups }) => found !== null && groups.has(found.id));
  return {
    kind: 'get group',
    by,
    method: 'GET',
    path: `/v1/groups/${encodeURIComponent(text)}`,
    expected: [isSeen ? 'ok' : 'not-found'],
    facts: {
      expected: asker.holds('manage-users-and-groups') ? sorted(members.map(({ name }) => name)) : null,
      observe: ({ body }) => body.members && namesIn(body.members),
    },
  };
};

/** Keys that somebody may know of: own ones, a key of groups itself, or all. */
export function seesKey(world: World, by: ModelKey, key: ModelKey): boolean {
  if (askerOf(world, by).holds('manage-api-keys') || key.id === by.id) return true;
  return 'user' in key.owner && 'user' in by.owner && key.owner.user === by.owner.user;
}

const listKeys: Ask = (world, by) => {
  const visible = [world.admin, ...world.account.keys].filter((key) => seesKey(world, by, key));
  return {
    kind: 'list API keys',
    by,
    method: 'GET',
    path: '/v1/api-keys?limit=500',
    expected: ['ok'],
    facts: { expected: sorted(visible.map(({ id }) => id)), observe: ({ body }) => idsIn(body.apiKeys) },
  };
};

const listAudit: Ask = (world, by) => ({
  kind: 'read audit trail',
  by,
  method: 'GET',
  path: '/v1/audit?limit=1',
  expected: [askerOf(world, by).holds('view-audit-trail') ? 'ok' : 'forbidden'],
});

const whoAmI: Ask = (world, by) => {
  const asker = askerOf(world, by);
  const held = PERMISSIONS.filter((permission) => asker.holds(permission));
  return {
    kind: 'list own rights',
    by,
    method: 'GET',
    path: '/v1/whoami',
    expected: ['ok'],
    facts: {
      expected: [by.id, sorted([...groupsOf(world, by)]), sorted(held)],
      observe: ({ body }) => [
        body.id,
        idsIn(body.groups.filter(({ name }: Loose) => name !== null)),
        sorted(body.permissions),
      ],
    },
  };
};

export const ACCOUNT_QUESTIONS: Asks = [
  [null, listManagers],
  [null, getManager],
  [null, listApplications],
  [null, getApplication],
  ['manage-applications', previewApplicationDeletion],
  [null, previewEnvironmentDeletion],
  [null, listEntries],
  [null, listGroups],
  [null, getGroup],
  [null, listKeys],
  [null, listAudit],
  [null, whoAmI],
];
