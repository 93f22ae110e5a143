// The contract of the storage port: every promise that the ports' comments make. Runs on each adapter; what only one database can
// promise (files, disks, crashes) is in that adapter's own test. This file has transactions, settings and the audit trail;
// storage-contract-*.ts have the other tables.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../src/storage/store.ts';
import { describeApplications } from './storage-contract-applications.ts';
import { describeAudit } from './storage-contract-audit.ts';
import { describeAccess } from './storage-contract-groups.ts';
import { describeLocalReads } from './storage-contract-local-reads.ts';
import { describeManagerTests } from './storage-contract-manager-tests.ts';
import { describeProfiles } from './storage-contract-profiles.ts';
import { describeRegistry } from './storage-contract-registry.ts';
import { describeEnvelopes } from './storage-contract-envelopes.ts';
import { describeSecrets, describeUploads } from './storage-contract-secrets.ts';
import { describePeople } from './storage-contract-users.ts';
import { describeWorkloads } from './storage-contract-workloads.ts';
import { auditEntry, refusal } from './storage-rows.ts';

export type StorageUnderTest = {
  /** Opens a store on the test's database, a new one after `discard`. Work that takes longer than `workDeadlineMs` is given up. */
  open(options: { workDeadlineMs: number }): Promise<Store>;
  /** Removes the database; its stores are closed. */
  discard(): Promise<void>;
};

/** The store that the running test uses. */
export type Database = { store: Store };

/** Registers the suite for one adapter. */
export function describeStorage(name: string, adapter: StorageUnderTest): void {
  describe(name, () => {
    const database = {} as Database;
    const open = async () => adapter.open({ workDeadlineMs: 100 });
    beforeEach(async () => {
      database.store = await open();
    });
    afterEach(async () => {
      // Whatever a test did, refused or rolled back: the database is whole afterwards.
      expect(await database.store.checkIntegrity()).toEqual([]);
      await database.store.close();
      await adapter.discard();
    });
    describeTransactions(database, open);
    describeSettings(database);
    describeAudit(database);
    describeSecrets(database);
    describeEnvelopes(database);
    describeUploads(database);
    describeRegistry(database);
    describeManagerTests(database);
    describeAccess(database);
    describePeople(database);
    describeWorkloads(database);
    describeLocalReads(database);
    describeProfiles(database);
    describeApplications(database);
  });
}

function describeTransactions(database: Database, open: () => Promise<Store>): void {
  const settingOf = async (key: string) => database.store.read(({ settings }) => settings.get(key));

  describe(`transactions`, () => {
    test('work that throws is undone alone and rejects with its own error', async () => {
      const mistake = new Error('mistake');
      const results = await Promise.allSettled([
        database.store.write(({ settings }) => settings.set('a', '1')),
        database.store.write(async ({ settings, audit }) => {
          await settings.set('a', 'undone');
          await settings.set('b', 'undone');
          await audit.append([auditEntry()]);
          throw mistake;
        }),
        database.store.write(async ({ settings, audit }) => {
          await audit.append([auditEntry()]);
          return settings.get('a');
        }),
      ]);
      expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(results[1]).toMatchObject({ reason: mistake });
      expect(results[2]).toMatchObject({ value: '1' });
      expect([await settingOf('a'), await settingOf('b')]).toEqual(['1', null]);
    });

    test('each write sees those before it, in the order of the calls', async () => {
      await Promise.all(
        Array.from({ length: 1200 }, (_, i) =>
          database.store.write(async ({ settings }) => {
            expect(await settings.get('count')).toBe(i === 0 ? null : String(i));
            await settings.set('count', String(i + 1));
          }),
        ),
      );
      expect(await settingOf('count')).toBe('1200');
    });

    test('a read sees whole transactions only, and every one that was answered', async () => {
      let answered = 0;
      const writes = Array.from({ length: 50 }, async (_, i) => {
        await database.store.write(async ({ settings }) => {
          await settings.set('left', String(i + 1));
          await settings.set('right', String(i + 1));
        });
        answered = i + 1;
      });
      const reads = Array.from({ length: 50 }, async () => {
        await new Promise(setImmediate);
        const before = answered;
        const [left, right] = await database.store.read(async ({ settings }) => [
          await settings.get('left'),
          await settings.get('right'),
        ]);
        expect(left).toBe(right);
        expect(Number(left)).toBeGreaterThanOrEqual(before);
      });
      await Promise.all([...writes, ...reads]);
      expect(await settingOf('left')).toBe('50');
    });

    test('a read cannot change anything', async () => {
      await expect(database.store.read(({ settings }) => settings.set('a', '1'))).rejects.toEqual(
        refusal('internal'),
      );
      expect(await settingOf('a')).toBeNull();
    });

    test('work that waits for something else is given up, undone, and cannot write any more', async () => {
      const outside = Promise.withResolvers<void>();
      let late: Promise<void> | undefined;
      const stuck = database.store.write(async ({ settings }) => {
        await settings.set('a', 'stuck');
        late = outside.promise.then(() => settings.set('a', 'late'));
        await late;
      });
      const next = database.store.write(({ settings }) => settings.set('b', 'went on'));
      await expect(stuck).rejects.toEqual(refusal('internal'));
      await next;
      outside.resolve();
      await expect(late).rejects.toEqual(refusal('internal'));
      await expect(database.store.read(() => new Promise(() => undefined))).rejects.toEqual(
        refusal('internal'),
      );
      expect([await settingOf('a'), await settingOf('b')]).toEqual([null, 'went on']);
    });

    test('closing saves what was asked for before and refuses what comes after', async () => {
      const before = database.store.write(({ settings }) => settings.set('a', '1'));
      const closing = database.store.close();
      await expect(database.store.write(({ settings }) => settings.set('a', '2'))).rejects.toEqual(
        refusal('shutting-down'),
      );
      await expect(settingOf('a')).rejects.toEqual(refusal('shutting-down'));
      await Promise.all([before, closing, database.store.close()]);
      database.store = await open();
    });
  });
}

function describeSettings(database: Database): void {
  const settingOf = async (key: string) => database.store.read(({ settings }) => settings.get(key));

  describe(`settings`, () => {
    test('a setting is null until it is set, then what was set last', async () => {
      expect(await settingOf('x')).toBeNull();
      await database.store.write(({ settings }) => settings.set('x', 'one'));
      await database.store.write(({ settings }) => settings.set('x', 'two'));
      expect(await settingOf('x')).toBe('two');
    });
  });
}
