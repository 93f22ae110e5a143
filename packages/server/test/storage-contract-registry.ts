// The contract of the storage port, continued: secrets managers, delegates and their tokens, API keys.
import { describe, expect, test } from 'vitest';
import { isId } from '@sallyport/core';
import type { ApiKeyId } from '@sallyport/core';
import type { ApiKeyRow, ApiKeyStore } from '../src/access/api-key-store.ts';
import type { Database } from './storage-contract.ts';
import {
  addSecret,
  apiKeyRow,
  byId,
  delegateRow,
  managerRow,
  newId,
  NOW_MS,
  refusal,
  tokenRow,
  versionRow,
} from './storage-rows.ts';

export function describeRegistry(database: Database): void {
  describeSecretsManagers(database);
  describeDelegates(database);
  describeCredentials(database);
}

function describeSecretsManagers(database: Database): void {
  const defaults = async () => {
    const rows = await database.store.read(({ secretsManagers }) => secretsManagers.list());
    return rows.filter((row) => row.isDefault).map((row) => row.name);
  };

  describe('secrets managers', () => {
    test('come back as they were stored, by id, by any spelling of their name, or as the default', async () => {
      const row = managerRow({ name: 'Prod KMS', isDefault: true, encryptedSecretKey: 'AQID', revision: 4 });
      await database.store.write(({ secretsManagers }) => secretsManagers.insert(row));
      const found = await database.store.read(async ({ secretsManagers }) => [
        await secretsManagers.find(row.id),
        await secretsManagers.find(' PROD kms '),
        await secretsManagers.findDefault(),
        await secretsManagers.find('other'),
        await secretsManagers.find(newId('secretsManager')),
      ]);
      expect(found).toEqual([row, row, row, null, null]);
    });

    test('an id finds its own row, also when another one is named like it', async () => {
      const row = managerRow();
      const imposter = managerRow({ name: row.id });
      await database.store.write(async ({ secretsManagers }) => {
        await secretsManagers.insert(imposter);
        await secretsManagers.insert(row);
      });
      const found = await database.store.read(({ secretsManagers }) => secretsManagers.find(row.id));
      expect(found?.id).toBe(row.id);
    });

    test('there is never more than one default', async () => {
      const [a, b, c] = [
        managerRow({ name: 'a', isDefault: true }),
        managerRow({ name: 'b' }),
        managerRow({ name: 'c', isDefault: true }),
      ];
      await database.store.write(({ secretsManagers }) => secretsManagers.insert(a));
      await database.store.write(({ secretsManagers }) => secretsManagers.insert(b));
      expect(await defaults()).toEqual(['a']);
      await database.store.write(({ secretsManagers }) => secretsManagers.makeDefault(b.id));
      expect(await defaults()).toEqual(['b']);
      await database.store.write(({ secretsManagers }) => secretsManagers.insert(c));
      expect(await defaults()).toEqual(['c']);
      await database.store.write(({ secretsManagers }) => secretsManagers.makeDefault(c.id));
      const unknown = database.store.write(({ secretsManagers }) =>
        secretsManagers.makeDefault(newId('secretsManager')),
      );
      await expect(unknown).rejects.toEqual(refusal('not-found'));
      expect(await defaults()).toEqual(['c']);
    });

    test('a refused insert leaves the default where it was, even if the work goes on', async () => {
      await database.store.write(async ({ secretsManagers }) => {
        await secretsManagers.insert(managerRow({ name: 'a', isDefault: true }));
        const refused = secretsManagers.insert(managerRow({ name: 'A', isDefault: true }));
        await expect(refused).rejects.toEqual(refusal('name-taken', 'another secrets manager named "A"'));
      });
      expect(await defaults()).toEqual(['a']);
    });

    test('an edit counts only on top of the row that was read', async () => {
      const row = managerRow({ isDefault: true });
      const other = managerRow({ name: 'other' });
      await database.store.write(async ({ secretsManagers }) => {
        await secretsManagers.insert(row);
        await secretsManagers.insert(other);
      });
      const update = async (next: typeof row, expectedRevision: number) =>
        database.store.write(({ secretsManagers }) => secretsManagers.update(next, expectedRevision));
      const edited = {
        ...row,
        name: 'renamed',
        revision: 2,
        updatedAtMs: NOW_MS + 1,
        encryptedSecretKey: 'AQ',
      };
      expect(await update(edited, 1)).toBe(true);
      expect(await update({ ...edited, name: 'late' }, 1)).toBe(false);
      expect(await update({ ...edited, id: newId('secretsManager') }, 2)).toBe(false);
      await expect(update({ ...edited, name: 'OTHER' }, 2)).rejects.toEqual(refusal('name-taken', 'OTHER'));
      expect(await database.store.read(({ secretsManagers }) => secretsManagers.find(row.id))).toEqual(
        edited,
      );
      // An edit of a row that was the default when it was read must not take the flag back.
      await database.store.write(({ secretsManagers }) => secretsManagers.makeDefault(other.id));
      expect(await update({ ...edited, revision: 3 }, 2)).toBe(false);
      expect(await update({ ...edited, isDefault: false, revision: 3 }, 2)).toBe(true);
      expect(await defaults()).toEqual(['other']);
    });

    test('are listed default first, then by name, with the number of secrets that have a version there', async () => {
      const [a, b, c] = [managerRow({ name: 'a' }), managerRow({ name: 'B' }), managerRow({ name: 'c' })];
      await database.store.write(async (tables) => {
        for (const row of [c, b, a]) await tables.secretsManagers.insert(row);
        await tables.secretsManagers.makeDefault(b.id);
        const first = await addSecret(tables, { name: 'one', manager: a.id, versions: 3 });
        await tables.secrets.addVersion(versionRow(first, b.id, { version: 4 }));
        await addSecret(tables, { name: 'two', manager: a.id });
      });
      const rows = await database.store.read(({ secretsManagers }) => secretsManagers.list());
      expect(rows.map((row) => [row.name, row.secretCount])).toEqual([
        ['B', 1],
        ['a', 2],
        ['c', 0],
      ]);
      expect(rows[1]).toEqual({ ...a, secretCount: 2 });
    });

    test('one that secrets refer to is not deleted, and their number is told', async () => {
      const row = managerRow();
      const ids = await database.store.write(async (tables) => {
        await tables.secretsManagers.insert(row);
        return [
          await addSecret(tables, { name: 'one', manager: row.id, versions: 2 }),
          await addSecret(tables, { name: 'two', manager: row.id }),
        ];
      });
      const remove = async () =>
        database.store.write(({ secretsManagers }) => secretsManagers.remove(row.id));
      expect(await remove()).toBe(2);
      const [[found] = []] = await database.store.read(({ secrets }) =>
        secrets.findMany([byId(ids[0] as (typeof ids)[0])]),
      );
      expect(found?.version.secretsManagerId).toBe(row.id);
      await database.store.write(async ({ secrets }) => {
        for (const id of ids) await secrets.remove(id);
      });
      expect(await remove()).toBe(0);
      expect(await database.store.read(({ secretsManagers }) => secretsManagers.find(row.id))).toBeNull();
    });
  });
}

