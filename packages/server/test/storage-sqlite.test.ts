// The SQLite adapter: the storage contract on a file and in memory, and what only a file can show: its mode, its history, crashes,
// a full disk, two processes, and damage.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { requireNoNamesake } from '../src/secrets/namesakes.ts';
import { MIGRATIONS } from '../src/storage/sqlite/migrations.ts';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import { newSigner } from './audit-signer.ts';
import { describeStorage } from './storage-contract.ts';
import {
  addSecret,
  auditEntry,
  byId,
  byName,
  managerRow,
  refusal,
  secretRow,
  upload,
  versionRow,
} from './storage-rows.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'storage-'));
  path = join(folder, 'data', 'sallyport.db');
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** Runs SQL beside the store, as a person with the file could. */
function tamper(sql: string): void {
  const raw = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  raw.exec(sql);
  raw.close();
}

describeStorage('SQLite in memory', {
  open: async (options) => openSqliteStore({ path: ':memory:', ...options }),
  discard: async () => undefined,
});

describeStorage('SQLite in a file', {
  open: async (options) => openSqliteStore({ path, ...options }),
  discard: async () => rm(path, { force: true }),
});

describe('the file', () => {
  test('is readable by its owner only, with everything that SQLite puts beside it', async () => {
    const store = await openSqliteStore({ path });
    await store.write(({ settings }) => settings.set('a', '1'));
    const modeOf = async (name: string) => ((await stat(name)).mode & 0o777).toString(8);
    expect(await modeOf(join(folder, 'data'))).toBe('700');
    for (const suffix of ['', '-wal', '-shm']) expect(await modeOf(path + suffix)).toBe('600');
    await store.close();
    await chmod(path, 0o644);
    await (await openSqliteStore({ path })).close();
    expect(await modeOf(path)).toBe('600');
  });

  test('holds what was written when it is opened again, in WAL mode and strict tables', async () => {
    const clock = { nowMs: () => 1234 };
    const first = await openSqliteStore({ path, clock });
    await first.write(async ({ settings, audit }) => {
      await settings.set('a', '1');
      await audit.append([auditEntry(), auditEntry()]);
    });
    await first.close();
    const second = await openSqliteStore({ path, clock });
    await second.write(({ audit }) => audit.append([auditEntry()]));
    expect(await second.read(({ settings }) => settings.get('a'))).toBe('1');
    expect(await second.checkIntegrity()).toEqual([]);
    await second.close();
    const raw = new DatabaseSync(path);
    expect(raw.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    expect(raw.prepare('SELECT number, applied_at_ms FROM migrations').all()).toEqual(
      MIGRATIONS.map((_, index) => ({ number: index + 1, applied_at_ms: 1234 })),
    );
    const tables = raw
      .prepare("SELECT name, strict FROM pragma_table_list WHERE name NOT LIKE 'sqlite_%'")
      .all();
    expect(tables.length).toBeGreaterThan(10);
    expect(tables.filter((table) => table['strict'] !== 1)).toEqual([]);
    raw.close();
  });

  test('of a newer version, of another program, or that is no database is refused and left alone', async () => {
    await (await openSqliteStore({ path })).close();
    const next = MIGRATIONS.length + 1;
    tamper(`INSERT INTO migrations VALUES (${next}, 'of tomorrow', 0)`);
    await expect(openSqliteStore({ path })).rejects.toEqual(
      refusal('config-invalid', `schema ${next}, which a newer`),
    );
    tamper(`DELETE FROM migrations WHERE number = ${next}; UPDATE migrations SET name = 'of a fork'`);
    await expect(openSqliteStore({ path })).rejects.toEqual(refusal('config-invalid', '"of a fork"'));

    const foreign = join(folder, 'foreign.db');
    const raw = new DatabaseSync(foreign);
    raw.exec('CREATE TABLE migrations (x)');
    raw.close();
    await expect(openSqliteStore({ path: foreign })).rejects.toEqual(refusal('config-invalid', foreign));

    const text = join(folder, 'notes.txt');
    await writeFile(text, 'not a database, but long enough to have a header of one'.repeat(10));
    await expect(openSqliteStore({ path: text })).rejects.toEqual(refusal('config-invalid'));
    await expect(openSqliteStore({ path: folder })).rejects.toEqual(refusal('config-invalid', folder));
  });

  test('itself refuses a second default and a change of an audit record', async () => {
    const store = await openSqliteStore({ path });
    await store.write(async ({ secretsManagers, audit }) => {
      await secretsManagers.insert(managerRow({ name: 'a', isDefault: true }));
      await secretsManagers.insert(managerRow({ name: 'b' }));
      await audit.append([auditEntry()]);
    });
    expect(() => tamper('UPDATE secrets_managers SET is_default = 1')).toThrow(/UNIQUE/);
    expect(() => tamper("UPDATE audit_records SET actor = 'x'")).toThrow(/append-only/);
    expect(() => tamper('DELETE FROM audit_records')).toThrow(/append-only/);
    await store.close();
  });
});

describe('the integrity check', () => {
  const damages: [damage: string, sql: string, problem: RegExp][] = [
    [
      'a changed audit record',
      "UPDATE audit_records SET actor_name = 'x' WHERE sequence = 2",
      /record 2 was changed/,
    ],
    ['a removed audit record', 'DELETE FROM audit_records WHERE sequence = 2', /record 2 is missing/],
    [
      'a trail cut at its end',
      'DELETE FROM audit_records WHERE sequence > 1',
      /records 2 to 3 are missing at the end/,
    ],
    ['an emptied trail', 'DELETE FROM audit_records', /records 1 to 3 are missing/],
    [
      'a lost version',
      'DELETE FROM secret_versions WHERE version = 1',
      /should have versions 1 to 2, but has 1/,
    ],
    ['a lost chunk', 'DELETE FROM upload_chunks WHERE sequence = 1', /lacks chunks/],
    ['lost chunks', 'DELETE FROM upload_chunks', /has no chunks/],
    ['a lost secrets manager', 'DELETE FROM secrets_managers', /refers to a row of secrets_managers/],
    [
      'a changed checkpoint',
      'DROP TRIGGER audit_checkpoints_never_change; UPDATE audit_checkpoints SET signed_at_ms = 1',
      /Checkpoint 1 of delegate prod-1 for audit record 2 has no valid signature/,
    ],
    [
      'a trail that was cut below a checkpoint',
      `DELETE FROM audit_records WHERE sequence > 1;
        UPDATE audit_head SET sequence = 1, hash = (SELECT hash FROM audit_records WHERE sequence = 1)`,
      /Checkpoint 1 of delegate prod-1 for audit record 2 is not about the record that is there/,
    ],
    [
      'an audit record that the index hides',
      "DELETE FROM audit_blocks WHERE facet = 'resource:sec_1'",
      /index of the audit trail lacks 1 entries of block 0/,
    ],
    [
      'a record beyond the end',
      `INSERT INTO audit_records SELECT 4, chain_version, at_ms, actor, actor_kind, actor_name, action, resource, resource_name,
        application_id, environment_id, purpose, request_id, details, content_hash, 'x' FROM audit_records WHERE sequence = 3`,
      /record 4 is beyond the end/,
    ],
  ];
  test.each(damages)('finds %s', async (_, sql, problem) => {
    const store = await openSqliteStore({ path });
    const uploadId = await upload(store.uploads, [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)]);
    await store.write(async (tables) => {
      const manager = managerRow();
      await tables.secretsManagers.insert(manager);
      await addSecret(tables, { name: 'a', manager: manager.id, versions: 2 });
      const file = secretRow({ name: 'file', kind: 'file' });
      await tables.secrets.insert(file, manager.id);
      await tables.secrets.addVersion(versionRow(file.id, manager.id, { envelope: { uploadId } }));
      await tables.audit.append([auditEntry(), auditEntry(), auditEntry()]);
      const point = await tables.audit.pointAt(2);
      if (point !== null) await tables.auditCheckpoints.insert(newSigner().row(point));
    });
    if (sql.includes('audit_blocks')) {
      await store.write(({ audit }) => audit.append(Array.from({ length: 600 }, () => auditEntry())));
      await store.write(({ audit }) => audit.indexMore());
    }
    expect(await store.checkIntegrity()).toEqual([]);
    tamper(`DROP TRIGGER audit_records_never_change; DROP TRIGGER audit_records_never_go; ${sql}`);
    const problems = await store.checkIntegrity();
    expect(problems.join('\n')).toMatch(problem);
    await store.close();
  });
});

