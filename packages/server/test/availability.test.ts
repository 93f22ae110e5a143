// Availability of secrets: given to a new one, changed by whoever may change the secret, and by nothing else.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { addApplication, grant, keyWith, scope, writeAs } from './account.ts';
import type { ScriptedDelegate } from './scripted-delegate.ts';
import { addManager, expectError, startTestServer } from './test-server.ts';
import type { Loose, TestServer } from './test-server.ts';

const OFFLINE = { mode: 'offline', maxAgeSeconds: 86_400 } as const;

let on: TestServer;
let delegate: ScriptedDelegate;

beforeEach(async () => {
  on = await startTestServer();
  delegate = await on.delegate();
  await addManager(on);
  await addApplication(on, 'shop', ['prod', 'staging']);
});
afterEach(async () => {
  await on.end();
});

async function availabilityOf(secret: string): Promise<Loose> {
  const { body } = await on.call('GET', `/v1/secrets/${secret}`);
  const listed = (await on.call('GET', `/v1/secrets?search=${secret}`)).body.secrets[0];
  expect(listed.availability).toEqual(body.secret.availability);
  return body.secret.availability;
}

test('a secret is fresh unless it was made otherwise, and every answer says so', async () => {
  const plain = await writeAs(on, delegate, { secret: 'plain' });
  expect(plain.body.secret.availability).toEqual({ mode: 'fresh' });
  const made = await writeAs(on, delegate, { secret: 'made', availability: OFFLINE });
  expect(made.body.secret.availability).toEqual(OFFLINE);
  expect([await availabilityOf('plain'), await availabilityOf('made')]).toEqual([{ mode: 'fresh' }, OFFLINE]);
  const { records } = (await on.call('GET', '/v1/audit?action=secret.created')).body;
  expect(records.map((record: Loose) => record.details.availability)).toEqual(['offline 24h', 'fresh']);
});

test('new versions, names and scopes leave it as it is', async () => {
  await writeAs(on, delegate, { secret: 'db', availability: OFFLINE });
  await writeAs(on, delegate, { secret: 'db', value: 'second' });
  await on.call('PATCH', '/v1/secrets/db', { name: 'db2', leaveAlias: true, scope: scope('shop/*') });
  expect(await availabilityOf('db2')).toEqual(OFFLINE);
});

test('a write does not change that of a secret that exists', async () => {
  await writeAs(on, delegate, { secret: 'db', availability: OFFLINE });
  const refused = await writeAs(on, delegate, { secret: 'db', availability: { mode: 'fresh' } });
  expect(expectError(refused, 'invalid-request').data.hint).toContain('sallyport availability set');
  expect(await availabilityOf('db')).toEqual(OFFLINE);
});

test('a change is in the change log and the audit trail, one that changes nothing is not', async () => {
  await writeAs(on, delegate, { secret: 'db' });
  const changed = await on.call('PATCH', '/v1/secrets/db', {
    availability: { mode: 'stale-ok', maxAgeSeconds: 900 },
  });
  expect(changed.body.availability).toEqual({ mode: 'stale-ok', maxAgeSeconds: 900 });
  await on.call('PATCH', '/v1/secrets/db', { availability: { mode: 'stale-ok', maxAgeSeconds: 900 } });
  await on.call('PATCH', '/v1/secrets/db', { availability: { mode: 'fresh' } });
  const { changes } = (await on.call('GET', '/v1/secrets/db/changes')).body;
  expect(changes.slice(0, 2)).toMatchObject([
    {
      action: 'secret.availability-changed',
      changes: [{ field: 'availability', from: 'stale-ok 15m', to: 'fresh' }],
    },
    {
      action: 'secret.availability-changed',
      changes: [{ field: 'availability', from: 'fresh', to: 'stale-ok 15m' }],
    },
  ]);
  expect(changes).toHaveLength(3);
});

test('is changed by whoever may change the secret, and by nobody else', async () => {
  await writeAs(on, delegate, { secret: 'db', scope: scope('shop/prod') });
  const change = { availability: OFFLINE };
  const user = await keyWith(on, { grants: [grant(['use', 'read'], 'shop/*')] });
  expectError(await on.call('PATCH', '/v1/secrets/db', change, user), 'forbidden');
  const stranger = await keyWith(on, {});
  expectError(await on.call('PATCH', '/v1/secrets/db', change, stranger), 'not-found');
  expect(await availabilityOf('db')).toEqual({ mode: 'fresh' });
  const keeper = await keyWith(on, {
    account: ['manage-secrets'],
    grants: [grant(['use', 'read', 'update'], 'shop/*')],
  });
  expect((await on.call('PATCH', '/v1/secrets/db', change, keeper)).status).toBe(200);
  expect(await availabilityOf('db')).toEqual(OFFLINE);
});

test.each([
  { mode: 'offline' },
  { mode: 'offline', maxAgeSeconds: 0 },
  { mode: 'offline', maxAgeSeconds: 604_801 },
  { mode: 'stale-ok', maxAgeSeconds: 1.5 },
  { mode: 'fresh', maxAgeSeconds: 60 },
  { mode: 'always' },
])('%j is refused, for a new secret and for one that exists', async (availability) => {
  await writeAs(on, delegate, { secret: 'db' });
  expectError(await on.call('PATCH', '/v1/secrets/db', { availability }), 'invalid-request');
  expectError(
    await writeAs(on, delegate, { secret: 'new', availability: availability as Loose }),
    'invalid-request',
  );
  expect(await availabilityOf('db')).toEqual({ mode: 'fresh' });
});
