// Runs the real command as a process of its own, in an environment that holds nothing but what a test gives it.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const LAUNCHER = join(import.meta.dirname, '../bin/sallyport.cjs');

export type Finished = {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  bytes: Buffer;
};
export type RunOptions = {
  cwd?: string;
  env?: Record<string, string>;
  /** Standard input; nothing when left out. */
  input?: string | Buffer;
  /** Flags of Node itself. */
  nodeFlags?: string[];
};

/** A folder of its own, for working directory and home, that is removed at the end. */
export class Workplace implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<Workplace> {
    return new Workplace(await mkdtemp(join(tmpdir(), 'sallyport-cli-')));
  }

  /** The environment of commands run here: a home of its own, and the compile cache shared between runs. */
  env(more: Record<string, string> = {}): Record<string, string> {
    return {
      PATH: process.env['PATH'] ?? '',
      HOME: this.folder,
      XDG_CONFIG_HOME: join(this.folder, 'config'),
      XDG_CACHE_HOME: join(import.meta.dirname, '../../../node_modules/.cache'),
      ...more,
    };
  }

  /** Starts the command; see `run` for one that ends by itself. */
  start(words: string[], options: RunOptions = {}): ChildProcess {
    return spawn(process.execPath, [...(options.nodeFlags ?? []), LAUNCHER, ...words], {
      cwd: options.cwd ?? this.folder,
      env: this.env(options.env),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }

  /** Runs the command to its end. */
  async run(words: string[], options: RunOptions = {}): Promise<Finished> {
    const child = this.start(words, options);
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input ?? '');
    return finished(child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Waits for a process to end and gathers what it wrote. */
export async function finished(child: ChildProcess): Promise<Finished> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (part: Buffer) => out.push(part));
  child.stderr?.on('data', (part: Buffer) => err.push(part));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const bytes = Buffer.concat(out);
      resolve({ code, signal, stdout: bytes.toString(), stderr: Buffer.concat(err).toString(), bytes });
    });
  });
}

/** Waits until a process has written a text to standard output or error; fails with what it wrote when it ends before. */
export async function untilWritten(child: ChildProcess, text: string | RegExp): Promise<string> {
  let written = '';
  return new Promise((resolve, reject) => {
    const look = (part: Buffer): void => {
      written += part.toString();
      const found = typeof text === 'string' ? written.includes(text) : text.test(written);
      if (found) resolve(written);
    };
    child.stdout?.on('data', look);
    child.stderr?.on('data', look);
    child.on('close', (code) => reject(new Error(`ended with ${code} before it wrote ${text}:\n${written}`)));
  });
}

/** Asks a process to end and waits for it. */
export async function stop(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<Finished> {
  const end = finished(child);
  if (child.exitCode !== null || child.signalCode !== null) {
    return { code: child.exitCode, signal: child.signalCode, stdout: '', stderr: '', bytes: Buffer.alloc(0) };
  }
  child.kill(signal);
  return end;
}
