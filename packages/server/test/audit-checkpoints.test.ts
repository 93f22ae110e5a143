// Checkpoints: when the server has its audit trail signed, by whom, and that a refusal is the alarm that it is meant to be. What a real
// delegate refuses is in its own tests; here it is told what to say.
import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AuditCheckpoint, StoredAuditCheckpoint, TaskOf, TaskResultOf } from '@sallyport/protocol';
import { AUDIT_CHAIN_START, extendHead, isSignedCheckpoint } from '@sallyport/protocol/audit';
import type { AuditChainHead } from '@sallyport/protocol/audit';
import { pino } from 'pino';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import type { Store } from '../src/storage/store.ts';
import { signCheckpoint, signTask } from './audit-signer.ts';
import { ManualClock } from './manual-clock.ts';
import { ScriptedDelegate } from './scripted-delegate.ts';
import { auditEntry } from './storage-rows.ts';
import { expectError, startTestServer, until } from './test-server.ts';
import type { Loose, TestServer } from './test-server.ts';

type Outcome = TaskResultOf<'sign-checkpoint'>['outcome'];

let on: TestServer;
let clock: ManualClock;
let store: Store;
let log: Loose[];
let connected: ScriptedDelegate[];

async function start(config: object = {}): Promise<void> {
  clock = new ManualClock();
  log = [];
  connected = [];
  const lines = { write: (line: string) => log.push(JSON.parse(line)) };
  store = await openSqliteStore({ path: ':memory:' });
  on = await startTestServer({
    config: { auditCheckpointSeconds: 60, ...config },
    dependencies: { clock, store, logger: pino({ level: 'warn' }, lines) },
  });
}
beforeEach(async () => start());
afterEach(async () => {
  await on.end();
  await store.close();
});

async function append(count: number): Promise<void> {
  await store.write(({ audit }) => audit.append(Array.from({ length: count }, () => auditEntry())));
}

const head = async (): Promise<AuditChainHead> => (await store.read(({ audit }) => audit.ends())).head;
const stored = async (): Promise<StoredAuditCheckpoint[]> =>
  store.read(({ auditCheckpoints }) => auditCheckpoints.after(0, 1000));
const status = async (): Promise<Loose> => (await on.call('GET', '/v1/audit/status')).body;
const records = async (action: string): Promise<Loose[]> =>
  (await on.call('GET', `/v1/audit?action=${action}`)).body.records;

async function connect(name = 'prod-1'): Promise<ScriptedDelegate> {
  const delegate = await on.delegate({ name });
  connected.push(delegate);
  return delegate;
}

/** Lets time pass and everything happen that is due meanwhile: the trail is looked at twice a second, each time by reading the database. */
async function pass(seconds: number): Promise<void> {
  for (let step = 0; step < seconds * 20; step++) {
    if (step % 200 === 0) await heartbeat();
    clock.advance(50);
    await new Promise(setImmediate);
  }
}

/** Without a word for 30 seconds a delegate is lost. */
async function heartbeat(): Promise<void> {
  for (const delegate of connected) {
    const seen = delegate.next('heartbeat-seen');
    delegate.send({ type: 'heartbeat', tasksInFlight: 0 });
    await seen;
  }
}

/** Waits until there are so many checkpoints. */
async function untilStored(count: number): Promise<StoredAuditCheckpoint[]> {
  await until(async () => {
    clock.advance(10);
    return (await stored()).length >= count;
  });
  return stored();
}

/** A delegate with a memory like a real one, that counts what it is asked. */
function witness(delegate: ScriptedDelegate): {
  asked: TaskOf<'sign-checkpoint'>[];
  last: AuditChainHead | null;
} {
  const memory: ReturnType<typeof witness> = { asked: [], last: null };
  delegate.scripts['sign-checkpoint'] = (task) => {
    memory.asked.push(task);
    const { last } = memory;
    const outcome = ((): Outcome | null => {
      if (last === null) return null;
      if (task.since?.hash !== last.hash) return { is: 'signed-another-last', last };
      const reached = extendHead(last, Buffer.from(task.contentHashes, 'base64'));
      if (reached.hash === task.head.hash) return null;
      return { is: 'refused', reason: 'is-not-proven', message: 'It does not lead there.', last };
    })();
    if (outcome !== null) return { kind: 'sign-checkpoint', outcome };
    memory.last = task.head;
    return signTask(delegate.privateKey, { ...task, since: last });
  };
  return memory;
}

