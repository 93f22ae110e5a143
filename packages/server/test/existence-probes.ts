// Requests for existence.test.ts: who asks, and with which bodies and queries, in which a reference is either hidden or not there.
import type { ROUTES } from '@sallyport/protocol';
import { grant } from './account.ts';
import type { RightsChoice } from './account.ts';
import { fakeHeader, fakeSealed, newRequestId } from './test-server.ts';

/** Everything at one place, which is another one than what is hidden. */
const OF_BILLING = [grant(['create', 'read', 'update', 'delete', 'use'], 'billing/dev')];
export const CALLERS = {
  nobody: {},
  elsewhere: { account: ['manage-secrets', 'force-delete-secrets'], grants: OF_BILLING },
  managing: { account: ['manage-secrets-managers'], grants: OF_BILLING },
  leading: { account: ['manage-users-and-groups'], grants: OF_BILLING },
  running: { account: ['run-scripts'], grants: OF_BILLING },
  settingUp: { account: ['manage-delegates', 'run-scripts'], grants: OF_BILLING },
} satisfies Record<string, RightsChoice>;
export type CallerName = keyof typeof CALLERS;

/** Bodies that the operations take. */
export const BODIES: Readonly<Record<string, unknown>> = {
  editSecretsManager: { name: 'other' },
  editSecret: { name: 'other' },
  renameApplication: { name: 'other' },
  createEnvironment: { name: 'other', type: 'production' },
  renameEnvironment: { name: 'other' },
  createService: { name: 'other' },
  renameService: { name: 'other' },
  putConfigEntry: { kind: 'variable', name: 'X', environment: 'dev', secret: 'open' },
  editGroup: { name: 'other' },
  addGroupMember: { user: 'alice' },
  editUser: { displayName: 'Other' },
  editDelegate: { addedSelectors: [] },
  editDelegateProfile: { name: 'other' },
  editWorkloadIssuer: { name: 'other' },
};

/** The caller is the one by whom it is most likely told apart. */
type Probe = [
  operation: keyof typeof ROUTES,
  field: string,
  about: { by: CallerName; of: string },
  body: (reference: string) => unknown,
];
const rows = (application: string) => [{ applications: [application], environments: 'all' }];
const grantsAt = (application: string) => [{ where: rows(application), actions: ['read'] }];
const writing = (over: object) => ({
  requestId: newRequestId(),
  secret: 'open',
  secretsManager: null,
  expectedVersion: null,
  sealed: fakeSealed('value'),
  ...over,
});
export const reading = (over: object) => ({
  requestId: newRequestId(),
  sealed: fakeSealed('question'),
  ...over,
});
const SCRIPT = { name: 'test.sh', sha256: '0'.repeat(64), selectors: [], maxSeconds: 60 };
const environmentRows = (environment: string) => [{ applications: ['billing'], environments: [environment] }];
const uploading = (over: object) => ({ ...writing(over), sealed: fakeHeader() });
const entryOf = (over: object) => ({
  kind: 'variable',
  name: 'X',
  environment: 'dev',
  secret: 'open',
  ...over,
});

