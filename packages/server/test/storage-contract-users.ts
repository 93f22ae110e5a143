// The contract of the storage port, continued: users, recovery codes, sessions, one-time links.
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { UserId } from '@sallyport/core';
import type { LinkRow } from '../src/users/link-store.ts';
import type { SessionRow } from '../src/users/session-store.ts';
import type { UserRow } from '../src/users/user-store.ts';
import { personRow } from './access-rows.ts';
import type { Database } from './storage-contract.ts';
import { newId, NOW_MS, refusal } from './storage-rows.ts';

export function describePeople(database: Database): void {
  describeUsers(database);
  describeSessions(database);
  describeLinks(database);
}

const newHash = (): string => randomBytes(32).toString('hex');

function sessionRow(userId: UserId, over: Partial<SessionRow> = {}): SessionRow {
  return {
    id: newId('session'),
    userId,
    method: 'password',
    hash: newHash(),
    issuedAtMs: NOW_MS,
    formerHash: null,
    formerUntilMs: null,
    createdAtMs: NOW_MS,
    lastUsedAtMs: NOW_MS,
    expiresAtMs: NOW_MS + 1000,
    clientAddress: '192.0.2.1',
    userAgent: 'curl/8',
    ...over,
  };
}

function linkRow(userId: UserId | null, over: Partial<LinkRow> = {}): LinkRow {
  return {
    id: newId('link'),
    purpose: userId === null ? 'set-up' : 'password-reset',
    userId,
    hash: newHash(),
    createdAtMs: NOW_MS,
    expiresAtMs: NOW_MS + 1000,
    ...over,
  };
}

async function insertUser(database: Database, over: Partial<UserRow> = {}): Promise<UserRow> {
  const row = personRow(over);
  await database.store.write(async ({ users }) => users.insert(row));
  return row;
}

function describeUsers(database: Database): void {
  const find = async (reference: string) => database.store.read(async ({ users }) => users.find(reference));

  describe('users', () => {
    const full: Partial<UserRow> = {
      name: 'Alice',
      displayName: 'Alice Ä.',
      externalIssuer: 'https://id.example',
      externalSubject: '17',
      totp: { encryptedSecret: 'AQ==', lastStep: 59_000_000 },
      pendingTotpSecret: 'Ag==',
      disabledAtMs: NOW_MS + 5,
      lastSignInAtMs: NOW_MS + 4,
    };

    test('come back as they were stored, by id, by any spelling of their name, or by who they are elsewhere', async () => {
      const row = await insertUser(database, full);
      const plain = await insertUser(database, { name: 'bob' });
      expect(await find(row.id)).toEqual(row);
      expect(await find(' ALICE ')).toEqual(row);
      expect(await find('bob')).toEqual(plain);
      expect([await find('carol'), await find(newId('user'))]).toEqual([null, null]);
      const external = async (issuer: string, subject: string) =>
        database.store.read(async ({ users }) => users.findExternal({ issuer, subject }));
      expect(await external('https://id.example', '17')).toEqual(row);
      expect(await external('https://other.example', '17')).toBeNull();
      expect(await external('https://id.example', '18')).toBeNull();
    });

    test('have names of their own', async () => {
      const row = await insertUser(database, { name: 'alice' });
      const other = await insertUser(database, { name: 'bob' });
      await expect(insertUser(database, { name: 'ALICE' })).rejects.toEqual(refusal('name-taken', 'ALICE'));
      const renamed = database.store.write(async ({ users }) => users.update({ ...other, name: 'Alice' }));
      await expect(renamed).rejects.toEqual(refusal('name-taken', 'Alice'));
      await database.store.write(async ({ users }) => users.remove(row.id));
      expect((await insertUser(database, { name: 'Alice' })).name).toBe('Alice');
    });

    test('are updated as a whole, but for id and creation; one that is gone cannot be', async () => {
      const row = await insertUser(database);
      const next = { ...row, ...full, passwordHash: null };
      await database.store.write(async ({ users }) => users.update({ ...next, createdAtMs: 1 }));
      expect(await find(row.id)).toEqual(next);
      const gone = database.store.write(async ({ users }) => users.update({ ...next, id: newId('user') }));
      await expect(gone).rejects.toEqual(refusal('internal'));
    });

    test('are listed by name, page by page, and found by parts of both names', async () => {
      for (const name of ['carol', 'Bob', 'alice'])
        await insertUser(database, { name, displayName: `${name} X` });
      const list = async (query: { afterNameKey?: string; search?: string; limit?: number }) => {
        const { afterNameKey = null, search = null, limit = 10 } = query;
        const rows = await database.store.read(async ({ users }) =>
          users.list({ afterNameKey, search, limit }),
        );
        return rows.map(({ name }) => name);
      };
      expect(await list({})).toEqual(['alice', 'Bob', 'carol']);
      expect(await list({ limit: 2 })).toEqual(['alice', 'Bob']);
      expect(await list({ afterNameKey: 'bob' })).toEqual(['carol']);
      expect(await list({ search: 'b x' })).toEqual(['Bob']);
      expect(await list({ search: '%' })).toEqual([]);
      expect(await list({ search: 'alice alice' })).toEqual([]);
      expect(await database.store.read(async ({ users }) => users.count())).toBe(3);
    });

    test('take along what is theirs when they are removed, and nobody else loses anything', async () => {
      const [row, other] = [await insertUser(database), await insertUser(database, { name: 'other' })];
      const sessions = [sessionRow(row.id), sessionRow(other.id)];
      await database.store.write(async (tables) => {
        for (const session of sessions) await tables.sessions.insert(session);
        await tables.links.replace(linkRow(row.id));
        await tables.recoveryCodes.replace(row.id, ['a', 'b']);
        await tables.recoveryCodes.replace(other.id, ['a']);
        await tables.users.remove(row.id);
      });
      const left = await database.store.read(async (tables) => ({
        sessions: [await tables.sessions.listOf(row.id), await tables.sessions.listOf(other.id)],
        links: await tables.links.listOf(row.id),
        codes: [await tables.recoveryCodes.count(row.id), await tables.recoveryCodes.count(other.id)],
      }));
      expect(left).toEqual({ sessions: [[], [sessions[1]]], links: [], codes: [0, 1] });
    });

    test('use each recovery code once', async () => {
      const [row, other] = [await insertUser(database), await insertUser(database, { name: 'other' })];
      const use = async (userId: UserId, hash: string) =>
        database.store.write(async ({ recoveryCodes }) => recoveryCodes.use(userId, hash));
      await database.store.write(async ({ recoveryCodes }) => recoveryCodes.replace(row.id, ['a', 'b']));
      expect(await use(other.id, 'a')).toBe(false);
      expect(await Promise.all([use(row.id, 'a'), use(row.id, 'a')])).toEqual([true, false]);
      await database.store.write(async ({ recoveryCodes }) => recoveryCodes.replace(row.id, ['c']));
      expect([await use(row.id, 'b'), await use(row.id, 'c')]).toEqual([false, true]);
    });
  });
}

