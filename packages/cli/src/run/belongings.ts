// Files that exist only while a program runs: in memory where the system has a place for that, readable by their owner only, and gone
// afterwards, also when this process is killed.
import { spawn } from 'node:child_process';
import {
  accessSync,
  constants,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { AppError } from '@sallyport/core';

const MEMORY = '/dev/shm';

/** What `remove` does, for a shell: the folder, and those after it that are still pipes or links into the folder. */
const CLEARING = [
  'cat >/dev/null; folder=$1; shift',
  'for one; do if [ -L "$one" ]; then case $(readlink "$one") in "$folder"/*) rm -f -- "$one";; esac',
  'elif [ -p "$one" ]; then rm -f -- "$one"; fi; done',
  'rm -rf -- "$folder"',
].join('\n');

/** Where files can be kept in memory. `inMemory` false: nowhere, as on macOS; then it is the common temporary folder. */
export function fileBase(runtimeFolder: string | null): { base: string; inMemory: boolean } {
  for (const base of [runtimeFolder, MEMORY]) {
    if (base !== null && isUsableFolder(base)) return { base, inMemory: true };
  }
  return { base: tmpdir(), inMemory: false };
}

/** A folder for files of one program, and what stands for them elsewhere. */
export class Belongings {
  readonly folder: string;
  readonly inMemory: boolean;
  readonly #beside: string[] = [];

  private constructor({ folder, inMemory }: { folder: string; inMemory: boolean }) {
    this.folder = folder;
    this.inMemory = inMemory;
  }

  static make(runtimeFolder: string | null): Belongings {
    const { base, inMemory } = fileBase(runtimeFolder);
    return new Belongings({ folder: mkdtempSync(join(base, 'sallyport-')), inMemory });
  }

  /** A named pipe, or a link into the folder, that was made elsewhere for the program and goes with it; what the program puts there does not. */
  add(path: string): void {
    this.#beside.push(path);
  }

  /** Starts a process that waits for this one to be gone, however it goes, and removes what is left. */
  guard(): void {
    const guard = spawn('/bin/sh', ['-c', CLEARING, 'sh', this.folder, ...this.#beside], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
      env: { PATH: '/usr/bin:/bin' },
    });
    guard.on('error', () => undefined);
    guard.unref();
  }

  /** Writes a file below the folder, all of it or nothing, in place of one that is there. @returns its path */
  write(name: string, content: Uint8Array): string {
    const path = join(this.folder, name);
    // Names come from the server, which must not choose other files of this machine.
    if (!path.startsWith(join(this.folder, '/'))) {
      throw new AppError('answer-mismatch', { publicMessage: 'The server names a file outside its folder.' });
    }
    const draft = join(this.folder, '.draft');
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(draft, content, { mode: 0o600 });
    renameSync(draft, path);
    return path;
  }

  remove(): void {
    for (const path of this.#beside.filter((one) => this.#isOurs(one))) rmSync(path, { force: true });
    rmSync(this.folder, { recursive: true, force: true });
  }

  #isOurs(path: string): boolean {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found?.isSymbolicLink() === true) return readlinkSync(path).startsWith(join(this.folder, '/'));
    return found?.isFIFO() === true;
  }
}

/** @throws {config-invalid} when there is something already */
export function requireFree(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return;
  throw new AppError('config-invalid', {
    publicMessage: `--mount ${path}: there is something by this name already, and it would be removed at the end.`,
    data: { hint: 'Choose a name that is free, or remove what is there.' },
  });
}

function isUsableFolder(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return lstatSync(path).isDirectory();
  } catch {
    return false;
  }
}
