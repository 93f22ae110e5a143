// The file below a journal: appends whole groups of bytes and knows how far it is good. What could not be appended as a whole is cut off
// again, so that a group is in the file or not.
import { constants, fdatasync, ftruncate, write, writeSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';
import { readPrivateFile, replacePrivateFile } from '../data-folder/private-file.ts';

const syncAsync = promisify(fdatasync);
const truncateAsync = promisify(ftruncate);

/**
 * The operating system takes some bytes into its memory in a few microseconds, and handing them to another thread and back makes every
 * answer wait ten times as long. One that took longer than this has no room left, or waits for a disk: then nothing else shall wait, too.
 */
const SLOW_MS = 20;
/** For how long another thread writes after that. */
const PATIENT_MS = 60_000;

/** What appends without waiting, and by which clock; for tests. */
export type JournalWriting = { writeNow: typeof writeSync; monotonicMs: () => number };
const WRITING: JournalWriting = { writeNow: writeSync, monotonicMs: () => performance.now() };

/** One call at a time. */
export class JournalFile {
  readonly #path: string;
  #handle: FileHandle;
  #goodBytes: number;
  #isTorn = false;
  readonly #writing: JournalWriting;
  #patientUntilMs = Number.NEGATIVE_INFINITY;

  private constructor(
    path: string,
    opened: { handle: FileHandle; goodBytes: number },
    writing: JournalWriting,
  ) {
    this.#path = path;
    this.#writing = writing;
    this.#handle = opened.handle;
    this.#goodBytes = opened.goodBytes;
  }

  /** The content; null: there is no file. @throws {config-invalid} when others may use it */
  static async read(path: string): Promise<Buffer | null> {
    return readPrivateFile(path);
  }

  /** Keeps a damaged file for whoever wants to look at it; a later one replaces it. Returns where it is. */
  static async setAside(path: string): Promise<string> {
    const aside = `${path}.damaged`;
    await rename(path, aside);
    return aside;
  }

  /** Makes the file with this content, in place of what is there. */
  static readonly create = async (path: string, content: string, writing = WRITING): Promise<JournalFile> => {
    const bytes = Buffer.from(content);
    await replacePrivateFile(path, bytes);
    return new JournalFile(path, { handle: await openForWriting(path), goodBytes: bytes.length }, writing);
  };

  get bytes(): number {
    return this.#goodBytes;
  }

  /** Appends; `synced`: is on the disk, not only with the operating system, before it returns. Throws the system's error. */
  async append(text: string, options: { synced: boolean }): Promise<void> {
    const { fd } = this.#handle;
    if (this.#isTorn) await truncateAsync(fd, this.#goodBytes);
    this.#isTorn = true;
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length;) {
      const rest = bytes.subarray(at);
      const position = this.#goodBytes + at;
      at +=
        options.synced || this.#isPatient
          ? await writeAt(fd, rest, position)
          : this.#writeNow(fd, rest, position);
    }
    if (options.synced) await syncAsync(fd);
    this.#isTorn = false;
    this.#goodBytes += bytes.length;
  }

  /** Replaces the content as a whole; the old or the new one is there at any moment. */
  async replace(content: string): Promise<void> {
    const bytes = Buffer.from(content);
    await replacePrivateFile(this.#path, bytes);
    const handle = await openForWriting(this.#path);
    await this.#handle.close();
    this.#handle = handle;
    this.#goodBytes = bytes.length;
    this.#isTorn = false;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  get #isPatient(): boolean {
    return this.#writing.monotonicMs() < this.#patientUntilMs;
  }

  #writeNow(fd: number, bytes: Buffer, position: number): number {
    const { writeNow, monotonicMs } = this.#writing;
    const startedAtMs = monotonicMs();
    const written = writeNow(fd, bytes, 0, bytes.length, position);
    const endedAtMs = monotonicMs();
    if (endedAtMs - startedAtMs > SLOW_MS) this.#patientUntilMs = endedAtMs + PATIENT_MS;
    return written;
  }
}

async function openForWriting(path: string): Promise<FileHandle> {
  return open(path, constants.O_WRONLY | constants.O_NOFOLLOW);
}

/** Without the wrapping of a file handle's own method: it is on the way of each answer. */
async function writeAt(fd: number, bytes: Buffer, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, bytes, 0, bytes.length, position, (error, written) => {
      if (error === null) resolve(written);
      else reject(error);
    });
  });
}
