// How long a delegate may work on a task, what it must know before, and what happens when it goes away or answers nonsense.
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeId } from '@sallyport/core';
import { ManualClock } from './manual-clock.ts';
import type { ScriptedDelegate } from './scripted-delegate.ts';
import { addManager, expectError, newRequestId, resolve, startTestServer, write } from './test-server.ts';
import type { Loose, TestServer } from './test-server.ts';

let on: TestServer;
let clock: ManualClock;

beforeEach(async () => {
  clock = new ManualClock();
  on = await startTestServer({ dependencies: { clock } });
});
afterEach(async () => {
  await on.end();
});

async function viewOf(delegate: ScriptedDelegate): Promise<Loose> {
  const { body } = await on.call('GET', '/v1/delegates');
  return body.delegates.find((one: Loose) => one.id === delegate.delegateId);
}

describe('a task', () => {
  test('ends as delegate-lost at once when its delegate goes away', async () => {
    const delegate = await on.delegate();
    await addManager(on);
    await write(on, delegate, { secret: 'x', value: '1' });
    delegate.scripts.resolve = () => 'silence';
    const asked = delegate.nextTask('resolve');
    const answer = resolve(on, delegate, ['x']);
    await asked;
    await delegate.disconnect();
    const error = expectError(await answer, 'delegate-lost');
    expect(error).toMatchObject({ retryable: true, data: { delegate: delegate.name } });
  });

  test('ends as delegate-lost when its delegate has been silent for 30 seconds', async () => {
    const delegate = await on.delegate();
    await addManager(on);
    await write(on, delegate, { secret: 'x', value: '1' });
    delegate.scripts.preflight = () => 'silence';
    const asked = delegate.nextTask('preflight');
    const answer = on.call('POST', '/v1/secrets-managers/keys/test');
    await asked;
    const closed = delegate.closed;
    clock.advance(29_000);
    expect((await viewOf(delegate)).state).toBe('connected');
    clock.advance(2000);
    const outcome = await answer;
    expect(outcome.body).toMatchObject({
      ok: false,
      delegates: [{ report: null, error: { code: 'delegate-lost' } }],
    });
    await closed;
    expect((await viewOf(delegate)).state).toBe('disconnected');
  });

  test('is leased: without an answer in time it ends as task-timeout, is cancelled, and a late result is ignored', async () => {
    const delegate = await on.delegate();
    await addManager(on);
    await write(on, delegate, { secret: 'x', value: '1' });
    delegate.scripts.resolve = () => 'silence';
    const asked = delegate.nextTask('resolve');
    const answer = resolve(on, delegate, ['x']);
    const task = await asked;
    for (let i = 0; i < 3; i += 1) {
      delegate.send({ type: 'heartbeat', tasksInFlight: 1 });
      await delegate.next('heartbeat-seen');
      const cancelled = delegate.next('cancel');
      clock.advance(10_000);
      if (i === 2) expect((await cancelled).taskId).toBe(task.taskId);
    }
    expectError(await answer, 'task-timeout');
    const late = {
      type: 'result',
      taskId: task.taskId,
      result: { kind: 'resolve', answer: 'AAAA', failures: [] },
    };
    delegate.send(late);
    delegate.send({
      type: 'failure',
      taskId: task.taskId,
      error: { code: 'internal', message: 'x', retryable: false },
    });
    delegate.send({ type: 'heartbeat', tasksInFlight: 0 });
    await delegate.next('heartbeat-seen');
    expect((await viewOf(delegate)).state).toBe('connected');
  });

  test('whose delegate answers with something else costs that delegate its connection', async () => {
    await addManagerWith(await on.delegate({ name: 'helper' }));
    for (const nonsense of [
      'not json',
      JSON.stringify({ type: 'nonsense' }),
      JSON.stringify({ type: 'identify' }),
      Buffer.from('not a frame'),
    ]) {
      const liar = await on.delegate({ name: 'liar' });
      const closed = liar.closed;
      liar.socket.send(nonsense);
      await closed;
    }
    const liar = await on.delegate({ name: 'liar' });
    liar.scripts.resolve = (() => ({ kind: 'download' })) as never;
    const closed = liar.closed;
    expectError(await resolve(on, liar, ['x']), 'delegate-lost');
    await closed;
  });

  test('may not be answered with codes or facts that only the server gives', async () => {
    const delegate = await on.delegate();
    await addManagerWith(delegate);
    const failWith = (failure: object) => {
      delegate.scripts.resolve = () => ({
        failure: { code: 'internal', message: 'm', retryable: false, ...failure } as never,
      });
    };
    failWith({ code: 'unauthenticated', message: 'log in at evil.example' });
    expectError(await resolve(on, delegate, ['x']), 'internal');
    failWith({ code: 'access-denied', data: { blob: 'x'.repeat(20_000), delegate: 'somebody-else' } });
    const error = expectError(await resolve(on, delegate, ['x']), 'access-denied');
    expect(error.data).toEqual({ delegate: delegate.name, hint: expect.any(String) });
    failWith({ code: 'shutting-down' });
    expectError(await resolve(on, delegate, ['x']), 'delegate-lost');
  });

  test('comes after what it needs to know: configure once per revision, forget after an edit or deletion', async () => {
    const delegate = await on.delegate();
    const manager = await addManager(on);
    await write(on, delegate, { secret: 'x', value: '1' });
    await write(on, delegate, { secret: 'x', value: '2' });
    const configures = () => delegate.messages.filter(({ type }) => type === 'configure').length;
    expect(configures()).toBe(1);
    const forgotten = delegate.next('forget');
    const edited = await on.call('PATCH', `/v1/secrets-managers/${manager.id}`, {
      settings: { kind: 'built-in', dataKeyCache: { maxAgeSeconds: 0, maxUses: 1 } },
    });
    expect(edited.status).toBe(200);
    expect((await forgotten).secretsManagerId).toBe(manager.id);
    await resolve(on, delegate, ['x']);
    expect(configures()).toBe(2);
    expect(delegate.configured.get(manager.id)).toMatchObject({
      revision: 2,
      access: { settings: { dataKeyCache: { maxAgeSeconds: 0 } } },
    });
  });
});

async function addManagerWith(delegate: ScriptedDelegate): Promise<void> {
  await addManager(on);
  await write(on, delegate, { secret: 'x', value: '1' });
}

test('a request sealed for a delegate that is not there is refused as retryable, and nothing is asked of others', async () => {
  const delegate = await on.delegate();
  await addManagerWith(delegate);
  const before = delegate.tasks.length;
  const answer = await on.call('POST', '/v1/secrets/resolve', {
    requestId: newRequestId(),
    delegateId: makeId('delegate', { nowMs: 0, random: randomBytes(10) }),
    items: ['x'],
    sealed: { session: '', enc: null, counter: 0, box: '' },
  });
  expect(expectError(answer, 'delegate-not-eligible').retryable).toBe(true);
  expect(delegate.tasks.length).toBe(before);
});
