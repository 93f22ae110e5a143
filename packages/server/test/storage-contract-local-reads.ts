// The contract of the storage port, continued: availability of secrets, and how far journals of delegates are recorded.
import { beforeEach, describe, expect, test } from 'vitest';
import { JOURNALS_KEPT } from '../src/local-reads/local-use-journals.ts';
import type { Database } from './storage-contract.ts';
import { addSecret, byName, managerRow, NOW_MS, secretRow, versionRow } from './storage-rows.ts';

export function describeLocalReads(database: Database): void {
  const manager = managerRow({ isDefault: true });
  const delegate = 'SHA256:one';

  describe('availability of secrets', () => {
    beforeEach(async () => {
      await database.store.write(({ secretsManagers }) => secretsManagers.insert(manager));
    });
    const availabilityOf = async (name: string) =>
      database.store.read(async ({ secrets }) => {
        const [[found] = []] = await secrets.findMany([byName(name)]);
        const [listed] = (
          await secrets.list({
            after: null,
            search: name,
            kind: null,
            secretsManagerId: null,
            scopes: null,
            limit: 10,
          })
        ).map(({ secret }) => secret.availability);
        expect(listed).toEqual(found?.secret.availability);
        return listed;
      });

    test('is kept as it was given, and nothing but an edit of it changes it', async () => {
      const offline = { mode: 'offline', maxAgeSeconds: 86_400 } as const;
      const row = secretRow({ name: 'db', availability: offline });
      await database.store.write(async ({ secrets }) => {
        await secrets.insert(row, manager.id);
        await secrets.addVersion(versionRow(row.id, manager.id));
      });
      const other = await database.store.write((tables) =>
        addSecret(tables, { name: 'other', manager: manager.id }),
      );
      expect(await availabilityOf('db')).toEqual(offline);
      await database.store.write(async ({ secrets, secretEdits }) => {
        await secrets.addVersion(versionRow(row.id, manager.id, { version: 2 }));
        await secretEdits.rename(row.id, 'db-2');
        await secretEdits.setScope(row.id, { type: 'account' });
        await secretEdits.setAvailability(other, { mode: 'stale-ok', maxAgeSeconds: 60 });
      });
      expect(await availabilityOf('db-2')).toEqual(offline);
      expect(await availabilityOf('other')).toEqual({ mode: 'stale-ok', maxAgeSeconds: 60 });
      await database.store.write(({ secretEdits }) => secretEdits.setAvailability(row.id, { mode: 'fresh' }));
      expect(await availabilityOf('db-2')).toEqual({ mode: 'fresh' });
    });
  });

  describe('journals of delegates', () => {
    const upTo = async (journal: string, of = delegate) =>
      database.store.read(({ localUseJournals }) => localUseJournals.recordedUpTo({ delegate: of, journal }));
    const advance = async (journal: string, sequence: number, atMs = NOW_MS) =>
      database.store.write(({ localUseJournals }) =>
        localUseJournals.advance({ delegate, journal }, { sequence, atMs }),
      );

    test('are told apart by delegate and journal, and advance', async () => {
      expect(await upTo('a')).toBe(0);
      await advance('a', 3);
      await advance('b', 1);
      await advance('a', 4);
      expect([await upTo('a'), await upTo('b'), await upTo('c')]).toEqual([4, 1, 0]);
      expect(await upTo('a', 'SHA256:two')).toBe(0);
    });

    test('of many, those written to last are kept, and always the one that is written to', async () => {
      for (let i = 0; i < JOURNALS_KEPT; i++) await advance(`j${i}`, i + 1, NOW_MS + i);
      expect(await upTo('j0')).toBe(1);
      // Its clock was set back, but it is the one that counts now.
      await advance('newest', 7, NOW_MS - 1);
      expect([await upTo('newest'), await upTo('j0'), await upTo('j1')]).toEqual([7, 0, 2]);
    });
  });
}
