// Real pipes to a child. What Node makes are sockets: a program that writes to one after its reader has gone is told something else than at
// a pipe, and /dev/stdout, which servers like to log to, cannot be opened on one.
import { execFile } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

/** One pipe: what is written to `fd` comes out of `source`. */
export type Pipe = { fd: number; source: Readable; closeWriting: () => void };

/** Makes so many pipes; null where the system has no named ones, from which they are made. @param base a folder to make them in */
export async function openPipes(count: number, base: string): Promise<Pipe[] | null> {
  if (count === 0) return [];
  const folder = mkdtempSync(join(base, 'sallyport-'));
  try {
    const paths = Array.from({ length: count }, (_, index) => join(folder, String(index)));
    await new Promise<void>((resolve, reject) => {
      execFile('mkfifo', ['-m', '600', ...paths], (error) => (error === null ? resolve() : reject(error)));
    });
    return paths.map((path) => openPipe(path));
  } catch {
    return null;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function openPipe(path: string): Pipe {
  const reading = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const fd = openSync(path, constants.O_WRONLY);
  return {
    fd,
    source: new Socket({ fd: reading, readable: true, writable: false }),
    closeWriting: () => closeSync(fd),
  };
}
