// A delegate's local endpoint while other things are gone: the server, its database, the network, the key service, the delegate itself. Real
// processes; per availability, what is served and for how long, that withdrawn rights act in time, and that every use is recorded once.
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Availability } from '@sallyport/protocol';
import { labTarget, settingsFor } from './harness/aws-targets.ts';
import type { Part } from './harness/child-process.ts';
import { Deployment, until } from './harness/deployment.ts';
import { startGateProxy } from './harness/gate-proxy.ts';
import { readLocally, readSteadily } from './harness/local-program.ts';
import type { LocalAnswer } from './harness/local-program.ts';

const SHORT_S = 2;
const FRESH: Availability = { mode: 'fresh' };
const SHORT: Availability = { mode: 'stale-ok', maxAgeSeconds: SHORT_S };
const STALE: Availability = { mode: 'stale-ok', maxAgeSeconds: 300 };
const OFFLINE: Availability = { mode: 'offline', maxAgeSeconds: 300 };
const MINUTE = 60_000;

let target: Awaited<ReturnType<typeof labTarget>>;
let deployment: Deployment;
let delegate: Part;
let key: { id: string; token: string };

const localListen = ['127.0.0.1:0'];
const read = async (
  secret: string,
  options: { token?: string; purpose?: string } = {},
): Promise<LocalAnswer> => readLocally(delegate, secret, { token: key.token, ...options });
const outcome = async (secret: string): Promise<string> => {
  const { value, from, error } = await read(secret);
  return error === undefined ? `${value} from ${from}` : error.code;
};

async function newKey(name: string): Promise<{ id: string; token: string }> {
  const created = await deployment.client.call('createApiKey', { body: { name } });
  return { id: created.apiKey.id, token: created.value };
}

async function store(name: string, availability: Availability, secretsManager = 'ring'): Promise<void> {
  await deployment.client.set(name, `value of ${name}`, { availability, secretsManager });
}

/** How often the trail says that a secret was released for a purpose. */
async function recorded(name: string, purpose: string): Promise<number> {
  const { records } = await deployment.client.call('listAudit', {
    query: { action: 'secret.released', limit: 500 },
  });
  return records
    .filter((record) => record.resourceName === name && record.purpose === purpose)
    .reduce((sum, { details }) => sum + (typeof details['count'] === 'number' ? details['count'] : 1), 0);
}

async function serverBack(): Promise<void> {
  await deployment.startServer();
  await deployment.untilConnected('edge');
}

/** Waits until the delegate knows that its server is away. */
async function untilAway(): Promise<void> {
  const { ready } = delegate as Part & { ready: { local: readonly string[] } };
  await until(async () => {
    const health = (await (await fetch(`${ready.local[0]}/v1/health`)).json()) as { server: string };
    return health.server === 'away';
  }, 'the delegate knows that the server is away');
}

beforeAll(async () => {
  target = await labTarget();
  deployment = await Deployment.start();
  const { environment } = target;
  delegate = await deployment.startDelegate({ name: 'edge', selectors: ['vpc'], environment, localListen });
  const { client } = deployment;
  await client.call('createSecretsManager', {
    body: { name: 'ring', settings: { kind: 'built-in', selectors: ['vpc'] } },
  });
  await client.call('createSecretsManager', {
    body: { name: 'uncached', settings: settingsFor(target, 'iam-role', ['vpc']) },
  });
  const cached = {
    ...settingsFor(target, 'iam-role', ['vpc']),
    dataKeyCache: { maxAgeSeconds: 300, maxUses: 1000 },
  };
  await client.call('createSecretsManager', { body: { name: 'cached', settings: cached } });
  await client.call('createSecretsManager', {
    body: { name: 'static', settings: settingsFor(target, 'access-keys', ['vpc']) },
  });
  key = await newKey('program');
}, MINUTE);

// A test that fails half-way must not leave the others without a server, or with a fault.
afterEach(async () => {
  target.lab.faults.clear();
  const { exitCode, signalCode } = deployment.server.child;
  if (exitCode !== null || signalCode !== null) await serverBack();
});

afterAll(async () => {
  await deployment?.close();
  await target?.close();
});

