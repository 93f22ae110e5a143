// What the server promises about scripts: recorded before they start, with all their secrets or not at all, and ended when nobody listens.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import { flaky } from './flaky-store.ts';
import type { FlakyStore } from './flaky-store.ts';
import type { ScriptedDelegate } from './scripted-delegate.ts';
import {
  addManager,
  expectError,
  fakeSealed,
  framesOf,
  newRequestId,
  startTestServer,
  until,
  write,
} from './test-server.ts';
import type { Loose, TestServer } from './test-server.ts';

let folder: string;
let store: FlakyStore;
let on: TestServer;
let delegate: ScriptedDelegate;

const FACTS = { name: 'deploy.sh', sha256: 'ab'.repeat(32), selectors: [] as string[], maxSeconds: 60 };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-scripts-'));
  store = flaky(await openSqliteStore({ path: join(folder, 'test.db') }));
  on = await startTestServer({ dependencies: { store } });
  delegate = await on.delegate({ name: 'prod-1', selectors: ['prod-vpc'] });
  await addManager(on);
  await write(on, delegate, { secret: 'x', value: '1' });
});
afterEach(async () => {
  store.failsAudit = false;
  await on.end();
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

async function trail(action: string): Promise<Loose[]> {
  return (await on.call('GET', `/v1/audit?action=${action}`)).body.records;
}

async function run(
  items: string[],
  options: { facts?: object; key?: string; signal?: AbortSignal } = {},
): Promise<Response> {
  return fetch(`${on.server.address}/v1/scripts/run`, {
    method: 'POST',
    headers: { authorization: `Bearer ${options.key ?? on.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      requestId: newRequestId(),
      delegateId: delegate.delegateId,
      items,
      script: { ...FACTS, ...options.facts },
      sealed: fakeSealed('script'),
    }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}

async function output(response: Response): Promise<string[]> {
  const frames: string[] = [];
  for await (const frame of framesOf(response)) frames.push(Buffer.from(frame).toString());
  return frames;
}

describe('a script', () => {
  test('is recorded with its secrets when it starts, and when it ends', async () => {
    const response = await run(['x']);
    expect(response.status).toBe(200);
    expect(await output(response)).toEqual(['ready', 'output', 'ended']);
    await until(async () => (await trail('script.ended')).length === 1);
    const script = { script: 'deploy.sh', sha256: FACTS.sha256 };
    expect(await trail('script.started')).toMatchObject([
      {
        resource: delegate.delegateId,
        resourceName: 'prod-1',
        details: { ...script, secrets: 1, maxSeconds: 60 },
      },
    ]);
    expect(await trail('script.ended')).toMatchObject([
      { resource: delegate.delegateId, details: { ...script, reason: 'exited', exitCode: 3 } },
    ]);
    const [released] = await trail('secret.released');
    const [started] = await trail('script.started');
    expect(released).toMatchObject({ resourceName: 'x', requestId: started.requestId });
  });

  test('is not started when its record cannot be written', async () => {
    store.failsAudit = true;
    const cancelled = delegate.next('cancel');
    const response = await run(['x']);
    expect(response.status).toBe(503);
    await cancelled;
    const [task] = delegate.tasks.filter(({ kind }) => kind === 'run-script');
    // The word to start it would have been a chunk.
    expect(task && delegate.waitingChunks(task.taskId)).toBe(0);
    store.failsAudit = false;
    expect(await trail('script.started')).toEqual([]);
    expect(await trail('secret.released')).toEqual([]);
  });

  test('that lacks one secret gets none: no delegate hears of it, and the refusal is recorded', async () => {
    const tasksBefore = delegate.tasks.length;
    const answer = await on.call('POST', '/v1/offers/script', {
      items: ['x', 'missing', 'other'],
      selectors: [],
    });
    const { message, data } = expectError(answer, 'not-found');
    expect(message).toContain('missing');
    expect(data.failures.map(({ reference }: Loose) => reference)).toEqual(['missing', 'other']);
    const one = await on.call('POST', '/v1/offers/script', { items: ['x', 'missing'], selectors: [] });
    expect(expectError(one, 'not-found').message).toMatch(/^missing: /);
    expect((await run(['x', 'missing'])).status).toBe(404);
    expect(delegate.tasks.length).toBe(tasksBefore);
    expect(await trail('secret.released')).toEqual([]);
    expect((await trail('secret.refused')).length).toBe(4);
  });

  test('goes only to a delegate that has its selectors and runs scripts', async () => {
    await on.delegate({ name: 'careful', selectors: ['edge'], runsScripts: false });
    const offers = async (selectors: string[]): Promise<Loose> =>
      on.call('POST', '/v1/offers/script', { items: ['x'], selectors });
    const found = await offers(['PROD-vpc', 'prod-1']);
    expect(found.body.delegates.map(({ offer }: Loose) => offer.name)).toEqual(['prod-1']);
    const { message } = expectError(await offers(['edge']), 'no-delegate');
    expect(message).toContain('careful runs no scripts (its guard file does not allow them)');
    expect(message).toContain('prod-1 lacks selector edge');
    const refused = await run(['x'], { facts: { selectors: ['edge'] } });
    expect(await refused.json()).toMatchObject({ error: { code: 'delegate-not-eligible' } });
    const { delegates } = (await on.call('GET', '/v1/delegates')).body;
    expect(Object.fromEntries(delegates.map((one: Loose) => [one.name, one.runsScripts]))).toEqual({
      careful: false,
      'prod-1': true,
    });
    const { body } = await on.call('POST', '/v1/delegates/explain', { scripts: true });
    expect(body.delegates).toContainEqual(
      expect.objectContaining({
        name: 'careful',
        reasons: ['careful runs no scripts (its guard file does not allow them).'],
      }),
    );
  });

  test('that a delegate refuses is recorded as refused, its secrets too, and nothing as released', async () => {
    const error = { code: 'delegate-refused', message: 'The guard file says no.', retryable: false } as const;
    delegate.scripts['run-script'] = () => ({ failure: error });
    const response = await run(['x']);
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ error: { code: 'delegate-refused' } });
    expect(await trail('script.refused')).toMatchObject([{ details: { code: 'delegate-refused' } }]);
    expect(await trail('secret.refused')).toMatchObject([{ resourceName: 'x' }]);
    expect(await trail('script.started')).toEqual([]);
    expect(await trail('secret.released')).toEqual([]);
  });

  test('whose client goes away is cancelled, even if it says nothing, and recorded as ended', async () => {
    delegate.scripts['run-script'] = async (task) => {
      await delegate.sendChunk(task.taskId, Buffer.from('ready'), false);
      return 'silence' as const;
    };
    const stop = new AbortController();
    const response = await run(['x'], { signal: stop.signal });
    expect(response.status).toBe(200);
    const cancelled = delegate.next('cancel');
    stop.abort();
    await cancelled;
    await until(async () => (await trail('script.ended')).length === 1);
    expect(await trail('script.ended')).toMatchObject([{ details: { code: 'delegate-lost' } }]);
  });

  test('whose delegate dies is broken off, never ended cleanly, and recorded as ended', async () => {
    delegate.scripts['run-script'] = async (task) => {
      await delegate.sendChunk(task.taskId, Buffer.from('ready'), false);
      for await (const _go of delegate.receiveChunks(task.taskId)) await delegate.disconnect();
      return 'silence' as const;
    };
    const response = await run(['x']);
    await expect(output(response)).rejects.toThrow();
    await until(async () => (await trail('script.ended')).length === 1);
    expect(await trail('script.ended')).toMatchObject([{ details: { code: 'delegate-lost' } }]);
  });

  test('needs the permission for it, whatever else somebody may', async () => {
    const made = await on.call('POST', '/v1/groups', {
      name: 'others',
      account: ['administer', 'manage-delegates'],
    });
    const key = await on.call('POST', '/v1/api-keys', { name: 'k', owner: { groups: [made.body.id] } });
    const response = await run([], { key: key.body.value });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ error: { code: 'forbidden' } });
    expect(delegate.tasks.filter(({ kind }) => kind === 'run-script')).toEqual([]);
  });
});
