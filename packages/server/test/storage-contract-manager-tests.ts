// The contract of the storage port, continued: the last test of each secrets manager at each delegate.
import { beforeEach, describe, expect, test } from 'vitest';
import type { ManagerTestRow } from '../src/secrets-managers/manager-test-store.ts';
import type { Database } from './storage-contract.ts';
import { delegateRow, managerRow, newId, NOW_MS, tokenRow } from './storage-rows.ts';

const FINDINGS = {
  report: { ok: true, identityArn: null, pinnedKeyArn: null, stages: [], warnings: [] },
};

export function describeManagerTests(database: Database): void {
  const managers = [managerRow({ name: 'a' }), managerRow({ name: 'b' })] as const;
  const token = tokenRow();
  const delegates = [delegateRow(token.id), delegateRow(token.id, { name: 'other' })] as const;
  const testRow = (over: Partial<ManagerTestRow> = {}): ManagerTestRow => ({
    secretsManagerId: managers[0].id,
    delegateId: delegates[0].id,
    settingsRevision: 2,
    atMs: NOW_MS,
    ok: true,
    elapsedMs: 84,
    failure: null,
    warningCount: 0,
    ...over,
  });
  const save = async (row: ManagerTestRow, findings: object = FINDINGS) =>
    database.store.write(({ managerTests }) => managerTests.save(row, findings as typeof FINDINGS));
  const list = async (id: ManagerTestRow['secretsManagerId'] | null = null) =>
    database.store.read(({ managerTests }) => managerTests.list(id));

  describe('tests of secrets managers', () => {
    beforeEach(async () => {
      await database.store.write(async (tables) => {
        for (const row of managers) await tables.secretsManagers.insert(row);
        await tables.delegates.tokens.insert(token);
        for (const row of delegates) await tables.delegates.save(row);
      });
    });

    test('the last one at each delegate is kept, of settings that are not older than those of the one before', async () => {
      const failed = testRow({ ok: false, elapsedMs: null, failure: 'no answer in time', warningCount: 3 });
      const elsewhere = testRow({ delegateId: delegates[1].id });
      const ofOther = testRow({ secretsManagerId: managers[1].id, settingsRevision: 7 });
      for (const row of [testRow(), elsewhere, ofOther]) await save(row);
      await save(failed, { report: null });
      await save(testRow({ settingsRevision: 1, atMs: NOW_MS + 5 }));
      const sorted = (rows: ManagerTestRow[]) => new Set(rows.map((row) => JSON.stringify(row)));
      expect(sorted(await list())).toEqual(sorted([failed, elsewhere, ofOther]));
      expect(sorted(await list(managers[0].id))).toEqual(sorted([failed, elsewhere]));
      const later = testRow({ settingsRevision: 3 });
      await save(later);
      expect(sorted(await list(managers[0].id))).toEqual(sorted([later, elsewhere]));
    });

    test('what a delegate found comes back as it was given, of one secrets manager', async () => {
      await save(testRow(), { report: null });
      await save(testRow({ delegateId: delegates[1].id }));
      await save(testRow({ secretsManagerId: managers[1].id }));
      const found = await database.store.read(({ managerTests }) =>
        managerTests.listFindings(managers[0].id),
      );
      expect(new Map(found.map(({ delegateId, findings }) => [delegateId, findings]))).toEqual(
        new Map<unknown, unknown>([
          [delegates[0].id, { report: null }],
          [delegates[1].id, FINDINGS],
        ]),
      );
    });

    test('they go with the secrets manager or the delegate, and one that ends later is dropped', async () => {
      await save(testRow());
      await save(testRow({ delegateId: delegates[1].id }));
      await save(testRow({ secretsManagerId: managers[1].id }));
      await database.store.write(async (tables) => {
        await tables.secretsManagers.remove(managers[0].id);
        await tables.delegates.remove(delegates[1].id);
      });
      await save(testRow());
      await save(testRow({ secretsManagerId: managers[1].id, delegateId: delegates[1].id }));
      await save(testRow({ secretsManagerId: newId('secretsManager'), delegateId: newId('delegate') }));
      expect(await list()).toEqual([testRow({ secretsManagerId: managers[1].id })]);
    });
  });
}
