// Which delegate gets work, in which order, and how every refusal explains itself.
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeId } from '@sallyport/core';
import { explainEligibility, describeRefusals } from '../src/fleet/eligibility.ts';
import type { DelegateStanding } from '../src/fleet/eligibility.ts';
import { ManualClock } from './manual-clock.ts';
import type { ScriptedDelegate } from './scripted-delegate.ts';
import {
  addManager,
  expectError,
  kmsSettings,
  resolve,
  startTestServer,
  until,
  write,
} from './test-server.ts';
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

const UNREACHABLE = { failure: { code: 'aws-unreachable', message: 'no route', retryable: true } } as const;

async function offered(items: string[] = ['x']): Promise<string[]> {
  const { body } = await on.call('POST', '/v1/offers/read', { items });
  return body.groups.flatMap((group: Loose) => group.delegates.map((one: Loose) => one.offer.name));
}

async function viewOf(delegate: ScriptedDelegate): Promise<Loose> {
  const { body } = await on.call('GET', '/v1/delegates');
  return body.delegates.find((one: Loose) => one.id === delegate.delegateId);
}

describe('eligibility', () => {
  const standing: DelegateStanding = {
    id: makeId('delegate', { nowMs: 0, random: randomBytes(10) }),
    name: 'prod-1',
    selectors: ['prod-1', 'a', 'b'],
    kinds: ['aws-kms'],
    connected: true,
    approved: true,
    draining: false,
    runsScripts: false,
  };

  test.each([
    [{}, [{ kind: 'aws-kms', selectors: ['a', 'b'] }], []],
    [{}, [{ kind: 'aws-kms', selectors: ['c', 'a', 'd'] }], ['lacks selectors c, d']],
    [{ connected: false }, [], ['is disconnected']],
    [
      {},
      [{ kind: 'script', selectors: ['b', 'c'] }],
      ['runs no scripts (its guard file does not allow them)', 'lacks selector c'],
    ],
    [{ runsScripts: true }, [{ kind: 'script', selectors: ['b'] }], []],
    [{ connected: false, runsScripts: null }, [{ kind: 'script', selectors: [] }], ['is disconnected']],
    [{ approved: false, draining: true }, [], ['waits for approval', 'is shutting down']],
    [
      {},
      [{ kind: 'built-in', selectors: ['c'] }],
      ['does not support built-in secrets managers', 'lacks selector c'],
    ],
    [
      {},
      [
        { kind: 'aws-kms', selectors: ['c'] },
        { kind: 'aws-kms', selectors: ['c', 'e'] },
      ],
      ['lacks selectors c, e'],
    ],
  ] as const)('%o for %o is explained as %o', (change, needs, reasons) => {
    expect(explainEligibility({ ...standing, ...change }, needs)).toEqual(reasons);
  });

  test('is described delegate by delegate', () => {
    const edge = { ...standing, name: 'edge-2', connected: false };
    const needs = [{ kind: 'aws-kms' as const, selectors: ['prod-vpc'] }];
    expect(describeRefusals([standing, edge], needs)).toBe(
      'prod-1 lacks selector prod-vpc; edge-2 is disconnected and lacks selector prod-vpc',
    );
  });

  test('of real delegates is the same in the explanation, the refusal and the offers', async () => {
    const right = await on.delegate({ name: 'right', selectors: ['PROD-VPC'] });
    await on.delegate({ name: 'wrong' });
    const old = await on.delegate({ name: 'old', selectors: ['prod-vpc'], kinds: ['built-in'] });
    const saved = await on.call('POST', '/v1/secrets-managers', { name: 'kms', settings: kmsSettings() });
    expect(saved.body.preflight.delegates.map((one: Loose) => one.delegateName)).toEqual(['right']);
    await old.disconnect();
    const explained = await on.call('POST', '/v1/delegates/explain', { secretsManager: 'kms' });
    expect(explained.body.selectors).toEqual(['prod-vpc']);
    expect(Object.fromEntries(explained.body.delegates.map((one: Loose) => [one.name, one.reasons]))).toEqual(
      {
        right: [],
        wrong: ['wrong lacks selector prod-vpc.'],
        old: ['old is disconnected.', 'old does not support aws-kms secrets managers.'],
      },
    );
    await write(on, right, { secret: 'x', value: '1' });
    expect(await offered()).toEqual(['right']);
    await right.disconnect();
    const refused = await on.call('POST', '/v1/offers/read', { items: ['x'] });
    const { message, data } = expectError(refused, 'no-delegate');
    expect(data.stage).toBe('select-delegate');
    expect(message).toContain('right is disconnected');
    expect(message).toContain('wrong lacks selector prod-vpc');
    expect(refused.headers.get('retry-after')).toBe('5');
  });

  test('implicit selectors are the name and the host name', async () => {
    await on.delegate({ name: 'Edge-7', hostName: 'Rack3.internal' });
    await addManager(on, 'by-name', { selectors: ['edge-7'] });
    await addManager(on, 'by-host', { selectors: ['rack3.INTERNAL'] });
  });
});

