// A value into a file: readable by its owner only, and there as a whole or not at all.
import { randomBytes } from 'node:crypto';
import { lstat, open, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { AppError } from '@sallyport/core';

/** For its owner only. */
export const PRIVATE_MODE = 0o600;

/**
 * Writes a stream to a file beside its place and moves it there when all of it came. Until then, its owner alone can read it. A link of
 * one's own is followed; a device or pipe, such as /dev/stdout, is written to as it is.
 * @throws {config-invalid} when the operating system refuses
 */
export async function writePrivateFile(
  path: string,
  content: AsyncIterable<Uint8Array>,
  mode: number = PRIVATE_MODE,
): Promise<void> {
  const target = await targetOf(path);
  if (target === null) {
    await writeTo(path, content, { flags: 'w', mode: null }).catch((error: unknown) => {
      throw inWords(path, error);
    });
    return;
  }
  const draft = `${target}.${randomBytes(6).toString('hex')}.part`;
  try {
    await writeTo(draft, content, { flags: 'wx', mode });
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw inWords(path, error);
  }
}

/** A text or bytes as the content of such a file. */
export async function* contentOf(content: string | Uint8Array): AsyncGenerator<Uint8Array> {
  yield typeof content === 'string' ? Buffer.from(content) : content;
}

/** @param to `mode` null: it is no file, and has one already */
async function writeTo(
  path: string,
  content: AsyncIterable<Uint8Array>,
  to: { flags: 'w' | 'wx'; mode: number | null },
): Promise<void> {
  const file = await open(path, to.flags, PRIVATE_MODE);
  try {
    for await (const part of content) await file.writeFile(part);
    if (to.mode === null) return;
    if (to.mode !== PRIVATE_MODE) await file.chmod(to.mode);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The file that `path` means; null: what is there is none that could be put in the place of another. */
async function targetOf(path: string): Promise<string | null> {
  const found = await lstat(path).catch(() => null);
  if (found === null || found.isFile()) return path;
  if (found.isDirectory()) throw unwritable(path, 'it is a folder');
  if (!found.isSymbolicLink()) return null;
  // In a folder where others may write, a link of theirs would have us replace a file of ours.
  if (found.uid !== 0 && found.uid !== process.geteuid?.()) {
    throw unwritable(path, 'it is a link that another user has made');
  }
  const behind = await stat(path).catch(() => null);
  if (behind === null) return resolve(dirname(path), await readlink(path));
  if (behind.isDirectory()) throw unwritable(path, 'it is a folder');
  return behind.isFile() ? realpath(path) : null;
}

const IN_WORDS: Readonly<Record<string, string>> = {
  EACCES: 'you may not write there, or not in its folder',
  EPERM: 'you may not write there, or not in its folder',
  EROFS: 'what it is on can only be read',
  ENOENT: 'its folder is not there',
  ENOTDIR: 'what should be its folder is none',
  ENOSPC: 'there is no room left for it',
  EDQUOT: 'there is no room left for it',
  ENAMETOOLONG: 'its name is too long',
};

function inWords(path: string, error: unknown): unknown {
  const why = IN_WORDS[(error as NodeJS.ErrnoException | null)?.code ?? ''];
  return why === undefined ? error : unwritable(path, why, error);
}

function unwritable(path: string, why: string, cause?: unknown): AppError {
  return new AppError('config-invalid', {
    publicMessage: `The file ${path} cannot be written: ${why}.`,
    data: { hint: 'Choose another path, or see to that.' },
    ...(cause === undefined ? {} : { cause }),
  });
}
