// What each account permission lets somebody do, and what the built-in groups may, with what is refused to everybody else, through the HTTP API.
//
// Permissions of comparable products that have no row here, since there is nothing that they would be for: SSH and WinRM credentials and
// cloud providers and connectors (secrets are handed to whoever may use them, and nothing is connected to on their behalf), alert
// notification rules, and IP whitelists. Authentication settings come under Administer.
import { afterAll, beforeAll } from 'vitest';
import { ACCOUNT_PERMISSIONS } from '@sallyport/core';
import type { AccountPermission } from '@sallyport/core';
import { grant, scope } from './account.ts';
import { row } from './rbac-row.ts';
import type { Attempt, Case } from './rbac-row.ts';
import { freshApplication, freshName, freshSecret, freshService, startRbacWorld } from './rbac-world.ts';
import type { Who, World } from './rbac-world.ts';

let world: World;
beforeAll(async () => {
  world = await startRbacWorld();
});
afterAll(async () => {
  await world.on.end();
});

const ALL = ['create', 'read', 'update', 'delete', 'use'] as const;
const everyAction = [grant([...ALL], '*/*')];

/** Each of these with just this permission, and with all others and every action everywhere instead. */
function needing(permission: AccountPermission, attempts: Readonly<Record<string, Attempt>>): Case[] {
  const others = ACCOUNT_PERMISSIONS.filter((one) => one !== permission);
  return Object.entries(attempts).flatMap(([what, attempt]): Case[] => [
    ['permitted', what, { account: [permission] }, attempt],
    ['forbidden', `${what}, with everything but that`, { account: others, grants: everyAction }, attempt],
  ]);
}

const get =
  (path: string): Attempt =>
  async (as) =>
    as.call('GET', path);
/** Something that the administrator makes first; gives its path. */
const change =
  (method: string, path: string | (() => Promise<string>), body?: () => unknown): Attempt =>
  async (as) =>
    as.call(method, typeof path === 'string' ? path : await path(), body?.());

async function made(path: string, body: unknown): Promise<string> {
  const { body: answer } = await world.on.call('POST', path, body);
  return `${path}/${(answer.token ?? answer.user ?? answer).id}`;
}
const named = (): { name: string } => ({ name: freshName() });
const freshDelegate = async (): Promise<string> => {
  const delegate = await world.on.delegate({ name: freshName() });
  return `/v1/delegates/${delegate.delegateId}`;
};
const freshToken = async (): Promise<string> => made('/v1/delegate-tokens', named());
const freshProfile = async (): Promise<string> =>
  made('/v1/delegate-profiles', { ...named(), script: 'true', selectors: ['nowhere'] });
const freshGroup = async (): Promise<string> => made('/v1/groups', named());
const freshUser = async (): Promise<string> => made('/v1/users', named());
const freshKey = async (): Promise<string> => {
  const { body } = await world.on.call('POST', '/v1/api-keys', named());
  return `/v1/api-keys/${body.apiKey.id}`;
};

const scriptWith: (as: Parameters<Attempt>[0], item: string) => ReturnType<Attempt> = async (as, item) =>
  as.call('POST', '/v1/offers/script', { items: [item], selectors: [] });

row(
  'Manage Secrets Managers',
  () => world,
  needing('manage-secrets-managers', {
    'try settings': change('POST', '/v1/secrets-managers/preflight', () => ({
      settings: { kind: 'built-in' },
    })),
    'test a saved one': change('POST', '/v1/secrets-managers/everywhere/test'),
  }),
);

row('Manage Secrets', () => world, [
  [
    'permitted',
    'set Scope to Account',
    { account: ['manage-secrets'], grants: [grant(['update', 'read'], 'shop/*')] },
    async (as) =>
      as.call('PATCH', `/v1/secrets/${await freshSecret(world, scope('shop/*'))}`, {
        scope: { type: 'account' },
      }),
  ],
  [
    'forbidden',
    'set Scope to Account, with everything but that',
    { account: ACCOUNT_PERMISSIONS.filter((one) => one !== 'manage-secrets'), grants: everyAction },
    async (as) =>
      as.call('PATCH', `/v1/secrets/${await freshSecret(world, scope('shop/*'))}`, {
        scope: { type: 'account' },
      }),
  ],
]);

row(
  'Manage Delegates',
  () => world,
  needing('manage-delegates', {
    approve: change('POST', async () => `${await freshDelegate()}/approve`),
    delete: change('DELETE', freshDelegate),
    'list tokens': get('/v1/delegate-tokens'),
    'create a token': change('POST', '/v1/delegate-tokens', named),
    'revoke a token': change('DELETE', freshToken),
    'list start-up profiles': get('/v1/delegate-profiles'),
    'show one': async (as) => as.call('GET', await freshProfile()),
    'show its runs': async (as) => as.call('GET', `${await freshProfile()}/runs`),
    'delete one': change('DELETE', freshProfile),
  }),
);

