// The audit trail through the API: what can be asked for, how it is paged, what an export holds, and that nothing is released that could
// not be recorded with all its fields.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AUDIT_ACTIONS } from '@sallyport/protocol';
import type { AuditExportPage, AuditRecord } from '@sallyport/protocol';
import { checkAuditRecord, headOf } from '@sallyport/protocol/audit';
import { keyedHash } from '../src/audit/keyed-hash.ts';
import { makeRootKey } from '../src/root-key/root-key.ts';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import { flaky } from './flaky-store.ts';
import type { FlakyStore } from './flaky-store.ts';
import { ManualClock } from './manual-clock.ts';
import { auditEntry } from './storage-rows.ts';
import {
  addManager,
  expectError,
  fakeSealed,
  kmsSettings,
  newRequestId,
  startTestServer,
  write,
} from './test-server.ts';
import type { Answer, Loose, TestServer } from './test-server.ts';

let on: TestServer;
let clock: ManualClock;
let store: FlakyStore;

beforeEach(async () => {
  clock = new ManualClock();
  store = flaky(await openSqliteStore({ path: ':memory:' }));
  on = await startTestServer({ dependencies: { clock, store } });
});
afterEach(async () => {
  await on.end();
  await store.close();
});

const list = async (query: string): Promise<Answer> => on.call('GET', `/v1/audit${query}`);
const actions = async (query: string): Promise<string[]> =>
  (await list(query)).body.records.map(({ action }: Loose) => action);

