// The folder that holds what makes a delegate that delegate: its identity and, for built-in secrets managers, its key ring.
// Made at the first start; refused when other users could look into it; used by one process at a time.
import { mkdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { AppError } from '@sallyport/core';
import { codeOf, printMode } from './private-file.ts';
import { lockFolder } from './process-lock.ts';
import type { FolderLock } from './process-lock.ts';

/** A data folder that this process holds the lock of. */
export type DataFolder = {
  /** Absolute path of a file in it. */
  pathOf(fileName: string): string;
  /** Gives the folder free for another process. */
  release(): Promise<void>;
};

/**
 * Makes the folder when it is missing (mode 0700), checks its mode, and takes its lock.
 * @throws {config-invalid} when it cannot be made, others may use it, or another process (named by its pid) has it
 */
export async function openDataFolder(path: string): Promise<DataFolder> {
  const folder = resolve(path);
  await makeFolder(folder);
  const lock: FolderLock = await lockFolder(folder);
  return { pathOf: (fileName) => join(folder, fileName), release: () => lock.release() };
}

async function makeFolder(folder: string): Promise<void> {
  let stats;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    stats = await stat(folder);
  } catch (thrown) {
    throw invalid(
      `The data folder ${folder} cannot be made or read (${codeOf(thrown) ?? 'unknown reason'}).`,
    );
  }
  if (stats.mode & 0o077) {
    throw invalid(
      `The data folder ${folder} is open to other users (mode ${printMode(stats)}). Run: chmod 700 ${folder}`,
    );
  }
}

function invalid(publicMessage: string): AppError {
  return new AppError('config-invalid', { publicMessage });
}
