// `sallyport run`: reads what a program needs, all of it or nothing is started, and hands it over. The program takes the place of this process
// unless there is something left to do beside it; what that takes is loaded only then.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { AppError } from '@sallyport/core';
import type { Client } from '@sallyport/sdk';
import type { Invocation } from '../command-line/command.ts';
import { withQuickClient } from '../config/open-client.ts';
import { printableLine } from '../output/printable.ts';
import { environmentOf } from './base-environment.ts';
import { becomeProgram, canBecome } from './become-program.ts';
import { findProgram } from './find-program.ts';
import type { Program } from './find-program.ts';
import { maskedOutputs } from './output-masking.ts';
import { planSecrets } from './plan-secrets.ts';
import type { SecretPlan } from './plan-secrets.ts';
import { readPlan } from './read-plan.ts';
import type { ReadSecrets } from './read-plan.ts';
import { readRunOptions } from './run-options.ts';
import type { RunOptions } from './run-options.ts';

/** @throws what kept the program from being started; once it runs, this process ends as the program does */
export async function runProgram(invocation: Invocation): Promise<void> {
  const options = withTemplate(await readRunOptions(invocation), invocation.folder);
  const run = new ProgramRun(invocation, options);
  // Before any secret is read, so that a misspelt program costs none.
  run.program(run.inherited);
  if (options.mount !== null) {
    const { requireFree } = await import('./belongings.ts');
    requireFree(resolve(invocation.folder, options.mount.path));
  }
  if (options.watch !== null) return runWatched(invocation, run);
  const secrets = await withQuickClient(invocation, async (client) =>
    run.read(client, await run.plan(client)),
  );
  run.instead(secrets);
  const { runBeside } = await import('./run-beside.ts');
  return runBeside(run, secrets, null);
}

async function runWatched(invocation: Invocation, run: ProgramRun): Promise<void> {
  const [{ runBeside }, { versionsOf }] = await Promise.all([
    import('./run-beside.ts'),
    import('./watch-secrets.ts'),
  ]);
  await withQuickClient(invocation, async (client) => {
    const plan = await run.plan(client);
    // Before the values: what changes in between is noticed, at the cost of one start too many.
    const versions = await versionsOf(client, plan);
    await runBeside(run, await run.read(client, plan), { client, versions });
  });
}

/** One call of the command: what is wanted, and from where. */
export class ProgramRun {
  readonly options: RunOptions;
  readonly inherited: Readonly<Record<string, string>>;
  /** Which outputs are masked. */
  readonly outputs: { stdout: boolean; stderr: boolean };
  /** Where the mounted file is; null: there is none. */
  readonly mountPath: string | null;
  readonly #invocation: Invocation;

  constructor(invocation: Invocation, options: RunOptions) {
    this.options = options;
    this.inherited = invocation.environment.all();
    this.outputs = maskedOutputs(options.masking);
    this.mountPath = options.mount === null ? null : resolve(invocation.folder, options.mount.path);
    this.#invocation = invocation;
  }

  /** @throws {program-not-found} {program-unusable} */
  program(environment: Readonly<Record<string, string>>): Program {
    const mapped = this.options.selection.mapped.findLast(({ variable }) => variable === 'PATH');
    const path = mapped !== undefined && 'plain' in mapped ? mapped.plain : environment['PATH'];
    return findProgram(this.#invocation.program, { path, folder: this.#invocation.folder });
  }

  async plan(client: Client): Promise<SecretPlan> {
    const plan = await planSecrets(client, this.options.selection);
    if (plan.leftOut.length > 0) {
      const names = plan.leftOut.join(', ');
      this.tell(`note: left out, since they are files: ${names}. --files puts them into a folder.`);
    }
    return plan;
  }

  async read(client: Client, plan: SecretPlan): Promise<ReadSecrets> {
    const { mount } = this.options;
    const secrets = await readPlan(client, plan, { asVariables: mount === null });
    if (mount !== null) {
      // What the file cannot hold, or lacks, is found out before anything is started.
      const { mountContent } = await import('./mount-content.ts');
      mountContent(mount.content, secrets.variables);
    }
    return secrets;
  }

  /** Becomes the program, if nothing has to be done beside it. */
  instead(secrets: ReadSecrets): void {
    const { stdout, stderr } = this.outputs;
    const isAlone = this.mountPath === null && secrets.files.length === 0 && !stdout && !stderr;
    // A pipe that Node has written to is left in a state that programs do not expect.
    if (!isAlone || this.#invocation.terminal.wasUsed?.() === true) return;
    const environment = this.environment(secrets, {});
    const program = this.program(environment);
    if (canBecome(program, environment)) becomeProgram(program, environment);
  }

  /** @param paths variables that hold paths of files */
  environment(secrets: ReadSecrets, paths: Readonly<Record<string, string>>): Record<string, string> {
    const { mount, inheritance, selection } = this.options;
    const plain = selection.mapped.flatMap((one) =>
      'plain' in one ? [[one.variable, one.plain] as const] : [],
    );
    const given = mount === null ? secrets.variables : plain;
    return environmentOf(this.inherited, new Map([...given, ...Object.entries(paths)]), inheritance);
  }

  /** A line for a person. */
  tell(text: string): void {
    this.#invocation.terminal.stderr.write(`${printableLine(text)}\n`);
  }
}

/** Reads the template now, so that one that is not there costs no secret. */
function withTemplate(options: RunOptions, folder: string): RunOptions {
  const { mount } = options;
  if (mount === null || !('template' in mount.content)) return options;
  const path = mount.content.template;
  try {
    const template = readFileSync(resolve(folder, path), 'utf8');
    return { ...options, mount: { ...mount, content: { template } } };
  } catch (error) {
    throw new AppError('config-invalid', {
      publicMessage: `The template ${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}.`,
      cause: error,
    });
  }
}
