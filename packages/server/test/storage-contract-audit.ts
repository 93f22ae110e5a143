// The contract of the storage port, audit trail: the chain, searching it, checkpoints, the floor, and positions of sinks.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AuditRecord } from '@sallyport/protocol';
import { AUDIT_CHAIN_START, checkAuditRecord, extendHead, headOf } from '@sallyport/protocol/audit';
import type { AuditChainHead } from '@sallyport/protocol/audit';
import type { AuditEntry, AuditFilter, AuditFindings } from '../src/audit/audit-log.ts';
import type { Store } from '../src/storage/store.ts';
import { newSigner } from './audit-signer.ts';
import type { Database } from './storage-contract.ts';
import { auditEntry, NOW_MS, refusal } from './storage-rows.ts';

async function append(store: Store, entries: AuditEntry[]): Promise<void> {
  await store.write(({ audit }) => audit.append(entries));
}

/** Everything that a search finds, step by step. */
async function found(store: Store, filter: AuditFilter = {}, limit = 1000): Promise<AuditRecord[]> {
  const records: AuditRecord[] = [];
  for (let before: number | null = null; ;) {
    const from: number | null = before;
    const step: AuditFindings = await store.read(({ audit }) =>
      audit.search({ ...filter, before: from, limit }),
    );
    expect(step.records.length).toBeLessThanOrEqual(limit);
    records.push(...step.records);
    if (step.continueBefore === null) return records;
    expect(step.continueBefore).toBeLessThan(from ?? Infinity);
    before = step.continueBefore;
  }
}

async function sequences(store: Store, filter: AuditFilter, limit?: number): Promise<number[]> {
  return (await found(store, filter, limit)).map(({ sequence }) => sequence);
}

/** Indexes all that can be. */
async function index(store: Store): Promise<void> {
  const { head } = await store.read(({ audit }) => audit.ends());
  let nextAt = 0;
  while (nextAt <= head.sequence) nextAt = await store.write(({ audit }) => audit.indexMore());
}

export function describeAudit(database: Database): void {
  describe('the audit trail', () => {
    describeChain(database);
    describeSearch(database);
    describeCheckpointsAndFloor(database);

    test('positions of sinks are null until they are set, then what was set last', async () => {
      const { store } = database;
      const get = (name: string) => store.read(({ auditSinks }) => auditSinks.get(name));
      expect(await get('file')).toBeNull();
      await store.write(({ auditSinks }) => auditSinks.set('file', { delivered: 3, dropped: 0 }));
      await store.write(({ auditSinks }) => auditSinks.set('file', { delivered: 9, dropped: 2 }));
      expect(await get('file')).toEqual({ delivered: 9, dropped: 2 });
      expect(await get('other')).toBeNull();
    });
  });
}