function describeSessions(database: Database): void {
  describe('sessions', () => {
    const byHash = async (hash: string) =>
      database.store.read(async ({ sessions }) => sessions.findByHash(hash));

    async function insert(rows: readonly SessionRow[]): Promise<void> {
      await database.store.write(async ({ sessions }) => {
        for (const row of rows) await sessions.insert(row);
      });
    }

    test('come back as they were stored, by the hash that counts and by the one before', async () => {
      const user = await insertUser(database);
      const row = sessionRow(user.id, { formerHash: newHash(), formerUntilMs: NOW_MS, userAgent: null });
      await insert([row, sessionRow(user.id)]);
      expect([await byHash(row.hash), await byHash(row.formerHash ?? '')]).toEqual([row, row]);
      expect(await byHash(newHash())).toBeNull();
    });

    test('get a new hash from one who knows the one that counts, once', async () => {
      const user = await insertUser(database);
      const row = sessionRow(user.id);
      await insert([row]);
      const rotate = async (hash: string) => {
        const change = { expectedHash: row.hash, hash, issuedAtMs: NOW_MS + 1, formerUntilMs: NOW_MS + 2 };
        return database.store.write(async ({ sessions }) => sessions.rotate(row.id, change));
      };
      const [first, second] = [newHash(), newHash()];
      expect(await Promise.all([rotate(first), rotate(second)])).toEqual([true, false]);
      const rotated = {
        ...row,
        hash: first,
        issuedAtMs: NOW_MS + 1,
        formerHash: row.hash,
        formerUntilMs: NOW_MS + 2,
      };
      expect([await byHash(first), await byHash(row.hash), await byHash(second)]).toEqual([
        rotated,
        rotated,
        null,
      ]);
    });

    test('remember their last use, and never an earlier one', async () => {
      const user = await insertUser(database);
      const row = sessionRow(user.id);
      await insert([row]);
      const touch = async (atMs: number) =>
        database.store.write(async ({ sessions }) => sessions.touch(row.id, atMs));
      await touch(NOW_MS + 10);
      await touch(NOW_MS + 5);
      expect((await byHash(row.hash))?.lastUsedAtMs).toBe(NOW_MS + 10);
    });

    test('are removed one by one, all but one, or all, of one user only', async () => {
      const [user, other] = [await insertUser(database), await insertUser(database, { name: 'other' })];
      const rows = Array.from({ length: 4 }, (_, i) => sessionRow(user.id, { createdAtMs: NOW_MS + i }));
      const foreign = sessionRow(other.id);
      await insert([...rows, foreign]);
      const remove = async (which: { id?: SessionRow['id']; except?: SessionRow['id'] | null }) =>
        database.store.write(async ({ sessions }) => sessions.remove({ userId: user.id, ...which }));
      const left = async () =>
        (await database.store.read(async ({ sessions }) => sessions.listOf(user.id))).map(({ id }) => id);
      const ids = rows.map(({ id }) => id).toReversed();
      expect(await left()).toEqual(ids);
      expect(await remove({ id: foreign.id })).toBe(0);
      expect(await remove({ id: ids[0] })).toBe(1);
      expect(await remove({ except: ids[2] })).toBe(2);
      expect(await left()).toEqual([ids[2]]);
      expect(await remove({ except: null })).toBe(1);
      expect(await byHash(foreign.hash)).toEqual(foreign);
    });

    test('that ended by age or idleness are removed, to the millisecond', async () => {
      const user = await insertUser(database);
      const nowMs = NOW_MS + 100;
      const good = sessionRow(user.id, { expiresAtMs: nowMs + 1, lastUsedAtMs: NOW_MS + 51 });
      const old = sessionRow(user.id, { expiresAtMs: nowMs, lastUsedAtMs: nowMs });
      const idle = sessionRow(user.id, { expiresAtMs: nowMs + 1, lastUsedAtMs: NOW_MS + 50 });
      await insert([good, old, idle]);
      const removed = await database.store.write(async ({ sessions }) =>
        sessions.removeEnded({ nowMs, idleSinceMs: NOW_MS + 50 }),
      );
      expect(removed).toBe(2);
      expect(await database.store.read(async ({ sessions }) => sessions.listOf(user.id))).toEqual([good]);
    });
  });
}

