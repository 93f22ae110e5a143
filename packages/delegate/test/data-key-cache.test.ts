// The data-key cache: absolute age, uses, single flight, and what empties it.
import { createSecretKey, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AppError } from '@sallyport/core';
import { cacheKeyOf } from '../src/data-key-cache/cache-key.ts';
import { DataKeyCache } from '../src/data-key-cache/data-key-cache.ts';
import type { DataKeyUse } from '../src/data-key-cache/data-key-cache.ts';
import { newId } from './delegate-fixture.ts';
import { ManualTime } from './manual-time.ts';

const POLICY = { maxAgeSeconds: 300, maxUses: 100_000 };

class Bench {
  readonly time = new ManualTime();
  readonly cache: DataKeyCache;
  readonly secretsManagerId = newId('secretsManager');
  /** Calls to the key service, in order. */
  readonly calls: { cacheKey: string; signal: AbortSignal; answer: PromiseWithResolvers<KeyObject> }[] = [];

  constructor(maxEntries = 100) {
    this.cache = new DataKeyCache({ time: this.time, maxEntries });
  }

  async use(cacheKey: string, changes: Partial<DataKeyUse> = {}): Promise<KeyObject> {
    return this.cache.use({
      secretsManagerId: this.secretsManagerId,
      cacheKey,
      policy: POLICY,
      signal: new AbortController().signal,
      unwrap: (signal) => {
        const answer = Promise.withResolvers<KeyObject>();
        this.calls.push({ cacheKey, signal, answer });
        return answer.promise;
      },
      ...changes,
    });
  }

  /** Lets calls that were begun reach the key service. */
  async begun(count: number): Promise<void> {
    while (this.calls.length < count) await Promise.resolve();
  }

  /** Uses a key whose call is answered at once. */
  async fill(cacheKey: string, changes: Partial<DataKeyUse> = {}): Promise<KeyObject> {
    const key = createSecretKey(randomBytes(32));
    return this.use(cacheKey, { unwrap: () => Promise.resolve(key), ...changes });
  }

  /** Whether a use of the key costs a call. */
  async costsCall(cacheKey: string, changes: Partial<DataKeyUse> = {}): Promise<boolean> {
    let called = false;
    const key = createSecretKey(randomBytes(32));
    const unwrap = (): Promise<KeyObject> => {
      called = true;
      return Promise.resolve(key);
    };
    await this.use(cacheKey, { unwrap, ...changes });
    return called;
  }
}

test('what was used, and what that took, is counted', async () => {
  const bench = new Bench();
  await bench.fill('a');
  await bench.fill('a');
  expect(bench.cache.take('a', POLICY)).not.toBe(null);
  expect(bench.cache.take('b', POLICY)).toBe(null);
  await bench.fill('b', { policy: { ...POLICY, maxAgeSeconds: 0 } });
  expect(bench.cache.state).toEqual({ keys: 1, uses: 4, keyServiceCalls: 2 });
  bench.cache.flushAll();
  expect(bench.cache.state).toEqual({ keys: 0, uses: 4, keyServiceCalls: 2 });
});

describe('maximum age', () => {
  test('is absolute: use does not prolong it', async () => {
    const bench = new Bench();
    await bench.fill('k');
    for (let second = 1; second < 300; second++) {
      bench.time.advance(1000);
      expect(await bench.costsCall('k')).toBe(false);
    }
    bench.time.advance(1000);
    expect(await bench.costsCall('k')).toBe(true);
  });

  test('counts from when the key service was asked, not from its answer', async () => {
    const bench = new Bench();
    const first = bench.use('k');
    await bench.begun(1);
    bench.time.advance(299_000);
    bench.calls[0]?.answer.resolve(createSecretKey(randomBytes(32)));
    await first;
    expect(await bench.costsCall('k')).toBe(false);
    bench.time.advance(1000);
    expect(await bench.costsCall('k')).toBe(true);
  });

  test('0 switches the cache off: every use is a call, concurrent ones too', async () => {
    const bench = new Bench();
    const policy = { maxAgeSeconds: 0, maxUses: 100 };
    const uses = [bench.use('k', { policy }), bench.use('k', { policy })];
    await bench.begun(2);
    for (const call of bench.calls) call.answer.resolve(createSecretKey(randomBytes(32)));
    await Promise.all(uses);
    expect(bench.cache.size).toBe(0);
  });

  test('a policy above one hour is held to one hour', async () => {
    const bench = new Bench();
    const policy = { maxAgeSeconds: 1_000_000, maxUses: 100 };
    await bench.fill('k', { policy });
    bench.time.advance(3_599_999);
    expect(await bench.costsCall('k', { policy })).toBe(false);
    bench.time.advance(1);
    expect(await bench.costsCall('k', { policy })).toBe(true);
  });

  test('entries that are too old leave memory without being asked for', async () => {
    const bench = new Bench();
    await bench.fill('k');
    bench.time.advance(299_000);
    expect(bench.cache.size).toBe(1);
    bench.time.advance(6000);
    expect(bench.cache.size).toBe(0);
    expect(bench.time.pendingMs).toEqual([]);
  });
});

describe('maximum uses', () => {
  test('a key is used exactly so often, then asked for again', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 60 }),
        async (maxUses, uses) => {
          const bench = new Bench();
          let calls = 0;
          for (let use = 0; use < uses; use++) {
            if (await bench.costsCall('k', { policy: { maxAgeSeconds: 300, maxUses } })) calls += 1;
          }
          expect(calls).toBe(Math.ceil(uses / maxUses));
        },
      ),
    );
  });

  test('uses that wait for the same call count as well', async () => {
    const bench = new Bench();
    const policy = { maxAgeSeconds: 300, maxUses: 40 };
    const uses = Array.from({ length: 100 }, () => bench.use('k', { policy }));
    await bench.begun(3);
    for (const call of bench.calls) call.answer.resolve(createSecretKey(randomBytes(32)));
    await Promise.all(uses);
    expect(bench.calls).toHaveLength(3);
  });
});

