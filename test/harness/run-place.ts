// An installation with one application, and the real command beside it: what tests of `sallyport run` share.
import { spawn } from 'node:child_process';
import { finished, LAUNCHER, Workplace } from '../../packages/cli/test/sallyport.ts';
import type { Finished, RunOptions } from '../../packages/cli/test/sallyport.ts';
import { Deployment } from './deployment.ts';

export class RunPlace {
  readonly deployment: Deployment;
  readonly work: Workplace;

  private constructor(deployment: Deployment, work: Workplace) {
    this.deployment = deployment;
    this.work = work;
  }

  /** A server, a delegate and the application `shop` with these environments. */
  static async start(...environments: string[]): Promise<RunPlace> {
    const place = new RunPlace(await Deployment.start(), await Workplace.make());
    await place.deployment.startDelegate({ name: 'one' });
    const { client } = place.deployment;
    await client.call('createSecretsManager', { body: { name: 'ring', settings: { kind: 'built-in' } } });
    await client.call('createApplication', {
      body: {
        name: 'shop',
        environments: environments.map((name) => ({ name, type: 'production' as const })),
      },
    });
    return place;
  }

  /** Stores text secrets that are usable in this environment. */
  async store(environment: string, values: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
    const { client } = this.deployment;
    for (const [name, value] of Object.entries(values)) {
      await client.set(`sally://shop/${environment}/${name}`, value);
    }
  }

  /** The words of a run in this environment, up to the program. */
  words(environment: string, flags: readonly string[], program: readonly string[]): string[] {
    return ['run', '--app', 'shop', '--env', environment, ...flags, '--', ...program];
  }

  options(options: RunOptions = {}): RunOptions {
    const { address, token } = this.deployment;
    return { ...options, env: { SALLYPORT_ADDR: address, SALLYPORT_TOKEN: token, ...options.env } };
  }

  async run(words: string[], options?: RunOptions): Promise<Finished> {
    return this.work.run(words, this.options(options));
  }

  /** A line of bash in which NODE and LAUNCHER are what runs the command. */
  async shell(line: string): Promise<Finished> {
    const { env } = this.options();
    const child = spawn('bash', ['-c', line], {
      cwd: this.work.folder,
      env: { ...this.work.env(env), NODE: process.execPath, LAUNCHER },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return finished(child);
  }

  async close(): Promise<void> {
    await this.work[Symbol.asyncDispose]();
    await this.deployment.close();
  }
}

/** A program of Node as words of a command line. */
export function nodeProgram(source: string): string[] {
  return [process.execPath, '-e', source];
}