function answers(delegate: ScriptedDelegate, outcome: Outcome): { asked: number } {
  const counter = { asked: 0 };
  delegate.scripts['sign-checkpoint'] = () => {
    counter.asked += 1;
    return { kind: 'sign-checkpoint', outcome };
  };
  return counter;
}

const REFUSAL: Outcome = {
  is: 'refused',
  reason: 'went-backwards',
  message: 'The trail had record 900 when it was signed last.',
  last: { sequence: 900, hash: 'a'.repeat(64) },
};

describe('the server has its trail signed', () => {
  test('soon after its start, then a minute after anything was written, each time continuing the one before', async () => {
    const delegate = await connect();
    const memory = witness(delegate);
    await pass(9);
    expect(memory.asked).toEqual([]);
    await pass(2);
    const [first] = await untilStored(1);
    expect(first).toMatchObject({
      ...(await head()),
      number: 1,
      since: null,
      delegateId: delegate.delegateId,
      delegateName: 'prod-1',
      accountId: expect.stringMatching(/^acc_[0-9a-f]{32}$/),
    });
    expect(isSignedCheckpoint(first as AuditCheckpoint)).toBe(true);
    await pass(180);
    expect(await stored()).toHaveLength(1);
    await append(1);
    await pass(1);
    const [, second] = await untilStored(2);
    const { sequence, hash } = first as AuditCheckpoint;
    expect(second).toMatchObject({ ...(await head()), since: { sequence, hash } });
    expect(memory.asked.map(({ since }) => since)).toEqual([null, { sequence, hash }]);
    expect(await store.checkIntegrity()).toEqual([]);
    expect((await on.call('GET', '/v1/audit/checkpoints')).body).toEqual({
      checkpoints: [second, first],
      nextCursor: null,
    });
  });

  test('after so many records, without waiting for the minute, and at most once a second', async () => {
    await on.end();
    await store.close();
    await start({ auditCheckpointRecords: 5 });
    const delegate = await connect();
    witness(delegate);
    await pass(11);
    const before = (await untilStored(1)).length;
    await append(4);
    await pass(5);
    expect(await stored()).toHaveLength(before);
    await append(1);
    await pass(2);
    await untilStored(before + 1);
    expect((await stored()).at(-1)).toMatchObject(await head());
  });

  test('by its delegates in turn, each going on from what it signed itself', async () => {
    const memories = [await connect('a'), await connect('b')].map(witness);
    for (let round = 1; round <= 4; round++) {
      await append(1);
      await pass(61);
      await untilStored(round);
    }
    const all = await stored();
    expect(all.map(({ delegateName }) => delegateName).toSorted()).toEqual(['a', 'a', 'b', 'b']);
    expect(all[0]?.delegateName).not.toBe(all[1]?.delegateName);
    expect(all.slice(2).map(({ since }) => since?.sequence)).toEqual(
      all.slice(0, 2).map(({ sequence }) => sequence),
    );
    expect(memories.map(({ asked }) => asked.length)).toEqual([2, 2]);
  });

  test('never by one that waits for approval, and goes on without any', async () => {
    const token = { name: 'strict', expiresInSeconds: null, requiresApproval: true };
    const { value } = (await on.call('POST', '/v1/delegate-tokens', token)).body;
    const delegate = new ScriptedDelegate({ name: 'waiting' });
    expect(await delegate.connect(on.server.address, value)).toBeNull();
    const memory = witness(delegate);
    connected.push(delegate);
    await append(3);
    await pass(120);
    expect(await stored()).toEqual([]);
    const { head: shown, signers } = await status();
    expect([shown, signers]).toEqual([await head(), []]);
    expectError(await on.call('POST', '/v1/audit/checkpoints'), 'no-delegate');
    expect(memory.asked).toEqual([]);
    await delegate.disconnect();
  });

  test('also when a delegate has signed something that the server does not know of', async () => {
    const delegate = await connect();
    const memory = witness(delegate);
    await append(5);
    // As after a crash between the delegate's signature and the server's commit.
    memory.last = await store.read(({ audit }) => audit.pointAt(3));
    expect((await on.call('POST', '/v1/audit/checkpoints')).body).toMatchObject({
      since: memory.last && { sequence: 3 },
    });
    expect(memory.asked.map(({ since }) => since?.sequence ?? null)).toEqual([null, 3]);
  });

  test('in steps of 20,000 records when a delegate was away for long', async () => {
    const delegate = await connect();
    const memory = witness(delegate);
    const first = (await on.call('POST', '/v1/audit/checkpoints')).body;
    for (let batch = 0; batch < 21; batch++) await append(1000);
    const last = (await on.call('POST', '/v1/audit/checkpoints')).body;
    expect(last).toMatchObject(await head());
    const steps = memory.asked.map(({ head: { sequence } }) => sequence - first.sequence);
    expect(steps).toEqual([0, 20_000, 21_000]);
    expect((await stored()).map(({ since }) => since?.sequence ?? null)).toEqual([
      null,
      first.sequence,
      first.sequence + 20_000,
    ]);
  });
});

