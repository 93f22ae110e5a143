// What is promised about reading secrets: recorded before released, one task for many names, and what an answer can hold.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import { flaky } from './flaky-store.ts';
import type { FlakyStore } from './flaky-store.ts';
import { box } from './scripted-delegate.ts';
import type { ScriptedDelegate } from './scripted-delegate.ts';
import {
  addManager,
  download,
  expectError,
  framesOf,
  newRequestId,
  fakeSealed,
  resolve,
  startTestServer,
  until,
  upload,
  valuesIn,
  write,
} from './test-server.ts';
import type { Loose, TestServer } from './test-server.ts';

let folder: string;
let store: FlakyStore;
let on: TestServer;
let delegate: ScriptedDelegate;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-secrets-'));
  store = flaky(await openSqliteStore({ path: join(folder, 'test.db') }));
  on = await startTestServer({ dependencies: { store } });
  delegate = await on.delegate({ name: 'prod-1', selectors: ['prod-vpc'] });
  await addManager(on);
});
afterEach(async () => {
  store.failsWrites = false;
  store.failsAudit = false;
  await on.end();
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

async function trail(action: string): Promise<Loose[]> {
  return (await on.call('GET', `/v1/audit?action=${action}`)).body.records;
}

describe('a read', () => {
  test('releases nothing when its record cannot be written', async () => {
    await write(on, delegate, { secret: 'x', value: 'top secret' });
    store.failsAudit = true;
    const refused = await resolve(on, delegate, ['x']);
    expectError(refused, 'storage-unavailable');
    expect(refused.headers.get('retry-after')).toBe('5');
    expect(JSON.stringify(refused.body)).not.toContain(Buffer.from('top secret').toString('base64url'));
    const stream = await download(on, delegate, 'x');
    expect(stream.status).toBe(503);
    expect(await stream.json()).toMatchObject({ error: { code: 'storage-unavailable' } });
    store.failsAudit = false;
    expect(await trail('secret.released')).toEqual([]);
    expect((await resolve(on, delegate, ['x'])).status).toBe(200);
  });

  test('is answered only after its record is durable', async () => {
    await write(on, delegate, { secret: 'x', value: '1' });
    const held = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    store.beforeWrite = async () => {
      reached.resolve();
      await held.promise;
    };
    let isAnswered = false;
    const answer = resolve(on, delegate, ['x']).finally(() => (isAnswered = true));
    await reached.promise;
    await on.call('GET', '/v1/whoami');
    expect(isAnswered).toBe(false);
    held.resolve();
    expect((await answer).status).toBe(200);
  });

  test('leaves one record per secret: who, which version, by which delegate, in which request', async () => {
    const written = await write(on, delegate, { secret: 'x', value: '1' });
    await write(on, delegate, { secret: 'y', value: '2' });
    delegate.scripts.resolve = (task) => {
      const { answer } = delegate.resolve({ ...task, items: task.items.slice(0, 1) });
      const error = { code: 'envelope-rejected', message: 'no', retryable: false } as const;
      return { kind: 'resolve', answer, failures: [{ reference: 'y', error }] };
    };
    const read = await resolve(on, delegate, ['x', 'y', 'nope']);
    // What failed at the delegate is said in its sealed answer only.
    expect(read.body.unresolved).toMatchObject([{ reference: 'nope', error: { code: 'not-found' } }]);
    const requestId = read.headers.get('x-request-id');
    expect(await trail('secret.released')).toMatchObject([
      {
        actorName: 'admin',
        resource: written.body.secret.id,
        resourceName: 'x',
        requestId,
        details: { version: 1, delegate: delegate.delegateId, delegateName: 'prod-1' },
      },
    ]);
    expect(await trail('secret.refused')).toMatchObject([
      { resource: 'none', requestId, details: { code: 'not-found', reference: 'nope' } },
      { resourceName: 'y', requestId, details: { code: 'envelope-rejected' } },
    ]);
  });

  test('that a delegate refuses is recorded as refused; a session it does not know is not', async () => {
    await write(on, delegate, { secret: 'x', value: '1' });
    for (const code of ['session-unknown', 'delegate-refused'] as const) {
      delegate.scripts.resolve = () => ({ failure: { code, message: 'no', retryable: false } });
      expectError(await resolve(on, delegate, ['x']), code);
      delegate.scripts.download = () => ({ failure: { code, message: 'no', retryable: false } });
      expect(await (await download(on, delegate, 'x')).json()).toMatchObject({ error: { code } });
    }
    expect((await trail('secret.refused')).map((record) => record.details.code)).toEqual([
      'delegate-refused',
      'delegate-refused',
    ]);
  });

  test('tells the delegate which references it does not answer, and of nothing at all asks nobody', async () => {
    await write(on, delegate, { secret: 'x', value: '1' });
    await resolve(on, delegate, ['nope', 'x', 'x@2']);
    const task = delegate.tasks.at(-1);
    expect(task).toMatchObject({
      kind: 'resolve',
      items: [{ reference: 'x', version: 1 }],
      unresolved: ['nope', 'x@2'],
    });
    const asked = delegate.tasks.length;
    const nothing = await resolve(on, delegate, ['nope']);
    expect(nothing).toMatchObject({ status: 200, body: { answer: '', unresolved: [{ reference: 'nope' }] } });
    expect(delegate.tasks.length).toBe(asked);
  });

  test('of a value above 1 MiB is pointed to the download; more than one answer holds is asked in parts', async () => {
    await upload(on, delegate, { secret: 'large', chunks: [Buffer.alloc(1_048_577)] });
    const large = await resolve(on, delegate, ['large']);
    expect(large.body.unresolved).toMatchObject([
      { error: { code: 'value-too-large', data: { hint: expect.stringContaining('download') } } },
    ]);
    const mib = 'x'.repeat(1_000_000);
    for (let i = 0; i < 17; i += 1) await write(on, delegate, { secret: `m${i}`, value: mib });
    const items = Array.from({ length: 17 }, (_, i) => `m${i}`);
    delegate.scripts.resolve = (task) => ({
      kind: 'resolve',
      answer: box(task.items.map(({ reference }) => ({ reference, value: '' }))),
      failures: [],
    });
    const many = await resolve(on, delegate, [...items, 'nope']);
    expect(Object.keys(valuesIn(many))).toEqual(items.slice(0, 15));
    expect(many.body.unresolved.map((one: Loose) => [one.reference, one.error.code])).toEqual([
      ['nope', 'not-found'],
      ['m15', 'value-too-large'],
      ['m16', 'value-too-large'],
    ]);
  });

  test('of a hundred names is one task', async () => {
    for (let i = 0; i < 100; i += 1) await write(on, delegate, { secret: `n${i}`, value: String(i) });
    const items = Array.from({ length: 100 }, (_, i) => `n${i}`);
    const resolveTasks = () => delegate.tasks.filter(({ kind }) => kind === 'resolve').length;
    const before = resolveTasks();
    expect(valuesIn(await resolve(on, delegate, items))).toEqual(
      Object.fromEntries(items.map((name, i) => [name, String(i)])),
    );
    expect(resolveTasks()).toBe(before + 1);
    expect((await on.call('GET', '/v1/audit?action=secret.released&limit=500')).body.records.length).toBe(
      100,
    );
  });

  test('that shares its lookup and its commit with others gets its own values', async () => {
    for (let i = 0; i < 40; i += 1) await write(on, delegate, { secret: `n${i}`, value: String(i) });
    const reads = await Promise.all(
      Array.from(
        { length: 40 },
        async (_, i) => [i, await resolve(on, delegate, [`n${i}`, 'nope'])] as const,
      ),
    );
    for (const [i, read] of reads) {
      expect(valuesIn(read)).toEqual({ [`n${i}`]: String(i) });
      expect(read.body.unresolved.length).toBe(1);
    }
    expect((await trail('secret.released')).length).toBe(40);
  });

  test('that shares a commit which fails is refused, and the next one works', async () => {
    await write(on, delegate, { secret: 'x', value: '1' });
    for (const fault of ['failsWrites', 'failsAudit'] as const) {
      store[fault] = true;
      const refused = await Promise.all(Array.from({ length: 10 }, () => resolve(on, delegate, ['x'])));
      for (const answer of refused) expectError(answer, 'storage-unavailable');
      store[fault] = false;
      expect((await resolve(on, delegate, ['x'])).status).toBe(200);
    }
    expect((await trail('secret.released')).length).toBe(2);
  });
});

test('an answer is for the request id that the client chose', async () => {
  const requestId = newRequestId();
  const answer = await on.call('POST', '/v1/secrets/resolve', {
    requestId,
    delegateId: delegate.delegateId,
    items: ['nope'],
    sealed: fakeSealed('q'),
  });
  expect(answer.headers.get('x-request-id')).toBe(requestId);
});

test('a download by id and version gives that version', async () => {
  await upload(on, delegate, { secret: 'f', chunks: [Buffer.from('one')] });
  const second = await upload(on, delegate, { secret: 'f', chunks: [Buffer.from('two')] });
  const read = async (item: string) =>
    Buffer.concat(await Array.fromAsync(framesOf(await download(on, delegate, item)))).toString();
  expect(await read(`${second.body.secret.id}@1`)).toBe('one');
  expect(await read('f')).toBe('two');
  expect((await download(on, delegate, 'f@3')).status).toBe(404);
  expect((await download(on, delegate, 'a/b')).status).toBe(404);
  await until(async () => (await trail('secret.released')).length === 2);
});