test(
  'with the server killed: fresh is not served, stale-ok until its age, offline also after a restart; each use is recorded once',
  async () => {
    const purpose = 'server killed';
    await store('fresh', FRESH);
    await store('short', SHORT);
    await store('stale', STALE);
    await store('kept', OFFLINE);
    for (const name of ['fresh', 'short', 'stale', 'kept']) {
      expect((await read(name, { purpose })).from).toBe('server');
    }
    await deployment.server.kill();
    await untilAway();
    const confirmedAtMs = Date.now();
    expect((await read('fresh', { purpose })).error?.message).toMatch(/server is away since .*fresh/);
    expect((await read('short', { purpose })).from).toBe('memory');
    for (let round = 0; round < 5; round++) expect((await read('stale', { purpose })).from).toBe('memory');
    await until(async () => (await read('short')).error?.code === 'unreachable', 'the age has passed');
    expect(Date.now() - confirmedAtMs).toBeLessThan(SHORT_S * 1000 + 3000);
    // Without warning: what was served must be on record all the same.
    await delegate.kill();
    delegate = await deployment.launchDelegate({
      name: 'edge',
      selectors: ['vpc'],
      environment: target.environment,
      localListen,
    });
    expect(await outcome('stale')).toBe('unreachable');
    for (let round = 0; round < 3; round++) expect((await read('kept', { purpose })).from).toBe('disk');
    await serverBack();
    await until(async () => (await recorded('kept', purpose)) >= 4, 'the uses are recorded');
    expect(await recorded('kept', purpose)).toBe(4);
    expect(await recorded('stale', purpose)).toBe(6);
    expect(await recorded('short', purpose)).toBe(2);
    expect(await recorded('fresh', purpose)).toBe(1);
  },
  MINUTE,
);

test(
  'a revoked key stops at once while the server is there, and with the age while it is not',
  async () => {
    await store('mine', SHORT);
    await store('mine-long', STALE);
    const other = await newKey('other');
    const readAsOther = async (name: string): Promise<LocalAnswer> =>
      readLocally(delegate, name, { token: other.token });
    await readAsOther('mine-long');
    await until(async () => (await readAsOther('mine-long')).from === 'memory', 'it is in memory');
    await deployment.client.call('revokeApiKey', { params: { apiKey: other.id } });
    await until(async () => (await readAsOther('mine-long')).status === 401, 'the key is refused');

    const third = await newKey('third');
    const readAsThird = async (): Promise<LocalAnswer> =>
      readLocally(delegate, 'mine', { token: third.token });
    await readAsThird();
    await deployment.server.kill();
    await untilAway();
    const awaySinceMs = Date.now();
    expect((await readAsThird()).from).toBe('memory');
    await until(async () => (await readAsThird()).status !== 200, 'its age has passed');
    expect(Date.now() - awaySinceMs).toBeLessThan(SHORT_S * 1000 + 3000);
    await serverBack();
    await deployment.client.call('revokeApiKey', { params: { apiKey: third.id } });
    await until(async () => (await readAsThird()).status === 401, 'the key is refused');
  },
  MINUTE,
);

test(
  'a changed availability and a new version act at once while the server is there',
  async () => {
    await store('changing', STALE);
    expect(await outcome('changing')).toBe('value of changing from server');
    await until(
      async () => (await outcome('changing')) === 'value of changing from memory',
      'it is in memory',
    );
    await deployment.client.set('changing', 'second');
    await until(async () => (await read('changing')).value === 'second', 'the new version is served');
    await deployment.client.edit('changing', { availability: FRESH });
    await until(async () => (await read('changing')).from === 'server', 'it is fresh');
    expect(await outcome('changing')).toBe('second from server');
  },
  MINUTE,
);

test(
  'with the database locked away, what may be stale is served and nothing else',
  async () => {
    await store('db-stale', STALE);
    await store('db-fresh', FRESH);
    await read('db-stale');
    // Somebody else holds the database: the server can decide, but not record, and so releases nothing.
    const thief = new DatabaseSync(deployment.databaseFile);
    thief.exec('BEGIN IMMEDIATE');
    const fresh = read('db-fresh');
    expect((await read('db-stale')).from).toBe('memory');
    expect((await fresh).error?.code).toBe('unreachable');
    expect((await read('db-stale')).from).toBe('memory');
    thief.exec('ROLLBACK');
    thief.close();
    await until(async () => (await read('db-fresh')).status === 200, 'the server records again');
  },
  MINUTE,
);

