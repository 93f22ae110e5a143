// Holding requests back after throttles, with a clock that only the test moves.
import { describe, expect, test } from 'vitest';
import { RequestPacer, RequestPacers } from '../src/connection/request-pacer.ts';

const quick = { signal: null, maxWaitMs: 10_000 };

async function sendAt(pacer: RequestPacer, clock: { nowMs: number }, perSecond: number): Promise<void> {
  for (let sent = 0; sent < perSecond; sent += 1) {
    clock.nowMs += 1000 / perSecond;
    await pacer.waitForTurn(quick);
  }
}

describe('a request pacer', () => {
  test('lets everything through until AWS throttles', async () => {
    const clock = { nowMs: 0 };
    const pacer = new RequestPacer(() => clock.nowMs);
    await sendAt(pacer, clock, 500);
    expect(pacer.perSecond).toBeNull();
  });

  test('a throttle cuts the rate that was in use, a burst of throttles cuts it once, another one later cuts again', async () => {
    const clock = { nowMs: 0 };
    const pacer = new RequestPacer(() => clock.nowMs);
    await sendAt(pacer, clock, 100);
    for (let burst = 0; burst < 20; burst += 1) pacer.throttled();
    expect(pacer.perSecond).toBeCloseTo(70, -1);
    clock.nowMs += 1000;
    const before = pacer.perSecond ?? 0;
    pacer.throttled();
    expect(pacer.perSecond).toBeLessThan(before);
  });

  test('the rate grows back, and holding back ends when it is far above what was throttled', async () => {
    const clock = { nowMs: 0 };
    const pacer = new RequestPacer(() => clock.nowMs);
    await sendAt(pacer, clock, 100);
    pacer.throttled();
    const cut = pacer.perSecond ?? 0;
    clock.nowMs += 5000;
    expect(pacer.perSecond).toBeGreaterThan(cut * 1.5);
    clock.nowMs += 20_000;
    expect(pacer.perSecond).toBeNull();
  });

  test('a request waits for its turn, and its caller can stop waiting', async () => {
    const clock = { nowMs: 0 };
    const pacer = new RequestPacer(() => clock.nowMs);
    await sendAt(pacer, clock, 2);
    pacer.throttled();
    await pacer.waitForTurn(quick);
    const aborting = new AbortController();
    const waiting = pacer.waitForTurn({ signal: aborting.signal, maxWaitMs: 10_000 });
    aborting.abort(new Error('no longer wanted'));
    await expect(waiting).rejects.toThrow('no longer wanted');
  });

  test('a request whose turn would come too late is refused as throttled at once', async () => {
    const clock = { nowMs: 0 };
    const pacer = new RequestPacer(() => clock.nowMs);
    await sendAt(pacer, clock, 2);
    pacer.throttled();
    await pacer.waitForTurn(quick);
    const refused = pacer.waitForTurn({ signal: null, maxWaitMs: 100 });
    await expect(refused).rejects.toMatchObject({ code: 'aws-throttled', retryable: true });
    await expect(refused).rejects.toThrow('held back');
  });

  test('all users of one account and region share a pacer; other regions and accounts have their own', () => {
    const pacers = new RequestPacers();
    const shared = pacers.of({ accountId: '111122223333', region: 'eu-west-1' });
    expect(pacers.of({ accountId: '111122223333', region: 'eu-west-1' })).toBe(shared);
    expect(pacers.of({ accountId: '111122223333', region: 'us-east-1' })).not.toBe(shared);
    expect(pacers.of({ accountId: '444455556666', region: 'eu-west-1' })).not.toBe(shared);
  });
});
