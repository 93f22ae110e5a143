// What application permissions let somebody do to applications, environments and services themselves, and what they do not, through the
// HTTP API.
import { afterAll, beforeAll } from 'vitest';
import { addApplication, grant, keyWith } from './account.ts';
import { row } from './rbac-row.ts';
import type { Case } from './rbac-row.ts';
import { freshName, startRbacWorld } from './rbac-world.ts';
import type { World } from './rbac-world.ts';

let world: World;
beforeAll(async () => {
  world = await startRbacWorld();
});
afterAll(async () => {
  await world.on.end();
});

const ALL = ['create', 'read', 'update', 'delete', 'use'] as const;
const named = (): { name: string } => ({ name: freshName() });

/** An action in an application that there is for this one case, tried by somebody whose rights name it. */
function inFresh(
  outcome: Case[0],
  condition: string,
  of: {
    actions: (typeof ALL)[number][];
    at: string;
    attempt: (application: string) => { method: string; path: string; body?: unknown; confirmed?: boolean };
  },
): Case {
  return [
    outcome,
    condition,
    {},
    async () => {
      const application = freshName();
      await addApplication(world.on, application, ['prod', 'dev']);
      const key = await keyWith(world.on, { grants: [grant(of.actions, `${application}/${of.at}`)] });
      const { method, path, body, confirmed = false } = of.attempt(application);
      const token = confirmed
        ? (await world.on.call('GET', `${path}/deletion`)).body.confirmationToken
        : null;
      return world.on.call(method, token === null ? path : `${path}?confirm=${token}`, body, key);
    },
  ];
}

const toCreate = (application: string) => ({
  method: 'POST',
  path: `/v1/applications/${application}/environments`,
  body: { name: 'qa', type: 'non-production' },
});
const toRename = (application: string) => ({
  method: 'PATCH',
  path: `/v1/applications/${application}/environments/dev`,
  body: { name: 'test' },
});
const toDelete = (application: string) => ({
  method: 'DELETE',
  path: `/v1/applications/${application}/environments/dev`,
  confirmed: true,
});
const toRead = (application: string) => ({ method: 'GET', path: `/v1/applications/${application}` });
const toRenameAll = (application: string) => ({ ...toRead(application), method: 'PATCH', body: named() });
const toAddService = (application: string) => ({
  method: 'POST',
  path: `/v1/applications/${application}/services`,
  body: named(),
});

row('Application permissions on applications, environments and services', () => world, [
  inFresh('permitted', 'see an application: any action in it', {
    actions: ['use'],
    at: 'dev',
    attempt: toRead,
  }),
  [
    'not-found',
    'see an application: actions in others only',
    { grants: [grant([...ALL], 'billing/*')] },
    async (as) => as.call('GET', '/v1/applications/shop'),
  ],
  inFresh('permitted', 'create an environment: Create for its type', {
    actions: ['create'],
    at: 'non-production',
    attempt: toCreate,
  }),
  inFresh('forbidden', 'create an environment: Create for the other type', {
    actions: ['create'],
    at: 'production',
    attempt: toCreate,
  }),
  inFresh('forbidden', 'create an environment: Create in those that there are', {
    actions: ['create'],
    at: 'prod,dev',
    attempt: toCreate,
  }),
  inFresh('forbidden', 'create an environment: other actions than Create', {
    actions: ['read', 'update', 'delete', 'use'],
    at: '*',
    attempt: toCreate,
  }),
  inFresh('permitted', 'rename an environment: Update in it', {
    actions: ['update'],
    at: 'dev',
    attempt: toRename,
  }),
  inFresh('not-found', 'rename an environment: Update in another one', {
    actions: ['update'],
    at: 'prod',
    attempt: toRename,
  }),
  inFresh('forbidden', 'rename an environment: other actions than Update', {
    actions: ['create', 'read', 'delete', 'use'],
    at: '*',
    attempt: toRename,
  }),
  inFresh('permitted', 'delete an environment: Delete in it', {
    actions: ['delete'],
    at: 'dev',
    attempt: toDelete,
  }),
  inFresh('forbidden', 'delete an environment: other actions than Delete', {
    actions: ['create', 'read', 'update', 'use'],
    at: '*',
    attempt: toDelete,
  }),
  inFresh('permitted', 'rename an application: Update throughout it', {
    actions: ['update'],
    at: '*',
    attempt: toRenameAll,
  }),
  inFresh('forbidden', 'rename an application: Update in every environment that there is', {
    actions: ['update'],
    at: 'prod,dev',
    attempt: toRenameAll,
  }),
  inFresh('permitted', 'add a service: Create throughout the application', {
    actions: ['create'],
    at: '*',
    attempt: toAddService,
  }),
  inFresh('forbidden', 'add a service: Create for one type', {
    actions: ['create'],
    at: 'production',
    attempt: toAddService,
  }),
]);
