// Who may do what with secrets: rows of the matrix of rights with what each permits and refuses, through the HTTP API. Those of secrets
// managers are in rbac-managers.test.ts, account permissions and built-in groups in rbac-permissions.test.ts.
import { afterAll, beforeAll, expect } from 'vitest';
import { grant, scope } from './account.ts';
import { row } from './rbac-row.ts';
import type { Attempt, Case } from './rbac-row.ts';
import { freshName, freshSecret, freshService, startRbacWorld } from './rbac-world.ts';
import type { Who, World } from './rbac-world.ts';

let world: World;
beforeAll(async () => {
  world = await startRbacWorld();
});
afterAll(async () => {
  await world.on.end();
});

const ALL = ['create', 'read', 'update', 'delete', 'use'] as const;
const admin: Who = { group: 'Account Administrator' };
const updating = (...rows: string[]): Who => ({ grants: [grant(['update', 'read'], ...rows)] });

const seeSecret =
  (...rows: string[]): Attempt =>
  async (as) => {
    const id = await freshSecret(world, scope(...rows));
    const listed = await as.call('GET', '/v1/secrets?limit=500');
    const answer = await as.call('GET', `/v1/secrets/${id}`);
    const isListed = listed.body.secrets.some((one: { id: string }) => one.id === id);
    expect(isListed).toBe(answer.status === 200);
    return answer;
  };

row("See an app-scoped secret's name", () => world, [
  [
    'permitted',
    'Read at a place of its scope',
    { grants: [grant(['read'], 'shop/prod')] },
    seeSecret('shop/*'),
  ],
  [
    'permitted',
    'Read in an application to come that its scope covers',
    { grants: [grant(['read'], '*/production')] },
    seeSecret('*/production'),
  ],
  [
    'not-found',
    'Read only at other places',
    { grants: [grant(['read'], 'shop/staging', 'billing/*')] },
    seeSecret('shop/prod'),
  ],
  [
    'not-found',
    'Use without Read',
    { grants: [grant(['use', 'create', 'delete'], '*/*')] },
    seeSecret('shop/prod'),
  ],
  ['not-found', 'Manage Secrets without Read', { account: ['manage-secrets'] }, seeSecret('shop/prod')],
]);

const refer =
  (scopeRow: string, environment: string): Attempt =>
  async (as) => {
    const secret = await freshSecret(world, scope(scopeRow));
    const service = await freshService(world, 'shop');
    const body = { kind: 'variable', name: 'TOKEN', environment, secret };
    return as.call('PUT', `/v1/applications/shop/services/${service}/config`, body);
  };

row('Reference a secret in an app', () => world, [
  [
    'permitted',
    'Read on it, and Update where the reference is',
    updating('shop/prod'),
    refer('shop/*', 'prod'),
  ],
  [
    'forbidden',
    'Read on it, but no Update where the reference is',
    { grants: [grant(['read', 'use'], '*/*')] },
    refer('shop/*', 'prod'),
  ],
  [
    'forbidden',
    'Update only where the reference is not',
    { grants: [grant(['read'], '*/*'), grant(['update'], 'shop/staging')] },
    refer('shop/*', 'prod'),
  ],
  [
    'not-found',
    'Update where the reference is, but the secret is not to be seen',
    updating('shop/prod'),
    refer('billing/*', 'prod'),
  ],
]);

const create =
  (...rows: string[]): Attempt =>
  async (as) =>
    as.write({ secret: freshName(), scope: scope(...rows), secretsManager: 'everywhere' });
const rename =
  (...rows: string[]): Attempt =>
  async (as) =>
    as.call('PATCH', `/v1/secrets/${await freshSecret(world, scope(...rows))}`, { name: freshName() });
const rescope =
  (from: string, to: string): Attempt =>
  async (as) =>
    as.call('PATCH', `/v1/secrets/${await freshSecret(world, scope(from))}`, { scope: scope(to) });
const remove =
  (...rows: string[]): Attempt =>
  async (as) =>
    as.call('DELETE', `/v1/secrets/${await freshSecret(world, scope(...rows))}`);
const addVersion =
  (...rows: string[]): Attempt =>
  async (as) =>
    as.write({ secret: await freshSecret(world, scope(...rows)) });
const keeping = (...rows: string[]): Who => ({
  account: ['manage-secrets'],
  grants: [grant(['update', 'read'], ...rows)],
});
const readingAll = (...rows: string[]): Who => ({
  account: ['manage-secrets'],
  grants: [grant(['update'], ...rows), grant(['read'], '*/*')],
});