function describeDelegates(database: Database): void {
  describe('delegates', () => {
    test('are found by identity key, id, or a name that is theirs alone', async () => {
      const token = tokenRow();
      const [a, b, c] = [
        delegateRow(token.id, { name: 'Edge' }),
        delegateRow(token.id, { name: 'twin' }),
        delegateRow(token.id, { name: 'TWIN', approved: true, selectors: [] }),
      ];
      await database.store.write(async ({ delegates }) => {
        await delegates.tokens.insert(token);
        for (const row of [c, b, a]) await delegates.save(row);
      });
      const found = await database.store.read(async ({ delegates }) => [
        await delegates.findByIdentityKey(c.identityKey),
        await delegates.find(b.id),
        await delegates.find('edge'),
        await delegates.find('twin'),
        await delegates.find('none'),
        await delegates.findByIdentityKey('none'),
      ]);
      expect(found).toEqual([c, b, a, null, null, null]);
      const names = (await database.store.read(({ delegates }) => delegates.list())).map((row) => row.name);
      expect(names.map((name) => name.toLowerCase())).toEqual(['edge', 'twin', 'twin']);
    });

    test('saving the same identity key again replaces the row; removing forgets it', async () => {
      const token = tokenRow();
      const before = delegateRow(token.id);
      const after = {
        ...before,
        name: 'renamed',
        approved: true,
        version: '2',
        selectors: ['x'],
        lastSeenAtMs: 1,
      };
      await database.store.write(async ({ delegates }) => {
        await delegates.tokens.insert(token);
        await delegates.save(before);
        await delegates.save(after);
      });
      expect(await database.store.read(({ delegates }) => delegates.list())).toEqual([after]);
      await database.store.write(({ delegates }) => delegates.remove(before.id));
      expect(await database.store.read(({ delegates }) => delegates.list())).toEqual([]);
    });
  });
}

