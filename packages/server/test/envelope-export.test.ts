// Exports of stored envelopes at the server: pages in one order, the record before the first byte, and nothing that is not on record.
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { EnvelopeAddress, EnvelopeView } from '@sallyport/protocol';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import { flaky } from './flaky-store.ts';
import type { FlakyStore } from './flaky-store.ts';
import type { ScriptedDelegate } from './scripted-delegate.ts';
import { addManager, expectError, framesOf, startTestServer, write } from './test-server.ts';
import type { TestServer } from './test-server.ts';

let store: FlakyStore;
let on: TestServer;
let delegate: ScriptedDelegate;

beforeEach(async () => {
  store = flaky(await openSqliteStore({ path: ':memory:' }));
  on = await startTestServer({ dependencies: { store } });
  delegate = await on.delegate();
  await addManager(on);
  for (const [secret, value] of [
    ['one', 'a'],
    ['one', 'b'],
    ['two', 'c'],
  ] as const) {
    expect((await write(on, delegate, { secret, value })).status).toBe(200);
  }
});
afterEach(async () => {
  await on.end();
  await store.close();
});

/** All pages of so many rows. */
async function list(limit: number, more = ''): Promise<EnvelopeView[]> {
  const rows: EnvelopeView[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const after = cursor === '' ? '' : `&cursor=${cursor}`;
    const { status, body } = await on.call('GET', `/v1/envelopes?limit=${limit}${more}${after}`);
    expect(status).toBe(200);
    rows.push(...body.envelopes);
    cursor = body.nextCursor;
  }
  return rows;
}

async function ask(items: readonly EnvelopeAddress[]): Promise<Response> {
  return fetch(`${on.server.address}/v1/envelopes/download`, {
    method: 'POST',
    headers: { authorization: `Bearer ${on.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ items }),
  });
}

const addressesOf = (rows: readonly EnvelopeView[]): EnvelopeAddress[] =>
  rows.map(({ secretId, version }) => ({ secretId, version }));
const newestRecord = async () => (await on.call('GET', '/v1/audit?limit=1')).body.records[0];

test('pages of any size list every version once, in the same order', async () => {
  const all = await list(100);
  expect(all.map(({ name, version }) => `${name}@${version}`)).toEqual(['one@1', 'one@2', 'two@1']);
  expect(all.map(({ isNewest }) => isNewest)).toEqual([false, true, true]);
  for (const limit of [1, 2, 3]) expect(await list(limit)).toEqual(all);
  expect(await list(1, '&newest=true')).toEqual(all.filter(({ isNewest }) => isNewest));
});

test('a rename between two pages leaves nothing out', async () => {
  const { body } = await on.call('GET', '/v1/envelopes?limit=1');
  await on.call('PATCH', '/v1/secrets/two', { name: 'a-first' });
  const rest = await on.call('GET', `/v1/envelopes?cursor=${body.nextCursor}`);
  expect(rest.body.envelopes.map(({ name }: EnvelopeView) => name)).toEqual(['one', 'a-first']);
  expectError(await on.call('GET', '/v1/envelopes?cursor=bm9uc2Vuc2U'), 'invalid-request');
});

test('each envelope is sent as it is stored, with the hash that the list says', async () => {
  const rows = await list(100);
  const frames = await Array.fromAsync(framesOf(await ask(addressesOf(rows))));
  for (const [index, row] of rows.entries()) {
    const [head, envelope = Buffer.alloc(0), end] = frames.slice(index * 3, index * 3 + 3);
    expect(JSON.parse(Buffer.from(head ?? []).toString())).toEqual({
      secretId: row.secretId,
      version: row.version,
      isThere: true,
    });
    expect(envelope).toHaveLength(row.envelopeBytes);
    expect(createHash('sha256').update(envelope).digest('hex')).toBe(row.sha256);
    expect(row.encryptionContext).toMatchObject({
      'sallyport:secret': row.secretId,
      'sallyport:version': String(row.version),
    });
    expect(end).toHaveLength(0);
  }
  expect(frames).toHaveLength(rows.length * 3);
});

test('without a record nothing is sent', async () => {
  const items = addressesOf(await list(100));
  store.failsAudit = true;
  const refused = await ask(items);
  expect(refused.status).toBe(503);
  expect(JSON.stringify(await refused.json())).toContain('storage-unavailable');
});

test('one record for each secret names the versions that left', async () => {
  const items = addressesOf(await list(100)).slice(0, 2);
  await (await ask(items)).blob();
  expect(await newestRecord()).toMatchObject({
    action: 'secret.exported',
    resource: items[0]?.secretId,
    resourceName: 'one',
    details: { versions: [1, 2] },
  });
});

test('a version that comes about after the record was written is not sent', async () => {
  const [first] = await list(100);
  // Asked for before it is there: whoever guesses the next number must not have it without a record.
  const next: EnvelopeAddress = { secretId: (first as EnvelopeView).secretId, version: 3 };
  const isSent = async (): Promise<unknown> => {
    const [head] = await Array.fromAsync(framesOf(await ask([next])));
    return JSON.parse(Buffer.from(head ?? []).toString()).isThere;
  };
  const inner = store.write.bind(store);
  store.write = async (work) => {
    const result = await inner(work);
    store.write = inner;
    expect((await write(on, delegate, { secret: 'one', value: 'late' })).body.secret.version).toBe(3);
    return result;
  };
  expect(await isSent()).toBe(false);
  expect(await isSent()).toBe(true);
});
