// The root key: where it comes from, that a wrong one is recognised at start, and that what it encrypts opens nowhere else.
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAppError } from '@sallyport/core';
import type { AppError } from '@sallyport/core';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadRootKey, openRootKey, requireRootKeyFingerprint } from '../src/root-key/load-root-key.ts';
import { makeRootKey } from '../src/root-key/root-key.ts';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'root-key-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function refusal(promise: Promise<unknown>): Promise<AppError> {
  const thrown: unknown = await promise.then(
    () => 'nothing was thrown',
    (error: unknown) => error,
  );
  if (!isAppError(thrown)) throw new Error(`no AppError: ${String(thrown)}`);
  return thrown;
}

const KEY = Buffer.alloc(32, 7).toString('base64');

describe('loading', () => {
  test('a first start makes the file for its owner only, a second one reads the same key', async () => {
    const path = join(folder, 'data', 'root.key');
    const made = await loadRootKey({ path });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'data'))).mode & 0o777).toBe(0o700);
    expect(Buffer.from(await readFile(path, 'utf8'), 'base64')).toHaveLength(32);
    expect((await loadRootKey({ path })).fingerprint).toBe(made.fingerprint);
    expect(await readdir(join(folder, 'data'))).toEqual(['root.key']);
  });

  test('servers that start at the same moment end with one key', async () => {
    const path = join(folder, 'root.key');
    const keys = await Promise.all(Array.from({ length: 8 }, () => loadRootKey({ path })));
    expect(new Set(keys.map((key) => key.fingerprint)).size).toBe(1);
    expect(await readdir(folder)).toEqual(['root.key']);
  });

  test('a file that others may read is refused, with the command that closes it', async () => {
    const path = join(folder, 'root.key');
    await writeFile(path, KEY);
    for (const mode of [0o640, 0o604, 0o644]) {
      await chmod(path, mode);
      const error = await refusal(loadRootKey({ path }));
      expect(error.code).toBe('config-invalid');
      expect(error.publicMessage).toContain(`chmod 600 '${path}'`);
    }
    await chmod(path, 0o400);
    expect((await loadRootKey({ path })).fingerprint).toBe((await loadRootKey({ base64: KEY })).fingerprint);
  });

  test('an absent file is an error where making one is not allowed', async () => {
    const error = await refusal(loadRootKey({ path: join(folder, 'none'), createIfAbsent: false }));
    expect(error.code).toBe('config-invalid');
    expect(await readdir(folder)).toEqual([]);
  });

  test('a value that is not 32 bytes of base64 is refused without being repeated', async () => {
    const wrong = [
      '',
      'hunter2-hunter2',
      KEY.slice(0, -1),
      `${KEY}AAAA`,
      Buffer.alloc(31, 1).toString('base64'),
      Buffer.alloc(32, 255).toString('base64url'),
    ];
    for (const base64 of wrong) {
      const error = await refusal(loadRootKey({ base64, variable: 'MY_KEY' }));
      expect(error.code).toBe('config-invalid');
      expect(error.publicMessage).toContain('the variable MY_KEY');
      if (base64 !== '') expect(`${error.message} ${error.publicMessage}`).not.toContain(base64);
    }
    await writeFile(join(folder, 'root.key'), 'hunter2\n', { mode: 0o600 });
    const error = await refusal(loadRootKey({ path: join(folder, 'root.key') }));
    expect(error.code).toBe('config-invalid');
    expect(error.message).not.toContain('hunter2');
  });
});

