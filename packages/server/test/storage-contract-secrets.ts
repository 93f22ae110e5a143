// The contract of the storage port, continued: secrets, their versions, and uploads of large envelopes.
import { beforeEach, describe, expect, test } from 'vitest';
import { INLINE_ENVELOPE_MAX_BYTES } from '../src/secrets/secret-store.ts';
import type { Database } from './storage-contract.ts';
import {
  addSecret,
  byId,
  byName,
  collect,
  managerRow,
  newId,
  NOW_MS,
  refusal,
  secretRow,
  upload,
  versionRow,
} from './storage-rows.ts';

export function describeSecrets(database: Database): void {
  const manager = managerRow({ isDefault: true });

  describe(`secrets`, () => {
    beforeEach(() => database.store.write(({ secretsManagers }) => secretsManagers.insert(manager)));

    test('many references are answered in their order, null where there is nothing', async () => {
      const [one, two] = await database.store.write(async (tables) => [
        await addSecret(tables, { name: 'One', manager: manager.id, versions: 3 }),
        await addSecret(tables, { name: 'two', manager: manager.id }),
      ]);
      const references = [
        byName('ONE'),
        byId(two),
        byName('none'),
        byName(' one ', 2),
        byId(one, 4),
        byId(newId('secret')),
        byName('two', 1),
        byName('One'),
        byId(one, 1),
      ];
      const found = await database.store.read(({ secrets }) =>
        secrets.findMany(references, { envelopes: true }),
      );
      expect(found.map((item) => item && [item.secret.id, item.version.version, item.newestVersion])).toEqual(
        [[one, 3, 3], [two, 1, 1], null, [one, 2, 3], null, null, [two, 1, 1], [one, 3, 3], [one, 1, 3]],
      );
      expect(found[3]).toEqual({
        secret: { id: one, name: 'One', kind: 'text', createdAtMs: NOW_MS },
        version: versionRow(one, manager.id, { version: 2, envelope: { inline: Uint8Array.of(2) } }),
        newestVersion: 3,
        secretsManagerName: manager.name,
      });
      const bare = await database.store.read(({ secrets }) =>
        secrets.findMany([byId(one)], { envelopes: false }),
      );
      expect(bare[0]?.version.envelope).toEqual({ inline: new Uint8Array(0) });
      expect(await database.store.read(({ secrets }) => secrets.findMany([], { envelopes: true }))).toEqual(
        [],
      );
    });

    test('a thousand references of both kinds are answered at once', async () => {
      const ids = await database.store.write((tables) =>
        Promise.all(
          Array.from({ length: 500 }, (_, i) => addSecret(tables, { name: `s-${i}`, manager: manager.id })),
        ),
      );
      const references = ids.flatMap((id, i) => [byName(`S-${i}`), byId(id)]);
      const found = await database.store.read(({ secrets }) =>
        secrets.findMany(references, { envelopes: true }),
      );
      expect(found.map((item) => item?.secret.id)).toEqual(ids.flatMap((id) => [id, id]));
    });

    test('a name is taken for every spelling of it, on insert and on rename, and the message says so', async () => {
      const id = await database.store.write((tables) =>
        addSecret(tables, { name: 'Db-Password', manager: manager.id }),
      );
      const other = await database.store.write((tables) =>
        addSecret(tables, { name: 'other', manager: manager.id }),
      );
      const taken = refusal('name-taken', 'already a secret named "DB-PASSWORD"');
      const insert = database.store.write(({ secrets }) =>
        secrets.insert(secretRow({ name: 'DB-PASSWORD' })),
      );
      await expect(insert).rejects.toEqual(taken);
      const rename = database.store.write(({ secrets }) => secrets.rename(other, 'DB-PASSWORD'));
      await expect(rename).rejects.toEqual(taken);
      await database.store.write(({ secrets }) => secrets.rename(id, 'DB-PASSWORD'));
      await database.store.write(({ secrets }) => secrets.rename(other, 'renamed'));
      const found = await database.store.read(({ secrets }) =>
        secrets.findMany([byName('db-password'), byName('other'), byName('renamed')], { envelopes: false }),
      );
      expect(found.map((item) => item?.secret.name ?? null)).toEqual(['DB-PASSWORD', null, 'renamed']);
      const unknown = database.store.write(({ secrets }) => secrets.rename(newId('secret'), 'x'));
      await expect(unknown).rejects.toEqual(refusal('not-found'));
    });

    test('a version is added only on top of the newest', async () => {
      const row = secretRow();
      const add = (version: number) =>
        database.store.write(({ secrets }) =>
          secrets.addVersion(versionRow(row.id, manager.id, { version })),
        );
      expect(await add(1)).toBe(false);
      await database.store.write(({ secrets }) => secrets.insert(row));
      expect(
        await database.store.read(({ secrets }) => secrets.findMany([byId(row.id)], { envelopes: true })),
      ).toEqual([null]);
      const outcomes = [];
      for (const version of [0, 2, 1, 1, 3, 2, 3]) outcomes.push(await add(version));
      expect(outcomes).toEqual([false, false, true, false, false, true, true]);
      const versions = await database.store.read(({ secrets }) => secrets.listVersions(row.id, 2));
      expect(versions.map(({ version }) => version)).toEqual([3, 2]);
      expect(versions[0]).toEqual(versionRow(row.id, manager.id, { version: 3 }));
    });

    test('an envelope that is empty, too large for a row, or under an unknown secrets manager is refused', async () => {
      const row = secretRow();
      const add = async (over: Partial<ReturnType<typeof versionRow>>) =>
        database.store.write(async ({ secrets }) => {
          await secrets.insert(row);
          await secrets.addVersion(versionRow(row.id, manager.id, over));
        });
      const tooLarge = { inline: new Uint8Array(INLINE_ENVELOPE_MAX_BYTES + 1) };
      await expect(add({ envelope: { inline: new Uint8Array(0) } })).rejects.toEqual(refusal('internal'));
      await expect(add({ envelope: tooLarge })).rejects.toEqual(refusal('internal'));
      await expect(add({ envelope: { uploadId: newId('upload') } })).rejects.toEqual(refusal('internal'));
      await expect(add({ secretsManagerId: newId('secretsManager') })).rejects.toEqual(refusal('internal'));
      const largest = { inline: new Uint8Array(INLINE_ENVELOPE_MAX_BYTES).fill(7) };
      await add({ envelope: largest });
      const [found] = await database.store.read(({ secrets }) =>
        secrets.findMany([byId(row.id)], { envelopes: true }),
      );
      expect(found?.version.envelope).toEqual(largest);
    });

    test('lists come page by page in the order of names, searched by any part of them', async () => {
      await database.store.write(async (tables) => {
        for (const name of ['b-2', 'A-1', 'C-3', '100%', 'b_4', 'a-5']) {
          await addSecret(tables, { name, manager: manager.id, versions: 2 });
        }
        await tables.secrets.insert(secretRow({ name: 'without-version' }));
      });
      const page = async (afterNameKey: string | null, search: string | null, limit: number) =>
        (await database.store.read(({ secrets }) => secrets.list({ afterNameKey, search, limit }))).map(
          ({ secret, version }) => [secret.name, version.version, version.envelope],
        );
      const empty = { inline: new Uint8Array(0) };
      const newest = (names: string[]) => names.map((name) => [name, 2, empty]);
      expect(await page(null, null, 4)).toEqual(newest(['100%', 'A-1', 'a-5', 'b-2']));
      expect(await page('b-2', null, 4)).toEqual(newest(['b_4', 'C-3']));
      expect(await page(null, 'B', 4)).toEqual(newest(['b-2', 'b_4']));
      expect(await page('b-2', 'B', 4)).toEqual(newest(['b_4']));
      expect(await page(null, '%', 4)).toEqual(newest(['100%']));
      expect(await page(null, '_', 4)).toEqual(newest(['b_4']));
    });

    test('removing a secret removes its versions and chunks, and frees its name', async () => {
      const uploadId = await upload(database.store.uploads, [Uint8Array.of(1), Uint8Array.of(2)]);
      const id = await database.store.write(async (tables) => {
        const secretId = await addSecret(tables, { name: 'gone', manager: manager.id, versions: 2 });
        const last = versionRow(secretId, manager.id, { version: 3, envelope: { uploadId } });
        expect(await tables.secrets.addVersion(last)).toBe(true);
        return secretId;
      });
      await database.store.write(({ secrets }) => secrets.remove(id));
      expect(await database.store.read(({ secrets }) => secrets.listVersions(id, 10))).toEqual([]);
      await expect(collect(database.store.uploads.read(uploadId))).rejects.toEqual(refusal('not-found'));
      await database.store.write((tables) => addSecret(tables, { name: 'gone', manager: manager.id }));
      await database.store.write(({ secrets }) => secrets.remove(newId('secret')));
    });
  });
}

