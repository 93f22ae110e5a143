// Who may do what with secrets managers: rows of the matrix of rights with what each permits and refuses, through the HTTP API.
import { afterAll, beforeAll } from 'vitest';
import { grant, region, scope } from './account.ts';
import { row } from './rbac-row.ts';
import type { Attempt } from './rbac-row.ts';
import { freshManager, freshName, freshSecret, startRbacWorld } from './rbac-world.ts';
import type { Who, World } from './rbac-world.ts';

let world: World;
beforeAll(async () => {
  world = await startRbacWorld();
});
afterAll(async () => {
  await world.on.end();
});

const nobody: Who = {};
const ALL = ['create', 'read', 'update', 'delete', 'use'] as const;

const seeManager =
  (...rows: string[]): Attempt =>
  async (as) =>
    as.see('/v1/secrets-managers', await freshManager(world, ...rows));

const seeTests =
  (...rows: string[]): Attempt =>
  async (as) =>
    as.call('GET', `/v1/secrets-managers/${await freshManager(world, ...rows)}/tests`);

row('See what tests of a secrets manager found', () => world, [
  [
    'permitted',
    'Read at a place of its scope',
    { grants: [grant(['read'], 'shop/prod')] },
    seeTests('shop/*'),
  ],
  [
    'not-found',
    'Read only at other places',
    { grants: [grant(['read'], 'billing/*', 'shop/prod')] },
    seeTests('shop/staging'),
  ],
  ['permitted', 'for all places: everybody', nobody, seeTests('*/*')],
]);

row('See a secrets manager in the list', () => world, [
  [
    'permitted',
    'Read at a place of its scope',
    { grants: [grant(['read'], 'shop/prod')] },
    seeManager('shop/*'),
  ],
  [
    'permitted',
    'Read at a place of its type',
    { grants: [grant(['read'], 'billing/prod')] },
    seeManager('*/production'),
  ],
  [
    'not-found',
    'Read only at other places',
    { grants: [grant(['read'], 'billing/*', 'shop/prod')] },
    seeManager('shop/staging'),
  ],
  [
    'not-found',
    'other actions than Read',
    { grants: [grant(['create', 'update', 'delete', 'use'], 'shop/*')] },
    seeManager('shop/*'),
  ],
  ['permitted', 'for all places: everybody', nobody, seeManager('*/*')],
  [
    'permitted',
    'for no place: with Manage Secrets Managers',
    { account: ['manage-secrets-managers'] },
    seeManager(),
  ],
  [
    'not-found',
    'for no place: with Manage Secrets',
    { account: ['manage-secrets'], grants: [grant([...ALL], '*/*')] },
    seeManager(),
  ],
]);

const addManagerOf =
  (...rows: string[]): Attempt =>
  async (as) =>
    as.call('POST', '/v1/secrets-managers', {
      name: freshName(),
      settings: { kind: 'built-in' },
      usageScope: region(...rows),
    });
const editManager =
  (from: string, to: string): Attempt =>
  async (as) =>
    as.call('PATCH', `/v1/secrets-managers/${await freshManager(world, from)}`, { usageScope: region(to) });
const removeManager =
  (...rows: string[]): Attempt =>
  async (as) =>
    as.call('DELETE', `/v1/secrets-managers/${await freshManager(world, ...rows)}`);
const managing = (...rows: string[]): Who => ({
  account: ['manage-secrets-managers'],
  grants: [grant(['update', 'read'], ...rows)],
});
const updating = (...rows: string[]): Who => ({ grants: [grant(['update', 'read'], ...rows)] });

