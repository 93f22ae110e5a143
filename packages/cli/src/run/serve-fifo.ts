// A named pipe that gives its content to each reader and keeps it nowhere: not on a disk, not after the last read. The program may take the
// name away or put something else there; then nobody is served any more, and what it put there is let alone.
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { lstat, open, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { AppError, isAppError } from '@sallyport/core';

export type Fifo = {
  /** Takes the name away and stops. @throws what serving failed with, other than for want of a name or a reader */
  stop: () => Promise<void>;
};

/** One pipe. `hold` finds it again once its name is gone; null where the system has nothing of that kind. */
type Pipe = { inode: number; hold: FileHandle | null };

/** Opens a file without reading or writing it, and so without being a reader; Linux only, and nameless in Node. */
const O_PATH = 0o10_000_000;

/**
 * Serves until it is stopped or was read often enough.
 * @param content asked for at each read, so that it may change
 * @param options `next`: a free name in the same folder, for the pipe of the reader after the one that is waited for
 */
export async function serveFifo(
  path: string,
  content: () => Uint8Array,
  options: { maxReads: number | null; next: string },
): Promise<Fifo> {
  const first = await makePipe(path);
  const serving = new Serving({ path, content, ...options });
  const served = serving.serve(first);
  // Heard of by whoever stops it.
  served.catch(() => undefined);
  return {
    stop: async () => {
      const release = await serving.release();
      try {
        await served;
      } finally {
        await release?.close();
      }
    },
  };
}

class Serving {
  readonly #wanted: { path: string; content: () => Uint8Array; maxReads: number | null; next: string };
  #waiting: Pipe | null = null;
  #isStopped = false;

  constructor(wanted: { path: string; content: () => Uint8Array; maxReads: number | null; next: string }) {
    this.#wanted = wanted;
  }

  async serve(first: Pipe): Promise<void> {
    const { next, maxReads } = this.#wanted;
    let pipe: Pipe | null = first;
    for (let reads = 1; pipe !== null && !this.#isStopped; reads++) {
      this.#waiting = pipe;
      // Without a folder to make it in, this reader is the last.
      const following: Pipe | null = reads === maxReads ? null : await makePipe(next).catch(nullIfRefused);
      try {
        pipe = (await this.#giveTo(pipe, following)) ? following : null;
      } finally {
        await this.#waiting.hold?.close();
        this.#waiting = null;
        if (pipe !== following || this.#isStopped) {
          await following?.hold?.close();
          await rm(next, { force: true });
        }
      }
    }
    if (this.#isStopped && pipe !== null) await this.#takeAway(pipe);
  }

  /** Waits for a reader. @returns whether the next one can be waited for */
  async #giveTo(pipe: Pipe, following: Pipe | null): Promise<boolean> {
    const { path, content, next } = this.#wanted;
    const writing = await openAt(path, pipe, constants.O_WRONLY);
    if (writing === null) return false;
    let isOurs = false;
    try {
      if (this.#isStopped) {
        await this.#takeAway(pipe);
        return false;
      }
      isOurs = await isThere(path, pipe);
      // Each reader has a pipe of its own: on one and the same, whoever is slow to see the end would be given the next reader's copy.
      if (isOurs) await (following === null ? rm(path, { force: true }) : rename(next, path));
      await writing.writeFile(content());
    } catch (error) {
      // A reader that has read enough is no fault, nor is a folder that the program has removed.
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return false;
      if (code !== 'EPIPE') throw error;
    } finally {
      await writing.close();
    }
    return isOurs;
  }

  /** Whoever waits for a reader gets one, which reads nothing. @returns to be closed once serving has ended */
  async release(): Promise<FileHandle | null> {
    this.#isStopped = true;
    const pipe = this.#waiting;
    return pipe === null
      ? null
      : openAt(this.#wanted.path, pipe, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => null);
  }

  async #takeAway(pipe: Pipe): Promise<void> {
    const { path } = this.#wanted;
    if (await isThere(path, pipe)) await rm(path, { force: true });
  }
}

/** null: it is not there any more. */
async function openAt(path: string, pipe: Pipe, flags: number): Promise<FileHandle | null> {
  if (pipe.hold !== null) return open(`/proc/self/fd/${pipe.hold.fd}`, flags);
  return (await isThere(path, pipe)) ? open(path, flags) : null;
}

async function isThere(path: string, { inode }: Pipe): Promise<boolean> {
  const found = await lstat(path).catch(() => null);
  return found?.isFIFO() === true && found.ino === inode;
}

async function makePipe(path: string): Promise<Pipe> {
  await new Promise<void>((resolve, reject) => {
    execFile('mkfifo', ['-m', '600', path], (error) => {
      if (error === null) resolve();
      else reject(noFifo(path, error));
    });
  });
  const hold = process.platform === 'linux' ? await open(path, O_PATH).catch(() => null) : null;
  const made = await (hold === null ? lstat(path) : hold.stat()).catch((error: Error) => {
    throw noFifo(path, error);
  });
  return { inode: made.ino, hold };
}

function nullIfRefused(error: unknown): null {
  if (isAppError(error)) return null;
  throw error;
}

function noFifo(path: string, cause: Error): AppError {
  return new AppError('config-invalid', {
    publicMessage: `No named pipe can be made at ${path}.`,
    data: { hint: 'Choose a path on a file system that has named pipes, or --mount-kind file.' },
    cause,
  });
}