describe('two stores on one file', () => {
  test('that race for the default, a name, a version and the audit chain end in one order', async () => {
    const stores = await Promise.all([openSqliteStore({ path }), openSqliteStore({ path })]);
    const managers = [managerRow({ name: 'a' }), managerRow({ name: 'b' })];
    const secret = secretRow({ name: 'contended' });
    const [a] = managers as [(typeof managers)[0]];
    await stores[0]?.write(async ({ secretsManagers, secrets }) => {
      for (const row of managers) await secretsManagers.insert(row);
      await secrets.insert(secret, a.id);
    });
    const rounds = 40;
    const race = stores.map(async (store, which) => {
      let [versions, names] = [0, 0];
      for (let round = 1; round <= rounds; round++) {
        const defaulted = store.write(async ({ secretsManagers, audit }) => {
          await secretsManagers.makeDefault((managers[which] as typeof a).id);
          await audit.append([auditEntry(), auditEntry()]);
        });
        const added = store.write(({ secrets }) =>
          secrets.addVersion(versionRow(secret.id, a.id, { version: round, createdBy: `store ${which}` })),
        );
        const named = store
          .write(async (tables) => {
            const row = secretRow({ name: `name ${round}` });
            const naming = {
              names: [row.name],
              scope: { type: 'rows' as const, rows: a.usageScope },
              of: row.id,
            };
            await requireNoNamesake(tables, naming, { environment: () => null });
            await tables.secrets.insert(row, a.id);
            await tables.secrets.addVersion(versionRow(row.id, a.id));
          })
          .then(
            () => 1,
            (error: unknown) => {
              expect(error).toEqual(refusal('name-taken'));
              return 0;
            },
          );
        await defaulted;
        versions += (await added) ? 1 : 0;
        names += await named;
      }
      return { versions, names };
    });
    const won = await Promise.all(race);
    expect(won.reduce((sum, { names }) => sum + names, 0)).toBe(rounds);
    expect(won.reduce((sum, { versions }) => sum + versions, 0)).toBe(rounds);
    for (const store of stores) {
      const rows = await store.read(({ secretsManagers }) => secretsManagers.list());
      expect(rows.map(({ isDefault }) => isDefault)).toEqual([true, false]);
      const versions = Array.from({ length: rounds + 1 }, (_, i) => byId(secret.id, i + 1));
      const found = await store.read(({ secrets }) => secrets.findMany(versions));
      expect(found.flat().map(({ version }) => version.version)).toEqual(
        Array.from({ length: rounds }, (_, i) => i + 1),
      );
      const { head } = await store.read(({ audit }) => audit.ends());
      expect(head.sequence).toBe(rounds * 2 * stores.length);
      expect(await store.checkIntegrity()).toEqual([]);
    }
    await Promise.all(stores.map((store) => store.close()));
  });

  test('a write waits for another process without blocking this one, and gives up in time', async () => {
    const store = await openSqliteStore({ path, lockWaitMs: 60 });
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    const refused = await Promise.allSettled([
      store.write(({ settings }) => settings.set('a', '1')),
      store.write(({ settings }) => settings.set('b', '1')),
    ]);
    for (const one of refused) {
      expect(one).toEqual({
        status: 'rejected',
        reason: refusal('storage-unavailable', 'locked by another process'),
      });
    }
    const waiting = store.write(({ settings }) => settings.set('a', '2'));
    expect(await store.read(({ settings }) => settings.get('a'))).toBeNull();
    other.exec('ROLLBACK');
    await waiting;
    expect(await store.read(({ settings }) => settings.get('a'))).toBe('2');
    other.close();
    await store.close();
  });
});