describe('listing', () => {
  test('is newest first and paged without gaps, however small the pages are', async () => {
    for (let index = 0; index < 7; index++)
      await on.call('POST', '/v1/delegate-tokens', { name: `t${index}` });
    const all = (await list('?limit=100')).body;
    expect(all.nextCursor).toBeNull();
    const paged: Loose[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body }: Answer = await list(`?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
      paged.push(...body.records);
      cursor = body.nextCursor;
    }
    expect(paged).toEqual(all.records);
    const sequences = all.records.map(({ sequence }: Loose) => sequence);
    expect(sequences).toEqual(Array.from({ length: sequences.length }, (_, i) => sequences.length - i));
  });

  test('is filtered by time, by who did it, by what it was done to, and by one action or several', async () => {
    const startMs = clock.nowMs();
    clock.advance(60_000);
    await on.call('POST', '/v1/delegate-tokens', { name: 'second' });
    clock.advance(60_000);
    await on.call('DELETE', '/v1/delegate-tokens/second');
    const created = 'delegate-token.created';
    expect(await actions(`?fromMs=${startMs + 60_000}`)).toEqual(['delegate-token.revoked', created]);
    expect(await actions(`?fromMs=${startMs + 60_000}&untilMs=${startMs + 120_000}`)).toEqual([created]);
    expect(await actions(`?untilMs=${startMs + 60_000}&action=${created}`)).toEqual([created]);
    expect(await actions(`?action=${created},delegate-token.revoked`)).toEqual([
      'delegate-token.revoked',
      created,
      created,
    ]);
    const [newest] = (await list('?limit=1')).body.records;
    expect(newest).toMatchObject({
      actorName: 'admin',
      actorKind: 'api-key',
      applicationId: null,
      purpose: null,
    });
    const byId = await actions(`?principal=${newest.actor}`);
    expect(byId).toEqual(await actions('?principal=admin'));
    expect(byId).toEqual(['delegate-token.revoked', created]);
    expect(await actions('?principal=server')).toEqual([created, 'api-key.created']);
    expect(await actions('?principal=nobody')).toEqual([]);
    expect(await actions(`?resource=${newest.resource}`)).toEqual(['delegate-token.revoked', created]);
  });

  test('is filtered by application and environment, by id or name, also after they were deleted', async () => {
    const shop = (await on.call('POST', '/v1/applications', { name: 'shop' })).body;
    const prod = (
      await on.call('POST', '/v1/applications/shop/environments', { name: 'prod', type: 'production' })
    ).body;
    const used = { applicationId: shop.id, environmentId: prod.id, action: 'secret.released' as const };
    await store.write(({ audit }) =>
      audit.append([auditEntry(used), auditEntry({ ...used, environmentId: null }), auditEntry()]),
    );
    const found = async (query: string): Promise<number> =>
      (await list(`?action=secret.released&${query}`)).body.records.length;
    expect(await found('application=shop')).toBe(2);
    expect(await found(`application=${shop.id}`)).toBe(2);
    expect(await found('application=shop&environment=prod')).toBe(1);
    expect(await found(`environment=${prod.id}`)).toBe(1);
    expectError(await list('?application=none'), 'not-found');
    expectError(await list('?application=shop&environment=none'), 'not-found');
    expectError(await list('?environment=prod'), 'invalid-request');
    await store.write(({ applications }) => applications.environments.markDeleted(prod.id, clock.nowMs()));
    expect(await found(`environment=${prod.id}`)).toBe(1);
  });

  test('refuses what it does not know instead of leaving it out', async () => {
    for (const query of [
      '?action=secret.stolen',
      '?action=',
      '?action=secret.released,,secret.refused',
      '?fromMs=yesterday',
      '?untilMs=-1',
      '?limit=501',
      '?cursor=xyz',
      '?acton=secret.released',
      '?action=secret.released&action=secret.refused',
    ]) {
      expectError(await list(query), 'invalid-request');
    }
    const foreign = (await on.call('GET', '/v1/audit?limit=1')).body.nextCursor;
    expectError(await on.call('GET', `/v1/audit/checkpoints?cursor=${foreign}`), 'invalid-request');
    expect((await list(`?action=${AUDIT_ACTIONS.join(',')}`)).status).toBe(200);
  });

  test('finds rare records in a long trail, and few at a time', async () => {
    const rare = auditEntry({ resource: 'sec_rare' });
    for (let batch = 0; batch < 12; batch++) {
      const entries = Array.from({ length: 1000 }, (_, i) => auditEntry({ resource: `sec_${i % 7}` }));
      await store.write(({ audit }) => audit.append([...entries, ...(batch % 4 === 0 ? [rare] : [])]));
    }
    const { body } = await list('?resource=sec_rare&limit=2');
    expect(body.records).toHaveLength(2);
    const rest = (await list(`?resource=sec_rare&limit=2&cursor=${body.nextCursor}`)).body;
    expect([rest.records.length, rest.nextCursor]).toEqual([1, null]);
  });
});

describe('an export', () => {
  const page = async (query: string): Promise<AuditExportPage> =>
    (await on.call('GET', `/v1/audit/export${query}`)).body as AuditExportPage;

  test('is oldest first and whole, with every checkpoint no earlier than the record that it is about', async () => {
    const delegate = await on.delegate();
    for (let round = 0; round < 4; round++) {
      await store.write(({ audit }) => audit.append([auditEntry(), auditEntry()]));
      await on.call('POST', '/v1/audit/checkpoints');
    }
    const records: AuditRecord[] = [];
    const numbers: number[] = [];
    let [after, checkpointsAfter] = [0, 0];
    for (let complete = false; !complete;) {
      const next = await page(`?after=${after}&checkpointsAfter=${checkpointsAfter}&limit=2`);
      records.push(...next.records);
      after = records.at(-1)?.sequence ?? 0;
      for (const { sequence, number } of next.checkpoints) {
        expect(sequence).toBeLessThanOrEqual(after);
        numbers.push(number);
      }
      checkpointsAfter = numbers.at(-1) ?? 0;
      ({ complete } = next);
      expect(next.delegates).toMatchObject([{ delegateId: delegate.delegateId, name: 'prod-1' }]);
    }
    expect(numbers).toEqual([1, 2, 3, 4]);
    let head = { sequence: 0, hash: '0'.repeat(64) };
    for (const record of records) {
      expect(checkAuditRecord(head, record)).toBeNull();
      head = headOf(record);
    }
    const last = await page(`?after=${head.sequence}&checkpointsAfter=4`);
    expect(last).toMatchObject({ head, records: [], checkpoints: [], complete: true });
  });

  test('asked for from beyond the end says where the end is', async () => {
    const { head } = await page('');
    expect(await page(`?after=${head.sequence + 5}`)).toMatchObject({ head, records: [], complete: true });
    expectError(await on.call('GET', '/v1/audit/export?limit=1001'), 'invalid-request');
  });
});

describe('nothing is released that could not be recorded', () => {
  test('with its place, its purpose and who used it in which role', async () => {
    const delegate = await on.delegate();
    await addManager(on);
    await write(on, delegate, { secret: 'x', value: 'released-value' });
    const read = async (): Promise<Response> =>
      fetch(`${on.server.address}/v1/secrets/resolve`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${on.key}`,
          'content-type': 'application/json',
          'x-sallyport-purpose': 'deployment 42',
        },
        body: JSON.stringify({
          requestId: newRequestId(),
          delegateId: delegate.delegateId,
          items: ['x'],
          sealed: fakeSealed('question'),
        }),
      });
    store.failsAudit = true;
    const refused = await read();
    const text = await refused.text();
    expect([refused.status, text]).toEqual([503, expect.stringContaining('storage-unavailable')]);
    expect(text).not.toContain(Buffer.from('released-value').toString('base64url'));
    store.failsAudit = false;
    expect((await read()).status).toBe(200);
    const [record] = (await list('?action=secret.released')).body.records;
    expect(record).toMatchObject({
      action: 'secret.released',
      actorKind: 'api-key',
      purpose: 'deployment 42',
      chainVersion: 2,
    });
    expect(await store.checkIntegrity()).toEqual([]);
  });
});