describe('the order of offers', () => {
  test('is by tasks in flight', async () => {
    const busy = await on.delegate({ name: 'busy' });
    await on.delegate({ name: 'idle' });
    await addManager(on);
    await write(on, busy, { secret: 'x', value: '1' });
    busy.scripts.resolve = () => 'silence';
    const asked = busy.nextTask('resolve');
    const answer = resolve(on, busy, ['x']);
    await asked;
    expect(await offered()).toEqual(['idle', 'busy']);
    expect((await viewOf(busy)).tasksInFlight).toBe(1);
    expect((await viewOf(busy)).dataKeyCache).toBe(null);
    const dataKeyCache = { keys: 1, uses: 9, keyServiceCalls: 2 };
    busy.send({ type: 'heartbeat', tasksInFlight: 1, dataKeyCache });
    await busy.next('heartbeat-seen');
    expect((await viewOf(busy)).dataKeyCache).toEqual(dataKeyCache);
    await busy.disconnect();
    await answer;
  });

  test('leaves out those that are draining', async () => {
    const leaving = await on.delegate({ name: 'leaving' });
    await on.delegate({ name: 'staying' });
    await addManager(on);
    await write(on, leaving, { secret: 'x', value: '1' });
    leaving.send({ type: 'draining' });
    await until(async () => (await viewOf(leaving)).state === 'draining');
    expect(await offered()).toEqual(['staying']);
  });

  test('groups what no single delegate serves, largest group first, and names what nobody serves', async () => {
    const both = await on.delegate({ name: 'both', selectors: ['a', 'b'] });
    const third = await on.delegate({ name: 'third', selectors: ['c'] });
    for (const name of ['a', 'b', 'c']) await addManager(on, name, { selectors: [name] });
    for (const name of ['a', 'b'])
      await write(on, both, { secret: `x${name}`, value: '1', secretsManager: name });
    await write(on, third, { secret: 'xc', value: '1', secretsManager: 'c' });
    const all = await on.call('POST', '/v1/offers/read', { items: ['xc', 'xa', 'xb', 'nope'] });
    const shape = all.body.groups.map((group: Loose) => [
      group.items.map((item: Loose) => item.reference).sort(),
      group.delegates.map((one: Loose) => one.offer.name),
    ]);
    expect(shape).toEqual([
      [['xa', 'xb'], ['both']],
      [['xc'], ['third']],
    ]);
    expect(all.body.unresolved).toMatchObject([{ reference: 'nope', error: { code: 'not-found' } }]);
    await third.disconnect();
    const rest = await on.call('POST', '/v1/offers/read', { items: ['xc', 'xa'] });
    expect(rest.body.unresolved).toMatchObject([{ reference: 'xc', error: { code: 'no-delegate' } }]);
  });

  test('holds no sealing key that has expired', async () => {
    const delegate = await on.delegate({ offerExpiresAtMs: clock.nowMs() + 10_000 });
    await addManager(on);
    await write(on, delegate, { secret: 'x', value: '1' });
    clock.advance(10_000);
    expectError(await on.call('POST', '/v1/offers/read', { items: ['x'] }), 'no-delegate');
    delegate.send({ type: 'offer', offer: delegate.makeOffer(clock.nowMs() + 60_000) });
    await until(
      async () =>
        (await on.call('POST', '/v1/offers/write', { secret: 'y', secretsManager: null })).status === 200,
    );
    expect(await offered()).toEqual([delegate.name]);
  });
});

