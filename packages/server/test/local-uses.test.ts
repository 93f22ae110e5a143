// What delegates report later of what they served by themselves: recorded once, on the right day, as far as grants prove it, and whatever a
// delegate sends.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { generateKeyPairSync } from 'node:crypto';
import type { DelegateId } from '@sallyport/core';
import type { LocalUse } from '@sallyport/protocol';
import { signLocalGrant } from '@sallyport/protocol/local-grants';
import { openSqliteStore } from '../src/index.ts';
import { openGrantKey } from '../src/local-reads/grant-key.ts';
import { recordLocalUses } from '../src/local-reads/record-local-uses.ts';
import { makeRootKey } from '../src/root-key/root-key.ts';
import { addApplication, scope, writeAs } from './account.ts';
import { flaky } from './flaky-store.ts';
import type { FlakyStore } from './flaky-store.ts';
import { LocalReader, newJournal } from './local-reader.ts';
import { ManualClock } from './manual-clock.ts';
import type { ScriptedDelegate } from './scripted-delegate.ts';
import { addManager, startTestServer } from './test-server.ts';
import type { Loose, TestServer } from './test-server.ts';

const DAY_MS = 86_400_000;

let store: FlakyStore;
let clock: ManualClock;
let on: TestServer;
let delegate: ScriptedDelegate;
let reader: LocalReader;
let use: LocalUse;

beforeEach(async () => {
  // Noon, so that minutes later is the same day.
  clock = new ManualClock(Math.floor(Date.now() / DAY_MS) * DAY_MS + DAY_MS / 2);
  store = flaky(await openSqliteStore({ path: ':memory:' }));
  const rootKey = { base64: Buffer.alloc(32, 7).toString('base64') };
  on = await startTestServer({ dependencies: { store, clock }, config: { rootKey } });
  delegate = await on.delegate({ name: 'edge', offerExpiresAtMs: clock.nowMs() + DAY_MS });
  reader = new LocalReader(delegate);
  await addManager(on);
  await addApplication(on, 'shop', ['prod']);
  await writeAs(on, delegate, {
    secret: 'db',
    scope: scope('shop/*'),
    availability: { mode: 'offline', maxAgeSeconds: 3600 },
  });
  const grant = await reader.signedGrantFor(on.key, 'sally://shop/prod/db');
  const atMs = clock.nowMs() + 60_000;
  clock.advance(20_000);
  use = {
    grant,
    from: 'disk',
    outcome: 'released',
    purpose: 'nightly job',
    firstAtMs: atMs - 50_000,
    lastAtMs: atMs - 45_000,
    count: 3,
  };
});
afterEach(async () => {
  store.failsAudit = false;
  await on.end();
  await store.close();
});

async function trail(action: string): Promise<Loose[]> {
  return (await on.call('GET', `/v1/audit?action=${action}`)).body.records;
}

/** Records of uses that were reported, newest first. */
async function reported(action = 'secret.released'): Promise<Loose[]> {
  return (await trail(action)).filter(({ details }) => details.reportedLater === true);
}

async function usage(): Promise<Loose> {
  return (await on.call('GET', '/v1/secrets/db')).body.secret.usage;
}

