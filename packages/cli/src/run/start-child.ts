// Starting a program as a child, where something of it is ours to do: to mask what it writes, to take away its files, to start it again.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { AppError } from '@sallyport/core';
import type { Masker } from '@sallyport/masking';
import { printableLine } from '../output/printable.ts';
import type { Program } from './find-program.ts';
import { openPipes } from './open-pipe.ts';
import type { Pipe } from './open-pipe.ts';
import { pumpMasked } from './pump-masked.ts';

/** How a program ended. */
export type Ending = { code: number } | { signal: NodeJS.Signals };

/** A program that runs. */
export type Child = {
  /** When it has ended and everything that it, and whatever it left behind, wrote is passed on. */
  ended: Promise<Ending>;
  /** When it has ended. */
  exited: Promise<Ending>;
  send: (signal: NodeJS.Signals) => void;
};

/** Which outputs are masked; the others are inherited untouched. `masker` is prepared while the program runs, or for its first output. */
export type Masking = {
  stdout: boolean;
  stderr: boolean;
  masker: Promise<Masker>;
  /** Where pipes are made. */
  pipeFolder: string;
};

/** Programs that end sooner and say nothing do not wait for a masker, and most others start longer than that. */
const PREPARE_AFTER_MS = 20;

/** @throws {program-unusable} when the operating system does not start it */
export async function startChild(
  program: Program,
  environment: Readonly<Record<string, string>>,
  masking: Masking,
): Promise<Child> {
  const isMasked = [masking.stdout, masking.stderr];
  const pipes = await openPipes(isMasked.filter(Boolean).length, masking.pipeFolder);
  const left = [...(pipes ?? [])];
  const outputs = isMasked.map((one) => (one ? (left.shift() ?? 'pipe') : 'inherit'));
  const child = await spawned(program, environment, outputs).catch((error: unknown) => {
    for (const pipe of pipes ?? []) {
      pipe.closeWriting();
      pipe.source.destroy();
    }
    throw error;
  });
  const sources = outputs.map((one, index) => {
    if (typeof one === 'object') one.closeWriting();
    return typeof one === 'object' ? one.source : index === 0 ? child.stdout : child.stderr;
  });
  const exited = endOf(child);
  const passedOn = sources.map(async (source, index) =>
    source === null ? undefined : pumpMasked(source, masking.masker, index === 0 ? 1 : 2),
  );
  const ended = endedAfter(exited, passedOn);
  const preparing = setTimeout(() => void prepare(masking.masker), PREPARE_AFTER_MS);
  // Whoever waits for it hears of it; until then it is not unhandled.
  ended.catch(() => undefined).finally(() => clearTimeout(preparing));
  return {
    ended,
    exited,
    send: (signal) => {
      child.kill(signal);
    },
  };
}

async function spawned(
  program: Program,
  environment: Readonly<Record<string, string>>,
  outputs: readonly (Pipe | 'pipe' | 'inherit')[],
): Promise<ChildProcess> {
  const [argv0 = '', ...words] = program.words;
  try {
    const child = spawn(program.path, words, {
      argv0,
      env: { ...environment },
      stdio: ['inherit', ...outputs.map((one) => (typeof one === 'object' ? one.fd : one))],
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    return child;
  } catch (error) {
    const refused = error as NodeJS.ErrnoException;
    throw refused.code === 'E2BIG' ? tooMuch(environment) : notStarted(program, refused);
  }
}

async function prepare(masker: Promise<Masker>): Promise<void> {
  try {
    (await masker).prepare();
  } catch {
    // Whoever copies output hears of it.
  }
}

/** An output that cannot be passed on is told once the program has ended, which it notices by itself: it is not left behind. */
async function endedAfter(exited: Promise<Ending>, passedOn: readonly Promise<void>[]): Promise<Ending> {
  const outcomes = await Promise.allSettled(passedOn);
  const ending = await exited;
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  return ending;
}

async function endOf(child: ChildProcess): Promise<Ending> {
  return new Promise((resolve) => {
    // Not 'close': a stream that somebody else holds open is waited for by whoever passes it on.
    child.once('exit', (code, signal) => {
      resolve(signal === null ? { code: code ?? 1 } : { signal });
    });
  });
}

function tooMuch(environment: Readonly<Record<string, string>>): AppError {
  const sizes = Object.entries(environment).map(([name, value]) => ({
    name,
    bytes: Buffer.byteLength(value),
  }));
  const total = sizes.reduce((sum, { name, bytes }) => sum + bytes + Buffer.byteLength(name) + 2, 0);
  const largest = sizes.toSorted((a, b) => b.bytes - a.bytes).slice(0, 3);
  const named = largest.map(({ name, bytes }) => `${name} (${bytes} bytes)`).join(', ');
  return new AppError('program-unusable', {
    publicMessage: `Arguments and environment are more than the operating system takes: the environment has ${total} bytes. The largest variables are ${named}.`,
    data: {
      hint: 'Give secrets as a file with --mount, leave some out with --exclude, or try --only-secrets.',
    },
  });
}

function notStarted({ words }: Program, error: NodeJS.ErrnoException): AppError {
  // The file itself was found a moment ago.
  const why =
    error.code === 'ENOENT'
      ? 'what its first line names to run it with is not there'
      : `the operating system says ${error.code ?? error.message}`;
  return new AppError('program-unusable', {
    publicMessage: `${printableLine(words[0] ?? '')} cannot be started: ${why}.`,
    cause: error,
  });
}