function describeLinks(database: Database): void {
  describe('one-time links', () => {
    const byHash = async (hash: string) => database.store.read(async ({ links }) => links.findByHash(hash));
    const replace = async (row: LinkRow) => database.store.write(async ({ links }) => links.replace(row));

    test('come back as they were stored, and replace those of the same user and purpose', async () => {
      const [user, other] = [await insertUser(database), await insertUser(database, { name: 'other' })];
      const first = linkRow(user.id);
      const kept = [linkRow(user.id, { purpose: 'invitation' }), linkRow(other.id), linkRow(null)];
      for (const row of [first, ...kept]) await replace(row);
      expect(await byHash(first.hash)).toEqual(first);
      const second = linkRow(user.id, { createdAtMs: NOW_MS + 1 });
      await replace(second);
      expect(await byHash(first.hash)).toBeNull();
      for (const row of [second, ...kept]) expect(await byHash(row.hash)).toEqual(row);
      const listed = await database.store.read(async ({ links }) => links.listOf(user.id));
      expect(listed).toEqual([second, kept[0]]);
      const setUp = linkRow(null);
      await replace(setUp);
      expect(await database.store.read(async ({ links }) => links.listOf(null))).toEqual([setUp]);
    });

    test('are removed by user, and when they have expired', async () => {
      const [user, other] = [await insertUser(database), await insertUser(database, { name: 'other' })];
      const [own, setUp] = [linkRow(user.id), linkRow(null)];
      const [fresh, expired] = [
        linkRow(other.id),
        linkRow(other.id, { purpose: 'invitation', expiresAtMs: NOW_MS }),
      ];
      for (const row of [own, setUp, fresh, expired]) await replace(row);
      await database.store.write(async ({ links }) => {
        await links.removeOf(user.id);
        expect(await links.removeExpired(NOW_MS)).toBe(1);
      });
      expect([await byHash(own.hash), await byHash(expired.hash)]).toEqual([null, null]);
      expect([await byHash(setUp.hash), await byHash(fresh.hash)]).toEqual([setUp, fresh]);
      await database.store.write(async ({ links }) => links.removeOf(null));
      expect(await byHash(setUp.hash)).toBeNull();
    });
  });
}
