// Databases from before content hashes: their records keep the hashes that they were written with, still verify, and go on.
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { canonicalJson } from '@sallyport/protocol/audit';
import { APPLICATION_ID, MIGRATIONS } from '../src/storage/sqlite/migrations.ts';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import { auditEntry, NOW_MS } from './storage-rows.ts';

const STEP = 'audit checkpoints';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-migration-'));
  path = join(folder, 'sallyport.db');
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const ACTORS = ['server', 'key_1', 'dlg_1', 'key_2'];
const TIMES = [0, 50, 20, 70];

/** A database as it was left before the step, with a trail of four records; gives their hashes. */
function oldDatabase(): string[] {
  const raw = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  raw.exec(`PRAGMA application_id = ${APPLICATION_ID};
    CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at_ms INTEGER NOT NULL) STRICT;`);
  const before = MIGRATIONS.findIndex(({ name }) => name === STEP);
  expect(before).toBeGreaterThan(0);
  for (const [index, { name, sql }] of MIGRATIONS.slice(0, before).entries()) {
    raw.exec(sql);
    raw.prepare('INSERT INTO migrations VALUES (?, ?, 1)').run(index + 1, name);
  }
  const insert = raw.prepare('INSERT INTO audit_records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const hashes: string[] = [];
  for (const [index, actor] of ACTORS.entries()) {
    const said = {
      sequence: index + 1,
      atMs: NOW_MS + (TIMES[index] ?? 0),
      actor,
      actorName: `name of ${actor}`,
      action: 'secret.released',
      resource: 'sec_1',
      resourceName: null,
      requestId: null,
      details: { version: index },
    };
    const previous = hashes.at(-1) ?? '0'.repeat(64);
    const hash = createHash('sha256').update(previous).update(canonicalJson(said)).digest('hex');
    const details = canonicalJson(said.details);
    const { sequence, atMs, actorName, action, resource } = said;
    insert.run(sequence, atMs, actor, actorName, action, resource, null, null, details, previous, hash);
    hashes.push(hash);
  }
  raw.prepare('INSERT INTO audit_head VALUES (1, ?, ?)').run(hashes.length, hashes.at(-1) ?? '');
  raw.close();
  return hashes;
}

test('an old trail keeps its hashes, says which formula they follow, and is continued', async () => {
  const hashes = oldDatabase();
  const store = await openSqliteStore({ path });
  await store.write(({ audit }) => audit.append([auditEntry({ purpose: 'a new one' })]));
  const records = await store.read(({ audit }) => audit.after(0, 100));
  expect(records.map(({ hash }) => hash).slice(0, 4)).toEqual(hashes);
  expect(records.map(({ chainVersion }) => chainVersion)).toEqual([1, 1, 1, 1, 2]);
  expect(records.map(({ actorKind }) => actorKind)).toEqual([
    'server',
    'api-key',
    'delegate',
    'api-key',
    'api-key',
  ]);
  expect(records[3]).toMatchObject({
    contentHash: null,
    purpose: null,
    applicationId: null,
    environmentId: null,
  });
  expect(await store.checkIntegrity()).toEqual([]);
  const found = await store.read(({ audit }) =>
    audit.search({ before: null, limit: 9, fromMs: NOW_MS + 50 }),
  );
  expect(found.records.map(({ sequence }) => sequence)).toEqual([4, 2]);
  expect(await store.read(({ audit }) => audit.contentHashes({ above: 4, upTo: 5 }))).toHaveLength(32);
  expect(await store.read(({ audit }) => audit.contentHashes({ above: 3, upTo: 5 }))).toBeNull();
  await store.close();
});

test('a change of an old record is still found, also one of a field that was not hashed then', async () => {
  oldDatabase();
  await (await openSqliteStore({ path })).close();
  for (const change of [
    "actor_name = 'x'",
    "purpose = 'x'",
    "actor_kind = 'user'",
    "application_id = 'app_1'",
  ]) {
    const raw = new DatabaseSync(path);
    raw.exec(
      `DROP TRIGGER IF EXISTS audit_records_never_change; BEGIN; UPDATE audit_records SET ${change} WHERE sequence = 2`,
    );
    raw.exec('COMMIT');
    const store = await openSqliteStore({ path });
    expect(await store.checkIntegrity(), change).toEqual([expect.stringMatching(/record 2 was changed/)]);
    await store.close();
    raw.exec(`UPDATE audit_records SET actor_name = 'name of key_1', purpose = NULL, actor_kind = 'api-key', application_id = NULL
      WHERE sequence = 2`);
    raw.close();
  }
});

test('a database without records begins with zeros', async () => {
  const store = await openSqliteStore({ path });
  const start = { sequence: 0, hash: '0'.repeat(64) };
  expect(await store.read(({ audit }) => audit.ends())).toEqual({ head: start, floor: start });
  await store.close();
});
