// Renewal of credentials, with a clock that only the test moves.
import { describe, expect, test } from 'vitest';
import type { SourcedCredentials } from '../src/credentials/aws-identity.ts';
import { sendRenewing } from '../src/credentials/send-renewing.ts';
import { StableCredentials } from '../src/credentials/stable-credentials.ts';
import { DEFAULT_LIMITS } from '../src/environment/limits.ts';

const HOUR_MS = 3_600_000;

/** A source whose every load the test answers by itself. */
class Source {
  nowMs = 1_000_000;
  loads: { resolve: (lifetimeMs: number | null) => void; reject: (thrown: unknown) => void }[] = [];
  readonly credentials = new StableCredentials({
    load: () => this.#load(),
    clock: { nowMs: () => this.nowMs },
    limits: { ...DEFAULT_LIMITS, refreshWaitMs: 20 },
  });

  #load(): Promise<SourcedCredentials> {
    const { promise, resolve, reject } = Promise.withResolvers<SourcedCredentials>();
    const accessKeyId = `key-${this.loads.length + 1}`;
    const give = (lifetimeMs: number | null) => {
      const identity = { accessKeyId, secretAccessKey: 's', sessionToken: 't' };
      const expiration = lifetimeMs === null ? {} : { expiration: new Date(this.nowMs + lifetimeMs) };
      resolve({ identity: { ...identity, ...expiration }, source: 'assumed-role' });
    };
    this.loads.push({ resolve: give, reject });
    return promise;
  }

  /** Has the first credentials loaded, with so much time. */
  async start(lifetimeMs: number | null): Promise<void> {
    const first = this.credentials.current();
    this.loads[0]?.resolve(lifetimeMs);
    await first;
  }

  async key(): Promise<string> {
    return (await this.credentials.current()).identity.accessKeyId;
  }
}

const expired = () =>
  Object.assign(new Error('expired'), { name: 'ExpiredTokenException', $fault: 'client', $metadata: {} });

describe('stable credentials', () => {
  test('many cold calls cause one load', async () => {
    const source = new Source();
    const calls = Array.from({ length: 30 }, () => source.key());
    source.loads[0]?.resolve(HOUR_MS);
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['key-1']));
    expect(source.loads).toHaveLength(1);
  });

  test('credentials without expiry are loaded once', async () => {
    const source = new Source();
    await source.start(null);
    source.nowMs += 1000 * HOUR_MS;
    expect(await source.key()).toBe('key-1');
    expect(source.loads).toHaveLength(1);
  });

  test('with less than five minutes left, one renewal runs in the background and no call waits for it', async () => {
    const source = new Source();
    await source.start(HOUR_MS);
    source.nowMs += HOUR_MS - 299_000;
    expect(await Promise.all(Array.from({ length: 30 }, () => source.key()))).toEqual(
      Array(30).fill('key-1'),
    );
    expect(source.loads).toHaveLength(2);
    source.loads[1]?.resolve(HOUR_MS);
    await expect.poll(() => source.key()).toBe('key-2');
    expect(source.loads).toHaveLength(2);
  });

  test('with less than a minute left, a call waits for the renewal', async () => {
    const source = new Source();
    await source.start(HOUR_MS);
    source.nowMs += HOUR_MS - 59_000;
    const call = source.key();
    source.loads[1]?.resolve(HOUR_MS);
    expect(await call).toBe('key-2');
  });

  test('a renewal that fails or hangs never fails a call while the old credentials are valid', async () => {
    const source = new Source();
    await source.start(HOUR_MS);
    source.nowMs += HOUR_MS - 59_000;
    const failing = source.key();
    source.loads[1]?.reject(new Error('STS is down'));
    expect(await failing).toBe('key-1');
    source.nowMs += 10_000;
    expect(await source.key(), 'the second renewal hangs; after refreshWaitMs the old ones serve').toBe(
      'key-1',
    );
    expect(source.loads).toHaveLength(3);
  });

  test('once the credentials have ended, the failure of the renewal is the failure of the call', async () => {
    const source = new Source();
    await source.start(HOUR_MS);
    source.nowMs += HOUR_MS;
    const call = source.key();
    source.loads[1]?.reject(new Error('STS is down'));
    await expect(call).rejects.toThrow('STS is down');
    await expect(source.key(), 'held for a second').rejects.toThrow('STS is down');
    expect(source.loads).toHaveLength(2);
    source.nowMs += 1000;
    const recovered = source.key();
    source.loads[2]?.resolve(HOUR_MS);
    expect(await recovered).toBe('key-3');
  });

  test('credentials that arrive with little time left are not asked for again by every call', async () => {
    const source = new Source();
    await source.start(200_000);
    await Promise.all(Array.from({ length: 20 }, () => source.key()));
    expect(source.loads, 'the gap between two attempts is ten seconds').toHaveLength(1);
    source.nowMs += 10_000;
    await Promise.all(Array.from({ length: 20 }, () => source.key()));
    expect(source.loads).toHaveLength(2);
  });

  test('of many calls whose session AWS calls expired, the first renews it for all, and each is sent once more', async () => {
    const source = new Source();
    await source.start(HOUR_MS);
    let sent = 0;
    const send = async () => {
      sent += 1;
      if ((await source.key()) === 'key-1') throw expired();
      return 'done';
    };
    const calls = Array.from({ length: 10 }, () => sendRenewing(source.credentials, send));
    await expect.poll(() => source.loads.length).toBe(2);
    source.loads[1]?.resolve(HOUR_MS);
    expect(await Promise.all(calls)).toEqual(Array(10).fill('done'));
    expect(source.loads).toHaveLength(2);
    expect(sent).toBe(20);
  });

  test('a session that its source cannot replace fails with the refusal of AWS, sent once', async () => {
    let sent = 0;
    const identity = { accessKeyId: 'same', secretAccessKey: 's', sessionToken: 't' };
    const credentials = new StableCredentials({
      load: async () => ({ identity, source: 'environment' }),
      clock: { nowMs: () => 0 },
      limits: DEFAULT_LIMITS,
    });
    const call = sendRenewing(credentials, async () => {
      sent += 1;
      throw expired();
    });
    await expect(call).rejects.toMatchObject({ name: 'ExpiredTokenException' });
    expect(sent).toBe(1);
  });

  test('the provider says that it is memoized, so that the SDK puts no cache in front', async () => {
    const source = new Source();
    await source.start(HOUR_MS);
    expect(source.credentials.provider.memoized).toBe(true);
    expect((await source.credentials.provider()).accessKeyId).toBe('key-1');
    const forced = source.credentials.provider({ forceRefresh: true });
    source.loads[1]?.resolve(HOUR_MS);
    expect((await forced).accessKeyId).toBe('key-2');
  });
});
