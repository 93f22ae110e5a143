// Retention of the audit trail: what is older goes, below a checkpoint and behind a floor, and what is left still verifies.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AuditExportPage } from '@sallyport/protocol';
import { NODE_PROOF, TrailVerifier } from '@sallyport/protocol/audit';
import { BackgroundWork } from '../src/background-work.ts';
import { Retention } from '../src/audit/retention.ts';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import type { Store } from '../src/storage/store.ts';
import { ACCOUNT_ID, newSigner } from './audit-signer.ts';
import { ManualClock } from './manual-clock.ts';
import { auditEntry } from './storage-rows.ts';
import { startTestServer, until } from './test-server.ts';
import { pino } from 'pino';

const DAY_MS = 86_400_000;

let folder: string;
let path: string;
let store: Store;
let clock: ManualClock;
let background: BackgroundWork;
const signer = newSigner();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-retention-'));
  path = join(folder, 'sallyport.db');
  clock = new ManualClock(1_790_000_000_000);
  store = await openSqliteStore({ path, clock });
  background = new BackgroundWork(pino({ level: 'silent' }));
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

async function append(count: number): Promise<void> {
  const entries = Array.from({ length: count }, () => auditEntry({ atMs: clock.nowMs() }));
  await store.write(({ audit }) => audit.append(entries));
}

async function sign(sequence: number): Promise<void> {
  await store.write(async ({ audit, auditCheckpoints }) => {
    const point = await audit.pointAt(sequence);
    if (point !== null) await auditCheckpoints.insert(signer.row(point));
  });
}

/** One run of the job. */
async function prune(days: number | null): Promise<void> {
  const retention = new Retention({ store, clock, background, accountId: ACCOUNT_ID }, days);
  retention.start();
  await background.settled();
  retention.stop();
}

const all = async () => store.read(({ audit }) => audit.after(0, 10_000));
const ends = async () => store.read(({ audit }) => audit.ends());

test('records go that are older than the account keeps them, and the floor is recorded in the trail', async () => {
  await append(1200);
  clock.advance(20 * DAY_MS);
  await append(10);
  await sign(1210);
  clock.advance(15 * DAY_MS);
  const before = await all();
  await prune(30);
  const after = await all();
  expect(after.slice(0, 10)).toEqual(before.slice(1200));
  const floor = { sequence: 1200, hash: before[1199]?.hash };
  expect((await ends()).floor).toEqual(floor);
  expect(after.at(-1)).toMatchObject({
    sequence: 1211,
    action: 'audit.pruned',
    actor: 'server',
    resource: ACCOUNT_ID,
    details: {
      floorSequence: 1200,
      floorHash: floor.hash,
      removedRecords: 1200,
      retentionDays: 30,
      writtenBeforeMs: clock.nowMs() - 30 * DAY_MS,
    },
  });
  expect(await store.checkIntegrity()).toEqual([]);
  const raw = new DatabaseSync(path);
  expect(raw.prepare('SELECT count(*) AS n FROM audit_records').get()).toEqual({ n: 11 });
  raw.close();
  await prune(30);
  expect((await ends()).head.sequence).toBe(1211);
});

test('nothing goes that no delegate has signed over, and nothing at all without a limit', async () => {
  await append(100);
  clock.advance(400 * DAY_MS);
  await prune(30);
  expect(await all()).toHaveLength(100);
  await sign(40);
  await prune(null);
  expect(await all()).toHaveLength(100);
  await prune(30);
  expect((await ends()).floor.sequence).toBe(39);
  const left = await all();
  expect([left[0]?.sequence, left.length]).toEqual([40, 62]);
});

test('what a stopped server left below the floor goes at the next run, and is not shown meanwhile', async () => {
  await append(50);
  await sign(50);
  const floor = (await all())[29];
  await store.write(({ auditRetention }) =>
    auditRetention.raiseFloor({ sequence: 30, hash: floor?.hash ?? '' }),
  );
  expect((await all()).map(({ sequence }) => sequence)[0]).toBe(31);
  expect(await store.read(({ audit }) => audit.search({ before: 31, limit: 10 }))).toEqual({
    records: [],
    continueBefore: null,
  });
  await prune(30);
  const raw = new DatabaseSync(path);
  expect(raw.prepare('SELECT min(sequence) AS first FROM audit_records').get()).toEqual({ first: 31 });
  raw.close();
});

test('the database itself lets nobody remove anything else', async () => {
  await append(20);
  await sign(20);
  await store.write(async ({ auditRetention, audit }) => {
    const point = await audit.pointAt(10);
    if (point !== null) await auditRetention.raiseFloor(point);
  });
  const raw = new DatabaseSync(path);
  const refused = [
    'DELETE FROM audit_records WHERE sequence = 11',
    'DELETE FROM audit_records',
    'UPDATE audit_records SET actor = 0 WHERE sequence = 5',
    'UPDATE audit_floor SET sequence = 5',
    'UPDATE audit_floor SET sequence = 15',
    'UPDATE audit_floor SET sequence = 20, hash = (SELECT hash FROM audit_records WHERE sequence = 20)',
    'DELETE FROM audit_floor',
    "INSERT INTO audit_floor VALUES (2, 0, '')",
    "UPDATE audit_checkpoints SET signature = ''",
    'DELETE FROM audit_checkpoints',
  ];
  for (const sql of refused) expect(() => raw.exec(sql), sql).toThrow();
  raw.exec('DELETE FROM audit_records WHERE sequence <= 10');
  raw.close();
  expect(await store.checkIntegrity()).toEqual([]);
});

test('a server with a limit removes them by itself, and its export verifies from the floor on', async () => {
  await append(300);
  clock.advance(40 * DAY_MS);
  const on = await startTestServer({ config: { auditRetentionDays: 30 }, dependencies: { store, clock } });
  try {
    await on.delegate();
    await on.call('POST', '/v1/audit/checkpoints');
    clock.advance(3_600_000);
    await until(async () => (await ends()).floor.sequence === 300);
    await until(async () => (await all())[0]?.sequence === 301);
    const page = (await on.call('GET', '/v1/audit/export')).body as AuditExportPage;
    expect(page.floor.sequence).toBe(300);
    const trail = {
      accountId: page.accountId,
      floor: page.floor,
      checkpoints: page.checkpoints.map((checkpoint) => ({ ...checkpoint, words: 'it' })),
      isTrusted: () => true,
    };
    const verifier = new TrailVerifier(trail, NODE_PROOF);
    const problems = [
      verifier.begin(),
      ...page.records.map((record) => verifier.add(record)),
      verifier.end(),
    ];
    expect(problems.filter((problem) => problem !== null)).toEqual([]);
    expect(page.checkpoints).toHaveLength(1);
    expect((await on.call('GET', '/v1/audit/status')).body).toMatchObject({
      retentionDays: 30,
      floor: page.floor,
    });
  } finally {
    await on.end();
  }
});