function describeChain(database: Database): void {
  test('records form one chain without gaps, whatever was rolled back between them', async () => {
    const { store } = database;
    const write = async (count: number, fails: boolean) =>
      store.write(async ({ audit }) => {
        await audit.append(Array.from({ length: count }, (_, i) => auditEntry({ details: { i } })));
        if (fails) throw new Error('undone');
      });
    await Promise.allSettled([write(2, false), write(3, true), write(1, false), write(1, true)]);
    await Promise.allSettled([write(4, true), write(0, false), write(2, false)]);
    const records = await store.read(({ audit }) => audit.after(0, 100));
    expect(records.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
    let head = AUDIT_CHAIN_START;
    for (const record of records) {
      expect(checkAuditRecord(head, record)).toBeNull();
      head = record;
    }
    const { contentHash, hash, ...said } = records[0] as AuditRecord;
    expect([contentHash, hash]).toEqual([
      expect.stringMatching(/^[0-9a-f]{64}$/),
      expect.stringMatching(/^[0-9a-f]{64}$/),
    ]);
    expect(said).toEqual({
      sequence: 1,
      chainVersion: 2,
      atMs: NOW_MS,
      actor: 'key_1',
      actorKind: 'api-key',
      actorName: 'ci',
      action: 'secret.released',
      resource: 'sec_1',
      resourceName: 'db-password',
      applicationId: null,
      environmentId: null,
      purpose: null,
      requestId: null,
      details: { i: 0 },
    });
    const { head: newest, floor } = await store.read(({ audit }) => audit.ends());
    expect(newest).toEqual(headOf(head));
    expect(floor).toEqual(AUDIT_CHAIN_START);
  });

  test('a record keeps where and what for a secret was used, and who acted in which role', async () => {
    const { store } = database;
    const where = { applicationId: 'app_1', environmentId: 'env_1' } as never as Partial<AuditEntry>;
    await append(store, [
      auditEntry({ ...where, actorKind: 'workload', purpose: 'deployment 42 \ud800' }),
      auditEntry({ purpose: 'x'.repeat(500) }),
      ...['server', 'dlg_1', 'usr_1', 'somebody@example.com'].map((id) =>
        auditEntry({ actor: { id, name: id } }),
      ),
    ]);
    const records = await store.read(({ audit }) => audit.after(0, 100));
    expect(records[0]).toMatchObject({
      applicationId: 'app_1',
      environmentId: 'env_1',
      actorKind: 'workload',
      purpose: 'deployment 42 \ufffd',
    });
    expect(records[1]?.purpose).toBe('x'.repeat(200));
    expect(records.slice(2).map(({ actorKind }) => actorKind)).toEqual([
      'server',
      'delegate',
      'user',
      'anybody',
    ]);
  });

  test('keeps texts that databases like to change, and refuses details that are not JSON', async () => {
    const { store } = database;
    const texts = ["'; drop table", 'a\u0000b', '\ud800', 'é\u0301', '🗝️'];
    await append(
      store,
      texts.map((text) => auditEntry({ resourceName: text, details: { text, __proto__x: null } })),
    );
    const records = await store.read(({ audit }) => audit.after(0, 100));
    expect(records.map(({ resourceName }) => resourceName)).toEqual(texts.map((text) => text.toWellFormed()));
    expect(records.map(({ details }) => details['text'])).toEqual(texts);
    await expect(append(store, [auditEntry({ details: { n: NaN } })])).rejects.toEqual(refusal('internal'));
    expect(await found(store)).toHaveLength(texts.length);
  });

  test('content hashes of any part lead from its beginning to its end', async () => {
    const { store } = database;
    await append(
      store,
      Array.from({ length: 7 }, (_, i) => auditEntry({ details: { i } })),
    );
    await store.read(async ({ audit }) => {
      const from = (await audit.pointAt(2)) as AuditChainHead;
      const hashes = (await audit.contentHashes({ above: 2, upTo: 6 })) as Buffer;
      expect(hashes).toHaveLength(4 * 32);
      expect(extendHead(from, hashes)).toEqual(await audit.pointAt(6));
      expect(await audit.contentHashes({ above: 5, upTo: 8 })).toBeNull();
      expect(await audit.pointAt(0)).toEqual(AUDIT_CHAIN_START);
      expect(await audit.pointAt(8)).toBeNull();
    });
  });
}

function describeSearch(database: Database): void {
  test('is listed newest first, page by page, by each of its fields', async () => {
    const { store } = database;
    await append(
      store,
      Array.from({ length: 6 }, (_, i) =>
        auditEntry({
          resource: `sec_${i % 2}`,
          action: i < 3 ? 'secret.created' : 'secret.released',
          actor: { id: `key_${i % 3}`, name: `robot ${i % 3}` },
          applicationId: (i < 4 ? 'app_1' : null) as never,
          environmentId: (i < 2 ? 'env_1' : null) as never,
          atMs: NOW_MS + i,
        }),
      ),
    );
    const step = (before: number | null) => store.read(({ audit }) => audit.search({ before, limit: 2 }));
    expect(await step(null)).toMatchObject({
      records: [{ sequence: 6 }, { sequence: 5 }],
      continueBefore: 5,
    });
    expect(await step(5)).toMatchObject({ records: [{ sequence: 4 }, { sequence: 3 }], continueBefore: 3 });
    const cases: [AuditFilter, number[]][] = [
      [{ resource: 'sec_1' }, [6, 4, 2]],
      [{ actions: ['secret.created'] }, [3, 2, 1]],
      [{ actions: ['secret.created', 'secret.released'] }, [6, 5, 4, 3, 2, 1]],
      [{ actor: 'key_2' }, [6, 3]],
      [{ actorName: 'robot 1' }, [5, 2]],
      [{ applicationId: 'app_1', resource: 'sec_0' }, [3, 1]],
      [{ environmentId: 'env_1' }, [2, 1]],
      [{ fromMs: NOW_MS + 2, untilMs: NOW_MS + 4 }, [4, 3]],
      [{ resource: 'nothing' }, []],
    ];
    for (const [filter, expected] of cases)
      expect(await sequences(store, filter), JSON.stringify(filter)).toEqual(expected);
  });

  test('finds the same records with the index and without it, whatever is asked and however clocks went', async () => {
    const { store } = database;
    const facet = fc.integer({ min: 0, max: 30 });
    const rows = fc.sample(
      fc.record({
        actor: facet,
        resource: facet,
        application: facet,
        action: fc.nat(2),
        drift: fc.integer({ min: -50, max: 50 }),
      }),
      { numRuns: 1800, seed: 7 },
    );
    const actions = ['secret.created', 'secret.released', 'secret.deleted'] as const;
    const entryOf = (row: (typeof rows)[number], i: number): AuditEntry =>
      auditEntry({
        // Rare values are what an index is for.
        resource: `sec_${row.resource === 0 ? i % 600 : row.resource}`,
        actor: { id: `key_${row.actor}`, name: `robot ${row.actor}` },
        applicationId: (row.application < 10 ? `app_${row.application}` : null) as never,
        environmentId: (row.application < 5 ? `env_${row.application}` : null) as never,
        action: actions[row.action] ?? 'secret.created',
        atMs: NOW_MS + i * 10 + row.drift,
      });
    await append(store, rows.map(entryOf));
    const all = (await store.read(({ audit }) => audit.after(0, 5000))).reverse();
    expect(all).toHaveLength(rows.length);
    const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null, freq: 2 });
    const filters = fc.sample(
      fc.record({
        resource: maybe(fc.integer({ min: 0, max: 40 }).map((n) => `sec_${n}`)),
        actor: maybe(facet.map((n) => `key_${n}`)),
        actorName: maybe(facet.map((n) => `robot ${n}`)),
        applicationId: maybe(facet.map((n) => `app_${n}`)),
        environmentId: maybe(facet.map((n) => `env_${n}`)),
        actions: maybe(fc.subarray([...actions], { minLength: 1 })),
        fromMs: maybe(fc.integer({ min: 0, max: 18_500 }).map((ms) => NOW_MS + ms)),
        untilMs: maybe(fc.integer({ min: 0, max: 18_500 }).map((ms) => NOW_MS + ms)),
      }),
      { numRuns: 150, seed: 11 },
    );
    const check = async (): Promise<number> => {
      let hits = 0;
      for (const filter of filters) {
        const expected = all.filter((record) => fits(record, filter)).map(({ sequence }) => sequence);
        hits += expected.length;
        expect(await sequences(store, filter, 40), JSON.stringify(filter)).toEqual(expected);
      }
      return hits;
    };
    expect(await check()).toBeGreaterThan(1000);
    await index(store);
    await check();
  });
}