row('Create, edit or delete an app-scoped secret', () => world, [
  [
    'permitted',
    'create: Manage Secrets, and Update throughout its scope',
    keeping('shop/*'),
    create('shop/*'),
  ],
  ['forbidden', 'create: without Manage Secrets', updating('*/*'), create('shop/*')],
  ['forbidden', 'create: Update at a part of its scope', keeping('shop/prod'), create('shop/*')],
  [
    'forbidden',
    'create: all other actions but Update',
    { account: ['manage-secrets'], grants: [grant(['create', 'read', 'delete', 'use'], '*/*')] },
    create('shop/*'),
  ],
  ['permitted', 'edit: Update throughout its scope', keeping('shop/*'), rename('shop/*')],
  ['forbidden', 'edit: Update at a part of its scope', keeping('shop/prod'), rename('shop/*')],
  ['forbidden', 'edit: without Manage Secrets', updating('*/*'), rename('shop/*')],
  ['not-found', 'edit: what is not to be seen', keeping('billing/*'), rename('shop/*')],
  [
    'permitted',
    'edit its scope: Update throughout the old and the new one',
    keeping('*/production'),
    rescope('shop/prod', 'billing/prod'),
  ],
  [
    'forbidden',
    'edit its scope: Update throughout the new one only',
    readingAll('billing/*'),
    rescope('shop/prod', 'billing/prod'),
  ],
  [
    'forbidden',
    'edit its scope: Update throughout the old one only',
    readingAll('shop/*'),
    rescope('shop/prod', 'billing/prod'),
  ],
  ['permitted', 'new value: Update throughout its scope', keeping('shop/*'), addVersion('shop/*')],
  ['forbidden', 'new value: Update at a part of its scope', keeping('shop/staging'), addVersion('shop/*')],
  ['forbidden', 'new value: without Manage Secrets', updating('*/*'), addVersion('shop/*')],
  ['permitted', 'delete: Update throughout its scope', keeping('shop/*'), remove('shop/*')],
  [
    'forbidden',
    'delete: Delete instead of Update',
    { account: ['manage-secrets'], grants: [grant(['delete', 'read'], '*/*')] },
    remove('shop/*'),
  ],
  ['forbidden', 'delete: without Manage Secrets', updating('*/*'), remove('shop/*')],
]);

const account = { type: 'account' } as const;
const everyAction: Who = { grants: [grant([...ALL], '*/*')] };
const createForAccount: Attempt = async (as) =>
  as.write({ secret: freshName(), scope: account, secretsManager: 'everywhere' });
const seeForAccount: Attempt = async (as) =>
  as.call('GET', `/v1/secrets/${await freshSecret(world, account)}`);
const editForAccount: Attempt = async (as) =>
  as.call('PATCH', `/v1/secrets/${await freshSecret(world, account)}`, { name: freshName() });
const useForAccount: Attempt = async (as) => as.resolve(await freshSecret(world, account));

row('Create, see or edit an account-scoped secret', () => world, [
  ['permitted', 'create: Manage Secrets', { account: ['manage-secrets'] }, createForAccount],
  ['permitted', 'create: every action in all applications, both types', everyAction, createForAccount],
  [
    'forbidden',
    'create: every action in production only',
    { grants: [grant([...ALL], '*/production')] },
    createForAccount,
  ],
  [
    'forbidden',
    'create: every action but one',
    { grants: [grant(['create', 'read', 'update', 'use'], '*/*')] },
    createForAccount,
  ],
  ['permitted', 'see: Manage Secrets', { account: ['manage-secrets'] }, seeForAccount],
  [
    'permitted',
    'see: every action in all applications, one type each',
    { grants: [grant([...ALL], '*/production', '*/non-production')] },
    seeForAccount,
  ],
  [
    'not-found',
    'see: every action in every application that there is, but not in those to come',
    { grants: [grant([...ALL], 'shop/*', 'billing/*')] },
    seeForAccount,
  ],
  ['permitted', 'edit: Manage Secrets', { account: ['manage-secrets'] }, editForAccount],
  ['permitted', 'edit: every action in all applications, both types', everyAction, editForAccount],
  ['not-found', 'edit: Read everywhere', { grants: [grant(['read', 'update'], '*/*')] }, editForAccount],
  ['permitted', 'have its value: Manage Secrets', { account: ['manage-secrets'] }, useForAccount],
  ['not-found', 'have its value: Use everywhere', { grants: [grant(['use'], '*/*')] }, useForAccount],
]);

row('See or edit an unscoped secret', () => world, [
  ['permitted', 'see: Manage Secrets', { account: ['manage-secrets'] }, seeSecret()],
  ['not-found', 'see: every action everywhere', everyAction, seeSecret()],
  ['permitted', 'edit: Manage Secrets', { account: ['manage-secrets'] }, rename()],
  ['not-found', 'edit: every action everywhere', everyAction, rename()],
  [
    'forbidden',
    'have its value: nobody, not even an administrator',
    admin,
    async (as) => as.resolve(await freshSecret(world, scope())),
  ],
]);

const useAt =
  (place: string, ...rows: string[]): Attempt =>
  async (as) =>
    as.resolve(`sally://${place}/${await freshSecret(world, scope(...rows))}`);

row('Use a value in a run', () => world, [
  [
    'permitted',
    'Use there, and the scope covers the place',
    { grants: [grant(['use'], 'shop/prod')] },
    useAt('shop/prod', 'shop/*'),
  ],
  [
    'forbidden',
    'every action but Use',
    { account: ['manage-secrets'], grants: [grant(['create', 'read', 'update', 'delete'], '*/*')] },
    useAt('shop/prod', 'shop/*'),
  ],
  [
    'not-found',
    'Use only at other places',
    { grants: [grant(['use'], 'shop/staging', 'billing/*')] },
    useAt('shop/prod', 'shop/*'),
  ],
  [
    'not-found',
    'Use there, but the scope does not cover the place',
    { grants: [grant(['use'], '*/*')] },
    useAt('billing/prod', 'shop/*'),
  ],
  ['forbidden', 'not even an administrator beyond its scope', admin, useAt('billing/prod', 'shop/*')],
]);

const logs = (['uses', 'changes', 'setup-usages'] as const).flatMap((log): Case[] => {
  const view: Attempt = async (as) =>
    as.call('GET', `/v1/secrets/${await freshSecret(world, scope('shop/*'))}/${log}`);
  return [
    ['permitted', `${log}: Read at a place of its scope`, { grants: [grant(['read'], 'shop/prod')] }, view],
    [
      'not-found',
      `${log}: signed in, but the secret is not to be seen`,
      { grants: [grant(['use'], '*/*')] },
      view,
    ],
  ];
});
row('View usage and change logs', () => world, logs);
