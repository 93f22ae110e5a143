// The contract of the storage port, continued: all versions of all secrets in one order.
import { beforeEach, describe, expect, test } from 'vitest';
import type { SecretId } from '@sallyport/core';
import type { Database } from './storage-contract.ts';
import { addSecret, managerRow } from './storage-rows.ts';

export function describeEnvelopes(database: Database): void {
  const manager = managerRow({ isDefault: true });

  describe('stored envelopes', () => {
    beforeEach(() => database.store.write(({ secretsManagers }) => secretsManagers.insert(manager)));

    test('versions are paged by secret id and version, all of them or the newest', async () => {
      const [one, two] = await database.store.write(async (tables) => [
        await addSecret(tables, { name: 'b', manager: manager.id, versions: 3 }),
        await addSecret(tables, { name: 'a', manager: manager.id }),
      ]);
      const ids = [one, two].toSorted();
      const all = ids.flatMap((id) => (id === one ? [1, 2, 3] : [1]).map((version) => [id, version]));
      for (const [newestOnly, expected] of [
        [false, all],
        [true, all.filter(([id, version]) => id === two || version === 3)],
      ] as const) {
        for (const limit of [1, 2, 5]) {
          const seen: [SecretId, number][] = [];
          for (let rest = 10; rest > 0; rest--) {
            const last = seen.at(-1);
            const after = last === undefined ? null : { secretId: last[0], version: last[1] };
            const page = await database.store.read(({ envelopes }) =>
              envelopes.page({ after, newestOnly, limit }),
            );
            if (page.length === 0) break;
            seen.push(...page.map(({ version }): [SecretId, number] => [version.secretId, version.version]));
          }
          expect(seen).toEqual(expected);
        }
      }
    });
  });
}
