// Passes on what a program writes, with secrets masked: each output in its own order, no faster than whoever reads takes it.
import { write } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Masker } from '@sallyport/masking';

const BUSY_MS = 5;

/** Ends when the source does and all of it is written, or when nobody reads any more. */
export async function pumpMasked(source: Readable, masker: Promise<Masker>, fd: 1 | 2): Promise<void> {
  try {
    const { copyMasked } = await import('@sallyport/masking');
    await copyMasked({ masker: await masker, source, write: async (bytes) => writeAll(fd, bytes) });
  } catch (error) {
    // Whoever reads has gone. Closing our end lets the program notice, as it would have without us.
    source.destroy();
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
}

/**
 * Straight to the file descriptor and off this thread: Node's own standard streams write to pipes while everything waits, and a reader that
 * pauses would keep signals from being passed on.
 */
async function writeAll(fd: number, bytes: Uint8Array): Promise<void> {
  let rest = bytes;
  while (rest.length > 0) rest = rest.subarray(await writeSome(fd, rest));
}

async function writeSome(fd: number, bytes: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, bytes, (error, written) => {
      if (error === null) resolve(written);
      // The descriptor is shared with others, who may have set it not to wait.
      else if (error.code === 'EAGAIN') setTimeout(() => resolve(0), BUSY_MS);
      else reject(error);
    });
  });
}
