// The one outbound connection: handshake, heartbeats, silence, reconnecting, and being refused.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DELEGATE_PROTOCOL_VERSION, HEARTBEAT } from '@sallyport/protocol';
import type { ErrorCode } from '@sallyport/core';
import { reconnectDelayMs } from '../src/connection/reconnect-delay.ts';
import { parseDelegateConfig, startDelegate } from '../src/index.ts';
import type { DelegateState, RunningDelegate } from '../src/index.ts';
import { DelegateFixture, makeFolder, memoryLogger, newId } from './delegate-fixture.ts';
import { ManualTime } from './manual-time.ts';
import { refusalOf, ScriptedServer } from './scripted-server.ts';

/** Resolves with the next state of that name. */
function stateOf<N extends DelegateState['name']>(
  delegate: RunningDelegate,
  name: N,
): Promise<Extract<DelegateState, { name: N }>> {
  return new Promise((resolve) => {
    const end = delegate.onState((state) => {
      if (state.name !== name) return;
      end();
      resolve(state as Extract<DelegateState, { name: N }>);
    });
  });
}

describe('handshake', () => {
  test('names the delegate, its selectors and kinds, proves its identity, and offers a sealing key of its own', async () => {
    await using it = await DelegateFixture.start({ config: { selectors: ['Prod-VPC'] } });
    expect(it.identify).toMatchObject({
      protocolVersion: DELEGATE_PROTOCOL_VERSION,
      name: 'delegate-one',
      selectors: ['prod-vpc'],
      kinds: ['aws-kms', 'built-in'],
      token: 'dtk-test-token',
      version: '0.1.0',
    });
    expect(it.identify.offer.identityKey).toBe(it.identify.identityKey);
    expect(it.newSession().delegateFingerprint).toBe(it.delegate.fingerprint);
  });

  test('a server that sends work before its welcome, or what is no message, is left', async () => {
    for (const text of [
      '{"type":"cancel","taskId":"tsk_00000000000000000000000000"}',
      '{"type":"welcome","delegateId":"dlg_00000000000000000000000000"}',
      'not JSON',
      '{"type":"unheard-of"}',
    ]) {
      const server = await ScriptedServer.start();
      server.greeting = { refusal: null, saysHello: false, answersHeartbeats: true };
      await using folder = await makeFolder();
      const config = parseDelegateConfig({ serverUrl: server.url, name: 'one', dataFolder: folder.path });
      const delegate = await startDelegate(config, { ...memoryLogger(), time: new ManualTime() });
      const connection = await server.accept();
      connection.sendText(text);
      expect((await connection.closed).code).toBe(1002);
      await delegate.close();
      await server.close();
    }
  });

  test('a task that this delegate does not understand is refused by its id, and the connection goes on', async () => {
    await using it = await DelegateFixture.start();
    const taskId = newId('task');
    it.connection.sendText(JSON.stringify({ type: 'task', task: { kind: 'teleport', taskId } }));
    expect(await it.connection.end(taskId)).toMatchObject({
      type: 'failure',
      error: { code: 'protocol-version-unsupported' },
    });
    expect((await it.stored('v')).envelope).not.toBe('');
  });
});