describe('a checkpoint on demand', () => {
  test('is signed at once, also when nothing was written since', async () => {
    const delegate = await connect();
    witness(delegate);
    const first = await on.call('POST', '/v1/audit/checkpoints');
    const second = await on.call('POST', '/v1/audit/checkpoints');
    expect([first.status, second.status]).toEqual([201, 201]);
    const { sequence, hash } = first.body;
    expect(second.body).toMatchObject({ sequence, hash, since: { sequence, hash }, number: 2 });
    expect((await status()).signers).toEqual([
      {
        delegateId: delegate.delegateId,
        name: 'prod-1',
        fingerprint: first.body.fingerprint,
        connected: true,
        last: { sequence, signedAtMs: second.body.signedAtMs, ageSeconds: expect.any(Number) },
        refusal: null,
      },
    ]);
  });

  test('comes from the next delegate when the first one fails', async () => {
    const [a, b] = [await connect('a'), await connect('b')];
    const failure = { code: 'internal', message: 'The disk is full.', retryable: false } as const;
    a.scripts['sign-checkpoint'] = () => ({ failure });
    witness(b);
    expect((await on.call('POST', '/v1/audit/checkpoints')).body).toMatchObject({ delegateName: 'b' });
    b.scripts['sign-checkpoint'] = () => ({ failure });
    expectError(await on.call('POST', '/v1/audit/checkpoints'), 'internal');
    // What it could not write down is no reason to send it no secrets.
    expect(
      (await on.call('GET', '/v1/delegates')).body.delegates.map((one: Loose) => one.restingUntilMs),
    ).toEqual([null, null]);
  });

  test('that is about something else than was asked, or signed by somebody else, is not taken', async () => {
    const delegate = await connect();
    const stranger = generateKeyPairSync('ed25519').privateKey;
    const lies: ((task: TaskOf<'sign-checkpoint'>) => AuditCheckpoint)[] = [
      ({ accountId, head: at }) =>
        signCheckpoint(delegate.privateKey, {
          ...at,
          sequence: at.sequence + 1,
          accountId,
          since: null,
          signedAtMs: 1,
        }),
      ({ accountId, head: at }) =>
        signCheckpoint(delegate.privateKey, {
          ...at,
          hash: 'f'.repeat(64),
          accountId,
          since: null,
          signedAtMs: 1,
        }),
      ({ head: at }) =>
        signCheckpoint(delegate.privateKey, {
          ...at,
          accountId: `acc_${'f'.repeat(32)}`,
          since: null,
          signedAtMs: 1,
        }),
      ({ accountId, head: at }) =>
        signCheckpoint(delegate.privateKey, { ...at, accountId, since: AUDIT_CHAIN_START, signedAtMs: 1 }),
      ({ accountId, head: at }) => signCheckpoint(stranger, { ...at, accountId, since: null, signedAtMs: 1 }),
      ({ accountId, head: at }) => ({
        ...signCheckpoint(delegate.privateKey, { ...at, accountId, since: null, signedAtMs: 1 }),
        signedAtMs: 2,
      }),
    ];
    for (const lie of lies) {
      delegate.scripts['sign-checkpoint'] = (task) => ({
        kind: 'sign-checkpoint',
        outcome: { is: 'signed', checkpoint: lie(task) },
      });
      expectError(await on.call('POST', '/v1/audit/checkpoints'), 'delegate-untrusted');
    }
    answers(delegate, { is: 'signed-another-last', last: { sequence: 1, hash: 'f'.repeat(64) } });
    expectError(await on.call('POST', '/v1/audit/checkpoints'), 'delegate-untrusted');
    expect(await stored()).toEqual([]);
  });
});

