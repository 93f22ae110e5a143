// A named pipe that gives its content to each reader and keeps it nowhere: not on a disk, not after the last read.
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { AppError } from '@sallyport/core';

export type Fifo = {
  /** Takes the name away and stops. */
  stop: () => Promise<void>;
};

/**
 * Serves until it is stopped or was read often enough.
 * @param content asked for at each read, so that it may change
 */
export async function serveFifo(
  path: string,
  content: () => Uint8Array,
  options: { maxReads: number | null },
): Promise<Fifo> {
  await makeFifo(path);
  const state = { isStopped: false };
  const served = serve(path, content, { ...options, state });
  return {
    stop: async () => {
      state.isStopped = true;
      // Whoever waits for a reader gets one, which reads nothing.
      const release = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => null);
      await rm(path, { force: true });
      await served;
      await release?.close();
    },
  };
}

async function serve(
  path: string,
  content: () => Uint8Array,
  { maxReads, state }: { maxReads: number | null; state: { isStopped: boolean } },
): Promise<void> {
  const next = `${path}.next`;
  for (let reads = 1; !state.isStopped; reads++) {
    const isLast = reads === maxReads;
    if (!isLast) await makeFifo(next);
    // Waits for a reader.
    const pipe = await open(path, constants.O_WRONLY);
    try {
      if (state.isStopped) return;
      // Each reader has a pipe of its own: on one and the same, whoever is slow to see the end would be given the next reader's copy.
      await (isLast ? rm(path, { force: true }) : rename(next, path));
      await pipe.writeFile(content());
    } catch (error) {
      // A reader that has read enough is no fault.
      if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
    } finally {
      await pipe.close();
      if (state.isStopped) await rm(next, { force: true });
    }
    if (isLast) return;
  }
}

async function makeFifo(path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    execFile('mkfifo', ['-m', '600', path], (error) => {
      if (error === null) resolve();
      else reject(noFifo(path, error));
    });
  });
}

function noFifo(path: string, cause: Error): AppError {
  return new AppError('config-invalid', {
    publicMessage: `No named pipe can be made at ${path}.`,
    data: { hint: 'Choose a path on a file system that has named pipes, or --mount-kind file.' },
    cause,
  });
}
