// Downloads: back-pressure to either end, the record before the first byte, and broken off rather than ended when something fails.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import type { Store } from '../src/storage/store.ts';
import { ManualClock } from './manual-clock.ts';
import type { ScriptedDelegate } from './scripted-delegate.ts';
import {
  addManager,
  download,
  fakeHeader,
  framesOf,
  newRequestId,
  startTestServer,
  until,
  upload,
} from './test-server.ts';
import type { TestServer } from './test-server.ts';

const MIB = 1_048_576;

let folder: string;
let store: Store;
let clock: ManualClock;
let on: TestServer;
let delegate: ScriptedDelegate;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-streams-'));
  store = await openSqliteStore({ path: join(folder, 'test.db') });
  clock = new ManualClock();
  on = await startTestServer({ dependencies: { store, clock } });
  delegate = await on.delegate();
  await addManager(on);
});
afterEach(async () => {
  await on.end();
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

describe('a download that nobody reads', () => {
  test('stops taking more from the delegate, and is ended after a minute without blaming it', async () => {
    await upload(on, delegate, { secret: 'f', chunks: Array.from({ length: 40 }, () => randomBytes(MIB)) });
    const honest = delegate.sendChunk.bind(delegate);
    let sent = 0;
    delegate.sendChunk = async (taskId, payload, last) => {
      await honest(taskId, payload, last);
      sent += 1;
    };
    const { hostname, port } = new URL(on.server.address);
    const socket = connect(Number(port), hostname);
    const body = JSON.stringify({
      requestId: newRequestId(),
      delegateId: delegate.delegateId,
      item: 'f',
      sealed: { ...fakeHeader(), box: '' },
    });
    socket.pause();
    socket.write(
      `POST /v1/secrets/download HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${on.key}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    await delegate.nextTask('download');
    // What the sockets in between hold, and the window; it stays so however often the loop turns.
    await until(() => sent >= 4);
    for (let stalledAt = -1; stalledAt !== sent;) {
      stalledAt = sent;
      for (let turns = 0; turns < 100; turns += 1) await on.call('GET', '/v1/whoami');
    }
    expect(sent).toBeLessThan(40);
    const cancelled = delegate.next('cancel');
    for (let i = 0; i < 6; i += 1) {
      delegate.send({ type: 'heartbeat', tasksInFlight: 1 });
      await delegate.next('heartbeat-seen');
      clock.advance(10_000);
    }
    await cancelled;
    const { body: list } = await on.call('GET', '/v1/delegates');
    expect(list.delegates[0]).toMatchObject({ state: 'connected', restingUntilMs: null, tasksInFlight: 0 });
    socket.destroy();
  });
});

describe('a download', () => {
  beforeEach(async () => {
    await upload(on, delegate, { secret: 'f', chunks: Array.from({ length: 12 }, () => randomBytes(MIB)) });
  });

  test('whose delegate dies in the middle is broken off, never ended cleanly', async () => {
    const honest = delegate.sendChunk.bind(delegate);
    let sent = 0;
    delegate.sendChunk = async (taskId, payload, last) => {
      sent += 1;
      if (sent === 4) await delegate.disconnect();
      else await honest(taskId, payload, last);
    };
    const response = await download(on, delegate, 'f');
    expect(response.status).toBe(200);
    await expect(Array.fromAsync(framesOf(response))).rejects.toThrow();
  });

  test('that fails in the middle is broken off too', async () => {
    const honest = delegate.sendChunk.bind(delegate);
    let sent = 0;
    delegate.sendChunk = async (taskId, payload, last) => {
      sent += 1;
      if (sent === 4) throw new Error('no more');
      await honest(taskId, payload, last);
    };
    await expect(Array.fromAsync(framesOf(await download(on, delegate, 'f')))).rejects.toThrow();
  });

  test('that fails before its first chunk is an error like any other, and recorded as refused', async () => {
    delegate.scripts.download = () => ({
      failure: { code: 'envelope-rejected', message: 'no', retryable: false },
    });
    const response = await download(on, delegate, 'f');
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ error: { code: 'envelope-rejected' } });
    const { body } = await on.call('GET', '/v1/audit?limit=1');
    expect(body.records).toMatchObject([
      { action: 'secret.refused', resourceName: 'f', details: { code: 'envelope-rejected' } },
    ]);
  });

  test('whose client goes away cancels the task', async () => {
    const stop = new AbortController();
    const response = await fetch(`${on.server.address}/v1/secrets/download`, {
      method: 'POST',
      headers: { authorization: `Bearer ${on.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        requestId: newRequestId(),
        delegateId: delegate.delegateId,
        item: 'f',
        sealed: { ...fakeHeader(), box: '' },
      }),
      signal: stop.signal,
    });
    expect(response.status).toBe(200);
    const cancelled = delegate.next('cancel');
    stop.abort();
    await cancelled;
    const { body } = await on.call('GET', '/v1/delegates');
    expect(body.delegates[0]).toMatchObject({ tasksInFlight: 0, restingUntilMs: null });
  });

  test('whose delegate sends more than it was granted costs that delegate its connection', async () => {
    delegate.scripts.download = (task) => {
      const frame = Buffer.concat([Buffer.from(task.taskId), Buffer.from([0]), randomBytes(100)]);
      for (let i = 0; i < 6; i += 1) delegate.socket.send(frame);
      return 'silence';
    };
    const closed = delegate.closed;
    // The record is written and the answer begun, or not: in either case it does not end well.
    const response = await download(on, delegate, 'f').catch(() => null);
    if (response?.status === 200) await expect(Array.fromAsync(framesOf(response))).rejects.toThrow();
    await closed;
  });
});