test('an edit of a secrets manager says what changed, and shows credentials as keyed hashes only', async () => {
  await on.delegate({ selectors: ['prod-vpc'] });
  const role = 'arn:aws:iam::111122223333:role/sallyport';
  const settings = (externalId: string): object =>
    kmsSettings({ credentials: { type: 'sts-role', roleArn: role, externalId } });
  const created = { name: 'kms', settings: settings('first-external-id') };
  expect((await on.call('POST', '/v1/secrets-managers', created)).status).toBe(201);
  const edit = async (name: string, edited: object): Promise<void> => {
    expect((await on.call('PATCH', `/v1/secrets-managers/${name}`, edited)).status).toBe(200);
  };
  await edit('kms', { name: 'kms-2', settings: settings('second-external-id') });
  await edit('kms-2', { settings: settings('first-external-id') });
  const { records } = (await list('?action=secrets-manager.edited')).body;
  const [second, first] = records.map(({ details }: Loose) => details.changes);
  const hash = expect.stringMatching(/^hmac:[A-Za-z0-9_-]{22}$/);
  const credentials = { type: 'sts-role', roleArn: role, externalId: hash, durationSeconds: 3600 };
  expect(first).toEqual([
    { field: 'name', from: 'kms', to: 'kms-2' },
    { field: 'credentials', from: credentials, to: credentials },
  ]);
  expect(first[1].from).not.toEqual(first[1].to);
  // That it is the first one again is what the hash is for.
  expect(second).toEqual([{ field: 'credentials', from: first[1].to, to: first[1].from }]);
  expect(JSON.stringify((await list('')).body)).not.toContain('external-id');
});

test('a keyed hash tells equal values of one field, and nothing to whoever lacks the root key', () => {
  const [key, other] = [1, 2].map((fill) => makeRootKey(new Uint8Array(32).fill(fill), 'a test')) as [
    ReturnType<typeof makeRootKey>,
    ReturnType<typeof makeRootKey>,
  ];
  const hashed = keyedHash(key, 'externalId', 'AKIAIOSFODNN7EXAMPLE');
  expect(hashed).toMatch(/^hmac:[A-Za-z0-9_-]{22}$/);
  expect(keyedHash(key, 'externalId', 'AKIAIOSFODNN7EXAMPLE')).toBe(hashed);
  const different = [
    keyedHash(key, 'accessKeyId', 'AKIAIOSFODNN7EXAMPLE'),
    keyedHash(key, 'externalId', 'AKIAIOSFODNN7EXAMPLF'),
    keyedHash(key, 'external', 'Id\0AKIAIOSFODNN7EXAMPLE'),
    keyedHash(other, 'externalId', 'AKIAIOSFODNN7EXAMPLE'),
  ];
  expect(new Set([hashed, ...different]).size).toBe(5);
});