describe('the key service', () => {
  const fault = (kind: 'hang' | 'deny'): { remove: () => void } => {
    const what =
      kind === 'hang' ? { kind } : { kind: 'error' as const, code: 'AccessDeniedException', status: 400 };
    return target.lab.faults.add({ service: 'kms', operation: 'Decrypt', ...what });
  };

  test(
    'denying: what the cache holds opens, nothing else does, and the error is that of KMS',
    async () => {
      await store('kms-cached', STALE, 'cached');
      await store('kms-uncached', STALE, 'uncached');
      expect(await outcome('kms-cached')).toBe('value of kms-cached from server');
      expect(await outcome('kms-uncached')).toBe('value of kms-uncached from server');
      const denied = fault('deny');
      await until(
        async () => (await outcome('kms-cached')) === 'value of kms-cached from memory',
        'it is in memory',
      );
      expect(await outcome('kms-uncached')).toBe('access-denied');
      denied.remove();
      expect(await outcome('kms-uncached')).toMatch(/^value/);
    },
    MINUTE,
  );

  test(
    'hanging: what the cache holds opens at once, the rest ends with an error in time',
    async () => {
      await store('hang-cached', STALE, 'cached');
      await store('hang-uncached', STALE, 'uncached');
      expect(await outcome('hang-cached')).toMatch(/^value/);
      expect(await outcome('hang-uncached')).toMatch(/^value/);
      const hanging = fault('hang');
      const waiting = outcome('hang-uncached');
      await until(
        async () => (await outcome('hang-cached')) === 'value of hang-cached from memory',
        'it is in memory',
      );
      expect(await waiting).toBe('aws-unreachable');
      hanging.remove();
      expect(await outcome('hang-uncached')).toMatch(/^value/);
    },
    MINUTE,
  );

  test(
    'with static keys nothing is kept on disk',
    async () => {
      await store('static-kept', OFFLINE, 'static');
      await store('role-kept', OFFLINE, 'cached');
      expect(await outcome('static-kept')).toMatch(/^value/);
      expect(await outcome('role-kept')).toMatch(/^value/);
      await deployment.server.kill();
      await delegate.stop();
      delegate = await deployment.launchDelegate({
        name: 'edge',
        selectors: ['vpc'],
        environment: target.environment,
        localListen,
      });
      expect(await outcome('role-kept')).toBe('value of role-kept from disk');
      expect(await outcome('static-kept')).toBe('unreachable');
      await serverBack();
    },
    MINUTE,
  );
});

test(
  'a network that stops forwarding counts as away after two seconds, once; then nobody waits',
  async () => {
    const gate = await startGateProxy(deployment.address);
    const token = await deployment.server.call<string>('createDelegateToken', 'behind the gate');
    const { environment } = target;
    const settings = {
      name: 'behind',
      token,
      serverUrl: gate.address,
      selectors: ['vpc'],
      environment,
      localListen,
    };
    const behind = await deployment.launchDelegate(settings);
    await deployment.untilConnected('behind');
    // Another delegate has another key ring, so its secrets need the key service that both use.
    await store('half-open', STALE, 'cached');
    const readAgain = async (): Promise<LocalAnswer> =>
      readLocally(behind, 'half-open', { token: key.token });
    await until(async () => (await readAgain()).status === 200, 'it is confirmed there');
    gate.shut();
    // The confirmation is good for some seconds yet, and is renewed ahead: nobody waits for the server that is gone.
    const reads = readSteadily(readAgain, 20);
    await until(() => reads.tally.ok > 60, 'reads go on');
    await reads.stop();
    expect(reads.tally.failed).toEqual([]);
    gate.open();
    await behind.stop();
    gate.close();
  },
  MINUTE,
);

test(
  'no read of a stale-ok secret fails during six seconds without a server at 200 reads a second, and all are recorded',
  async () => {
    const purpose = 'steady';
    await store('steady', STALE);
    expect((await read('steady', { purpose })).status).toBe(200);
    const reads = readSteadily(async () => read('steady', { purpose }), 200);
    await until(() => reads.tally.ok > 100, 'reads are under way');
    await deployment.server.kill();
    await new Promise((resolve) => setTimeout(resolve, 6000));
    await serverBack();
    await reads.stop();
    expect(reads.tally.failed).toEqual([]);
    expect(reads.tally.ok).toBeGreaterThan(1200);
    const expected = reads.tally.ok + 1;
    await until(async () => (await recorded('steady', purpose)) >= expected, 'the uses are recorded');
    expect(await recorded('steady', purpose)).toBe(expected);
  },
  MINUTE,
);