/** Keys of groups with the methods of tokens; what else keys can do is in storage-contract-groups.ts. */
function ofGroups(apiKeys: ApiKeyStore): object {
  return {
    insert: async (row: ApiKeyRow) => apiKeys.insert(row),
    findByHash: async (hash: string) => apiKeys.findByHash(hash),
    find: async (reference: string) =>
      apiKeys.find(isId('apiKey', reference) ? reference : { name: reference, userId: null }),
    list: async () => apiKeys.list({ after: null, limit: 100 }),
    revoke: async (id: ApiKeyId, atMs: number) => apiKeys.revoke(id, atMs),
    touch: async (id: ApiKeyId, atMs: number) => apiKeys.touch(id, atMs),
  };
}

/** API keys and delegate tokens keep the same promises. */
function describeCredentials(database: Database): void {
  const kinds = [
    { thing: 'API key', row: apiKeyRow, table: 'apiKeys' as const },
    { thing: 'delegate token', row: tokenRow, table: 'tokens' as const },
  ];
  describe.each(kinds)('$thing', ({ thing, row, table }) => {
    // Both ports have the same methods over rows that differ in one field, which the types cannot say.
    type Table = {
      insert(row: object): Promise<void>;
      findByHash(hash: string): Promise<object | null>;
      find(reference: string): Promise<object | null>;
      list(): Promise<object[]>;
      revoke(id: string, atMs: number): Promise<void>;
      touch(id: string, atMs: number): Promise<void>;
    };
    const write = async <T>(work: (rows: Table) => Promise<T>) =>
      database.store.write((tables) =>
        work((table === 'tokens' ? tables.delegates.tokens : ofGroups(tables.apiKeys)) as unknown as Table),
      );

    test('is found by hash, id and name, and listed newest first', async () => {
      const [older, newer] = [row({ name: 'Older' }), row({ name: 'newer', createdAtMs: NOW_MS + 1 })];
      const found = await write(async (rows) => {
        await rows.insert(newer);
        await rows.insert(older);
        return [
          await rows.findByHash(older.hash),
          await rows.find(older.id),
          await rows.find('OLDER'),
          await rows.findByHash(older.id),
          await rows.find(older.hash),
        ];
      });
      expect(found).toEqual([older, older, older, null, null]);
      expect(await write((rows) => rows.list())).toEqual([newer, older]);
    });

    test('a name is taken while its bearer is not revoked, and free afterwards', async () => {
      const first = row({ name: 'ci' });
      const second = row({ name: 'CI' });
      await write((rows) => rows.insert(first));
      const again = write((rows) => rows.insert(second));
      await expect(again).rejects.toEqual(refusal('name-taken', `another ${thing} named "CI"`));
      await write((rows) => rows.revoke(first.id, NOW_MS + 5));
      await write((rows) => rows.insert(second));
      expect(await write((rows) => rows.find('ci'))).toEqual(second);
      expect(await write((rows) => rows.find(first.id))).toEqual({ ...first, revokedAtMs: NOW_MS + 5 });
    });

    test('the time of the first revocation stays, the time of the last use moves', async () => {
      const one = row();
      await write(async (rows) => {
        await rows.insert(one);
        await rows.touch(one.id, NOW_MS + 1);
        await rows.touch(one.id, NOW_MS + 2);
        await rows.revoke(one.id, NOW_MS + 3);
        await rows.revoke(one.id, NOW_MS + 4);
      });
      expect(await write((rows) => rows.findByHash(one.hash))).toEqual({
        ...one,
        revokedAtMs: NOW_MS + 3,
        lastUsedAtMs: NOW_MS + 2,
      });
    });

    test('two bearers never share a hash', async () => {
      const one = row({ name: 'one' });
      await write((rows) => rows.insert(one));
      const same = write((rows) => rows.insert(row({ name: 'two', hash: one.hash })));
      await expect(same).rejects.toEqual(refusal('internal'));
    });
  });
}
