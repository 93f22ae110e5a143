// `sallyport run`: reads what a program needs, all of it or nothing is started, and hands it over. The program takes the place of this process
// unless there is something left to do beside it.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AppError } from '@sallyport/core';
import type { Client } from '@sallyport/sdk';
import type { Invocation } from '../command-line/command.ts';
import { withQuickClient } from '../config/open-client.ts';
import { printableLine } from '../output/printable.ts';
import { environmentOf } from './base-environment.ts';
import { becomeProgram, canBecome } from './become-program.ts';
import { Belongings, fileBase, requireFree } from './belongings.ts';
import { endLike } from './end-like.ts';
import { findProgram } from './find-program.ts';
import type { Program } from './find-program.ts';
import { keepRunning } from './keep-running.ts';
import type { Course, Watched } from './keep-running.ts';
import { mountContent } from './mount-content.ts';
import { Mount } from './mount.ts';
import { maskedOutputs, maskerFor } from './output-masking.ts';
import { planSecrets } from './plan-secrets.ts';
import type { SecretPlan } from './plan-secrets.ts';
import { readPlan } from './read-plan.ts';
import type { ReadSecrets } from './read-plan.ts';
import { readRunOptions } from './run-options.ts';
import type { RunOptions } from './run-options.ts';
import { startChild } from './start-child.ts';
import type { Ending } from './start-child.ts';
import { versionsOf } from './watch-secrets.ts';

/** @throws what kept the program from being started; once it runs, this process ends as the program does */
export async function runProgram(invocation: Invocation): Promise<void> {
  const options = await withTemplate(await readRunOptions(invocation), invocation.folder);
  const run = new Run(invocation, options);
  run.program();
  if (options.mount !== null) requireFree(resolve(invocation.folder, options.mount.path));
  if (options.watch !== null) {
    const { watch } = options;
    const ending = await withQuickClient(invocation, async (client) => {
      const plan = await run.plan(client);
      // Before the values: what changes in between is noticed, at the cost of one start too many.
      const versions = await versionsOf(client, plan);
      return run.beside(await run.read(client, plan), { client, options: { ...options, watch }, versions });
    });
    return endLike(ending);
  }
  const secrets = await withQuickClient(invocation, async (client) =>
    run.read(client, await run.plan(client)),
  );
  run.instead(secrets);
  return endLike(await run.beside(secrets, null));
}

class Run {
  readonly #invocation: Invocation;
  readonly #options: RunOptions;
  readonly #inherited: Readonly<Record<string, string>>;
  readonly #outputs: { stdout: boolean; stderr: boolean };

  constructor(invocation: Invocation, options: RunOptions) {
    this.#invocation = invocation;
    this.#options = options;
    this.#inherited = invocation.environment.all();
    this.#outputs = maskedOutputs(options.masking);
  }