describe('a refusal', () => {
  test('is logged, recorded once, counted and shown until the delegate signs again', async () => {
    const delegate = await connect();
    const counter = answers(delegate, REFUSAL);
    const error = expectError(await on.call('POST', '/v1/audit/checkpoints'), 'delegate-refused');
    expect(error.message).toContain('The trail had record 900');
    expect(error.data).toMatchObject({ delegate: 'prod-1', reason: 'went-backwards' });
    const offered = { ...(await head()), sequence: (await head()).sequence - 1, hash: expect.any(String) };
    expect(await records('audit.checkpoint-refused')).toMatchObject([
      {
        actor: delegate.delegateId,
        actorKind: 'delegate',
        resource: delegate.delegateId,
        resourceName: 'prod-1',
        details: {
          reason: 'went-backwards',
          offered,
          signed: REFUSAL.is === 'refused' ? REFUSAL.last : null,
        },
      },
    ]);
    expect(log).toContainEqual(
      expect.objectContaining({ level: 50, delegate: 'prod-1', reason: 'went-backwards' }),
    );
    await pass(200);
    expect(counter.asked).toBeGreaterThan(2);
    expect(counter.asked).toBeLessThan(6);
    expect(await records('audit.checkpoint-refused')).toHaveLength(1);
    const shown = await status();
    expect(shown.refusals).toBe(counter.asked);
    expect(shown.signers[0]).toMatchObject({ last: null, refusal: { reason: 'went-backwards' } });
    const metrics = await (await fetch(`${on.server.address}/metrics`)).text();
    expect(metrics).toContain(`sallyport_audit_checkpoints_total{outcome="refused"} ${counter.asked}`);
    witness(delegate);
    await on.call('POST', '/v1/audit/checkpoints');
    expect((await status()).signers[0].refusal).toBeNull();
    expect(await (await fetch(`${on.server.address}/metrics`)).text()).toMatch(
      /sallyport_audit_checkpoint_age_seconds \d/,
    );
  });

  test('for another reason is recorded again', async () => {
    const delegate = await connect();
    answers(delegate, REFUSAL);
    await on.call('POST', '/v1/audit/checkpoints');
    answers(delegate, { ...REFUSAL, reason: 'is-not-proven' });
    await on.call('POST', '/v1/audit/checkpoints');
    const reasons = (await records('audit.checkpoint-refused')).map(({ details }) => details.reason);
    expect(reasons).toEqual(['is-not-proven', 'went-backwards']);
  });

  test('of one delegate does not keep another from signing in the same round', async () => {
    const [a, b] = [await connect('a'), await connect('b')];
    answers(a, REFUSAL);
    witness(b);
    await pass(11);
    await untilStored(1);
    expect((await stored()).map(({ delegateName }) => delegateName)).toEqual(['b']);
  });

  test('comes from the server itself when records that would prove anything were removed', async () => {
    const delegate = await connect();
    const memory = witness(delegate);
    await append(9);
    await on.call('POST', '/v1/audit/checkpoints');
    const floor = (await store.read(({ audit }) => audit.pointAt(6))) as AuditChainHead;
    await store.write(async ({ auditRetention }) => {
      await auditRetention.raiseFloor(floor);
      await auditRetention.removeBelowFloor(100);
    });
    // It has signed less than the server believes, as after its own folder was restored from a copy.
    memory.last = { sequence: 3, hash: 'a'.repeat(64) };
    await append(1);
    const refused = expectError(await on.call('POST', '/v1/audit/checkpoints'), 'delegate-refused');
    expect(refused.data.reason).toBe('no-proof');
    expect(refused.message).toMatch(/signed record 3 last/);
  });
});
