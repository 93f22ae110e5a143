// Changing a file that other processes change, too. The lock is a file beside it, made exclusively and removed afterwards, and held for
// milliseconds; one whose holder died is recognised by its age and taken away. The file is replaced as a whole.
import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '@sallyport/core';

/** Far longer than any holder needs; a holder that was stopped for so long finds its change overwritten, never a damaged file. */
const STALE_AFTER_MS = 10_000;
const GIVE_UP_AFTER_MS = 30_000;

/**
 * Runs `work` while no other process runs with the lock of `path`. The folder is made where there is none.
 * @throws {config-invalid} when the lock cannot be made, or is not free for 30 seconds
 */
export async function withFileLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const lock = `${path}.lock`;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const token = randomUUID();
  const startedAtMs = Date.now();
  while (!(await acquire(lock, token))) {
    if (Date.now() - startedAtMs > GIVE_UP_AFTER_MS) throw blocked(lock, undefined);
    await breakIfStale(lock);
    await delay(5 + Math.random() * 20);
  }
  try {
    return await work();
  } finally {
    // Somebody may have taken the lock away for its age; then it is not ours to remove.
    if ((await tokenIn(lock)) === token) await rm(lock, { force: true });
  }
}

/** Puts a content in the place of a file, for its owner only, as a whole or not at all. */
export async function replaceFile(path: string, content: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function acquire(lock: string, token: string): Promise<boolean> {
  try {
    await writeFile(lock, token, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw blocked(lock, error);
  }
}

async function breakIfStale(lock: string): Promise<void> {
  const seen = await tokenIn(lock);
  const age = await stat(lock).then(
    (found) => Date.now() - found.mtimeMs,
    () => 0,
  );
  if (seen === null || age < STALE_AFTER_MS) return;
  const aside = `${lock}.${randomUUID()}`;
  try {
    await rename(lock, aside);
  } catch {
    return;
  }
  // Between look and move another process may have broken the stale lock and made its own: that one goes back.
  if ((await tokenIn(aside)) !== seen) await link(aside, lock).catch(() => undefined);
  await rm(aside, { force: true });
}

async function tokenIn(lock: string): Promise<string | null> {
  return readFile(lock, 'utf8').catch(() => null);
}

function blocked(lock: string, cause: unknown): AppError {
  return new AppError('config-invalid', {
    publicMessage: `The lock ${lock} cannot be had.`,
    data: { hint: 'Check that its folder can be written to and that no other program hangs on it.' },
    cause,
  });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