describe('a report', () => {
  test('leaves records that name caller, place, delegate, times and count, and counts each use', async () => {
    const refusal: LocalUse = {
      ...use,
      outcome: { refusedWith: 'envelope-rejected' },
      from: 'memory',
      count: 2,
    };
    const before = (await usage()).releases;
    const at = { journal: newJournal(), sequence: 1 };
    expect(await reader.report([use, refusal], at)).toBe(1);
    const [released] = await reported();
    expect(released).toMatchObject({
      atMs: clock.nowMs(),
      actorName: 'admin',
      actorKind: 'api-key',
      resourceName: 'db',
      purpose: 'nightly job',
      requestId: null,
      details: {
        version: 1,
        reference: 'sally://shop/prod/db',
        delegate: delegate.delegateId,
        delegateName: 'edge',
        local: true,
        reportedLater: true,
        from: 'disk',
        count: 3,
        firstAtMs: use.firstAtMs,
        lastAtMs: use.lastAtMs,
      },
    });
    const [{ servedAlone }] = (await on.call('GET', '/v1/secrets/db/uses?outcome=released')).body.uses;
    expect(servedAlone).toEqual({
      from: 'disk',
      count: 3,
      firstAtMs: use.firstAtMs,
      lastAtMs: use.lastAtMs,
    });
    expect(released.applicationId).toMatch(/^app_/);
    expect(released.environmentId).toMatch(/^env_/);
    expect((await reported('secret.refused'))[0].details).toMatchObject({
      code: 'envelope-rejected',
      from: 'memory',
      count: 2,
    });
    expect(await usage()).toMatchObject({
      releases: before + 3,
      refusals: 2,
      lastReleasedAtMs: use.lastAtMs,
    });
    const { body } = await on.call('GET', '/v1/audit?action=delegate.uses-incomplete');
    expect(body.records).toEqual([]);
  });

  test('is recorded once, however often and however fast it is repeated', async () => {
    const journal = newJournal();
    const before = (await usage()).releases;
    const message = { type: 'local-uses', journal, sequence: 1, uses: [use] };
    const seen = reader.report([use], { journal, sequence: 1 });
    for (let i = 0; i < 5; i++) delegate.send(message);
    expect(await seen).toBe(1);
    expect(await reader.report([use], { journal, sequence: 1 })).toBe(1);
    // Under the same number of another journal it is another one.
    await reader.report([use], { journal: newJournal(), sequence: 1 });
    expect(await reported()).toHaveLength(2);
    expect((await usage()).releases).toBe(before + 6);
  });

  test('is recorded once by servers that share a database and get it at the same time', async () => {
    const message = { type: 'local-uses' as const, journal: newJournal(), sequence: 1, uses: [use] };
    const from = { id: 'dlg_1' as DelegateId, name: 'edge', fingerprint: reader.fingerprint };
    const rootKey = makeRootKey(Buffer.alloc(32, 7), 'a test');
    const grantKey = await openGrantKey(store, rootKey);
    const auditTrail = { accountId: reader.accountId };
    const record = async () => recordLocalUses(message, from, { store, clock, grantKey, auditTrail });
    expect(await Promise.all([record(), record(), record()])).toEqual([1, 1, 1]);
    expect(await reported()).toHaveLength(1);
  });

  test('that could not be written is not answered, and recorded when it is repeated', async () => {
    const at = { journal: newJournal(), sequence: 1 };
    store.failsAudit = true;
    delegate.send({ type: 'local-uses', ...at, uses: [use] });
    delegate.send({ type: 'heartbeat', tasksInFlight: 0 });
    await delegate.next('heartbeat-seen');
    store.failsAudit = false;
    expect(await reader.report([use], at)).toBe(1);
    expect(await reported()).toHaveLength(1);
    expect((await usage()).releases).toBe(4);
  });

  test('answers with the highest number that is recorded, and a gap is noted', async () => {
    const journal = newJournal();
    expect(await reader.report([use], { journal, sequence: 1 })).toBe(1);
    expect(await reader.report([use], { journal, sequence: 4 })).toBe(4);
    expect(await reader.report([use], { journal, sequence: 2 })).toBe(4);
    const [gap, ...others] = await trail('delegate.uses-incomplete');
    expect(others).toEqual([]);
    expect(gap).toMatchObject({
      actorKind: 'delegate',
      resource: delegate.delegateId,
      details: { journal, sequence: 4, missingReports: 2, unprovenUses: 0 },
    });
  });

  test('of a secret that was deleted meanwhile is recorded all the same', async () => {
    await on.call('DELETE', '/v1/secrets/db');
    const preview = (await on.call('GET', '/v1/secrets/db/deletion')).body;
    const gone = await on.call('DELETE', `/v1/secrets/db?confirm=${preview.confirmationToken ?? ''}`);
    expect([204, 404]).toContain(gone.status);
    expect((await on.call('GET', '/v1/secrets/db')).status).toBe(404);
    await reader.report([use], { journal: newJournal(), sequence: 1 });
    expect((await reported())[0]).toMatchObject({ resourceName: 'db', details: { count: 3 } });
  });

  test('from a delegate that was removed and came back goes on in its journal', async () => {
    const journal = newJournal();
    await reader.report([use], { journal, sequence: 1 });
    const closed = delegate.closed;
    await on.call('DELETE', `/v1/delegates/${delegate.delegateId}`);
    await closed;
    const again = new LocalReader(
      await on.delegate({
        name: 'edge',
        privateKey: delegate.privateKey,
        offerExpiresAtMs: clock.nowMs() + DAY_MS,
      }),
    );
    expect(again.delegate.delegateId).not.toBe(delegate.delegateId);
    expect(await again.report([use], { journal, sequence: 1 })).toBe(1);
    expect(await reported()).toHaveLength(1);
  });
});