/** Bodies that take references. Those with a request id lack the delegate's, which is not known before one is connected. */
export const PROBES: readonly Probe[] = [
  [
    'offersToWrite',
    'secret',
    { by: 'elsewhere', of: 'secret' },
    (secret) => ({ secret, secretsManager: null }),
  ],
  [
    'offersToWrite',
    'secretsManager',
    { by: 'elsewhere', of: 'secretsManager' },
    (secretsManager) => ({ secret: 'open', secretsManager }),
  ],
  [
    'offersToWrite',
    'scope',
    { by: 'elsewhere', of: 'application' },
    (one) => ({ secret: 'x', secretsManager: null, scope: { type: 'rows', rows: rows(one) } }),
  ],
  ['offersToRead', 'items', { by: 'elsewhere', of: 'secret' }, (item) => ({ items: [item] })],
  ['writeSecret', 'secret', { by: 'elsewhere', of: 'secret' }, (secret) => writing({ secret })],
  [
    'writeSecret',
    'secretsManager',
    { by: 'elsewhere', of: 'secretsManager' },
    (secretsManager) => writing({ secretsManager }),
  ],
  [
    'writeSecret',
    'scope',
    { by: 'elsewhere', of: 'application' },
    (one) => writing({ secret: 'x', scope: { type: 'rows', rows: rows(one) } }),
  ],
  ['uploadSecret', 'secret', { by: 'elsewhere', of: 'secret' }, (secret) => uploading({ secret })],
  [
    'uploadSecret',
    'secretsManager',
    { by: 'elsewhere', of: 'secretsManager' },
    (secretsManager) => uploading({ secretsManager }),
  ],
  ['resolveSecrets', 'items', { by: 'elsewhere', of: 'secret' }, (item) => reading({ items: [item] })],
  ['downloadSecret', 'item', { by: 'elsewhere', of: 'secret' }, (item) => reading({ item })],
  [
    'offersToRunScript',
    'items',
    { by: 'running', of: 'secret' },
    (item) => ({ items: [item], selectors: [] }),
  ],
  [
    'createDelegateProfile',
    'script',
    { by: 'settingUp', of: 'secret' },
    (secret) => ({ name: 'x', script: `echo "\${secrets.getValue("${secret}")}"`, selectors: ['nowhere'] }),
  ],
  [
    'checkProfileSecrets',
    'references',
    { by: 'settingUp', of: 'secret' },
    // Beside one that is not there: an address with a place is refused for the place alone.
    (secret) => ({ references: [secret, 'never-there'] }),
  ],
  [
    'runScript',
    'items',
    { by: 'running', of: 'secret' },
    (item) => reading({ items: [item], script: SCRIPT }),
  ],
  [
    'resolveSecrets',
    'items, at a place',
    { by: 'elsewhere', of: 'application' },
    (one) => reading({ items: [`sally://${one}/prod/open`] }),
  ],
  [
    'resolveSecrets',
    'items, at a place of a known application',
    { by: 'elsewhere', of: 'environment' },
    (one) => reading({ items: [`sally://billing/${one}/open`] }),
  ],
  [
    'explainScope',
    'secret, at a place',
    { by: 'elsewhere', of: 'application' },
    (one) => ({ secret: `sally://${one}/prod/open` }),
  ],
  ['explainScope', 'secret', { by: 'elsewhere', of: 'secret' }, (secret) => ({ secret })],
  [
    'explainScope',
    'secretsManager',
    { by: 'elsewhere', of: 'secretsManager' },
    (secretsManager) => ({ secretsManager }),
  ],
  [
    'explainScope',
    'scope',
    { by: 'elsewhere', of: 'environment' },
    (one) => ({ scope: { type: 'rows', rows: environmentRows(one) } }),
  ],
  [
    'explainScope',
    'managerScope',
    { by: 'elsewhere', of: 'environment' },
    (one) => ({ managerScope: environmentRows(one) }),
  ],
  [
    'explainDelegates',
    'secretsManager',
    { by: 'elsewhere', of: 'secretsManager' },
    (secretsManager) => ({ secretsManager }),
  ],
  [
    'editSecret',
    'scope',
    { by: 'elsewhere', of: 'application' },
    (one) => ({ scope: { type: 'rows', rows: rows(one) } }),
  ],
  [
    'createSecretsManager',
    'usageScope',
    { by: 'managing', of: 'application' },
    (one) => ({ name: 'x', settings: { kind: 'built-in' }, usageScope: rows(one) }),
  ],
  [
    'editSecretsManager',
    'usageScope',
    { by: 'managing', of: 'application' },
    (one) => ({ usageScope: rows(one) }),
  ],
  ['putConfigEntry', 'secret', { by: 'elsewhere', of: 'secret' }, (secret) => entryOf({ secret })],
  [
    'putConfigEntry',
    'environment',
    { by: 'elsewhere', of: 'environment' },
    (environment) => entryOf({ environment }),
  ],
  [
    'createGroup',
    'grants',
    { by: 'leading', of: 'application' },
    (one) => ({ name: 'x', grants: grantsAt(one) }),
  ],
  ['editGroup', 'grants', { by: 'leading', of: 'application' }, (one) => ({ grants: grantsAt(one) })],
  ['addGroupMember', 'user', { by: 'elsewhere', of: 'user' }, (user) => ({ user })],
  ['inviteUser', 'groups', { by: 'elsewhere', of: 'group' }, (group) => ({ name: 'bob', groups: [group] })],
  [
    'createApiKey',
    'owner',
    { by: 'elsewhere', of: 'group' },
    (group) => ({ name: 'x', owner: { groups: [group] } }),
  ],
  [
    'createApiKey',
    'restriction',
    { by: 'leading', of: 'application' },
    (one) => ({ name: 'x', restriction: { grants: grantsAt(one) } }),
  ],
  [
    'createWorkloadIssuer',
    'groups',
    { by: 'elsewhere', of: 'group' },
    (group) => ({ name: 'x', groups: [group] }),
  ],
  ['editWorkloadIssuer', 'groups', { by: 'elsewhere', of: 'group' }, (group) => ({ groups: [group] })],
  ['putSso', 'groups', { by: 'elsewhere', of: 'group' }, (group) => ({ groups: [group] })],
];

/** Queries that take references. */
export const QUERIES: readonly [
  operation: keyof typeof ROUTES,
  of: string,
  query: (reference: string) => object,
][] = [
  ['listSecrets', 'secretsManager', (secretsManager) => ({ secretsManager })],
  ['listSecrets', 'application', (application) => ({ application, environment: 'prod' })],
  ['listSecrets', 'environment', (environment) => ({ application: 'billing', environment })],
  ['listProfileRuns', 'delegate', (delegate) => ({ delegate })],
  ['listAudit', 'application', (application) => ({ application })],
  ['listAudit', 'environment', (environment) => ({ application: 'billing', environment })],
];
