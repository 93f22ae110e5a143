// Finds the file of a program as a shell would: by PATH, or by its path. Said before anything is started, so that what is wrong is told in
// words and by the exit codes that shells use.
import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { AppError } from '@sallyport/core';
import { printableLine } from '../output/printable.ts';

/** A program ready to be started: which file, and with what words, the first of which is its own name. */
export type Program = { path: string; words: readonly string[] };

/** Where programs are looked for when there is no PATH. */
const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';

/** @throws {program-not-found} {program-unusable} */
export function findProgram(
  words: readonly string[],
  around: { path: string | undefined; folder: string },
): Program {
  const [name = ''] = words;
  const shown = name === '' ? '""' : printableLine(name);
  const candidates = name.includes('/')
    ? [resolve(around.folder, name)]
    : (around.path ?? DEFAULT_PATH)
        .split(delimiter)
        .map((folder) => resolve(around.folder, join(folder, name)));
  let obstacle: string | null = null;
  for (const path of name === '' ? [] : candidates) {
    const standing = standingOf(path);
    if (standing === 'usable') return asStarted({ path, words });
    if (standing !== 'absent') obstacle ??= standing;
  }
  if (obstacle !== null) {
    throw new AppError('program-unusable', { publicMessage: `${shown} cannot be started: ${obstacle}.` });
  }
  throw new AppError('program-not-found', { publicMessage: `There is no program ${shown}.` });
}

/** `usable`, `absent`, or what stands in the way. */
function standingOf(path: string): string {
  try {
    if (statSync(path).isDirectory()) return 'it is a folder';
    accessSync(path, constants.X_OK);
    return 'usable';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'absent';
    return code === 'EACCES' ? 'it may not be executed' : `the operating system says ${code ?? 'no'}`;
  }
}

/** A text without `#!` is a script of the shell, as it is for every shell. */
function asStarted(program: Program): Program {
  const head = Buffer.alloc(128);
  let read: number;
  try {
    const file = openSync(program.path, 'r');
    try {
      read = readSync(file, head, 0, head.length, 0);
    } finally {
      closeSync(file);
    }
  } catch {
    // It can be executed without being readable; what it is made of is for the system to see.
    return program;
  }
  const isText = !head.subarray(0, read).includes(0);
  if (!isText || head.toString('latin1', 0, 2) === '#!') return program;
  return { path: '/bin/sh', words: ['sh', program.path, ...program.words.slice(1)] };
}
