// A database of the first schema, as installations have it, is brought to the newest one with everything in it.
import { mkdtemp, rm } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EVERYWHERE } from '@sallyport/core';
import { ACCOUNT_ADMINISTRATOR } from '../src/groups/built-in-groups.ts';
import { APPLICATION_ID, MIGRATIONS } from '../src/storage/sqlite/migrations.ts';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import { byName, newId, NOW_MS } from './storage-rows.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-migration-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('secrets keep ids, names and versions and may be used everywhere; keys keep every right', async () => {
  const path = join(folder, 'old.db');
  const [secret, manager, key] = [newId('secret'), newId('secretsManager'), newId('apiKey')];
  const old = new DatabaseSync(path);
  const first = MIGRATIONS[0];
  old.exec(`PRAGMA application_id = ${APPLICATION_ID};
    CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at_ms INTEGER NOT NULL) STRICT;
    INSERT INTO migrations VALUES (1, '${first?.name}', ${NOW_MS});
    ${first?.sql}
    INSERT INTO secrets_managers VALUES ('${manager}', 'Keys', 'keys', 1, 1,
      '{"kind":"built-in","selectors":[],"context":{},"dataKeyCache":{"maxAgeSeconds":300,"maxUses":10}}', NULL, ${NOW_MS}, ${NOW_MS});
    INSERT INTO secrets VALUES ('${secret}', 'Db', 'db', 'text', 2, ${NOW_MS});
    INSERT INTO secret_versions VALUES ('${secret}', 1, '${manager}', 3, ${NOW_MS}, 'ci', NULL, x'01');
    INSERT INTO secret_versions VALUES ('${secret}', 2, '${manager}', 3, ${NOW_MS}, 'ci', NULL, x'02');
    INSERT INTO api_keys VALUES ('${key}', 'admin', 'admin', 'aa', ${NOW_MS}, NULL, NULL, NULL);`);
  old.close();

  const store = await openSqliteStore({ path });
  const [found, envelopes, keyRow, managerRow] = await store.read(async (tables) => [
    await tables.secrets.findMany([byName('DB'), byName('db', 1)]),
    await tables.secrets.readEnvelopes([{ secretId: secret, version: 1 }]),
    await tables.apiKeys.find(key),
    await tables.secretsManagers.find(manager),
  ]);
  expect(
    found
      .flat()
      .map(({ secret: row, version, newestVersion, scope }) => [
        row.id,
        row.name,
        version.version,
        newestVersion,
        scope,
      ]),
  ).toEqual([
    [secret, 'Db', 2, 2, { type: 'rows', rows: EVERYWHERE }],
    [secret, 'Db', 1, 2, { type: 'rows', rows: EVERYWHERE }],
  ]);
  expect(envelopes).toEqual([{ inline: Uint8Array.of(1) }]);
  expect(keyRow).toMatchObject({
    kind: 'api-key',
    owner: { type: 'groups', groupIds: [ACCOUNT_ADMINISTRATOR] },
    restriction: null,
  });
  expect(found.flat().map(({ secret: row }) => row.availability)).toEqual([
    { mode: 'fresh' },
    { mode: 'fresh' },
  ]);
  expect(managerRow).toMatchObject({ usageScope: EVERYWHERE, isDefault: true });
  expect(await store.checkIntegrity()).toEqual([]);
  await store.close();
});
