// What makes the server tell delegates to ask again: every change on which decisions about reads stand, at once, and not more often than
// needed. A read that was decided before a change and answered after it is followed by the same word.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSqliteStore } from '../src/index.ts';
import { addApplication, grant, keyWith, writeAs } from './account.ts';
import { flaky } from './flaky-store.ts';
import type { FlakyStore } from './flaky-store.ts';
import { LocalReader, outcomesOf } from './local-reader.ts';
import { ManualClock } from './manual-clock.ts';
import type { ScriptedDelegate } from './scripted-delegate.ts';
import { addManager, startTestServer } from './test-server.ts';
import type { Loose, TestServer } from './test-server.ts';

let store: FlakyStore;
let clock: ManualClock;
let on: TestServer;
let delegate: ScriptedDelegate;
let reader: LocalReader;

beforeEach(async () => {
  clock = new ManualClock();
  store = flaky(await openSqliteStore({ path: ':memory:' }));
  on = await startTestServer({ dependencies: { store, clock } });
  delegate = await on.delegate({ name: 'edge' });
  reader = new LocalReader(delegate);
  await addManager(on);
  await addApplication(on, 'shop', ['prod']);
  await writeAs(on, delegate, { secret: 'db' });
  clock.advance(1000);
});
afterEach(async () => {
  await on.end();
  await store.close();
});

/** How many have come, once all that was sent so far has. */
async function rechecks(of = delegate): Promise<number> {
  const seen = of.next('heartbeat-seen');
  of.send({ type: 'heartbeat', tasksInFlight: 0 });
  await seen;
  return of.messages.filter(({ type }) => type === 'recheck').length;
}

test('each kind of change is told once it is committed', async () => {
  const group = (await on.call('POST', '/v1/groups', { name: 'readers', account: [], grants: [] })).body;
  const key = (await on.call('POST', '/v1/api-keys', { name: 'k', owner: { groups: [group.id] } })).body;
  const changes: [string, () => Promise<Loose>][] = [
    ['a new version', () => writeAs(on, delegate, { secret: 'db', value: 'next' })],
    ['another name', () => on.call('PATCH', '/v1/secrets/db', { name: 'db2' })],
    ['another scope', () => on.call('PATCH', '/v1/secrets/db2', { scope: { type: 'account' } })],
    [
      'availability',
      () => on.call('PATCH', '/v1/secrets/db2', { availability: { mode: 'stale-ok', maxAgeSeconds: 9 } }),
    ],
    ['a deletion', () => on.call('DELETE', '/v1/secrets/db2')],
    ['rights of a group', () => on.call('PATCH', '/v1/groups/readers', { grants: [grant(['use'], '*/*')] })],
    ['a revoked key', () => on.call('DELETE', `/v1/api-keys/${key.apiKey.id}`)],
    ['an application', () => on.call('POST', '/v1/applications', { name: 'billing', environments: [] })],
    ['a secrets manager', () => on.call('PATCH', '/v1/secrets-managers/keys', { name: 'ring' })],
  ];
  for (const [what, change] of changes) {
    clock.advance(1000);
    const before = await rechecks();
    expect([what, (await change()).status < 300]).toEqual([what, true]);
    expect([what, (await rechecks()) - before]).toEqual([what, 1]);
  }
});

test('many changes in a row are told at once, and then once more for all that followed', async () => {
  const second = await on.delegate({ name: 'other' });
  const before = await rechecks();
  for (let i = 0; i < 5; i++) await writeAs(on, delegate, { secret: 'db', value: `${i}` });
  expect((await rechecks()) - before).toBe(1);
  clock.advance(100);
  expect((await rechecks()) - before).toBe(2);
  clock.advance(1000);
  expect((await rechecks()) - before).toBe(2);
  // Also those that have not asked for anything on this connection.
  expect(await rechecks(second)).toBe(2);
});

test('reads, and what is refused, are no changes', async () => {
  const stranger = await keyWith(on, {});
  clock.advance(1000);
  const before = await rechecks();
  await reader.read(on.key, ['db', 'nothing']);
  expect((await on.call('PATCH', '/v1/secrets/db', { name: 'x' }, stranger)).status).toBe(404);
  expect(await rechecks()).toBe(before);
});

test('an answer that was decided before a withdrawal is followed by a recheck, and the next read is refused', async () => {
  const key = await keyWith(on, { account: ['manage-secrets'], grants: [grant(['use', 'read'], '*/*')] });
  const { apiKeys } = (await on.call('GET', '/v1/api-keys')).body;
  const own = apiKeys.find(({ name }: Loose) => name.startsWith('group'));
  // Its first use is noted now, so that the next write is the record of the read below.
  await reader.read(key, ['db']);
  clock.advance(1000);
  // The read has been decided and waits for its record; the revocation is committed with it.
  const held = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  store.beforeWrite = async () => {
    store.beforeWrite = () => Promise.resolve();
    reached.resolve();
    await held.promise;
  };
  const answer = reader.read(key, ['db']);
  await reached.promise;
  expect((await on.call('DELETE', `/v1/api-keys/${own.id}`)).status).toBe(204);
  const before = await rechecks();
  held.resolve();
  expect(outcomesOf(await answer)).toEqual({ db: 'granted' });
  expect(await rechecks()).toBe(before + 1);
  expect(outcomesOf(await reader.read(key, ['db']))).toBe('unauthenticated');
});