describe('fingerprint', () => {
  test('the first start notes it, a later start with another key is told which key is needed', async () => {
    const store = await openSqliteStore({ path: ':memory:' });
    const path = join(folder, 'root.key');
    const right = await openRootKey(store, { path });
    await openRootKey(store, { path });
    const wrong = await loadRootKey({ base64: KEY, variable: 'SALLYPORT_ROOT_KEY' });
    const error = await refusal(requireRootKeyFingerprint(store, wrong));
    expect(error.code).toBe('root-key-mismatch');
    expect(error.publicMessage).toContain(right.fingerprint);
    expect(error.publicMessage).toContain(
      `the variable SALLYPORT_ROOT_KEY holds the root key ${wrong.fingerprint}`,
    );
    expect(error.data).toEqual({ neededFingerprint: right.fingerprint, givenFingerprint: wrong.fingerprint });
    await requireRootKeyFingerprint(store, right);
    await store.close();
  });

  test('a lost key file is not replaced by a new key', async () => {
    const store = await openSqliteStore({ path: ':memory:' });
    const path = join(folder, 'root.key');
    const lost = await openRootKey(store, { path });
    await rm(path);
    const error = await refusal(openRootKey(store, { path }));
    expect(error.code).toBe('root-key-mismatch');
    expect(error.publicMessage).toContain(lost.fingerprint);
    expect(error.publicMessage).toContain(path);
    expect(await readdir(folder)).toEqual([]);
    await store.close();
  });

  test('is pinned for a known key, since every database stores it', () => {
    expect(makeRootKey(Buffer.alloc(32, 7), 'test').fingerprint).toBe(
      'SHA256:F4t1U5goNV46vREhk0Xym2gvjseHNrChdwC3qqsekis',
    );
  });
});

describe('encryption', () => {
  const rootKey = makeRootKey(Buffer.alloc(32, 7), 'test');
  const other = makeRootKey(Buffer.alloc(32, 8), 'test');

  test('gives back what was encrypted, and never the same text twice', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.string(), (plaintext, boundTo) => {
        const text = rootKey.encrypt(plaintext, boundTo);
        expect(text).not.toBe(rootKey.encrypt(plaintext, boundTo));
        expect(Buffer.from(text, 'base64')).toHaveLength(1 + 12 + plaintext.length + 16);
        expect([...rootKey.decrypt(text, boundTo)]).toEqual([...plaintext]);
      }),
    );
  });

  test('does not open for another owner, under another key, or with any bit or character changed', () => {
    const text = rootKey.encrypt(Buffer.from('wJalrXUtnFEMI'), 'sm_1');
    const attempts: (() => Buffer)[] = [
      () => rootKey.decrypt(text, 'sm_2'),
      () => rootKey.decrypt(text, ''),
      () => other.decrypt(text, 'sm_1'),
      () => rootKey.decrypt('', 'sm_1'),
      () => rootKey.decrypt(`${text}=`, 'sm_1'),
      () => rootKey.decrypt(` ${text}`, 'sm_1'),
    ];
    const bytes = Buffer.from(text, 'base64');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      attempts.push(() => rootKey.decrypt(flipped.toString('base64'), 'sm_1'));
    }
    for (let length = 0; length < bytes.length; length++) {
      attempts.push(() => rootKey.decrypt(bytes.subarray(0, length).toString('base64'), 'sm_1'));
    }
    for (const attempt of attempts) expect(attempt).toThrow(expect.objectContaining({ code: 'internal' }));
  });

  test('a MAC is the same for the same purpose and text, and another for every other, also of another key', () => {
    const rootKey = makeRootKey(Buffer.from(KEY, 'base64'), 'a test');
    const other = makeRootKey(Buffer.alloc(32, 1), 'a test');
    const mac = rootKey.mac('confirmation', 'text');
    expect(mac).toHaveLength(32);
    expect(rootKey.mac('confirmation', 'text')).toEqual(mac);
    for (const different of [
      rootKey.mac('confirmation', 'texts'),
      rootKey.mac('audit', 'text'),
      other.mac('confirmation', 'text'),
    ]) {
      expect(different).not.toEqual(mac);
    }
  });

  test('neither the key nor its parts show when it is printed', () => {
    const printed = JSON.stringify(rootKey);
    expect(printed).not.toContain(KEY);
    expect(Object.keys(rootKey)).toEqual(['fingerprint', 'source', 'encrypt', 'decrypt', 'mac']);
  });
});