describe('a process that ends badly', () => {
  const writer = new URL('storage-writer.ts', import.meta.url).pathname;
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  async function expectAllThere(names: readonly string[]): Promise<void> {
    const store = await openSqliteStore({ path });
    const references = names.map((name) => byName(name));
    const found = await store.read(({ secrets }) => secrets.findMany(references));
    expect(found.map(([item]) => item?.secret.name)).toEqual(names);
    expect(found.every(([item]) => item?.newestVersion === 2)).toBe(true);
    expect(await store.checkIntegrity()).toEqual([]);
    await store.close();
  }

  test('by kill -9 has kept everything that it answered', async () => {
    const answered: string[] = [];
    for (let round = 0; round < 3; round++) {
      const child = spawn(process.execPath, [writer, path], { stdio: ['ignore', 'pipe', 'inherit'] });
      children.push(child);
      const killAfter = answered.length + 1 + Math.floor(Math.random() * 200);
      for await (const name of createInterface(child.stdout)) {
        answered.push(name);
        if (answered.length === killAfter) child.kill('SIGKILL');
      }
      expect(answered.length).toBeGreaterThanOrEqual(killAfter);
      await expectAllThere(answered);
    }
  });

  test('for want of space has refused with storage-unavailable what it could not keep, and applied none of it', async () => {
    // A limit on the size of files stands for a full disk: SQLite cannot extend its write-ahead log when it commits.
    const child = spawn(
      'sh',
      [
        '-c',
        'trap "" XFSZ; ulimit -f 3000; exec "$@"',
        'sh',
        process.execPath,
        writer,
        path,
        'until-refused',
      ],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    children.push(child);
    const exit = once(child, 'exit');
    const lines: string[] = [];
    for await (const line of createInterface(child.stdout)) lines.push(line);
    expect(await exit).toEqual([0, null]);
    const verdict = lines.findIndex((line) => line.startsWith('refused'));
    expect(lines[verdict]).toBe(`refused storage-unavailable${' storage-unavailable'.repeat(8)}`);
    const answered = lines.filter((line) => line.startsWith('secret-'));
    expect(answered.length).toBeGreaterThan(10);
    await expectAllThere(answered);
    const store = await openSqliteStore({ path });
    const all = await store.read(({ secrets }) =>
      secrets.list({
        after: null,
        search: null,
        kind: null,
        secretsManagerId: null,
        scopes: null,
        limit: 100_000,
      }),
    );
    expect(all).toHaveLength(answered.length);
    await store.close();
  });
});