describe('single flight', () => {
  test('100 concurrent uses of one key cost one call', async () => {
    const bench = new Bench();
    const uses = Array.from({ length: 100 }, () => bench.use('k'));
    await bench.begun(1);
    const key = createSecretKey(randomBytes(32));
    bench.calls[0]?.answer.resolve(key);
    expect(await Promise.all(uses)).toEqual(Array.from({ length: 100 }, () => key));
    expect(bench.calls).toHaveLength(1);
  });

  test('other keys are not held up by a call that hangs', async () => {
    const bench = new Bench();
    void bench.use('hangs').catch(() => undefined);
    await bench.fill('k');
    expect(await bench.costsCall('k')).toBe(false);
  });

  test('a failure reaches everybody who waited, and is not kept', async () => {
    const bench = new Bench();
    const uses = Array.from({ length: 5 }, () => bench.use('k'));
    await bench.begun(1);
    bench.calls[0]?.answer.reject(new AppError('aws-throttled', { publicMessage: 'slow down' }));
    const outcomes = await Promise.allSettled(uses);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(Array.from({ length: 5 }, () => 'rejected'));
    expect(await bench.costsCall('k')).toBe(true);
  });

  test('a call goes on while anybody waits, and is aborted when the last one has given up', async () => {
    const bench = new Bench();
    const [one, two] = [new AbortController(), new AbortController()];
    const first = bench.use('k', { signal: one.signal });
    const second = bench.use('k', { signal: two.signal });
    await bench.begun(1);
    const reason = new AppError('task-timeout', { publicMessage: 'too late' });
    one.abort(reason);
    await expect(first).rejects.toBe(reason);
    expect(bench.calls[0]?.signal.aborted).toBe(false);
    two.abort(reason);
    await expect(second).rejects.toBe(reason);
    expect(bench.calls[0]?.signal.aborted).toBe(true);
    expect(await bench.costsCall('k')).toBe(true);
  });
});

describe('flush', () => {
  test('forgets the keys of one secrets manager and of no other', async () => {
    const bench = new Bench();
    const other = newId('secretsManager');
    await bench.fill('mine');
    await bench.fill('theirs', { secretsManagerId: other });
    bench.cache.flush(bench.secretsManagerId);
    expect(await bench.costsCall('mine')).toBe(true);
    expect(await bench.costsCall('theirs', { secretsManagerId: other })).toBe(false);
  });

  test('a call that was under way when its manager was flushed is answered but not kept', async () => {
    const bench = new Bench();
    const use = bench.use('k');
    await bench.begun(1);
    bench.cache.flush(bench.secretsManagerId);
    bench.calls[0]?.answer.resolve(createSecretKey(randomBytes(32)));
    await use;
    expect(bench.cache.size).toBe(0);
    expect(await bench.costsCall('k')).toBe(true);
  });

  test('all of it leaves no key and no timer behind', async () => {
    const bench = new Bench();
    await bench.fill('a');
    await bench.fill('b');
    bench.cache.flushAll();
    expect(bench.cache.size).toBe(0);
    expect(bench.time.pendingMs).toEqual([]);
  });
});

test('the least recently used key makes room', async () => {
  const bench = new Bench(2);
  await bench.fill('a');
  await bench.fill('b');
  await bench.fill('a');
  await bench.fill('c');
  expect(bench.cache.size).toBe(2);
  expect(await bench.costsCall('a')).toBe(false);
  expect(await bench.costsCall('b')).toBe(true);
});

test('a printed cache shows no key', async () => {
  const bench = new Bench();
  const bytes = randomBytes(32);
  await bench.fill('k', { unwrap: () => Promise.resolve(createSecretKey(bytes)) });
  const shown = inspect(bench.cache, { depth: 9, showHidden: true }) + JSON.stringify(bench.cache);
  expect(shown).not.toContain(bytes.toString('hex').slice(0, 16));
});

test('cache keys differ whenever manager, revision, wrapped key or context do, and not by the order of pairs', () => {
  const secretsManagerId = newId('secretsManager');
  const bytes = fc.uint8Array({ maxLength: 8 });
  const encrypted = fc.record({ providerId: fc.string(), providerInfo: bytes, ciphertext: bytes });
  const parts = fc.record({
    secretsManagerId: fc.constantFrom(secretsManagerId, newId('secretsManager')),
    revision: fc.integer({ min: 1, max: 3 }),
    encrypted: fc.array(encrypted, { maxLength: 2 }),
    context: fc.dictionary(fc.string({ maxLength: 3 }), fc.string({ maxLength: 3 }), { maxKeys: 3 }),
  });
  fc.assert(
    fc.property(parts, parts, (a, b) => {
      const normal = (value: typeof a): string =>
        JSON.stringify([
          value.secretsManagerId,
          value.revision,
          value.encrypted.map((key) => [key.providerId, [...key.providerInfo], [...key.ciphertext]]),
          Object.entries(value.context).sort(([x], [y]) => (x < y ? -1 : 1)),
        ]);
      expect(cacheKeyOf(a) === cacheKeyOf(b)).toBe(normal(a) === normal(b));
      const reversed = Object.fromEntries(Object.entries(a.context).reverse());
      expect(cacheKeyOf({ ...a, context: reversed })).toBe(cacheKeyOf(a));
    }),
  );
});
