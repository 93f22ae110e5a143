// Feeding sinks: in order, at least once, over restarts and failures, never in anybody's way; and told what they missed.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AuditSink, SinkItem } from '../src/audit-sinks/audit-sink.ts';
import { SinkFeed } from '../src/audit-sinks/sink-feed.ts';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import { newSigner } from './audit-signer.ts';
import { flaky } from './flaky-store.ts';
import type { FlakyStore } from './flaky-store.ts';
import { ManualClock } from './manual-clock.ts';
import { auditEntry } from './storage-rows.ts';
import { startTestServer, until } from './test-server.ts';
import type { Loose } from './test-server.ts';

/** A sink in memory that fails when it is told to. */
class FakeSink implements AuditSink {
  readonly kind = 'file';
  readonly batchMax = 10;
  readonly batches: SinkItem[][] = [];
  failsWith: Error | null = null;
  /** While set, deliveries hang until they are given up. */
  hangs = false;
  attempts = 0;
  closed = false;

  async deliver(items: readonly SinkItem[], signal: AbortSignal): Promise<void> {
    this.attempts += 1;
    if (this.hangs) {
      await new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
    }
    if (this.failsWith !== null) throw this.failsWith;
    this.batches.push([...items]);
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  /** Sequences of records, and ranges of gaps. */
  get got(): (number | string)[] {
    return this.batches
      .flat()
      .map((item) => (item.type === 'gap' ? `${item.from}-${item.to} ${item.reason}` : item.record.sequence));
  }
}

let store: FlakyStore;
let clock: ManualClock;
let log: Loose[];
let sink: FakeSink;
const feeds: SinkFeed[] = [];

beforeEach(async () => {
  store = flaky(await openSqliteStore({ path: ':memory:' }));
  clock = new ManualClock();
  log = [];
  sink = new FakeSink();
});
afterEach(async () => {
  for (const feed of feeds.splice(0)) await feed.stop();
  await store.close();
});

function open(capRecords = 1000): SinkFeed {
  const lines = { write: (line: string) => log.push(JSON.parse(line)) };
  const feed = new SinkFeed(
    { name: 'fake', sink, capRecords },
    { store, clock, logger: pino({ level: 'info' }, lines) },
  );
  feeds.push(feed);
  return feed;
}

async function append(count: number): Promise<void> {
  await store.write(({ audit }) => audit.append(Array.from({ length: count }, () => auditEntry())));
}

async function wake(feed: SinkFeed): Promise<void> {
  const { head } = await store.read(({ audit }) => audit.ends());
  feed.wake(head);
}

const idle = async (feed: SinkFeed): Promise<void> => until(() => feed.status.lagRecords === 0);
const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

describe('a sink', () => {
  test('gets everything from the beginning, in order and in batches, and then what is new', async () => {
    const feed = open();
    await append(25);
    await wake(feed);
    await idle(feed);
    await append(3);
    await wake(feed);
    await until(() => feed.status.deliveredSequence === 28);
    expect(sink.got).toEqual(range(1, 28));
    expect(Math.max(...sink.batches.map(({ length }) => length))).toBeLessThanOrEqual(10);
    expect(feed.status).toEqual({
      name: 'fake',
      kind: 'file',
      deliveredSequence: 28,
      lagRecords: 0,
      deliveredAtMs: clock.nowMs(),
      lastError: null,
      droppedRecords: 0,
    });
  });

  test('goes on after a restart where it was, and nothing is lost', async () => {
    const first = open();
    await append(12);
    await wake(first);
    await idle(first);
    await first.stop();
    expect(sink.closed).toBe(true);
    await append(5);
    sink = new FakeSink();
    const second = open();
    await wake(second);
    await until(() => sink.got.length === 5);
    expect(sink.got).toEqual(range(13, 17));
  });

  test('gets a batch again whose delivery could not be noted', async () => {
    const feed = open();
    await append(4);
    store.failsWrites = true;
    await wake(feed);
    await until(() => feed.status.lastError !== null);
    store.failsWrites = false;
    clock.advance(60_000);
    await until(() => feed.status.deliveredSequence === 4);
    expect(sink.got).toEqual([...range(1, 4), ...range(1, 4)]);
  });

  test('that is down is tried again with growing pauses, shown with its error, and gets everything when it is back', async () => {
    const feed = open();
    sink.failsWith = new Error('nobody answers', { cause: new Error('ECONNREFUSED') });
    await append(15);
    await wake(feed);
    const pauses: number[] = [];
    for (let attempt = 1; attempt <= 9; attempt++) {
      await until(() => sink.attempts === attempt && feed.status.lastError !== null);
      await new Promise(setImmediate);
      let waited = 0;
      while (sink.attempts === attempt) {
        clock.advance(250);
        waited += 250;
        for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
      }
      pauses.push(waited);
    }
    for (const [index, pause] of pauses.entries()) {
      const longest = Math.min(60_000, 1000 * 2 ** index);
      expect(pause).toBeGreaterThanOrEqual(longest / 2);
      expect(pause).toBeLessThanOrEqual(longest + 250);
    }
    expect(feed.status).toMatchObject({
      deliveredSequence: 0,
      lagRecords: 15,
      lastError: { message: 'nobody answers: ECONNREFUSED' },
    });
    expect(log.filter(({ level }) => level === 50)).toHaveLength(1);
    sink.failsWith = null;
    clock.advance(60_000);
    await until(() => feed.status.deliveredSequence === 15);
    expect(sink.got).toEqual(range(1, 15));
    expect(feed.status.lastError).toBeNull();
  });

  test('that has fallen too far behind skips forward and is told which records it missed', async () => {
    const feed = open(20);
    sink.failsWith = new Error('down');
    await append(10);
    await wake(feed);
    await until(() => sink.attempts > 0);
    await append(40);
    sink.failsWith = null;
    clock.advance(60_000);
    await until(() => feed.status.deliveredSequence === 50);
    expect(sink.got).toEqual(['1-30 too-far-behind', ...range(31, 50)]);
    expect(feed.status.droppedRecords).toBe(30);
    expect(log).toContainEqual(expect.objectContaining({ level: 50, from: 1, to: 30, sink: 'fake' }));
    await feed.stop();
    sink = new FakeSink();
    const again = open(20);
    await append(1);
    await wake(again);
    await until(() => sink.got.length === 1);
    expect(again.status.droppedRecords).toBe(30);
  });

  test('is told which records retention has removed before it could get them', async () => {
    await append(10);
    const feed = open();
    await wake(feed);
    await idle(feed);
    await feed.stop();
    await append(10);
    await store.write(async ({ audit, auditCheckpoints, auditRetention }) => {
      const [floor, top] = [await audit.pointAt(15), await audit.pointAt(20)];
      if (floor === null || top === null) throw new Error('records are missing');
      await auditCheckpoints.insert(newSigner().row(top));
      await auditRetention.raiseFloor(floor);
    });
    sink = new FakeSink();
    const again = open();
    await wake(again);
    await until(() => sink.got.length === 6);
    expect(sink.got).toEqual(['11-15 removed', ...range(16, 20)]);
  });

  test('that hangs holds up nobody and is given up when the server stops', async () => {
    const feed = open();
    sink.hangs = true;
    await append(1);
    await wake(feed);
    await until(() => sink.attempts === 1);
    await append(1);
    await wake(feed);
    expect(feed.status.lagRecords).toBe(2);
    await feed.stop();
    expect([sink.attempts, sink.closed, sink.got]).toEqual([1, true, []]);
  });
});

describe('a server with sinks', () => {
  test('copies its records to a file, shows how far behind each sink is, and is not slowed down by one that is away', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-sinks-'));
    const path = join(folder, 'audit.jsonl');
    const on = await startTestServer({
      config: {
        auditSinks: [
          { kind: 'file', name: 'file', path },
          { kind: 'webhook', name: 'siem', url: 'http://127.0.0.1:9/' },
        ],
      },
    });
    try {
      await on.call('POST', '/v1/delegate-tokens', { name: 'another' });
      await until(async () => (await readFile(path, 'utf8').catch(() => '')).includes('"another"'));
      const lines = (await readFile(path, 'utf8')).trim().split('\n');
      const listed = (await on.call('GET', '/v1/audit')).body.records.toReversed();
      expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
        listed.map((record: object) => ({ type: 'record', ...record })),
      );
      const shown = async (): Promise<Loose> => (await on.call('GET', '/v1/audit/status')).body.sinks;
      await until(async () => (await shown())[1].lastError !== null && (await shown())[0].lagRecords === 0);
      const sinks = await shown();
      expect(sinks).toMatchObject([
        { name: 'file', kind: 'file', lagRecords: 0, lastError: null },
        { name: 'siem', kind: 'webhook', deliveredSequence: 0, lagRecords: listed.length },
      ]);
      const metrics = await (await fetch(`${on.server.address}/metrics`)).text();
      expect(metrics).toContain(`sallyport_audit_sink_lag_records{sink="siem"} ${listed.length}`);
      expect(metrics).toContain('sallyport_audit_sink_dropped_records{sink="file"} 0');
      expect(metrics).toContain(`sallyport_audit_records ${listed.length}`);
    } finally {
      await on.end();
      await rm(folder, { recursive: true });
    }
  });
});