describe('a delegate that fails by its own fault', () => {
  test('rests while there is another, longer each time, and works again after a success', async () => {
    const ill = await on.delegate({ name: 'ill' });
    const well = await on.delegate({ name: 'well' });
    await addManager(on);
    await write(on, well, { secret: 'x', value: '1' });
    ill.scripts.resolve = () => UNREACHABLE;
    for (const restMs of [1000, 2000, 4000]) {
      expectError(await resolve(on, ill, ['x']), 'aws-unreachable');
      expect((await viewOf(ill)).restingUntilMs).toBe(clock.nowMs() + restMs);
      expect(await offered()).toEqual(['well']);
      const refused = expectError(await resolve(on, ill, ['x']), 'delegate-not-eligible');
      expect(refused.retryable).toBe(true);
      clock.advance(restMs);
      expect((await offered()).sort()).toEqual(['ill', 'well']);
    }
    delete ill.scripts.resolve;
    expect((await resolve(on, ill, ['x'])).status).toBe(200);
    ill.scripts.resolve = () => UNREACHABLE;
    await resolve(on, ill, ['x']);
    expect((await viewOf(ill)).restingUntilMs).toBe(clock.nowMs() + 1000);
  });

  test('never rests longer than a minute', async () => {
    const only = await on.delegate();
    await addManager(on);
    await write(on, only, { secret: 'x', value: '1' });
    only.scripts.resolve = () => UNREACHABLE;
    let longestMs = 0;
    for (let i = 0; i < 9; i += 1) {
      await resolve(on, only, ['x']);
      const restMs = (await viewOf(only)).restingUntilMs - clock.nowMs();
      longestMs = Math.max(longestMs, restMs);
      only.send({ type: 'heartbeat', tasksInFlight: 0 });
      await only.next('heartbeat-seen');
      for (let rest = restMs; rest > 0; rest -= 20_000) {
        clock.advance(Math.min(rest, 20_000));
        only.send({ type: 'heartbeat', tasksInFlight: 0 });
        await only.next('heartbeat-seen');
      }
    }
    expect(longestMs).toBe(60_000);
  });

  test('is tried all the same when it is the only one', async () => {
    const only = await on.delegate({ name: 'only' });
    await addManager(on);
    await write(on, only, { secret: 'x', value: '1' });
    only.scripts.resolve = () => UNREACHABLE;
    expectError(await resolve(on, only, ['x']), 'aws-unreachable');
    expect((await viewOf(only)).restingUntilMs).not.toBeNull();
    expect(await offered()).toEqual(['only']);
    delete only.scripts.resolve;
    expect((await resolve(on, only, ['x'])).status).toBe(200);
    expect((await viewOf(only)).restingUntilMs).toBeNull();
  });

  test('counts a resolve in which every item failed so as a failure; one that fails for what was asked does not', async () => {
    const delegate = await on.delegate();
    await addManager(on);
    await write(on, delegate, { secret: 'x', value: '1' });
    const failing = (code: 'aws-credentials' | 'access-denied') => {
      delegate.scripts.resolve = (task) => ({
        kind: 'resolve',
        answer: '',
        failures: task.items.map(({ reference }) => ({
          reference,
          error: { code, message: 'no', retryable: false },
        })),
      });
    };
    failing('access-denied');
    await resolve(on, delegate, ['x']);
    expect((await viewOf(delegate)).restingUntilMs).toBeNull();
    failing('aws-credentials');
    await resolve(on, delegate, ['x']);
    expect((await viewOf(delegate)).restingUntilMs).not.toBeNull();
  });
});