row('Run Scripts', () => world, [
  ...needing('run-scripts', {
    'without secrets': change('POST', '/v1/offers/script', () => ({ items: [], selectors: [] })),
  }),
  ...(['manage-delegates', 'run-scripts'] as const).map((one): Case => [
    'forbidden',
    `save a start-up profile, with ${one} alone`,
    { account: [one], grants: everyAction },
    change('POST', '/v1/delegate-profiles', () => ({ ...named(), script: 'true' })),
  ]),
  [
    'permitted',
    'save a start-up profile, with Manage Delegates as well',
    { account: ['manage-delegates', 'run-scripts'] },
    change('POST', '/v1/delegate-profiles', () => ({ ...named(), script: 'true', selectors: ['nowhere'] })),
  ],
  [
    'permitted',
    'with a secret that they may use there',
    { account: ['run-scripts'], grants: [grant(['use'], 'shop/prod')] },
    async (as) => scriptWith(as, `sally://shop/prod/${await freshSecret(world, scope('shop/prod'))}`),
  ],
  [
    'not-found',
    'with a secret that they may not use there',
    { account: ['run-scripts'], grants: [grant(['use'], 'shop/prod')] },
    async (as) => scriptWith(as, `sally://shop/staging/${await freshSecret(world, scope('shop/*'))}`),
  ],
  [
    'forbidden',
    'with a secret that they know of and may not use',
    { account: ['run-scripts'], grants: [grant(['read'], 'shop/prod')] },
    async (as) => scriptWith(as, `sally://shop/prod/${await freshSecret(world, scope('shop/prod'))}`),
  ],
]);

row(
  'View Audit Trail',
  () => world,
  needing('view-audit-trail', {
    read: get('/v1/audit'),
    export: get('/v1/audit/export'),
    'its state': get('/v1/audit/status'),
  }),
);

row('Manage API Keys', () => world, [
  [
    'permitted',
    'create one of a group',
    { account: ['manage-api-keys'] },
    async (as) => as.call('POST', '/v1/api-keys', named()),
  ],
  [
    'forbidden',
    'create one of a group that may do more',
    { account: ['manage-api-keys'] },
    async (as) => as.call('POST', '/v1/api-keys', { ...named(), owner: { groups: ['Production Support'] } }),
  ],
  [
    'forbidden',
    'create one of a group, with everything but that',
    { account: ACCOUNT_PERMISSIONS.filter((one) => one !== 'manage-api-keys'), grants: everyAction },
    async (as) => as.call('POST', '/v1/api-keys', named()),
  ],
  ['permitted', "revoke somebody else's", { account: ['manage-api-keys'] }, change('DELETE', freshKey)],
  [
    'not-found',
    "revoke somebody else's, with everything but that",
    { account: ACCOUNT_PERMISSIONS.filter((one) => one !== 'manage-api-keys'), grants: everyAction },
    change('DELETE', freshKey),
  ],
]);

row('Manage Users and Groups', () => world, [
  ...needing('manage-users-and-groups', {
    'list users': get('/v1/users'),
    'invite a user': change('POST', '/v1/users', named),
    'disable a user': change('PATCH', freshUser, () => ({ disabled: true })),
    'remove a user': change('DELETE', freshUser),
    'reset a password': change('POST', async () => `${await freshUser()}/reset-link`),
    'create a group': change('POST', '/v1/groups', named),
    'rename a group': change('PATCH', freshGroup, named),
    'delete a group': change('DELETE', freshGroup),
    'put somebody into a group': async (as) =>
      as.call('POST', `${await freshGroup()}/members`, { user: (await freshUser()).split('/').at(-1) }),
  }),
  [
    'forbidden',
    'give a group rights that they lack',
    { account: ['manage-users-and-groups'] },
    change('PATCH', freshGroup, () => ({ account: ['manage-secrets'] })),
  ],
  [
    'forbidden',
    'put somebody into a group that may do more',
    { account: ['manage-users-and-groups'] },
    async (as) =>
      as.call('POST', '/v1/groups/Production%20Support/members', {
        user: (await freshUser()).split('/').at(-1),
      }),
  ],
  [
    'permitted',
    'give a group rights that they lack, with Administer as well',
    { account: ['manage-users-and-groups', 'administer'] },
    change('PATCH', freshGroup, () => ({ account: ['manage-secrets'] })),
  ],
]);

row(
  'Manage Authentication Settings, as Administer',
  () => world,
  needing('administer', {
    'see single sign-on': get('/v1/sso'),
    'list issuers of workloads': get('/v1/workload-issuers'),
  }),
);

row(
  'Export stored envelopes, as Administer',
  () => world,
  needing('administer', {
    'list them': get('/v1/envelopes'),
  }),
);

