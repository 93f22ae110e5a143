// A supervised child process: started with a channel to report on and a log file to write to, stopped with patience, and its unexpected
// end told to whoever watches.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '@sallyport/core';
import type { ChildMessage } from './stop-signals.ts';

const LAUNCHER = join(import.meta.dirname, '..', '..', 'bin', 'sallyport.cjs');
const LOG_MAX_BYTES = 16 * 1_048_576;

export type ChildOptions = {
  /** As people read it, e.g. `server`. */
  name: string;
  /** Words of the `sallyport` command to run. */
  words: readonly string[];
  environment: Readonly<Record<string, string>>;
  /** Its output is appended here; a large one is started anew. */
  logFile: string;
  /** How long until it must report ready, in milliseconds. */
  readyTimeoutMs: number;
};

/** A running child. */
export type Child = {
  /** What it reported when it was ready. */
  readonly facts: Readonly<Record<string, string>>;
  /** Settles when it has ended, with a description such as `exit code 1`. */
  readonly ended: Promise<string>;
  /** Asks it to end; after `graceMs` it is ended. */
  stop(graceMs: number): Promise<void>;
};

/**
 * Starts a child and waits until it reports ready.
 * @throws the error that it reported; {internal} when it ended, or was ended after its time, without a word
 */
export async function startChild(options: ChildOptions, signal: AbortSignal): Promise<Child> {
  const log = openLog(options.logFile);
  // A process group of its own: an interrupt from the terminal goes to the supervisor alone, which then stops children in order.
  const child = spawn(process.execPath, [LAUNCHER, ...options.words], {
    stdio: ['ignore', log, log, 'ipc'],
    detached: true,
    env: options.environment,
  });
  closeSync(log);
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signalName) => {
      resolve(signalName === null ? `exit code ${code}` : `signal ${signalName}`);
    });
    child.once('error', (error) => resolve(error.message));
  });
  const stop = (graceMs: number): Promise<void> => stopChild(child, { ended, graceMs });
  try {
    return { facts: await untilReady(child, { options, ended, signal }), ended, stop };
  } catch (error) {
    await stop(0);
    throw error;
  }
}

async function untilReady(
  child: ChildProcess,
  { options, ended, signal }: { options: ChildOptions; ended: Promise<string>; signal: AbortSignal },
): Promise<Record<string, string>> {
  const { promise, resolve, reject } = Promise.withResolvers<Record<string, string>>();
  const fail = (why: string): void => {
    reject(
      new AppError('internal', {
        publicMessage: `The ${options.name} did not start: ${why}.`,
        data: { hint: `Its log is in ${options.logFile}.` },
      }),
    );
  };
  const timer = setTimeout(() => {
    fail(`it was not ready within ${options.readyTimeoutMs / 1000} s`);
  }, options.readyTimeoutMs);
  const abort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  child.on('message', (message: ChildMessage) => {
    if (message.type === 'ready') resolve(message.facts);
    else reject(failureOf(options, message.error));
  });
  // A failure is reported before the process ends; its message must be heard first.
  void ended.then((why) => setImmediate(() => fail(why)));
  try {
    if (signal.aborted) abort();
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

function failureOf(
  { name, logFile }: ChildOptions,
  error: Extract<ChildMessage, { type: 'failed' }>['error'],
): AppError {
  return new AppError(error.code, {
    publicMessage: `The ${name} did not start. ${error.publicMessage}`,
    data: { ...error.data, log: logFile },
  });
}

async function stopChild(
  child: ChildProcess,
  { ended, graceMs }: { ended: Promise<string>; graceMs: number },
): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await ended;
  clearTimeout(timer);
}

function openLog(path: string): number {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return openSync(path, size > LOG_MAX_BYTES ? 'w' : 'a', 0o600);
}
