// Gets the root key from its file or from a configured value, and checks that it is the one that this database was set up with.
// A wrong key is found here, at start, and not when the first credential does not open.
import { randomBytes } from 'node:crypto';
import { link, mkdir, open, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { AppError } from '@sallyport/core';
import type { Store } from '../storage/store.ts';
import { makeRootKey, ROOT_KEY_BYTES } from './root-key.ts';
import type { RootKey } from './root-key.ts';

/** Where the key is: in a file, or in a value that `main.ts` took from the environment. */
export type RootKeySource =
  | {
      /** File that holds the key in base64, readable by its owner only. */
      path: string;
      /** Makes a new key when the file is absent; true unless told. */
      createIfAbsent?: boolean;
    }
  | {
      /** The key itself, 32 bytes in base64. */
      base64: string;
      /** Name of the variable that it came from, for errors; `SALLYPORT_ROOT_KEY` unless told. */
      variable?: string;
    };

const FINGERPRINT_SETTING = 'root-key-fingerprint';
const OTHERS = 0o077;
/** More than a key in base64 with line breaks; anything longer is another file. */
const FILE_MAX_BYTES = 256;

/**
 * Loads the key and checks it against the database: the one call that a start needs. A new key is made only for a new database.
 * @throws {root-key-mismatch} when the database needs another key, or the file of its key is gone
 * @throws {config-invalid} as `loadRootKey`
 */
export async function openRootKey(store: Store, source: RootKeySource): Promise<RootKey> {
  const known = await store.read((tables) => tables.settings.get(FINGERPRINT_SETTING));
  const rootKey = await loadRootKey(source, known);
  await requireRootKeyFingerprint(store, rootKey);
  return rootKey;
}

/**
 * Reads the key, making its file (0600) if that is absent and allowed.
 * @param neededFingerprint of the key that a database needs; null when any will do. With one, no key is made.
 * @throws {config-invalid} when the value is not 32 bytes of base64, or others may read the file
 * @throws {root-key-mismatch} when the file is absent and a known key is needed
 */
export async function loadRootKey(
  source: RootKeySource,
  neededFingerprint: string | null = null,
): Promise<RootKey> {
  if ('base64' in source) {
    return parseRootKey(source.base64, `the variable ${source.variable ?? 'SALLYPORT_ROOT_KEY'}`);
  }
  const name = `the file ${source.path}`;
  const found = await readKeyFile(source.path);
  if (found !== null) return parseRootKey(found, name);
  if (neededFingerprint !== null || source.createIfAbsent === false) throw absent(name, neededFingerprint);
  await createKeyFile(source.path);
  // Read back: another server that starts at the same time may have been first.
  return parseRootKey((await readKeyFile(source.path)) ?? '', name);
}

/**
 * Notes the key's fingerprint in a new database, compares it in one that has been used.
 * @throws {root-key-mismatch} naming both fingerprints and where the key came from
 */
export async function requireRootKeyFingerprint(store: Store, rootKey: RootKey): Promise<void> {
  const known = await store.write(async ({ settings }) => {
    const before = await settings.get(FINGERPRINT_SETTING);
    if (before === null) await settings.set(FINGERPRINT_SETTING, rootKey.fingerprint);
    return before ?? rootKey.fingerprint;
  });
  if (known === rootKey.fingerprint) return;
  throw new AppError('root-key-mismatch', {
    publicMessage: `The database was set up with the root key ${known}, but ${rootKey.source} holds the root key ${rootKey.fingerprint}. Put the key of this database there; access keys stored under it cannot be opened with another.`,
    data: { neededFingerprint: known, givenFingerprint: rootKey.fingerprint },
  });
}

function parseRootKey(text: string, source: string): RootKey {
  const trimmed = text.trim();
  const bytes = Buffer.from(trimmed, 'base64');
  try {
    if (bytes.length !== ROOT_KEY_BYTES || bytes.toString('base64') !== trimmed) {
      throw new AppError('config-invalid', {
        publicMessage: `The root key in ${source} is not ${ROOT_KEY_BYTES} bytes in base64. Make a new one with: openssl rand -base64 ${ROOT_KEY_BYTES}`,
      });
    }
    return makeRootKey(bytes, source);
  } finally {
    bytes.fill(0);
  }
}

/** The file's text; null when there is no file. */
async function readKeyFile(path: string): Promise<string | null> {
  const file = await open(path, 'r').catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return null;
    throw unusable(path, thrown);
  });
  if (file === null) return null;
  try {
    // On the opened file, so that what is checked is what is read.
    const { mode, size } = await file.stat();
    if ((mode & OTHERS) !== 0) {
      throw new AppError('config-invalid', {
        publicMessage: `Others than its owner may read the root key in ${path} (mode ${(mode & 0o777).toString(8).padStart(4, '0')}). Run: chmod 600 '${path.replaceAll("'", "'\\''")}'`,
      });
    }
    if (size > FILE_MAX_BYTES) throw unusable(path, new Error(`the file has ${size} bytes`));
    return await file.readFile('utf8');
  } catch (thrown) {
    throw thrown instanceof AppError ? thrown : unusable(path, thrown);
  } finally {
    await file.close();
  }
}

/** Writes beside and links into place: the file is there with all its bytes on the disk or not at all, and never replaced. */
async function createKeyFile(path: string): Promise<void> {
  const folder = dirname(resolve(path));
  const draft = `${path}.${randomBytes(6).toString('hex')}.new`;
  const bytes = randomBytes(ROOT_KEY_BYTES);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(`${bytes.toString('base64')}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await link(draft, path).catch((thrown: NodeJS.ErrnoException) => {
      if (thrown.code !== 'EEXIST') throw thrown;
    });
    await syncFolder(folder);
  } catch (thrown) {
    throw unusable(path, thrown);
  } finally {
    bytes.fill(0);
    await unlink(draft).catch(() => undefined);
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function unusable(path: string, cause: unknown): AppError {
  return new AppError('config-invalid', {
    publicMessage: `The root key file ${path} cannot be used: ${cause instanceof Error ? cause.message : 'unknown error'}.`,
    cause,
  });
}

function absent(name: string, neededFingerprint: string | null): AppError {
  if (neededFingerprint === null) {
    return new AppError('config-invalid', { publicMessage: `There is no root key: ${name} does not exist.` });
  }
  return new AppError('root-key-mismatch', {
    publicMessage: `The database was set up with the root key ${neededFingerprint}, but ${name} does not exist. Restore it from where you keep a copy; access keys stored under it cannot be opened with another.`,
    data: { neededFingerprint },
  });
}
