// Tasks from start to end: exactly one answer, time-outs, cancelling, draining, limits.
import { createSecretKey, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { AppError } from '@sallyport/core';
import type { DataKey, KeyProvider } from '@sallyport/core';
import { toWireError } from '@sallyport/protocol';
import type { KeyProviderSource } from '../src/index.ts';
import { builtInAccess, DelegateFixture, itemOf, newId } from './delegate-fixture.ts';
import { ManualTime } from './manual-time.ts';
import { fileTarget, makeUpload } from './stream-client.ts';

/** A key service that answers when the test says so. */
class SlowKeys implements KeyProviderSource {
  readonly calls: { call: 'generate' | 'unwrap'; signal: AbortSignal; go: PromiseWithResolvers<void> }[] = [];
  /** Set: what unwrapping throws. */
  failure: Error | null = null;
  opened = 0;
  closed = 0;
  isSlow = true;
  readonly #keys = new Map<string, DataKey>();
  #wake: () => void = () => undefined;

  open(): Promise<KeyProvider> {
    this.opened += 1;
    return Promise.resolve({
      generateDataKey: async ({ signal }) => {
        await this.#called('generate', signal);
        const ciphertext = randomBytes(40);
        const encrypted = { providerId: 'test', providerInfo: Buffer.from('test'), ciphertext };
        const dataKey = { key: createSecretKey(randomBytes(32)), encrypted };
        this.#keys.set(ciphertext.toString('hex'), dataKey);
        return dataKey;
      },
      unwrapDataKey: async ({ encrypted, signal }) => {
        await this.#called('unwrap', signal);
        if (this.failure !== null) throw this.failure;
        const [first] = encrypted;
        const found = this.#keys.get(Buffer.from(first?.ciphertext ?? []).toString('hex'));
        if (found === undefined) throw new AppError('envelope-rejected', { publicMessage: 'not mine' });
        return found.key;
      },
      close: () => {
        this.closed += 1;
      },
    });
  }

  /** Finds what reading finds, and says so in its report. */
  preflight(): ReturnType<KeyProviderSource['preflight']> {
    const stage = { stage: 'permission' as const, action: 'kms:Decrypt', elapsedMs: 1 };
    const outcome =
      this.failure === null
        ? { outcome: 'passed' as const }
        : { outcome: 'failed' as const, error: toWireError(this.failure) };
    return Promise.resolve({
      ok: this.failure === null,
      identityArn: null,
      pinnedKeyArn: null,
      stages: [{ ...stage, ...outcome }],
      warnings: [],
    });
  }

  close(): void {}

  async called(count: number): Promise<void> {
    while (this.calls.length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async #called(call: 'generate' | 'unwrap', signal: AbortSignal): Promise<void> {
    const go = Promise.withResolvers<void>();
    this.calls.push({ call, signal, go });
    this.#wake();
    signal.addEventListener('abort', () => go.reject(new Error('socket hang up')));
    if (!this.isSlow) go.resolve();
    await go.promise;
  }
}

async function startSlow(
  options: { config?: object; access?: ReturnType<typeof builtInAccess> } = {},
): Promise<{
  it: DelegateFixture;
  keys: SlowKeys;
  time: ManualTime;
  [Symbol.asyncDispose](): Promise<void>;
}> {
  const keys = new SlowKeys();
  const time = new ManualTime();
  const it = await DelegateFixture.start({
    ...options,
    dependencies: { time, keyProviderSources: { 'built-in': keys } },
  });
  return { it, keys, time, [Symbol.asyncDispose]: () => it[Symbol.asyncDispose]() };
}

describe('time-out and cancel', () => {
  test('a task that is out of time aborts its call to the key service and is answered as task-timeout', async () => {
    await using slow = await startSlow();
    const { it, keys, time } = slow;
    const { task } = it.write(Buffer.from('v'));
    it.connection.send({ type: 'task', task });
    await keys.called(1);
    time.advance(task.timeoutMs - 1);
    expect(keys.calls[0]?.signal.aborted).toBe(false);
    time.advance(1);
    expect(await it.connection.end(task.taskId)).toMatchObject({
      type: 'failure',
      error: { code: 'task-timeout', retryable: true, data: { delegate: 'delegate-one' } },
    });
    expect(keys.calls[0]?.signal.aborted).toBe(true);
  });

  test('a cancelled task aborts its call to the key service', async () => {
    await using slow = await startSlow();
    const { it, keys } = slow;
    const { task } = it.write(Buffer.from('v'));
    it.connection.send({ type: 'task', task });
    await keys.called(1);
    it.connection.send({ type: 'cancel', taskId: task.taskId });
    expect(await it.connection.end(task.taskId)).toMatchObject({ error: { code: 'task-timeout' } });
    expect(keys.calls[0]?.signal.aborted).toBe(true);
  });

  test('a resolve out of time is the failure of the task, not of its items', async () => {
    await using slow = await startSlow();
    const { it, keys, time } = slow;
    keys.isSlow = false;
    const stored = await it.stored('v');
    keys.isSlow = true;
    const { task } = it.resolve([itemOf(stored)]);
    it.connection.send({ type: 'task', task });
    await keys.called(2);
    time.advance(task.timeoutMs);
    expect(await it.connection.end(task.taskId)).toMatchObject({ error: { code: 'task-timeout' } });
  });

  test('an upload that waits for chunks is cancelled too', async () => {
    await using slow = await startSlow();
    const { it } = slow;
    const { task } = makeUpload(it, fileTarget(it));
    const { taskId } = task;
    it.connection.send({ type: 'task', task });
    it.connection.send({ type: 'cancel', taskId });
    expect(await it.connection.end(taskId)).toMatchObject({ error: { code: 'task-timeout' } });
  });

  test('no timer is left when tasks have ended', async () => {
    await using slow = await startSlow({
      access: builtInAccess({ dataKeyCache: { maxAgeSeconds: 0, maxUses: 1 } }),
    });
    const { it, keys, time } = slow;
    keys.isSlow = false;
    const before = time.pendingMs.length;
    await it.stored('v');
    expect(time.pendingMs).toHaveLength(before);
  });
});

describe('limits', () => {
  test('tasks beyond the limit are refused at once, and there is room again afterwards', async () => {
    await using slow = await startSlow({ config: { maxTasksInFlight: 2 } });
    const { it, keys } = slow;
    const writes = [1, 2, 3].map(() => it.write(Buffer.from('v')).task);
    for (const task of writes) it.connection.send({ type: 'task', task });
    const [first, , third] = writes;
    if (first === undefined || third === undefined) throw new Error('unreachable');
    expect(await it.connection.end(third.taskId)).toMatchObject({
      error: { code: 'rate-limited', retryable: true },
    });
    await keys.called(2);
    keys.calls[0]?.go.resolve();
    expect(await it.connection.end(first.taskId)).toMatchObject({ type: 'result' });
    const fourth = it.write(Buffer.from('v')).task;
    it.connection.send({ type: 'task', task: fourth });
    await keys.called(3);
  });

  test('uploads and downloads have a limit of their own, which other tasks do not feel', async () => {
    await using slow = await startSlow({ config: { maxStreamsInFlight: 1 } });
    const { it, keys } = slow;
    keys.isSlow = false;
    const [first, second] = [1, 2].map(() => makeUpload(it, fileTarget(it)).task);
    if (first === undefined || second === undefined) throw new Error('unreachable');
    it.connection.send({ type: 'task', task: first });
    expect(await it.connection.run(second)).toMatchObject({ error: { code: 'rate-limited' } });
    await it.stored('v');
    it.connection.send({ type: 'cancel', taskId: first.taskId });
    await it.connection.end(first.taskId);
    const third = makeUpload(it, fileTarget(it)).task;
    it.connection.send({ type: 'task', task: third });
    await it.stored('v');
    expect(it.connection.hasEnded(third.taskId)).toBe(false);
  });

  test('a task that comes twice runs once and is answered once', async () => {
    await using slow = await startSlow();
    const { it, keys } = slow;
    const { task } = it.write(Buffer.from('v'));
    it.connection.send({ type: 'task', task });
    it.connection.send({ type: 'task', task });
    await keys.called(1);
    keys.calls[0]?.go.resolve();
    expect(await it.connection.end(task.taskId)).toMatchObject({ type: 'result' });
    keys.isSlow = false;
    await it.stored('v');
    expect(keys.calls).toHaveLength(2);
  });
});

describe('drain', () => {
  test('says so, takes no more tasks, finishes those under way, then closes', async () => {
    await using slow = await startSlow();
    const { it, keys } = slow;
    const { task } = it.write(Buffer.from('v'));
    it.connection.send({ type: 'task', task });
    await keys.called(1);
    const drained = it.delegate.drain();
    await it.connection.next('draining');
    expect(it.delegate.state().name).toBe('draining');
    const late = it.write(Buffer.from('v')).task;
    expect(await it.connection.run(late)).toMatchObject({
      error: { code: 'shutting-down', retryable: true },
    });
    keys.calls[0]?.go.resolve();
    expect(await it.connection.end(task.taskId)).toMatchObject({ type: 'result' });
    expect((await it.connection.closed).code).toBe(1000);
    await drained;
    expect(it.delegate.state().name).toBe('stopped');
  });

  test('hands back what takes longer than 25 seconds', async () => {
    await using slow = await startSlow();
    const { it, keys, time } = slow;
    const { task } = it.write(Buffer.from('v'), {});
    it.connection.send({ type: 'task', task: { ...task, timeoutMs: 60_000 } });
    await keys.called(1);
    const drained = it.delegate.drain();
    await it.connection.next('draining');
    time.advance(24_999);
    expect(it.delegate.state().name).toBe('draining');
    time.advance(1);
    expect(await it.connection.end(task.taskId)).toMatchObject({ error: { code: 'shutting-down' } });
    await drained;
  });

  test('leaves no timer and no provider behind', async () => {
    await using slow = await startSlow();
    const { it, keys, time } = slow;
    keys.isSlow = false;
    const stored = await it.stored('v');
    await it.connection.run(it.resolve([itemOf(stored)]).task);
    await it.delegate.drain();
    expect(time.pendingMs).toEqual([]);
    expect([keys.opened, keys.closed]).toEqual([1, 1]);
  });
});

describe('settings and data keys', () => {
  test('100 concurrent reads of one secret cost one call; a new revision and `forget` cost a new one', async () => {
    await using slow = await startSlow();
    const { it, keys } = slow;
    keys.isSlow = false;
    const stored = await it.stored('v');
    keys.isSlow = true;
    const reads = Array.from({ length: 100 }, () => it.resolve([itemOf(stored)]).task);
    for (const task of reads) it.connection.send({ type: 'task', task });
    await keys.called(2);
    keys.calls[1]?.go.resolve();
    for (const { taskId } of reads) {
      expect(await it.connection.end(taskId)).toMatchObject({ type: 'result', result: { failures: [] } });
    }
    expect(keys.calls.filter(({ call }) => call === 'unwrap')).toHaveLength(1);

    keys.isSlow = false;
    const { secretsManagerId } = it;
    const read = async (): Promise<number> => {
      await it.connection.run(it.resolve([itemOf(stored)]).task);
      return keys.calls.filter(({ call }) => call === 'unwrap').length;
    };
    it.connection.send({ type: 'configure', secretsManagerId, revision: 1, access: builtInAccess() });
    expect(await read()).toBe(1);
    it.connection.send({ type: 'configure', secretsManagerId, revision: 2, access: builtInAccess() });
    expect(await read()).toBe(2);
    expect([keys.opened, keys.closed]).toEqual([2, 1]);
    it.connection.send({ type: 'forget', secretsManagerId });
    it.connection.send({ type: 'configure', secretsManagerId, revision: 2, access: builtInAccess() });
    expect(await read()).toBe(3);
  });

  // The attack: use the delegate to have data keys of other secrets unwrapped, even if nothing comes back.
  test('an item that is not what was sealed, or an envelope of something else, never reaches the key service', async () => {
    await using slow = await startSlow();
    const { it, keys } = slow;
    keys.isSlow = false;
    const [one, two] = [await it.stored('one'), await it.stored('two', it.target({ name: 'two' }))];
    const lies = [
      itemOf({ ...one, envelope: two.envelope }),
      itemOf({ ...one, version: 2 }),
      itemOf({ ...one, secretId: two.secretId }),
      itemOf(one, 'two'),
      itemOf(one, `${one.name}@2`),
    ];
    const end = await it.connection.run(it.resolve(lies).task);
    expect(end).toMatchObject({ result: { failures: lies.map(({ reference }) => ({ reference })) } });
    expect(keys.calls.map(({ call }) => call)).toEqual(['generate', 'generate']);
  });

  test.each(['access-denied', 'key-unusable', 'assume-role-failed'] as const)(
    'an answer %s of the key service forgets what it released before',
    async (code) => {
      await using slow = await startSlow();
      const { it, keys } = slow;
      keys.isSlow = false;
      const [one, two] = [await it.stored('one'), await it.stored('two')];
      await it.connection.run(it.resolve([itemOf(one)]).task);
      keys.failure = new AppError(code, { publicMessage: 'withdrawn', data: { stage: 'permission' } });
      const denied = await it.connection.run(it.resolve([itemOf(two)]).task);
      expect(denied).toMatchObject({
        result: { failures: [{ error: { code, data: { stage: 'permission' } } }] },
      });
      const cached = await it.connection.run(it.resolve([itemOf(one)]).task);
      expect(cached).toMatchObject({ result: { failures: [{ error: { code } }] } });
    },
  );

  test('a probe that finds access withdrawn forgets it too, but only when it tried the settings in use', async () => {
    await using slow = await startSlow();
    const { it, keys } = slow;
    keys.isSlow = false;
    const stored = await it.stored('v');
    const unwraps = async (): Promise<number> => {
      await it.connection.run(it.resolve([itemOf(stored)]).task);
      return keys.calls.filter(({ call }) => call === 'unwrap').length;
    };
    expect(await unwraps()).toBe(1);
    keys.failure = new AppError('access-denied', { publicMessage: 'withdrawn' });
    const { secretsManagerId } = it;
    const probe = { kind: 'preflight' as const, timeoutMs: 1000, secretsManagerId };
    const others = builtInAccess({ context: { stage: 'prod' } });
    await it.connection.run({ ...probe, taskId: newId('task'), access: others });
    expect(await unwraps()).toBe(1);
    await it.connection.run({ ...probe, taskId: newId('task'), access: builtInAccess() });
    expect(await unwraps()).toBe(2);
  });

  test('a failure that passes by itself leaves the cache alone', async () => {
    await using slow = await startSlow();
    const { it, keys } = slow;
    keys.isSlow = false;
    const [one, two] = [await it.stored('one'), await it.stored('two')];
    await it.connection.run(it.resolve([itemOf(one)]).task);
    keys.failure = new AppError('aws-throttled', { publicMessage: 'slow down' });
    await it.connection.run(it.resolve([itemOf(two)]).task);
    const cached = await it.connection.run(it.resolve([itemOf(one)]).task);
    expect(cached).toMatchObject({ result: { failures: [] } });
  });

  test('different keys of one resolve are unwrapped side by side, at most 16 at a time', async () => {
    await using slow = await startSlow();
    const { it, keys } = slow;
    keys.isSlow = false;
    const stored = [];
    for (let index = 0; index < 40; index++)
      stored.push(await it.stored('v', it.target({ name: `n${index}` })));
    keys.isSlow = true;
    const { task } = it.resolve(stored.map((version) => itemOf(version)));
    it.connection.send({ type: 'task', task });
    await keys.called(40 + 16);
    expect(keys.calls).toHaveLength(56);
    keys.isSlow = false;
    for (const { go } of keys.calls) go.resolve();
    expect(await it.connection.end(task.taskId)).toMatchObject({ result: { failures: [] } });
  });

  test('what was not foreseen is answered as internal, without its text', async () => {
    await using slow = await startSlow();
    const { it, keys } = slow;
    keys.isSlow = false;
    const stored = await it.stored('v');
    keys.failure = new Error('the value was hunter2');
    const end = await it.connection.run(it.resolve([itemOf(stored)]).task);
    expect(end).toMatchObject({
      result: { failures: [{ error: { code: 'internal', data: { delegate: 'delegate-one' } } }] },
    });
    expect(JSON.stringify(end) + JSON.stringify(it.log)).not.toContain('hunter2');
    expect(it.log).toContainEqual(
      expect.objectContaining({ msg: 'unforeseen fault in a task', fault: 'Error' }),
    );
  });
});