row('Add, edit or delete a secrets manager', () => world, [
  [
    'permitted',
    'add: Manage Secrets Managers, and Update throughout its scope',
    managing('shop/*'),
    addManagerOf('shop/*'),
  ],
  ['forbidden', 'add: without Manage Secrets Managers', updating('*/*'), addManagerOf('shop/*')],
  [
    'forbidden',
    'add: with Manage Secrets instead',
    { account: ['manage-secrets'], grants: [grant(['update'], '*/*')] },
    addManagerOf('shop/*'),
  ],
  ['forbidden', 'add: Update at a part of its scope', managing('shop/prod'), addManagerOf('shop/*')],
  [
    'forbidden',
    'add: Update in every environment that there is, but not in those to come',
    managing('shop/prod,staging'),
    addManagerOf('shop/*'),
  ],
  ['permitted', 'add: for no place, which takes Update nowhere', managing(), addManagerOf()],
  [
    'permitted',
    'edit: Update throughout the old and the new scope',
    managing('shop/*', 'billing/*'),
    editManager('shop/*', 'billing/*'),
  ],
  [
    'forbidden',
    'edit: Update throughout the new scope only',
    {
      account: ['manage-secrets-managers'],
      grants: [grant(['update'], 'billing/*'), grant(['read'], '*/*')],
    },
    editManager('shop/*', 'billing/*'),
  ],
  [
    'forbidden',
    'edit: Update throughout the old scope only',
    { account: ['manage-secrets-managers'], grants: [grant(['update'], 'shop/*'), grant(['read'], '*/*')] },
    editManager('shop/*', 'billing/*'),
  ],
  [
    'forbidden',
    'edit: Update at a part of the new scope',
    {
      account: ['manage-secrets-managers'],
      grants: [grant(['update'], 'shop/*', 'billing/prod'), grant(['read'], '*/*')],
    },
    editManager('shop/*', 'billing/*'),
  ],
  ['forbidden', 'edit: without Manage Secrets Managers', updating('*/*'), editManager('shop/*', 'billing/*')],
  [
    'permitted',
    'delete: Update throughout its scope',
    managing('*/production'),
    removeManager('*/production'),
  ],
  [
    'forbidden',
    'delete: Update at a part of its scope',
    managing('*/non-production', 'shop/*'),
    removeManager('*/production'),
  ],
  ['forbidden', 'delete: without Manage Secrets Managers', updating('*/*'), removeManager('shop/*')],
]);

const setDefault =
  (...rows: string[]): Attempt =>
  async (as) =>
    as.call('POST', `/v1/secrets-managers/${await freshManager(world, ...rows)}/default`);

row('Set the default secrets manager', () => world, [
  [
    'permitted',
    'Manage Secrets Managers, and Update throughout its scope',
    managing('shop/*'),
    setDefault('shop/*'),
  ],
  ['forbidden', 'Update at a part of its scope', managing('shop/production'), setDefault('shop/*')],
  ['forbidden', 'without Manage Secrets Managers', updating('*/*'), setDefault('shop/*')],
]);

const keeping = (...rows: string[]): Who => ({
  account: ['manage-secrets'],
  grants: [grant(['update', 'read'], ...rows)],
});

/** A new version under another secrets manager. */
const migrate =
  (of: string, from: string, to: string): Attempt =>
  async (as) => {
    const secret = await freshSecret(world, scope(of), await freshManager(world, from));
    return as.write({ secret, secretsManager: await freshManager(world, to) });
  };

row('Migrate', () => world, [
  [
    'permitted',
    "Manage Secrets, and the target's scope contains the secret's",
    keeping('shop/*'),
    migrate('shop/prod', 'shop/*', '*/production'),
  ],
  [
    'scope-too-wide',
    "the target's scope does not contain the secret's",
    keeping('*/*'),
    migrate('shop/*', 'shop/*', 'shop/prod'),
  ],
  ['forbidden', 'without Manage Secrets', updating('*/*'), migrate('shop/prod', 'shop/*', '*/*')],
  [
    'forbidden',
    "Update at a part of the secret's scope",
    keeping('shop/prod'),
    migrate('shop/*', 'shop/*', '*/*'),
  ],
  [
    'not-found',
    'to a secrets manager that is not to be seen',
    { account: ['manage-secrets'], grants: [grant(['update'], 'shop/*')] },
    migrate('shop/prod', '*/*', 'shop/*'),
  ],
]);
