// What a delegate may not do by reads of programs beside it: serve what it is not eligible for, serve before it is approved or after it was
// cut off, take more than its share, or find out which API keys are good.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSqliteStore } from '../src/index.ts';
import { grant, keyWith, writeAs } from './account.ts';
import { flaky } from './flaky-store.ts';
import type { FlakyStore } from './flaky-store.ts';
import { itemsOf, LocalReader, outcomesOf } from './local-reader.ts';
import { ManualClock } from './manual-clock.ts';
import type { ScriptedDelegate } from './scripted-delegate.ts';
import { addManager, startTestServer, until } from './test-server.ts';
import type { Loose, TestServer } from './test-server.ts';

let store: FlakyStore;
let clock: ManualClock;
let on: TestServer;
let delegate: ScriptedDelegate;
let reader: LocalReader;

beforeEach(async () => {
  clock = new ManualClock();
  store = flaky(await openSqliteStore({ path: ':memory:' }));
  on = await startTestServer({ dependencies: { store, clock } });
  delegate = await on.delegate({ name: 'prod-1' });
  reader = new LocalReader(delegate);
  await addManager(on);
});
afterEach(async () => {
  await on.end();
  await store.close();
});

async function trail(action: string): Promise<Loose[]> {
  return (await on.call('GET', `/v1/audit?action=${action}`)).body.records;
}

/** Lets time pass in which the delegate is not silent. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 10_000) {
    clock.advance(Math.min(left, 10_000));
    const seen = delegate.next('heartbeat-seen');
    delegate.send({ type: 'heartbeat', tasksInFlight: 0 });
    await seen;
  }
}

describe('a delegate', () => {
  test('that does not fit the secrets manager is refused, in words, and told nothing of it', async () => {
    const inner = new LocalReader(await on.delegate({ name: 'inside', selectors: ['vault-net'] }));
    await addManager(on, 'inner', { selectors: ['vault-net'] });
    await writeAs(on, inner.delegate, { secret: 'deep', secretsManager: 'inner' });
    await writeAs(on, delegate, { secret: 'db' });
    const answer = await reader.read(on.key, ['deep', 'db']);
    expect(outcomesOf(answer)).toEqual({ deep: 'delegate-not-eligible', db: 'granted' });
    const [deep] = itemsOf(answer);
    expect(deep.error.message).toBe('Delegate prod-1 may not serve "deep": it lacks selector vault-net.');
    expect(JSON.stringify(delegate.messages)).not.toContain('"vault-net"]');
    expect((await trail('secret.refused'))[0]).toMatchObject({
      resourceName: 'deep',
      details: { code: 'delegate-not-eligible', local: true },
    });
    expect(outcomesOf(await inner.read(on.key, ['deep']))).toEqual({ deep: 'granted' });
  });

  test('that supports no such kind is refused', async () => {
    await writeAs(on, delegate, { secret: 'db' });
    const other = new LocalReader(await on.delegate({ name: 'kms-only', kinds: ['aws-kms'] }));
    expect(outcomesOf(await other.read(on.key, ['db']))).toEqual({ db: 'delegate-not-eligible' });
  });

  test('that waits for approval serves nothing, and does not learn whether a key is good', async () => {
    await writeAs(on, delegate, { secret: 'db' });
    const token = await on.call('POST', '/v1/delegate-tokens', {
      name: 'careful',
      expiresInSeconds: null,
      requiresApproval: true,
    });
    const waiting = await LocalReader.connect(on, { name: 'new', token: token.body.value });
    expect(outcomesOf(await waiting.read(on.key, ['db']))).toBe('delegate-not-eligible');
    expect(outcomesOf(await waiting.read(wrongKey(1), ['db']))).toBe('delegate-not-eligible');
    await on.call('POST', `/v1/delegates/${waiting.delegate.delegateId}/approve`);
    expect(outcomesOf(await waiting.read(on.key, ['db']))).toEqual({ db: 'granted' });
    await waiting.delegate.disconnect();
  });

  test('that was asked to drain may still have what it asks for itself', async () => {
    await writeAs(on, delegate, { secret: 'db' });
    delegate.send({ type: 'draining' });
    expect(outcomesOf(await reader.read(on.key, ['db']))).toEqual({ db: 'granted' });
  });

  test.each([
    ['removed', async () => on.call('DELETE', `/v1/delegates/${delegate.delegateId}`)],
    ['cut off by the revocation of its token', async () => on.call('DELETE', '/v1/delegate-tokens/first')],
  ])('that is %s while its read is decided gets no answer any more', async (_, cut) => {
    await writeAs(on, delegate, { secret: 'db' });
    const held = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    store.beforeRead = async () => {
      reached.resolve();
      await held.promise;
    };
    reader.ask(on.key, ['db']);
    await reached.promise;
    const closed = delegate.closed;
    store.beforeRead = () => Promise.resolve();
    expect((await cut()).status).toBeLessThan(300);
    await closed;
    held.resolve();
    await until(async () => (await on.call('GET', '/v1/whoami')).status === 200);
    expect(delegate.messages.filter(({ type }) => type === 'local-read-answer')).toEqual([]);
    expect(await trail('secret.released')).toEqual([]);
  });

  test('that asks for more at once than the server takes is told to come again, and others are served', async () => {
    await writeAs(on, delegate, { secret: 'db' });
    const second = new LocalReader(await on.delegate({ name: 'prod-2' }));
    const many = Array.from({ length: 1000 }, (_, i) => `missing-${i}`);
    const held = Promise.withResolvers<void>();
    store.beforeRead = () => held.promise;
    const refused = delegate.next('local-read-answer');
    const answers = Array.from({ length: 40 }, () => reader.read(on.key, many));
    const other = second.read(on.key, ['db']);
    expect((await refused).outcome).toMatchObject({ error: { code: 'rate-limited', retryable: true } });
    held.resolve();
    expect(outcomesOf(await other)).toEqual({ db: 'granted' });
    const codes = (await Promise.all(answers)).map((answer) =>
      'error' in answer.outcome ? answer.outcome.error.code : 'answered',
    );
    expect(new Set(codes)).toEqual(new Set(['answered', 'rate-limited']));
    expect(codes.filter((code) => code === 'answered').length).toBeGreaterThanOrEqual(26);
    expect(outcomesOf(await reader.read(on.key, ['db']))).toEqual({ db: 'granted' });
  }, 60_000);
});

/** Of the right form, and of nobody. */
function wrongKey(n: number): string {
  return `sp_key_${String(n).padStart(43, 'A')}`;
}