describe('heartbeats', () => {
  test('go out every ten seconds with the number of tasks, and renew the offer halfway through its life', async () => {
    const time = new ManualTime();
    await using it = await DelegateFixture.start({ dependencies: { time } });
    for (let beat = 0; beat < 3; beat++) {
      time.advance(HEARTBEAT.everySeconds * 1000);
      expect(await it.connection.next('heartbeat')).toEqual({
        type: 'heartbeat',
        tasksInFlight: 0,
        dataKeyCache: { keys: 0, uses: 0, keyServiceCalls: 0 },
      });
    }
    let passedMs = 30_000;
    for (; passedMs < 30 * 60_000 + 10_000; passedMs += 10_000) {
      time.advance(10_000);
      await it.connection.next('heartbeat');
    }
    const { offer } = await it.connection.next('offer');
    expect(offer.sealingKey).not.toBe(it.identify.offer.sealingKey);
    expect(offer.identityKey).toBe(it.identify.identityKey);
  });

  test('that nobody answers for thirty seconds end the connection, and the delegate dials again', async () => {
    const time = new ManualTime();
    await using it = await DelegateFixture.start({ dependencies: { time } });
    it.server.greeting = { refusal: null, saysHello: true, answersHeartbeats: false };
    it.connection.drop();
    await stateOf(it.delegate, 'waiting');
    time.advance(15_000);
    const silent = await it.server.accept();
    await silent.identified;
    await stateOf(it.delegate, 'connected');
    time.advance(29_999);
    expect(it.delegate.state().name).toBe('connected');
    const waiting = stateOf(it.delegate, 'waiting');
    time.advance(1);
    expect(await waiting).toMatchObject({ error: null, detail: 'no word from the server for 30 s' });
    time.advance(15_000);
    await (
      await it.server.accept()
    ).identified;
  });

  test('a handshake that hangs ends the same way', async () => {
    const time = new ManualTime();
    const server = await ScriptedServer.start();
    server.greeting = { refusal: null, saysHello: false, answersHeartbeats: true };
    await using folder = await makeFolder();
    const config = parseDelegateConfig({ serverUrl: server.url, name: 'one', dataFolder: folder.path });
    const delegate = await startDelegate(config, { ...memoryLogger(), time });
    await server.accept();
    const waiting = stateOf(delegate, 'waiting');
    time.advance(30_000);
    expect((await waiting).detail).toContain('no word');
    await delegate.close();
    await server.close();
  });
});

describe('dialling again', () => {
  test('waits between half a step and a step, doubling from 0.2 s to 15 s', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.double({ min: 0, max: 0.999, noNaN: true }), (failedAttempts, jitter) => {
        const stepMs = Math.min(15_000, 200 * 2 ** failedAttempts);
        const delayMs = reconnectDelayMs({ failedAttempts, refusal: null }, () => jitter);
        expect(delayMs).toBeGreaterThanOrEqual(Math.floor(stepMs / 2));
        expect(delayMs).toBeLessThanOrEqual(stepMs);
      }),
    );
  });

  test('jitter spreads a fleet', () => {
    const delays = new Set(
      Array.from({ length: 100 }, (_, index) =>
        reconnectDelayMs({ failedAttempts: 5, refusal: null }, () => index / 100),
      ),
    );
    expect(delays.size).toBeGreaterThan(90);
  });

  test('a server that admits and drops at once is dialled ever less often', async () => {
    const time = new ManualTime();
    await using it = await DelegateFixture.start({ dependencies: { time, random: () => 0 } });
    let connection = it.connection;
    const delays: number[] = [];
    for (let round = 0; round < 9; round++) {
      const waiting = stateOf(it.delegate, 'waiting');
      connection.drop();
      await waiting;
      const [delayMs = 0] = time.pendingMs;
      delays.push(delayMs);
      const connected = stateOf(it.delegate, 'connected');
      time.advance(delayMs);
      connection = await it.server.accept();
      await connected;
    }
    expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 7500, 7500]);
  });

  test('after a connection that lasted, the first attempt comes soon again', async () => {
    const time = new ManualTime();
    await using it = await DelegateFixture.start({ dependencies: { time, random: () => 0 } });
    time.advance(10_000);
    await it.connection.next('heartbeat');
    const waiting = stateOf(it.delegate, 'waiting');
    it.connection.drop();
    await waiting;
    expect(time.pendingMs).toEqual([100]);
  });

  test('a server that is not there, or answers something else, is tried again, and the state says why', async () => {
    const other = createServer((_request, response) => response.writeHead(404).end());
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const serverUrl = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    await using folder = await makeFolder();
    const time = new ManualTime();
    const config = parseDelegateConfig({ serverUrl, name: 'one', dataFolder: folder.path });
    const delegate = await startDelegate(config, { ...memoryLogger(), time });
    expect(await stateOf(delegate, 'waiting')).toMatchObject({
      detail: 'the server answered with HTTP status 404',
    });
    await new Promise((resolve) => other.close(resolve));
    const refused = stateOf(delegate, 'waiting');
    time.advance(15_000);
    expect((await refused).detail).toContain('ECONNREFUSED');
    await delegate.close();
    await expect(delegate.connected).rejects.toMatchObject({ code: 'shutting-down' });
  });
});

