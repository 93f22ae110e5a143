// The pipes that a script writes its output to. Named pipes, since what Node gives a child are sockets, and a socket cannot be opened again
// as /dev/stderr, which scripts often do. The names are gone before the script starts; what passes through is on no disk.
import { execFile } from 'node:child_process';
import { chownSync, closeSync, constants, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';

const run = promisify(execFile);

type User = { uid: number; gid: number } | null;

/** The two ends of a pipe. */
export type OutputPipe = {
  readonly output: Readable;
  /** File descriptor for the child; to be closed here by `closeInput` once it has started, or could not. */
  readonly inputFd: number;
  closeInput(): void;
};

/** @param options.folder where there is room for their names; @param options.user who may open them again; null: this process's own user */
export async function makeOutputPipes(options: {
  folder: string;
  user: User;
}): Promise<{ stdout: OutputPipe; stderr: OutputPipe }> {
  const { folder, user } = options;
  const paths = { stdout: join(folder, 'stdout'), stderr: join(folder, 'stderr') };
  await run('mkfifo', ['-m', '600', paths.stdout, paths.stderr]);
  return { stdout: openPipe(paths.stdout, user), stderr: openPipe(paths.stderr, user) };
}

function openPipe(path: string, user: User): OutputPipe {
  if (user !== null) chownSync(path, user.uid, user.gid);
  // Without O_NONBLOCK this would wait for somebody to write.
  const outputFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const inputFd = openSync(path, constants.O_WRONLY);
  rmSync(path);
  return {
    output: new Socket({ fd: outputFd, readable: true, writable: false }),
    inputFd,
    closeInput: () => closeSync(inputFd),
  };
}