describe('a use', () => {
  test('counts on the day when it happened, which lies neither before its grant nor after now', async () => {
    const secretId = (await on.call('GET', '/v1/secrets/db')).body.secret.id;
    const nowMs = clock.nowMs();
    const today = Math.floor(nowMs / DAY_MS);
    await reader.report(
      [
        { ...use, firstAtMs: 0, lastAtMs: 1, count: 10 },
        { ...use, firstAtMs: nowMs + DAY_MS, lastAtMs: nowMs + 2 * DAY_MS, count: 100 },
      ],
      { journal: newJournal(), sequence: 1 },
    );
    const counts = async (day: number) =>
      store.read(async ({ usage: counters }) => (await counters.countsOf([secretId], day))[0]?.released);
    expect([await counts(today), await counts(today + 1)]).toEqual([111, 0]);
    const [later, earlier] = (await reported()).map(({ details }) => details);
    expect([later.firstAtMs, later.lastAtMs]).toEqual([nowMs, nowMs]);
    expect(earlier.firstAtMs).toBe(earlier.lastAtMs);
    // Served after its grant had expired: that is said.
    expect([later.afterExpiry, earlier.afterExpiry]).toEqual([true, undefined]);
  });

  test.each([
    [
      'signed by somebody else',
      (text: string) => signLocalGrant(JSON.parse(text), generateKeyPairSync('ed25519').privateKey),
    ],
    [
      'changed after it was signed',
      (text: string) => ({ ...use.grant, text: text.replace('"version":1', '"version":2') }),
    ],
    ['no grant at all', () => ({ text: '{}', signature: 'A'.repeat(86) })],
  ])(
    'on a grant that is %s is not recorded as one, but noted, and the rest of the report counts',
    async (_, forge) => {
      const forged = { ...use, grant: forge(use.grant.text), count: 1000 };
      expect(await reader.report([forged, use], { journal: newJournal(), sequence: 1 })).toBe(1);
      expect(await reported()).toMatchObject([{ details: { count: 3 } }]);
      expect((await usage()).releases).toBe(4);
      expect((await trail('delegate.uses-incomplete'))[0].details).toMatchObject({ unprovenUses: 1 });
    },
  );

  test('on a grant for another delegate is none', async () => {
    const other = new LocalReader(
      await on.delegate({ name: 'other', offerExpiresAtMs: clock.nowMs() + DAY_MS }),
    );
    await other.report([use], { journal: newJournal(), sequence: 1 });
    expect(await reported()).toEqual([]);
    expect((await trail('delegate.uses-incomplete'))[0]).toMatchObject({
      resource: other.delegate.delegateId,
      details: { unprovenUses: 1 },
    });
  });

  test('with texts that nobody should find in the trail is recorded without them', async () => {
    await reader.report([{ ...use, purpose: 'two\nlines', outcome: { refusedWith: '<script>' } }], {
      journal: newJournal(),
      sequence: 1,
    });
    expect((await reported('secret.refused'))[0]).toMatchObject({
      purpose: null,
      details: { code: 'internal' },
    });
  });

  test.each([
    ['a count of nothing', { count: 0 }],
    ['a count beyond all use', { count: 2_000_000_000 }],
    ['a time that is none', { lastAtMs: -1 }],
    ['a grant beyond its size', { grant: { text: 'x'.repeat(9000), signature: 'A'.repeat(86) } }],
  ])('with %s breaks the protocol, and nothing of it is recorded', async (_, wrong) => {
    const closed = delegate.closed;
    delegate.send({ type: 'local-uses', journal: newJournal(), sequence: 1, uses: [{ ...use, ...wrong }] });
    await closed;
    expect(await reported()).toEqual([]);
  });
});
