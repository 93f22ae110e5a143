// Starts the process of a script, in a session and process group of its own. The script goes to it through a pipe: it is on no disk, in no
// argument and in no environment.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { makeOutputPipes } from './output-pipes.ts';

// Descriptor 3 is a socket, which cannot be opened again under /dev/fd, as interpreters do with their script. So bash puts a real pipe in
// its place, then becomes the interpreter; its process id stays. No core dumps: they would put the script on a disk.
const LAUNCHER = `ulimit -c 0
exec 3< <(exec /bin/cat <&3)
exec "$0" /dev/fd/3 "$@"`;

export type Launch = {
  interpreter: string;
  arguments: readonly string[];
  /** The whole environment of the process. */
  environment: Readonly<Record<string, string>>;
  /** Working folder. */
  folder: string;
  /** null: the user of this process. */
  user: { uid: number; gid: number } | null;
};

/** The process of a script; `script` takes its text. */
export type LaunchedProcess = { child: ChildProcess; script: Writable; stdout: Readable; stderr: Readable };

/** @throws what the system refuses the start with, such as no bash */
export async function launch(options: Launch): Promise<LaunchedProcess> {
  const { interpreter, environment, folder, user } = options;
  const { stdout, stderr } = await makeOutputPipes({ folder, user });
  try {
    const words = ['--noprofile', '--norc', '-c', LAUNCHER, interpreter, ...options.arguments];
    const child = spawn('/bin/bash', words, {
      cwd: folder,
      env: environment,
      detached: true,
      stdio: ['ignore', stdout.inputFd, stderr.inputFd, 'pipe'],
      ...user,
    });
    const script = child.stdio[3] as Writable;
    // An interpreter that ends early, or is not there, reads none of it.
    script.on('error', () => undefined);
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    // Later errors are about signals that came too late.
    child.on('error', () => undefined);
    return { child, script, stdout: stdout.output, stderr: stderr.output };
  } catch (thrown) {
    stdout.output.destroy();
    stderr.output.destroy();
    throw thrown;
  } finally {
    stdout.closeInput();
    stderr.closeInput();
  }
}
