// The contract of the storage port, continued: secrets, their versions, and uploads of large envelopes.
import { beforeEach, describe, expect, test } from 'vitest';
import type { EnvironmentType, RegionRow } from '@sallyport/core';
import { INLINE_ENVELOPE_MAX_BYTES } from '../src/secrets/secret-store.ts';
import type { FoundSecret, SecretListQuery } from '../src/secrets/secret-store.ts';
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

const SHOP = newId('application');

/** All environments of a type in an application of its own. */
function placeRow(environments: EnvironmentType): RegionRow {
  return { applications: [SHOP], environments };
}

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
      const found = await database.store.read(({ secrets }) => secrets.findMany(references));
      const seen = found.map((candidates) =>
        candidates.map((item) => [item.secret.id, item.version.version, item.newestVersion]),
      );
      expect(seen).toEqual([
        [[one, 3, 3]],
        [[two, 1, 1]],
        [],
        [[one, 2, 3]],
        [],
        [],
        [[two, 1, 1]],
        [[one, 3, 3]],
        [[one, 1, 3]],
      ]);
      expect(found[3]).toEqual([
        {
          secret: secretRow({ id: one, name: 'One' }),
          foundAs: 'One',
          version: versionRow(one, manager.id, { version: 2, envelope: { inline: new Uint8Array(0) } }),
          newestVersion: 3,
          secretsManagerName: manager.name,
          managerScope: manager.usageScope,
          scope: { type: 'rows', rows: manager.usageScope },
        },
      ]);
      expect(await database.store.read(({ secrets }) => secrets.findMany([]))).toEqual([]);
    });

    test('envelopes are read by secret and version, null where there is none', async () => {
      const id = await database.store.write((tables) =>
        addSecret(tables, { name: 'one', manager: manager.id, versions: 2 }),
      );
      const asked = [
        { secretId: id, version: 2 },
        { secretId: newId('secret'), version: 1 },
        { secretId: id, version: 1 },
        { secretId: id, version: 3 },
        { secretId: id, version: 2 },
      ];
      expect(await database.store.read(({ secrets }) => secrets.readEnvelopes(asked))).toEqual([
        { inline: Uint8Array.of(2) },
        null,
        { inline: Uint8Array.of(1) },
        null,
        { inline: Uint8Array.of(2) },
      ]);
      expect(await database.store.read(({ secrets }) => secrets.readEnvelopes([]))).toEqual([]);
    });

    test('a name finds every secret that has it, as name or as alias, each with its scope', async () => {
      const shop = { type: 'rows' as const, rows: [placeRow('production')] };
      const [inheriting, scoped, renamed] = await database.store.write(async (tables) => [
        await addSecret(tables, { name: 'token', manager: manager.id }),
        await addSecret(tables, { name: 'Token', manager: manager.id, scope: shop }),
        await addSecret(tables, { name: 'old', manager: manager.id, scope: { type: 'account' } }),
      ]);
      await database.store.write(async ({ secretEdits }) => {
        await secretEdits.rename(renamed, 'new');
        await secretEdits.addAlias(renamed, { name: 'TOKEN', atMs: NOW_MS });
      });
      const [byToken = [], byOld = [], byNew = []] = await database.store.read(({ secrets }) =>
        secrets.findMany([byName('token'), byName('old'), byName('new')]),
      );
      const seen = byToken.map(({ secret, foundAs, scope }) => [secret.id, foundAs, scope]);
      expect(new Set(seen)).toEqual(
        new Set([
          [inheriting, 'token', { type: 'rows', rows: manager.usageScope }],
          [scoped, 'Token', shop],
          [renamed, 'TOKEN', { type: 'account' }],
        ]),
      );
      expect(byOld).toEqual([]);
      expect(byNew.map(({ secret, foundAs }) => [secret.id, foundAs])).toEqual([[renamed, 'new']]);
    });

    test('equal scopes are one object, so that what is decided about one holds for all', async () => {
      const scope = () => ({ type: 'rows' as const, rows: [placeRow('non-production')] });
      await database.store.write(async (tables) => {
        await addSecret(tables, { name: 'a', manager: manager.id, scope: scope() });
        await addSecret(tables, { name: 'b', manager: manager.id, scope: scope() });
      });
      const [[a] = [], [b] = []] = await database.store.read(({ secrets }) =>
        secrets.findMany([byName('a'), byName('b')]),
      );
      expect(a?.scope).toEqual(scope());
      expect(a?.scope).toBe(b?.scope);
      const inUse = await database.store.read(({ secrets }) => secrets.scopesInUse());
      expect(inUse).toHaveLength(1);
      expect(inUse[0]?.scope).toBe(a?.scope);
    });

    test('an alias is kept, listed and removed apart from the name, and renaming back to it takes it in', async () => {
      const id = await database.store.write((tables) =>
        addSecret(tables, { name: 'first', manager: manager.id }),
      );
      await database.store.write(async ({ secretEdits }) => {
        await secretEdits.rename(id, 'second');
        await secretEdits.addAlias(id, { name: 'first', atMs: NOW_MS });
        await secretEdits.addAlias(id, { name: 'other', atMs: NOW_MS + 1 });
      });
      expect(await database.store.read(({ secretEdits }) => secretEdits.aliasesOf(id))).toEqual([
        'first',
        'other',
      ]);
      await database.store.write(({ secretEdits }) => secretEdits.rename(id, 'First'));
      expect(await database.store.read(({ secretEdits }) => secretEdits.aliasesOf(id))).toEqual(['other']);
      const removed = await database.store.write(async ({ secretEdits }) => [
        await secretEdits.removeAlias(id, 'OTHER'),
        await secretEdits.removeAlias(id, 'other'),
        // Its own name is no alias.
        await secretEdits.removeAlias(id, 'first'),
      ]);
      expect(removed).toEqual([true, false, false]);
      const unknown = database.store.write(({ secretEdits }) => secretEdits.rename(newId('secret'), 'x'));
      await expect(unknown).rejects.toEqual(refusal('not-found'));
    });

    test('uses are counted by day, and the last release is remembered beyond the days that count', async () => {
      const [used, unused] = [newId('secret'), newId('secret')];
      const increment = { secretId: used, released: 2, refused: 1, releasedAtMs: NOW_MS };
      await database.store.write(async ({ usage }) => {
        await usage.add([{ ...increment, day: 10 }]);
        await usage.add([
          { ...increment, day: 10, releasedAtMs: NOW_MS + 5 },
          { ...increment, day: 20, released: 0, refused: 4, releasedAtMs: 0 },
        ]);
      });
      const counts = async (sinceDay: number) =>
        database.store.read(({ usage }) => usage.countsOf([unused, used], sinceDay));
      const last = { lastReleasedAtMs: NOW_MS + 5 };
      const nothing = { released: 0, refused: 0, lastReleasedAtMs: null };
      expect(await counts(10)).toEqual([nothing, { released: 4, refused: 6, ...last }]);
      expect(await counts(11)).toEqual([nothing, { released: 0, refused: 4, ...last }]);
      expect(await database.store.read(({ usage }) => usage.countsOf([], 0))).toEqual([]);
    });

    test('a thousand references of both kinds are answered at once', async () => {
      const ids = await database.store.write((tables) =>
        Promise.all(
          Array.from({ length: 500 }, (_, i) => addSecret(tables, { name: `s-${i}`, manager: manager.id })),
        ),
      );
      const references = ids.flatMap((id, i) => [byName(`S-${i}`), byId(id)]);
      const found = await database.store.read(({ secrets }) => secrets.findMany(references));
      expect(found.map(([item]) => item?.secret.id)).toEqual(ids.flatMap((id) => [id, id]));
    });

    test('a version is added only on top of the newest', async () => {
      const row = secretRow();
      const add = (version: number) =>
        database.store.write(({ secrets }) =>
          secrets.addVersion(versionRow(row.id, manager.id, { version })),
        );
      expect(await add(1)).toBe(false);
      await database.store.write(({ secrets }) => secrets.insert(row, manager.id));
      expect(await database.store.read(({ secrets }) => secrets.findMany([byId(row.id)]))).toEqual([[]]);
      const outcomes = [];
      for (const version of [0, 2, 1, 1, 3, 2, 3]) outcomes.push(await add(version));
      expect(outcomes).toEqual([false, false, true, false, false, true, true]);
      const [[newest] = []] = await database.store.read(({ secrets }) => secrets.findMany([byId(row.id)]));
      expect(newest?.version).toEqual(
        versionRow(row.id, manager.id, { version: 3, envelope: { inline: new Uint8Array(0) } }),
      );
    });

    test("a version under another secrets manager brings that one's scope", async () => {
      const other = managerRow({ name: 'other', usageScope: [placeRow('production')] });
      const id = await database.store.write(async (tables) => {
        await tables.secretsManagers.insert(other);
        const secretId = await addSecret(tables, { name: 'moved', manager: manager.id });
        await tables.secrets.addVersion(versionRow(secretId, other.id, { version: 2 }));
        return secretId;
      });
      const found = await database.store.read(({ secrets }) => secrets.findMany([byId(id, 1), byId(id, 2)]));
      for (const [item] of found) expect(item?.scope).toEqual({ type: 'rows', rows: other.usageScope });
      expect(found.map(([item]) => item?.secretsManagerName)).toEqual([manager.name, 'other']);
    });

    test('an envelope that is empty, too large for a row, or under an unknown secrets manager is refused', async () => {
      const row = secretRow();
      const add = async (over: Partial<ReturnType<typeof versionRow>>) =>
        database.store.write(async ({ secrets }) => {
          await secrets.insert(row, manager.id);
          await secrets.addVersion(versionRow(row.id, manager.id, over));
        });
      const tooLarge = { inline: new Uint8Array(INLINE_ENVELOPE_MAX_BYTES + 1) };
      await expect(add({ envelope: { inline: new Uint8Array(0) } })).rejects.toEqual(refusal('internal'));
      await expect(add({ envelope: tooLarge })).rejects.toEqual(refusal('internal'));
      await expect(add({ envelope: { uploadId: newId('upload') } })).rejects.toEqual(refusal('internal'));
      await expect(add({ secretsManagerId: newId('secretsManager') })).rejects.toEqual(refusal('internal'));
      const largest = { inline: new Uint8Array(INLINE_ENVELOPE_MAX_BYTES).fill(7) };
      await add({ envelope: largest });
      const address = { secretId: row.id, version: 1 };
      const [found] = await database.store.read(({ secrets }) => secrets.readEnvelopes([address]));
      expect(found).toEqual(largest);
    });

    test('lists come page by page in the order of names, searched by any part of them', async () => {
      await database.store.write(async (tables) => {
        for (const name of ['b-2', 'A-1', 'C-3', '100%', 'b_4', 'a-5']) {
          await addSecret(tables, { name, manager: manager.id, versions: 2 });
        }
        await tables.secrets.insert(secretRow({ name: 'without-version' }), manager.id);
      });
      const all = { after: null, search: null, kind: null, secretsManagerId: null, scopes: null };
      const page = async (over: Partial<SecretListQuery>) =>
        database.store.read(({ secrets }) => secrets.list({ ...all, limit: 4, ...over }));
      const names = (found: FoundSecret[]) => found.map(({ secret }) => secret.name);
      const first = await page({});
      expect(names(first)).toEqual(['100%', 'A-1', 'a-5', 'b-2']);
      expect(first.map(({ version }) => [version.version, version.envelope])).toEqual(
        first.map(() => [2, { inline: new Uint8Array(0) }]),
      );
      const after = { nameKey: 'b-2', id: first[3]?.secret.id ?? '' };
      expect(names(await page({ after }))).toEqual(['b_4', 'C-3']);
      expect(names(await page({ search: 'B' }))).toEqual(['b-2', 'b_4']);
      expect(names(await page({ search: 'B', after }))).toEqual(['b_4']);
      expect(names(await page({ search: '%' }))).toEqual(['100%']);
      expect(names(await page({ search: '_' }))).toEqual(['b_4']);
      expect(names(await page({ kind: 'file' }))).toEqual([]);
      expect(names(await page({ secretsManagerId: newId('secretsManager') }))).toEqual([]);
    });

    test('a list limited to some scopes has full pages of just those, namesakes included', async () => {
      const scope = { type: 'rows' as const, rows: [placeRow('production')] };
      await database.store.write(async (tables) => {
        for (const name of ['a', 'b', 'c']) await addSecret(tables, { name, manager: manager.id });
        for (const name of ['b', 'c', 'd']) await addSecret(tables, { name, manager: manager.id, scope });
      });
      const inUse = await database.store.read(({ secrets }) => secrets.scopesInUse());
      const keys = inUse
        .filter((one) => JSON.stringify(one.scope) === JSON.stringify(scope))
        .map(({ key }) => key);
      const query = { after: null, search: null, kind: null, secretsManagerId: null, scopes: keys, limit: 2 };
      const first = await database.store.read(({ secrets }) => secrets.list(query));
      expect(first.map(({ secret }) => secret.name)).toEqual(['b', 'c']);
      const last = first[1]?.secret;
      const after = { nameKey: 'c', id: last?.id ?? '' };
      const rest = await database.store.read(({ secrets }) => secrets.list({ ...query, after }));
      expect(rest.map(({ secret, scope: effective }) => [secret.name, effective])).toEqual([['d', scope]]);
      const none = await database.store.read(({ secrets }) => secrets.list({ ...query, scopes: [] }));
      expect(none).toEqual([]);
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
      expect(
        await database.store.read(({ secrets }) => secrets.findMany([byId(id), byName('gone')])),
      ).toEqual([[], []]);
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
        await secrets.insert(row, manager.id);
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
      const [[found] = []] = await database.store.read(({ secrets }) => secrets.findMany([byName('file')]));
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
