// Slowing of guesses: what it costs to guess, whom it does not stop, and that it forgets.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AppError } from '@sallyport/core';
import type { ErrorCode } from '@sallyport/core';
import {
  ACCOUNT_MAX_DELAY_SECONDS,
  ADDRESS_MAX_DELAY_SECONDS,
  FORGET_ONE_AFTER_MS,
  FREE_FAILURES,
  GuessLimiter,
} from '../src/access/guess-limiter.ts';
import { addSecondFactor, ALICE, startPeople, totpCode } from './browser.ts';
import type { People } from './browser.ts';
import { ManualClock } from './manual-clock.ts';
import { expectError } from './test-server.ts';

const HERE = '198.51.100.7';

describe('the limiter', () => {
  let clock: ManualClock;
  let limiter: GuessLimiter;
  beforeEach(() => {
    clock = new ManualClock();
    limiter = new GuessLimiter(clock);
  });

  /** What one attempt ends with: `ok`, its code, or `wait N` in seconds. */
  async function attempt(
    subject: { account?: string | null; address?: string },
    outcome: 'ok' | ErrorCode = 'sign-in-failed',
  ): Promise<string> {
    const { account = 'alice', address = HERE } = subject;
    try {
      await limiter.attempt({ account, address }, async () => {
        if (outcome !== 'ok') throw new AppError(outcome, { publicMessage: 'x' });
      });
      return 'ok';
    } catch (thrown) {
      if (!(thrown instanceof AppError)) throw thrown;
      if (thrown.code !== 'rate-limited') return thrown.code;
      return `wait ${String(thrown.data['retryAfterSeconds'])}`;
    }
  }

  async function failOften(times: number, subject: { account?: string | null; address?: string } = {}) {
    for (let i = 0; i < times; i++) {
      clock.advance(waitOf(await attempt(subject)) * 1000);
    }
  }

  const waitOf = (outcome: string): number => Number(/^wait (\d+)$/.exec(outcome)?.[1] ?? 0);

  test('lets five failures pass, then asks for twice as long each time, up to 15 minutes', async () => {
    await failOften(FREE_FAILURES);
    const waits: number[] = [];
    for (let i = 0; i < 14; i++) {
      const refused = await attempt({});
      waits.push(waitOf(refused));
      clock.advance(waitOf(refused) * 1000 - 1);
      expect(await attempt({})).toBe('wait 1');
      clock.advance(1);
      expect(await attempt({})).toBe('sign-in-failed');
    }
    // Later on, time takes failures away meanwhile.
    expect(waits.slice(0, 6)).toEqual([1, 2, 4, 8, 16, 32]);
    expect(waits.every((wait, i) => wait <= 2 * (waits[i - 1] ?? 1) || wait === 1)).toBe(true);
    expect(Math.max(...waits)).toBeLessThanOrEqual(ADDRESS_MAX_DELAY_SECONDS);
    expect(waits.at(-1)).toBeGreaterThan(120);
  });

  test('never asks an address to wait for more than 15 minutes', async () => {
    const many = Array.from({ length: 40 }, (_, i) => attempt({ account: `user ${i}` }));
    await Promise.all(many);
    // Those at once were counted before they had ended.
    expect((await Promise.all(many)).filter((outcome) => outcome === 'sign-in-failed')).toHaveLength(
      FREE_FAILURES,
    );
    for (let i = 0; i < 30; i++) {
      const wait = waitOf(await attempt({ account: `user ${i}` }));
      expect(wait).toBeLessThanOrEqual(ADDRESS_MAX_DELAY_SECONDS);
      clock.advance(wait * 1000);
      await attempt({ account: `user ${i}` });
    }
  });

  test('counts failures for names that nobody has as those for names that somebody has', async () => {
    await failOften(FREE_FAILURES, { account: 'nobody' });
    expect(await attempt({ account: 'alice' })).toBe('wait 1');
    expect(await attempt({ account: null })).toBe('wait 1');
  });

  test('whoever guesses from many addresses waits at each of them, and the account is only slowed', async () => {
    for (let i = 0; i < 40; i++) {
      const address = `203.0.113.${i}`;
      clock.advance(waitOf(await attempt({ address })) * 1000);
      await attempt({ address });
    }
    const owner = { address: '192.0.2.1' };
    const wait = waitOf(await attempt(owner, 'ok'));
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(ACCOUNT_MAX_DELAY_SECONDS);
    // Others go on guessing in the meantime; the owner gets in all the same.
    for (let i = 0; i < 40; i++) {
      clock.advance((wait * 1000) / 40);
      await attempt({ address: `203.0.113.${i + 100}` });
    }
    expect(await attempt(owner, 'ok')).toBe('ok');
    // And again at once, since signing in may take two steps.
    expect(await attempt(owner, 'ok')).toBe('ok');
  });

  test('guesses at one account do not slow another one', async () => {
    for (let i = 0; i < 20; i++) await attempt({ account: 'alice', address: `203.0.113.${i}` });
    expect(await attempt({ account: 'bob', address: '192.0.2.1' }, 'ok')).toBe('ok');
  });

  test('a success forgives the own mistakes before it, and nobody else their guesses', async () => {
    await failOften(4);
    expect(await attempt({}, 'ok')).toBe('ok');
    await failOften(4);
    expect(await attempt({}, 'ok')).toBe('ok');
    // An account of one's own is no way to go on guessing at another.
    await failOften(4, { account: 'victim' });
    expect(await attempt({ account: 'mine' }, 'ok')).toBe('ok');
    expect(await attempt({ account: 'victim' })).toBe('sign-in-failed');
    expect(await attempt({ account: 'victim' })).toBe('wait 1');
    expect(await attempt({ account: 'mine' })).toBe('wait 1');
  });

  test('a success leaves an address that others fail from as it was', async () => {
    await failOften(8, { account: 'victim' });
    clock.advance(60_000);
    expect(await attempt({ account: 'mine' }, 'ok')).toBe('ok');
    expect(await attempt({ account: 'mine' }, 'ok')).toBe('ok');
  });

  test('what fails for another reason than a wrong guess does not count', async () => {
    for (let i = 0; i < 20; i++) {
      expect(await attempt({}, 'second-factor-required')).toBe('second-factor-required');
      expect(await attempt({}, 'storage-unavailable')).toBe('storage-unavailable');
    }
  });

  test.each<ErrorCode>(['sign-in-failed', 'link-invalid', 'workload-refused', 'sso-failed'])(
    'counts %s',
    async (code) => {
      for (let i = 0; i < FREE_FAILURES; i++) expect(await attempt({ account: null }, code)).toBe(code);
      expect(await attempt({ account: null }, code)).toBe('wait 1');
    },
  );

  test('takes all addresses of an IPv6 network for one', async () => {
    for (let i = 0; i < FREE_FAILURES; i++) {
      await attempt({ account: `user ${i}`, address: `2001:db8:1:2::${i}` });
    }
    expect(await attempt({ account: 'x', address: '2001:db8:1:2:ffff::1' })).toBe('wait 1');
    expect(await attempt({ account: 'x', address: '2001:db8:1:3::1' }, 'ok')).toBe('ok');
  });

  test('forgets with time, one failure after the other', async () => {
    await failOften(FREE_FAILURES);
    expect(await attempt({})).toBe('wait 1');
    clock.advance(2 * FORGET_ONE_AFTER_MS);
    expect(await attempt({})).toBe('sign-in-failed');
    expect(await attempt({})).toBe('sign-in-failed');
    expect(await attempt({})).toBe('wait 1');
    clock.advance(FREE_FAILURES * FORGET_ONE_AFTER_MS);
    for (let i = 0; i < FREE_FAILURES; i++) expect(await attempt({})).toBe('sign-in-failed');
  });

  test('remembers a bounded number of addresses and accounts, the newest ones', async () => {
    await failOften(FREE_FAILURES);
    for (let i = 0; i < 20_000; i++) {
      await attempt({ account: `user ${i}`, address: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}` });
    }
    expect(await attempt({}, 'ok')).toBe('ok');
  });
});

describe('over HTTP', () => {
  let people: People;
  beforeEach(async () => {
    people = await startPeople({ config: { trustedProxies: ['127.0.0.1'] } });
    await people.join(ALICE);
  });
  afterEach(async () => {
    await people.end();
  });

  const from = (address: string) => ({ 'x-forwarded-for': address });
  const signIn = async (password: string, address: string) =>
    people.browser().call('POST', '/v1/sign-in', { user: ALICE.user, password }, from(address));

  test('a refused attempt says when to come back, and does not even look at the password', async () => {
    for (let i = 0; i < FREE_FAILURES; i++) {
      expectError(await signIn('a wrong long password', HERE), 'sign-in-failed');
    }
    people.hashing.length = 0;
    const refused = await signIn(ALICE.password, HERE);
    expect(expectError(refused, 'rate-limited').data.retryAfterSeconds).toBe(1);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    expect(people.hashing).toEqual([]);
    people.clock.advance(1000);
    expect((await signIn(ALICE.password, HERE)).status).toBe(200);
  });

  test('a right password gets in within 30 seconds, whatever others try at the account', async () => {
    for (let i = 0; i < 60; i++) await signIn('a wrong long password', `203.0.113.${i}`);
    const refused = expectError(await signIn(ALICE.password, '192.0.2.1'), 'rate-limited');
    expect(refused.data.retryAfterSeconds).toBeLessThanOrEqual(30);
    for (let second = 0; second < 30; second++) {
      people.clock.advance(1000);
      await signIn('a wrong long password', `203.0.113.${second + 100}`);
    }
    expect((await signIn(ALICE.password, '192.0.2.1')).status).toBe(200);
  });

  test('links are counted by address', async () => {
    const redeem = async () =>
      people.browser().call('POST', '/v1/links/inspect', { value: 'sp_lnk_guess' }, from(HERE));
    for (let i = 0; i < FREE_FAILURES; i++) expectError(await redeem(), 'link-invalid');
    expectError(await redeem(), 'rate-limited');
  });

  test('codes of a second factor are counted together from all addresses', async () => {
    const alice = people.browser();
    await alice.signIn(ALICE.user, ALICE.password);
    const { secret } = await addSecondFactor(alice, ALICE.password, people.clock);
    people.clock.advance(3_600_000);
    const tryCode = async (code: string, address: string) => {
      const body = { user: ALICE.user, password: ALICE.password, code };
      return people.browser().call('POST', '/v1/sign-in', body, from(address));
    };
    for (let i = 0; i < FREE_FAILURES; i++) {
      expectError(await tryCode('000000', `203.0.113.${i}`), 'sign-in-failed');
    }
    people.clock.advance(1000 - 1);
    expectError(await tryCode('000000', '203.0.113.99'), 'rate-limited');
    people.clock.advance(60_000);
    const code = totpCode(secret, people.clock.nowMs());
    expect((await tryCode(code, '203.0.113.99')).status).toBe(200);
  });
});
