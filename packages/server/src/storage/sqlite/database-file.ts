// The database file: created for its owner only, before SQLite sees it, since SQLite gives its -wal and -shm files the same mode.
import { chmod, mkdir, open, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { AppError } from '@sallyport/core';

const OWNER_ONLY_FILE = 0o600;
const OWNER_ONLY_FOLDER = 0o700;
const OTHERS = 0o077;

/**
 * Makes the file (0600) and its folder (0700) if they are not there. A file that others may read is closed to them; a folder that
 * was there keeps its mode.
 * @throws {config-invalid} when the path cannot be a database
 */
export async function prepareDatabaseFile(path: string): Promise<void> {
  try {
    await mkdir(dirname(resolve(path)), { recursive: true, mode: OWNER_ONLY_FOLDER });
    const file = await open(path, 'a', OWNER_ONLY_FILE);
    await file.close();
    for (const name of [path, `${path}-wal`, `${path}-shm`]) await closeToOthers(name);
  } catch (thrown) {
    throw new AppError('config-invalid', {
      publicMessage: `The database file ${path} cannot be opened for writing. Name a file in a folder that the server may write to.`,
      cause: thrown,
    });
  }
}

async function closeToOthers(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found !== null && (found.mode & OTHERS) !== 0) await chmod(path, OWNER_ONLY_FILE);
}