  /** Found before any secret is read, so that a misspelt program costs none. @throws {program-not-found} {program-unusable} */
  program(environment: Readonly<Record<string, string>> = this.#inherited): Program {
    const mapped = this.#options.selection.mapped.findLast(({ variable }) => variable === 'PATH');
    const path = mapped !== undefined && 'plain' in mapped ? mapped.plain : environment['PATH'];
    return findProgram(this.#invocation.program, { path, folder: this.#invocation.folder });
  }

  async plan(client: Client): Promise<SecretPlan> {
    const plan = await planSecrets(client, this.#options.selection);
    if (plan.leftOut.length > 0) {
      const names = plan.leftOut.join(', ');
      this.#tell(`note: left out, since they are files: ${names}. --files puts them into a folder.`);
    }
    return plan;
  }

  async read(client: Client, plan: SecretPlan): Promise<ReadSecrets> {
    const { mount } = this.#options;
    const secrets = await readPlan(client, plan, { asVariables: mount === null });
    // A template that names what is not there is found out before anything is started.
    if (mount !== null) mountContent(mount.content, secrets.variables);
    return secrets;
  }

  /** Becomes the program, if nothing has to be done beside it. */
  instead(secrets: ReadSecrets): void {
    const { mount } = this.#options;
    const isAlone = mount === null && secrets.files.length === 0;
    const { stdout, stderr } = this.#outputs;
    // A pipe that Node has written to is left in a state that programs do not expect.
    if (!isAlone || stdout || stderr || this.#invocation.terminal.wasUsed?.() === true) return;
    const environment = this.#environment(secrets, {});
    const program = this.program(environment);
    if (canBecome(program, environment)) becomeProgram(program, environment);
  }

  /** Runs the program as a child. */
  async beside(secrets: ReadSecrets, watched: Watched | null): Promise<Ending> {
    const { mount } = this.#options;
    const path = mount === null ? null : resolve(this.#invocation.folder, mount.path);
    const isNeeded = secrets.files.length > 0 || mount !== null || watched !== null;
    const runtimeFolder = this.#inherited['XDG_RUNTIME_DIR'] ?? null;
    const belongings = isNeeded
      ? Belongings.make(runtimeFolder, path === null ? [] : [path, `${path}.next`])
      : null;
    let mounted: Mount | null = null;
    try {
      if (belongings?.inMemory === false && (secrets.files.length > 0 || mount?.kind === 'file')) {
        this.#tell(
          `note: this system keeps no files in memory; they are in ${belongings.folder} while the program runs.`,
        );
      }
      if (mount !== null && path !== null && belongings !== null) {
        mounted = await Mount.open({ ...mount, path }, belongings, this.#mountContent(secrets));
      }
      const course: Course = {
        start: async (current) => this.#start(current, belongings),
        renew: (current) => mounted?.renew(this.#mountContent(current)),
        note: (text) => this.#tell(text),
      };
      return await keepRunning(course, secrets, watched);
    } finally {
      await mounted?.close();
      belongings?.remove();
    }
  }

  async #start(secrets: ReadSecrets, belongings: Belongings | null): ReturnType<typeof startChild> {
    const paths: Record<string, string> = {};
    for (const { name, variable, value } of secrets.files) {
      const path = belongings?.write(`files/${name}`, value) ?? '';
      if (variable !== null) paths[variable] = path;
    }
    if (secrets.files.length > 0) paths['SALLYPORT_FILES'] = `${belongings?.folder}/files`;
    const { mount } = this.#options;
    if (mount !== null) paths['SALLYPORT_MOUNT'] = resolve(this.#invocation.folder, mount.path);
    const environment = this.#environment(secrets, paths);
    const { stdout, stderr } = this.#outputs;
    const isMasked = stdout || stderr;
    const masker = isMasked
      ? maskerFor(secrets.secret, (text) => this.#tell(text))
      : Promise.reject(new AppError('internal', { publicMessage: 'Nothing is masked.' }));
    masker.catch(() => undefined);
    const { base } = fileBase(this.#inherited['XDG_RUNTIME_DIR'] ?? null);
    return startChild(this.program(environment), environment, { stdout, stderr, masker, pipeFolder: base });
  }

  #environment(secrets: ReadSecrets, paths: Readonly<Record<string, string>>): Record<string, string> {
    const { mount, inheritance, selection } = this.#options;
    const plain = selection.mapped.flatMap((one) =>
      'plain' in one ? [[one.variable, one.plain] as const] : [],
    );
    const given = mount === null ? secrets.variables : plain;
    return environmentOf(this.#inherited, new Map([...given, ...Object.entries(paths)]), inheritance);
  }

  #mountContent({ variables }: ReadSecrets): Uint8Array {
    const { mount } = this.#options;
    return Buffer.from(mount === null ? '' : mountContent(mount.content, variables));
  }

  #tell(text: string): void {
    this.#invocation.terminal.stderr.write(`${printableLine(text)}\n`);
  }
}

/** Reads the template now, so that one that is not there costs no secret. */
async function withTemplate(options: RunOptions, folder: string): Promise<RunOptions> {
  const { mount } = options;
  if (mount === null || !('template' in mount.content)) return options;
  const path = mount.content.template;
  const template = await readFile(resolve(folder, path), 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new AppError('config-invalid', {
      publicMessage: `The template ${path} cannot be read: ${error.code ?? 'unknown reason'}.`,
      cause: error,
    });
  });
  return { ...options, mount: { ...mount, content: { template } } };
}
