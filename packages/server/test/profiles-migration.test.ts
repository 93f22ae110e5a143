// Databases from before the index of what start-up profiles name: it is filled from the scripts that are there.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { APPLICATION_ID, MIGRATIONS } from '../src/storage/sqlite/migrations.ts';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import { newId } from './storage-rows.ts';

const STEP = 'secrets of start-up profiles';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-migration-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

test('profiles that were saved before are found by the secrets that they name', async () => {
  const path = join(folder, 'sallyport.db');
  const raw = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  raw.exec(`PRAGMA application_id = ${APPLICATION_ID};
    CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at_ms INTEGER NOT NULL) STRICT;`);
  const before = MIGRATIONS.findIndex(({ name }) => name === STEP);
  for (const [index, { name, sql }] of MIGRATIONS.slice(0, before).entries()) {
    raw.exec(sql);
    raw.prepare('INSERT INTO migrations VALUES (?, ?, 1)').run(index + 1, name);
  }
  const [profile, secret] = [newId('delegateProfile'), newId('secret')];
  raw
    .prepare(
      "INSERT INTO delegate_profiles VALUES (?, 'Tools', 'tools', ?, '[]', NULL, 1, 'key_x', 'x', 1, 1)",
    )
    .run(profile, `echo "\${secrets.getValue("${secret}")}"`);
  raw.close();
  const store = await openSqliteStore({ path });
  expect(await store.read(({ delegateProfiles }) => delegateProfiles.naming([secret]))).toEqual([
    { secretId: secret, profile: { id: profile, name: 'Tools' }, by: null },
  ]);
  await store.close();
});
