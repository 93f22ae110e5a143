// The lock of a data folder: files `delegate.lock.1`, `.2`, … of which the newest names the process that has the folder. A newer one
// may be made only when that process has released it or is gone; making it is one atomic step that one process wins. It guards
// one host; the same identity on two hosts is refused by the server.
import { link, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '@sallyport/core';
import { codeOf } from './private-file.ts';

/** A lock that this process holds. */
export type FolderLock = { release(): Promise<void> };

const LOCK_FILE = 'delegate.lock';
const NUMBERED_LOCK = /^delegate\.lock\.([1-9]\d{0,14})$/;
const ATTEMPTS = 20;

const LockContent = z.strictObject({
  pid: z.number().int().min(1).nullable().describe('null: released.'),
  startedAt: z
    .string()
    .nullable()
    .describe(
      'When the process started, in ticks since boot; tells a reused pid. null where the system does not say.',
    ),
});
type LockContent = z.infer<typeof LockContent>;

/**
 * Takes the lock of `folder`.
 * @throws {config-invalid} when a living process has it; the message names its pid
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const mine = { pid: process.pid, startedAt: await startTimeOf(process.pid) };
  const draft = await writeDraft(folder, mine);
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const newest = await newestNumber(folder);
      const holder = newest === null ? null : await livingHolderOf(pathOf(folder, newest));
      if (holder !== null) throw inUse(folder, holder);
      const number = (newest ?? 0) + 1;
      if (!(await tryLink(draft, pathOf(folder, number)))) continue;
      // Somebody may have made this very number, a newer one, and removed this one since we looked.
      if ((await newestNumber(folder)) === number) {
        await removeOlder(folder, number);
        return { release: () => releaseLock(folder, number) };
      }
      await rm(pathOf(folder, number), { force: true });
    }
  } finally {
    await rm(draft, { force: true });
  }
  throw inUse(folder, null);
}

/** The file stays, without a holder: numbers only ever grow, which is what makes taking the lock safe. */
async function releaseLock(folder: string, number: number): Promise<void> {
  try {
    await rename(await writeDraft(folder, { pid: null, startedAt: null }), pathOf(folder, number));
  } catch (thrown) {
    // Whoever removed the folder under a running delegate has no use for its lock.
    if (codeOf(thrown) !== 'ENOENT') throw thrown;
  }
}

async function writeDraft(folder: string, content: LockContent): Promise<string> {
  const draft = join(folder, `${LOCK_FILE}.${randomUUID()}.new`);
  await writeFile(draft, JSON.stringify(content), { mode: 0o600, flag: 'wx' });
  return draft;
}

function pathOf(folder: string, number: number): string {
  return join(folder, `${LOCK_FILE}.${number}`);
}

async function numbersIn(folder: string): Promise<number[]> {
  const names = await readdir(folder);
  return names.flatMap((name) => {
    const digits = NUMBERED_LOCK.exec(name)?.[1];
    return digits === undefined ? [] : [Number(digits)];
  });
}

async function newestNumber(folder: string): Promise<number | null> {
  const numbers = await numbersIn(folder);
  return numbers.length === 0 ? null : Math.max(...numbers);
}

async function removeOlder(folder: string, number: number): Promise<void> {
  const older = (await numbersIn(folder)).filter((other) => other < number);
  await Promise.all(older.map((other) => rm(pathOf(folder, other), { force: true })));
}

/** A link makes the lock appear whole or not at all; false when there is one of that number already. */
async function tryLink(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') return false;
    throw thrown;
  }
}

/** The pid of the process that holds a lock; `null` when it is gone or has released it, or when the content is none of ours. */
async function livingHolderOf(path: string): Promise<number | null> {
  const lock = LockContent.safeParse(await readJson(path));
  if (!lock.success || lock.data.pid === null || !isAlive(lock.data.pid)) return null;
  const { pid, startedAt } = lock.data;
  // In a container a restarted delegate often gets the very pid that it had before, so the pid alone says nothing.
  if (startedAt !== null && (await startTimeOf(pid)) !== startedAt) return null;
  return pid;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    // EPERM: there is such a process, it belongs to somebody else.
    return codeOf(thrown) === 'EPERM';
  }
}

/** Field 22 of /proc/PID/stat (proc(5)); `null` where there is no such file system. */
async function startTimeOf(pid: number): Promise<string | null> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field is the command in parentheses and may itself hold blanks and parentheses.
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (thrown) {
    // Removed in the meantime, or not JSON: no holder either way.
    if (thrown instanceof SyntaxError || codeOf(thrown) === 'ENOENT') return null;
    throw thrown;
  }
}

function inUse(folder: string, pid: number | null): AppError {
  const who = pid === null ? 'another process' : `process ${pid}`;
  return new AppError('config-invalid', {
    publicMessage: `The data folder ${folder} is in use by ${who}. Stop it, or give this delegate a data folder of its own.`,
    data: pid === null ? {} : { pid },
  });
}
