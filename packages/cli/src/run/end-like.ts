// Ending as a program ended: by the same exit code, or by the same signal, so that whoever started us sees no difference.
import { constants } from 'node:os';
import type { Ending } from './start-child.ts';

/**
 * Signals whose default is to write the process's memory to a file. Ours has held secrets, and the program has written its own, so these
 * become the exit code that a shell would make of them.
 */
const DUMPS_CORE: readonly NodeJS.Signals[] = [
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGILL',
  'SIGQUIT',
  'SIGSEGV',
  'SIGSYS',
  'SIGTRAP',
  'SIGXCPU',
  'SIGXFSZ',
];
const PATIENCE_MS = 200;

export async function endLike(ending: Ending): Promise<never> {
  if ('code' in ending) process.exit(ending.code);
  const { signal } = ending;
  const asShell = 128 + (constants.signals as Partial<Record<string, number>>)[signal]!;
  if (DUMPS_CORE.includes(signal)) process.exit(asShell);
  // Taking a handler away makes the default count again, also where Node had it ignored.
  if (signal !== 'SIGKILL') process.on(signal, () => undefined).removeAllListeners(signal);
  process.kill(process.pid, signal);
  // The first process of a container does not die of its own signals.
  await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
  process.exit(asShell);
}