describe('an API key that is not valid', () => {
  test('is refused as a whole in one way, whether it is revoked, expired, unknown, of a disabled user, or no key', async () => {
    await writeAs(on, delegate, { secret: 'db' });
    const make = async (name: string, more: object = {}): Promise<Loose> =>
      (await on.call('POST', '/v1/api-keys', { name, owner: 'me', ...more })).body;
    const revoked = await make('revoked');
    const expiring = await make('expiring', { expiresInSeconds: 60 });
    for (const { value } of [revoked, expiring]) {
      expect(outcomesOf(await reader.read(value, ['db']))).toEqual({ db: 'granted' });
    }
    await on.call('DELETE', `/v1/api-keys/${revoked.apiKey.id}`);
    await pass(60_000);
    const keys = [revoked.value, expiring.value, wrongKey(1), 'x', `${on.key} `, on.token];
    for (const key of keys) {
      expect([key, outcomesOf(await reader.read(key, ['db']))]).toEqual([key, 'unauthenticated']);
    }
  });

  test('can be tried a few times only, whoever dials again, while good keys go on being served', async () => {
    await writeAs(on, delegate, { secret: 'db' });
    const good = await keyWith(on, { account: ['manage-secrets'], grants: [grant(['use', 'read'], '*/*')] });
    await reader.read(good, ['db']);
    const outcomes: unknown[] = [];
    for (let n = 1; n <= 21; n++) outcomes.push(outcomesOf(await reader.read(wrongKey(n), ['db'])));
    expect(outcomes.slice(0, 20).every((outcome) => outcome === 'unauthenticated')).toBe(true);
    expect(outcomes[20]).toBe('rate-limited');
    expect(outcomesOf(await reader.read(good, ['db']))).toEqual({ db: 'granted' });
    // Dialling again is no way around.
    await delegate.disconnect();
    await until(async () => {
      const { delegates } = (await on.call('GET', '/v1/delegates')).body;
      return delegates[0].state === 'disconnected';
    });
    const again = new LocalReader(await on.delegate({ name: 'prod-1', privateKey: delegate.privateKey }));
    expect(outcomesOf(await again.read(wrongKey(30), ['db']))).toBe('rate-limited');
    clock.advance(1000);
    expect(outcomesOf(await again.read(wrongKey(31), ['db']))).toBe('unauthenticated');
    expect(outcomesOf(await again.read(wrongKey(32), ['db']))).toBe('rate-limited');
  });

  test('that a program shows over and over is no guessing', async () => {
    await writeAs(on, delegate, { secret: 'db' });
    for (let n = 0; n < 50; n++) {
      expect(outcomesOf(await reader.read(wrongKey(1), ['db']))).toBe('unauthenticated');
    }
    expect(outcomesOf(await reader.read(wrongKey(2), ['db']))).toBe('unauthenticated');
  });
});
