// Uploads: back-pressure to either end, the largest file, and nothing left behind when one end goes away.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeHttpFrame, HTTP_FRAMES_TYPE } from '@sallyport/protocol';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import type { Store } from '../src/storage/store.ts';
import { ManualClock } from './manual-clock.ts';
import type { ScriptedDelegate } from './scripted-delegate.ts';
import {
  addManager,
  download,
  expectError,
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

/** Waits until nothing of an upload is stored any more. */
async function expectNothingStored(secret: string): Promise<void> {
  expectError(await on.call('GET', `/v1/secrets/${secret}`), 'not-found');
  expect(await store.uploads.removeUnattached()).toBe(0);
}

/** Frames of an upload as raw bytes, for clients that stop where fetch would not. */
function uploadHead(secret: string): Buffer {
  const clear = {
    requestId: newRequestId(),
    delegateId: delegate.delegateId,
    secret,
    secretsManager: null,
    expectedVersion: null,
    sealed: fakeHeader(),
  };
  const head = `POST /v1/secrets/upload HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${on.key}\r\ncontent-type: ${HTTP_FRAMES_TYPE}\r\ntransfer-encoding: chunked\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), httpChunk(encodeHttpFrame(Buffer.from(JSON.stringify(clear))))]);
}

function httpChunk(bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
}

describe('an upload', () => {
  test('of 64 MiB has a few chunks under way at most, and comes back the same', async () => {
    const before = createHash('sha256');
    let sent = 0;
    let waitingAtMost = 0;
    async function* chunks(): AsyncGenerator<Uint8Array> {
      for (; sent < 64; sent += 1) {
        const chunk = randomBytes(MIB);
        before.update(chunk);
        yield chunk;
        const task = delegate.tasks.at(-1);
        if (task?.kind === 'upload')
          waitingAtMost = Math.max(waitingAtMost, delegate.waitingChunks(task.taskId));
      }
    }
    const written = await upload(on, delegate, { secret: 'big', chunks: chunks() });
    expect(written.body.secret).toMatchObject({ valueBytes: 64 * MIB, kind: 'file' });
    expect(waitingAtMost).toBeLessThanOrEqual(4);
    const after = createHash('sha256');
    for await (const frame of framesOf(await download(on, delegate, 'big'))) after.update(frame);
    expect(after.digest('hex')).toBe(before.digest('hex'));
  }, 60_000);

  test('stops taking more from a client while the delegate takes none', async () => {
    delegate.scripts.upload = () => 'silence';
    let yielded = 0;
    async function* chunks(): AsyncGenerator<Uint8Array> {
      for (; yielded < 40; yielded += 1) yield Buffer.alloc(MIB);
    }
    const stop = new AbortController();
    const uploading = upload(on, delegate, {
      secret: 'stalled',
      chunks: chunks(),
      signal: stop.signal,
    }).catch(() => null);
    const task = await delegate.nextTask('upload');
    await until(() => delegate.waitingChunks(task.taskId) === 4);
    await on.call('GET', '/v1/whoami');
    expect(delegate.waitingChunks(task.taskId)).toBe(4);
    expect(yielded).toBeLessThan(40);
    stop.abort();
    await uploading;
    const cancelled = delegate.next('cancel');
    clock.advance(29_000);
    delegate.send({ type: 'heartbeat', tasksInFlight: 1 });
    await delegate.next('heartbeat-seen');
    clock.advance(1000);
    await cancelled;
    await expectNothingStored('stalled');
  });

  test('whose delegate makes no progress ends as task-timeout', async () => {
    delegate.scripts.upload = () => 'silence';
    const uploading = upload(on, delegate, {
      secret: 'x',
      chunks: Array.from({ length: 6 }, () => Buffer.alloc(1000)),
    });
    const task = await delegate.nextTask('upload');
    await until(() => delegate.waitingChunks(task.taskId) === 4);
    for (let i = 0; i < 3; i += 1) {
      delegate.send({ type: 'heartbeat', tasksInFlight: 1 });
      await delegate.next('heartbeat-seen');
      clock.advance(10_000);
    }
    expectError(await uploading, 'task-timeout');
    await expectNothingStored('x');
  });

  test('whose delegate dies in the middle leaves nothing behind', async () => {
    delegate.scripts.upload = async (task) => {
      let taken = 0;
      for await (const chunk of delegate.receiveChunks(task.taskId)) {
        taken += 1;
        await delegate.sendChunk(task.taskId, chunk, false);
        if (taken === 6) await delegate.disconnect();
      }
      return 'silence' as const;
    };
    // Its chunks are no envelope, so they must not even be stored while they come; the header is judged first.
    const refused = await upload(on, delegate, {
      secret: 'x',
      chunks: Array.from({ length: 10 }, () => randomBytes(MIB)),
    });
    expect(['internal', 'delegate-lost']).toContain(refused.body.error.code);
    await expectNothingStored('x');
  });

  test('that dies with its delegate after chunks were stored is removed', async () => {
    const honest = delegate.sendChunk.bind(delegate);
    let sent = 0;
    delegate.sendChunk = async (taskId, payload, last) => {
      sent += 1;
      if (sent === 6) await delegate.disconnect();
      else await honest(taskId, payload, last);
    };
    const refused = await upload(on, delegate, {
      secret: 'x',
      chunks: Array.from({ length: 10 }, () => randomBytes(MIB)),
    });
    expectError(refused, 'delegate-lost');
    expect(sent).toBeGreaterThanOrEqual(6);
    await expectNothingStored('x');
  });

  test('whose client goes away cancels the task and leaves nothing behind', async () => {
    const { hostname, port } = new URL(on.server.address);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    socket.write(uploadHead('x'));
    for (let i = 0; i < 5; i += 1) socket.write(httpChunk(encodeHttpFrame(randomBytes(MIB))));
    await delegate.nextTask('upload');
    await once((delegate as unknown as { socket: NodeJS.EventEmitter }).socket, 'message');
    const cancelled = delegate.next('cancel');
    socket.destroy();
    await cancelled;
    await until(async () => (await store.uploads.removeUnattached()) === 0);
    await expectNothingStored('x');
  });

  test('whose client stops sending is ended, and the delegate is not blamed', async () => {
    const { hostname, port } = new URL(on.server.address);
    const socket = connect(Number(port), hostname);
    const answered = once(socket, 'data');
    socket.write(uploadHead('x'));
    await delegate.nextTask('upload');
    const cancelled = delegate.next('cancel');
    for (let i = 0; i < 4; i += 1) {
      clock.advance(10_000);
      delegate.send({ type: 'heartbeat', tasksInFlight: 1 });
      await delegate.next('heartbeat-seen');
    }
    const [data] = await answered;
    expect(String(data)).toMatch(/^HTTP\/1\.1 400 [\s\S]*stopped arriving/);
    await cancelled;
    const { body } = await on.call('GET', '/v1/delegates');
    expect(body.delegates[0]).toMatchObject({ state: 'connected', restingUntilMs: null });
    socket.destroy();
  });

  test.each([
    ['no frames', Buffer.alloc(0)],
    ['a first frame that is no JSON', Buffer.from(encodeHttpFrame(Buffer.from('{')))],
    ['a first frame that is no upload', Buffer.from(encodeHttpFrame(Buffer.from('{"secret":1}')))],
    ['a frame that is too long', Buffer.from([0xff, 0xff, 0xff, 0xff, 1])],
    ['half a frame', Buffer.from([0, 0, 0, 9, 1])],
  ])('of %s is refused', async (_, body) => {
    const response = await fetch(`${on.server.address}/v1/secrets/upload`, {
      method: 'POST',
      headers: { authorization: `Bearer ${on.key}`, 'content-type': HTTP_FRAMES_TYPE },
      body,
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 'invalid-request' } });
    expect(delegate.tasks.filter(({ kind }) => kind === 'upload')).toEqual([]);
  });

  test('cut off within a frame is refused and leaves nothing behind', async () => {
    const { hostname, port } = new URL(on.server.address);
    const socket = connect(Number(port), hostname);
    const answered = once(socket, 'data');
    socket.write(uploadHead('x'));
    socket.write(httpChunk(Buffer.from([0, 0, 0, 9, 1])));
    socket.write('0\r\n\r\n');
    expect(String((await answered)[0])).toMatch(/^HTTP\/1\.1 400 [\s\S]*middle of a frame/);
    await expectNothingStored('x');
    socket.destroy();
  });
});

describe('the largest file', () => {
  test('is judged while it arrives, not after', async () => {
    const small = await startTestServer({ config: { fileMaxBytes: MIB } });
    try {
      const worker = await small.delegate();
      await addManager(small);
      const fits = await upload(small, worker, { secret: 'fits', chunks: [Buffer.alloc(MIB)] });
      expect(fits.status).toBe(200);
      const byOne = await upload(small, worker, {
        secret: 'no',
        chunks: [Buffer.alloc(MIB), Buffer.alloc(1)],
      });
      expect(byOne.status).toBe(413);
      expectError(byOne, 'value-too-large');
      let yielded = 0;
      async function* chunks(): AsyncGenerator<Uint8Array> {
        for (; yielded < 4; yielded += 1) yield Buffer.alloc(MIB);
      }
      expectError(await upload(small, worker, { secret: 'no', chunks: chunks() }), 'value-too-large');
      expectError(await small.call('GET', '/v1/secrets/no'), 'not-found');
    } finally {
      await small.end();
    }
  });
});

test('a client that sends all before it reads gets to know why its upload was refused', async () => {
  delegate.scripts.upload = () => ({
    failure: { code: 'delegate-refused', message: 'no', retryable: false },
  });
  const { hostname, port } = new URL(on.server.address);
  const socket = connect(Number(port), hostname);
  socket.pause();
  socket.write(uploadHead('x'));
  for (let i = 0; i < 6; i += 1) socket.write(httpChunk(encodeHttpFrame(randomBytes(MIB))));
  await new Promise<void>((sent) => socket.write('0\r\n\r\n', () => sent()));
  socket.resume();
  expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 403 [\s\S]*delegate-refused/);
  // Read to its end, so the connection serves on.
  socket.write(`GET /v1/whoami HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${on.key}\r\n\r\n`);
  expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 /);
  socket.destroy();
});