export function describeUploads(database: Database): void {
  const manager = managerRow({ isDefault: true });

  describe(`uploads`, () => {
    beforeEach(() => database.store.write(({ secretsManagers }) => secretsManagers.insert(manager)));

    const attach = async (uploadId: ReturnType<typeof newId<'upload'>>, secretName = 'file') =>
      database.store.write(async ({ secrets }) => {
        const row = secretRow({ name: secretName, kind: 'file' });
        await secrets.insert(row);
        await secrets.addVersion(versionRow(row.id, manager.id, { envelope: { uploadId } }));
        return row.id;
      });

    test('chunks come back in order, each as it was', async () => {
      const id = await upload(database.store.uploads, [
        Uint8Array.of(0, 255),
        new Uint8Array(0),
        Uint8Array.of(1),
      ]);
      await attach(id);
      expect(await collect(database.store.uploads.read(id))).toEqual([[0, 255], [], [1]]);
      const [found] = await database.store.read(({ secrets }) =>
        secrets.findMany([byName('file')], { envelopes: true }),
      );
      expect(found?.version.envelope).toEqual({ uploadId: id });
    });

    test('an attached upload is neither extended, nor abandoned, nor attached twice', async () => {
      const id = await upload(database.store.uploads, [Uint8Array.of(1)]);
      const secret = await attach(id);
      await expect(database.store.uploads.append(id, 1, Uint8Array.of(2))).rejects.toEqual(
        refusal('internal'),
      );
      await expect(attach(id, 'second')).rejects.toEqual(refusal('internal'));
      await database.store.uploads.abandon(id);
      expect(await database.store.uploads.removeUnattached()).toBe(0);
      expect(await collect(database.store.uploads.read(id))).toEqual([[1]]);
      await database.store.write(({ secrets }) => secrets.remove(secret));
    });

    test('what was never attached is removed, on request or all at once', async () => {
      const [abandoned, forgotten, kept] = [
        await upload(database.store.uploads, [Uint8Array.of(1)]),
        await upload(database.store.uploads, [Uint8Array.of(2)]),
        await upload(database.store.uploads, [Uint8Array.of(3)]),
      ];
      await attach(kept);
      await database.store.uploads.abandon(abandoned);
      await expect(database.store.uploads.append(abandoned, 1, Uint8Array.of(1))).rejects.toEqual(
        refusal('internal'),
      );
      expect(await database.store.uploads.removeUnattached()).toBe(1);
      expect(await database.store.uploads.removeUnattached()).toBe(0);
      for (const id of [abandoned, forgotten]) {
        await expect(collect(database.store.uploads.read(id))).rejects.toEqual(refusal('not-found'));
      }
      expect(await collect(database.store.uploads.read(kept))).toEqual([[3]]);
    });

    test('a secret deleted while its file is read ends the reading with an error, not early', async () => {
      const id = await upload(database.store.uploads, [Uint8Array.of(1), Uint8Array.of(2)]);
      const secret = await attach(id);
      const reading = database.store.uploads.read(id)[Symbol.asyncIterator]();
      expect((await reading.next()).value).toEqual(Uint8Array.of(1));
      await database.store.write(({ secrets }) => secrets.remove(secret));
      await expect(reading.next()).rejects.toEqual(refusal('not-found'));
    });
  });
}
