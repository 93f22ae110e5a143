// Files that only the delegate's user may read: identity and key ring. Written so that after a crash or power loss either the
// whole file is there or none; refused when others could read or change them.
import { constants } from 'node:fs';
import type { Stats } from 'node:fs';
import { link, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { randomUUID } from 'node:crypto';
import { AppError } from '@sallyport/core';

/** Bits of group and others. */
const SHARED_MODE_BITS = 0o077;
const WRITE_BITS_OF_OTHERS = 0o022;
const BEYOND_GROUP_READ = 0o027;

/**
 * The content of a file of mode 0600; `null` when there is none.
 * @throws {config-invalid} when group or others have any right on it, or it belongs to another user
 */
export async function readPrivateFile(path: string): Promise<Buffer | null> {
  return readChecked(path, (stats) => {
    if (!isOwn(stats)) return `it belongs to another user. Run: chown ${process.getuid?.() ?? ''} ${path}`;
    if (modeOf(stats) & SHARED_MODE_BITS) {
      return `others may read it (mode ${printMode(stats)}). Run: chmod 600 ${path}`;
    }
    return null;
  });
}

/**
 * The content of a file that nobody but its owner may change, and whose owner is root or this process's user. What belongs to
 * root may be readable to others; what belongs to this user must have mode 0600. `null` when there is none.
 * @throws {config-invalid}
 */
export async function readTrustedFile(path: string): Promise<Buffer | null> {
  return readChecked(path, (stats) => {
    const fix = `Run: chmod 600 ${path}`;
    if (stats.uid === 0 && modeOf(stats) & WRITE_BITS_OF_OTHERS) {
      return `others may change it (mode ${printMode(stats)}). ${fix}`;
    }
    if (stats.uid === 0) return null;
    if (!isOwn(stats)) return 'it belongs neither to root nor to the user that the delegate runs as';
    return modeOf(stats) & SHARED_MODE_BITS ? `others may use it (mode ${printMode(stats)}). ${fix}` : null;
  });
}

/**
 * The content of a file that an operator, or a platform that mounts secrets, has put there for this process: its owner is root or this
 * process's user, its group may read it at most, and others may do nothing. `null` when there is none.
 * @throws {config-invalid}
 */
export async function readGivenFile(path: string): Promise<Buffer | null> {
  return readChecked(path, (stats) => {
    if (stats.uid !== 0 && !isOwn(stats)) {
      return 'it belongs neither to root nor to the user that the delegate runs as';
    }
    if ((modeOf(stats) & BEYOND_GROUP_READ) === 0) return null;
    return `others may use it (mode ${printMode(stats)}). Run: chmod 600 ${path}`;
  });
}

/**
 * Creates a file of mode 0600, whole and on disk before it returns. `false`: there is one already, which was left alone.
 */
export async function createPrivateFile(path: string, content: Uint8Array): Promise<boolean> {
  const draft = `${path}.${randomUUID()}.new`;
  try {
    await writeFlushed(draft, content);
    // A link, not a rename: it fails when the name is taken, so two writers cannot replace each other's key.
    await link(draft, path);
    await syncFolder(dirname(path));
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') return false;
    throw thrown;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Replaces the content of a file of mode 0600; on disk before it returns, the old content or the new at any moment. */
export async function replacePrivateFile(path: string, content: Uint8Array): Promise<void> {
  const draft = `${path}.${randomUUID()}.new`;
  try {
    await writeFlushed(draft, content);
    await rename(draft, path);
    await syncFolder(dirname(path));
  } finally {
    await rm(draft, { force: true });
  }
}

/** Appends to a file of mode 0600, which is made when missing; on disk before it returns. */
export async function appendPrivateFile(path: string, text: string): Promise<void> {
  const handle = await open(path, constants.O_CREAT | constants.O_APPEND | constants.O_WRONLY, 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The system's error code of a failed file operation, e.g. `ENOENT`. */
export function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : undefined;
}

/** Permission bits as in `chmod`, e.g. `0644`. */
export function printMode(stats: Pick<Stats, 'mode'>): string {
  return `0${modeOf(stats).toString(8).padStart(3, '0')}`;
}

async function readChecked(path: string, problemOf: (stats: Stats) => string | null): Promise<Buffer | null> {
  let handle;
  try {
    handle = await open(path, 'r');
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return null;
    throw new AppError('config-invalid', {
      publicMessage: `The file ${path} cannot be read (${codeOf(thrown) ?? 'unknown reason'}).`,
      cause: thrown,
    });
  }
  try {
    // Of the open file, not of the path: what was judged is what is read.
    const stats = await handle.stat();
    const problem = stats.isFile() ? problemOf(stats) : 'it is not a regular file';
    if (problem !== null) {
      throw new AppError('config-invalid', {
        publicMessage: `The file ${path} is not safe to use: ${problem}`,
      });
    }
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

async function writeFlushed(path: string, content: Uint8Array): Promise<void> {
  const handle = await open(path, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function modeOf(stats: Pick<Stats, 'mode'>): number {
  return stats.mode & 0o777;
}

function isOwn(stats: Stats): boolean {
  return process.getuid === undefined || stats.uid === process.getuid();
}