function fits(record: AuditRecord, filter: AuditFilter): boolean {
  const { resource, actor, actorName, applicationId, environmentId, actions, fromMs, untilMs } = filter;
  return (
    (resource ?? record.resource) === record.resource &&
    (actor ?? record.actor) === record.actor &&
    (actorName ?? record.actorName) === record.actorName &&
    (applicationId ?? record.applicationId) === record.applicationId &&
    (environmentId ?? record.environmentId) === record.environmentId &&
    (actions ?? [record.action]).includes(record.action) &&
    record.atMs >= (fromMs ?? 0) &&
    record.atMs < (untilMs ?? Infinity)
  );
}

function describeCheckpointsAndFloor(database: Database): void {
  const point = async (sequence: number): Promise<AuditChainHead> =>
    (await database.store.read(({ audit }) => audit.pointAt(sequence))) as AuditChainHead;

  test('checkpoints are numbered as they come and found by signer and by record', async () => {
    const { store } = database;
    await append(
      store,
      Array.from({ length: 9 }, () => auditEntry()),
    );
    const [first, second] = [newSigner('first'), newSigner('second')];
    const rows = [
      first.row(await point(3)),
      second.row(await point(8)),
      first.row(await point(5), { since: await point(3) }),
    ];
    for (const row of rows) await store.write(({ auditCheckpoints }) => auditCheckpoints.insert(row));
    const stored = rows.map((row, index_) => ({ number: index_ + 1, ...row }));
    await store.read(async ({ auditCheckpoints }) => {
      expect(await auditCheckpoints.after(0, 100)).toEqual(stored);
      expect(await auditCheckpoints.after(1, 1)).toEqual([stored[1]]);
      expect(await auditCheckpoints.list(null, 2)).toEqual([stored[2], stored[1]]);
      expect(await auditCheckpoints.list(2, 2)).toEqual([stored[0]]);
      expect(await auditCheckpoints.highest()).toEqual(stored[1]);
      expect(await auditCheckpoints.newestOfEach()).toEqual([stored[1], stored[2]]);
      expect(await auditCheckpoints.newestOf(rows[0]?.identityKey ?? '')).toEqual(stored[2]);
      expect(await auditCheckpoints.newestOf('unknown')).toBeNull();
    });
  });

  test('the floor rises below the newest checkpoint only, and only what is below it can be removed', async () => {
    const { store } = database;
    await append(
      store,
      Array.from({ length: 20 }, (_, i) => auditEntry({ atMs: NOW_MS + i })),
    );
    const raise = (to: AuditChainHead) => store.write(({ auditRetention }) => auditRetention.raiseFloor(to));
    const remove = (limit: number) =>
      store.write(({ auditRetention }) => auditRetention.removeBelowFloor(limit));
    const signer = newSigner();
    await expect(raise(await point(5))).rejects.toEqual(refusal('internal'));
    const row = signer.row(await point(12));
    await store.write(({ auditCheckpoints }) => auditCheckpoints.insert(signer.row(row)));
    await expect(raise(await point(12))).rejects.toEqual(refusal('internal'));
    await expect(raise({ ...(await point(5)), hash: 'f'.repeat(64) })).rejects.toEqual(refusal('internal'));
    expect(await remove(100)).toBe(false);
    expect(await found(store)).toHaveLength(20);

    const step = { untilMs: NOW_MS + 11, limit: 100 };
    const old = await store.read(({ auditRetention }) => auditRetention.oldUpTo({ above: 0, ...step }));
    expect(old).toEqual({ last: await point(11), more: false });
    const part = await store.read(({ auditRetention }) =>
      auditRetention.oldUpTo({ above: 2, ...step, limit: 3 }),
    );
    expect(part).toEqual({ last: await point(5), more: true });
    const none = await store.read(({ auditRetention }) => auditRetention.oldUpTo({ above: 11, ...step }));
    expect(none).toBeNull();

    const floor = await point(11);
    await raise(floor);
    expect(await sequences(store, {})).toEqual([20, 19, 18, 17, 16, 15, 14, 13, 12]);
    expect(await store.checkIntegrity()).toEqual([]);
    await expect(raise(await point(11).then((at) => ({ ...at, sequence: 3 })))).rejects.toEqual(
      refusal('internal'),
    );
    expect(await remove(4)).toBe(true);
    expect(await remove(4)).toBe(true);
    expect(await remove(4)).toBe(false);
    const kept = await store.read(({ audit }) => audit.after(0, 100));
    expect(kept.map(({ sequence }) => sequence)).toEqual([12, 13, 14, 15, 16, 17, 18, 19, 20]);
    expect(checkAuditRecord(floor, kept[0] as AuditRecord)).toBeNull();
    await append(store, [auditEntry()]);
    expect((await store.read(({ audit }) => audit.ends())).floor).toEqual(floor);
    expect(await store.read(({ audit }) => audit.contentHashes({ above: 10, upTo: 13 }))).toBeNull();
    expect(await store.read(({ audit }) => audit.contentHashes({ above: 11, upTo: 21 }))).toHaveLength(320);
  });
}