row('Manage Applications', () => world, [
  ...needing('manage-applications', {
    'create one': change('POST', '/v1/applications', named),
    'preview a deletion': get('/v1/applications/shop/deletion'),
    'delete one': async (as) => {
      const path = `/v1/applications/${await freshApplication(world, 'prod')}`;
      const { confirmationToken } = (await world.on.call('GET', `${path}/deletion`)).body;
      return as.call('DELETE', `${path}?confirm=${confirmationToken}`);
    },
  }),
]);

const forced: Attempt = async (as) => {
  const secret = await freshSecret(world, scope('shop/*'));
  const service = await freshService(world, 'shop');
  const entry = { kind: 'variable', name: 'TOKEN', environment: null, secret };
  await world.on.call('PUT', `/v1/applications/shop/services/${service}/config`, entry);
  const { confirmationToken } = (await as.call('GET', `/v1/secrets/${secret}/deletion`)).body;
  return as.call('DELETE', `/v1/secrets/${secret}?force=true&confirm=${confirmationToken}`);
};
row('Delete a secret that is in use', () => world, [
  [
    'permitted',
    'Force Delete Secrets, and all that deleting takes',
    { account: ['force-delete-secrets', 'manage-secrets'], grants: [grant(['update', 'read'], 'shop/*')] },
    forced,
  ],
  [
    'forbidden',
    'all that deleting takes, and nothing more',
    { account: ['manage-secrets'], grants: [grant(['update', 'read'], 'shop/*')] },
    forced,
  ],
  [
    'forbidden',
    'Force Delete Secrets alone',
    { account: ['force-delete-secrets'], grants: [grant(['read'], '*/*')] },
    forced,
  ],
]);

const useIn =
  (place: string): Attempt =>
  async (as) =>
    as.resolve(`sally://${place}/${await freshSecret(world, scope(place))}`);
const addEnvironment =
  (type: string): Attempt =>
  async (as) =>
    as.call('POST', '/v1/applications/shop/environments', { name: freshName(), type });
const writeIn =
  (place: string): Attempt =>
  async (as) =>
    as.write({ secret: freshName(), scope: scope(place), secretsManager: 'everywhere' });

for (const [group, own, other] of [
  [
    'Production Support',
    { type: 'production', place: 'shop/prod' },
    { type: 'non-production', place: 'shop/staging' },
  ],
  [
    'Non-Production Support',
    { type: 'non-production', place: 'shop/staging' },
    { type: 'production', place: 'shop/prod' },
  ],
] as const) {
  const who: Who = { group };
  row(group, () => world, [
    ['permitted', `use a value in ${own.type}`, who, useIn(own.place)],
    ['not-found', `use a value in ${other.type}`, who, useIn(other.place)],
    ['permitted', `add an environment of type ${own.type}`, who, addEnvironment(own.type)],
    ['forbidden', `add an environment of type ${other.type}`, who, addEnvironment(other.type)],
    ['forbidden', 'write a secret, which takes an account permission', who, writeIn(own.place)],
    ['forbidden', 'read the audit trail, which takes an account permission', who, get('/v1/audit')],
    [
      'forbidden',
      'create an application, which takes an account permission',
      who,
      change('POST', '/v1/applications', named),
    ],
  ]);
}

row('Account Administrator', () => world, [
  ['permitted', 'use a value in production', { group: 'Account Administrator' }, useIn('shop/prod')],
  ['permitted', 'use a value in non-production', { group: 'Account Administrator' }, useIn('shop/staging')],
  ['permitted', 'write a secret', { group: 'Account Administrator' }, writeIn('shop/prod')],
  ['permitted', 'read the audit trail', { group: 'Account Administrator' }, get('/v1/audit')],
  ['permitted', 'see single sign-on', { group: 'Account Administrator' }, get('/v1/sso')],
  ['permitted', 'delete a secret in use', { group: 'Account Administrator' }, forced],
  [
    'forbidden',
    'change a built-in group',
    { group: 'Account Administrator' },
    change('PATCH', '/v1/groups/Production%20Support', named),
  ],
  [
    'forbidden',
    'delete a built-in group',
    { group: 'Account Administrator' },
    change('DELETE', '/v1/groups/Production%20Support'),
  ],
]);

row('An API key has the rights of its groups, and no more', () => world, [
  ['permitted', 'of a group that may', { account: ['view-audit-trail'] }, get('/v1/audit')],
  ['forbidden', 'of a group that may not', { account: ['manage-secrets'] }, get('/v1/audit')],
  [
    'forbidden',
    'of a group that may, restricted to something else',
    { account: ['view-audit-trail', 'manage-api-keys'] },
    async (as) => {
      const restriction = { account: ['manage-api-keys'], grants: [] };
      const { body } = await as.call('POST', '/v1/api-keys', { ...named(), restriction });
      return world.on.call('GET', '/v1/audit', undefined, body.value);
    },
  ],
]);