describe('a refusal', () => {
  test.each<[ErrorCode, number, number]>([
    ['delegate-identity-in-use', 2500, 5000],
    ['delegate-token-invalid', 15_000, 30_000],
    ['delegate-token-revoked', 15_000, 30_000],
    ['protocol-version-unsupported', 15_000, 30_000],
    ['storage-unavailable', 100, 200],
    ['internal', 100, 200],
  ])('%s is reported, and tried again after %i to %i ms', async (code, leastMs, mostMs) => {
    const time = new ManualTime();
    const server = await ScriptedServer.start();
    server.greeting = { refusal: refusalOf(code), saysHello: true, answersHeartbeats: true };
    await using folder = await makeFolder();
    const { logger, log } = memoryLogger();
    const config = parseDelegateConfig({ serverUrl: server.url, name: 'one', dataFolder: folder.path });
    const delegate = await startDelegate(config, { logger, time });
    expect(await stateOf(delegate, 'waiting')).toMatchObject({ error: { code } });
    expect(log).toContainEqual(expect.objectContaining({ code, msg: 'the server refused this delegate' }));
    const [delayMs = 0] = time.pendingMs;
    expect(delayMs).toBeGreaterThanOrEqual(leastMs);
    expect(delayMs).toBeLessThanOrEqual(mostMs);
    await server.accept();
    // What an operator mends at the server is noticed without a restart.
    server.greeting = { refusal: null, saysHello: true, answersHeartbeats: true };
    time.advance(mostMs);
    await (
      await server.accept()
    ).identified;
    await delegate.connected;
    await delegate.close();
    await server.close();
  });

  test('a token that is revoked while connected takes settings and cached data keys with it', async () => {
    const time = new ManualTime();
    await using it = await DelegateFixture.start({ dependencies: { time } });
    await it.stored('v');
    const waiting = stateOf(it.delegate, 'waiting');
    it.connection.send({ type: 'refused', error: refusalOf('delegate-token-revoked') });
    await waiting;
    time.advance(30_000);
    const again = await it.server.accept();
    await again.identified;
    const { task } = it.write(Buffer.from('v'));
    expect(await again.run(task)).toMatchObject({
      type: 'failure',
      error: { code: 'delegate-not-eligible' },
    });
  });
});

test('sessions and settings outlive a reconnect; tasks of the old connection are not answered on the new one', async () => {
  const time = new ManualTime();
  await using it = await DelegateFixture.start({ dependencies: { time } });
  const stored = await it.stored('v');
  const upload = it.session.startStream({ requestId: newId('request'), operation: 'upload' });
  const waitsForChunks = {
    kind: 'upload' as const,
    taskId: newId('task'),
    timeoutMs: 60_000,
    requestId: newId('request'),
    request: { secret: 'file', secretsManager: null },
    target: it.target({ name: 'file', kind: 'file' }),
    sealed: upload.header,
  };
  it.connection.send({ type: 'task', task: waitsForChunks });
  await it.stored('to be sure that the task before it has arrived');
  time.advance(10_000);
  expect(await it.connection.next('heartbeat')).toMatchObject({ tasksInFlight: 1 });
  const waiting = stateOf(it.delegate, 'waiting');
  it.connection.drop();
  await waiting;
  time.advance(15_000);
  const again = await it.server.accept();
  await again.identified;
  const read = it.resolve([{ ...stored, reference: stored.name }]);
  expect(await again.run(read.task)).toMatchObject({ type: 'result', result: { failures: [] } });
  time.advance(10_000);
  expect(await again.next('heartbeat')).toMatchObject({ tasksInFlight: 0 });
  expect(again.hasEnded(waitsForChunks.taskId)).toBe(false);
});
