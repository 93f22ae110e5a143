// The part of `run` that goes on beside the program: its output is masked, files are there while it runs, and it is started again when secrets
// change. This process ends as the program does.
import { AppError } from '@sallyport/core';
import type { Client } from '@sallyport/sdk';
import { Belongings, fileBase } from './belongings.ts';
import { endLike } from './end-like.ts';
import { keepRunning } from './keep-running.ts';
import { mountContent } from './mount-content.ts';
import { Mount } from './mount.ts';
import { maskerFor } from './output-masking.ts';
import type { ReadSecrets } from './read-plan.ts';
import type { ProgramRun } from './run-program.ts';
import { startChild } from './start-child.ts';
import type { Child } from './start-child.ts';

/** @param watched where changes are looked for, and what is known by now; null: they are not */
export async function runBeside(
  run: ProgramRun,
  secrets: ReadSecrets,
  watched: { client: Client; versions: string } | null,
): Promise<never> {
  const { mount, watch, selection } = run.options;
  const needsFolder = secrets.files.length > 0 || mount !== null || watch !== null;
  const belongings = needsFolder ? Belongings.make(runtimeFolder(run)) : null;
  const beside = new Beside(run, belongings);
  let ending;
  try {
    await beside.prepare(secrets);
    const course = {
      start: async (current: ReadSecrets) => beside.start(current),
      renew: (current: ReadSecrets) => beside.renew(current),
      note: (text: string) => run.tell(text),
    };
    ending = await keepRunning(
      course,
      secrets,
      watched === null || watch === null
        ? null
        : { ...watched, selection, watch, read: async (plan) => run.read(watched.client, plan) },
    );
  } finally {
    await beside.clear();
  }
  return endLike(ending);
}

class Beside {
  readonly #run: ProgramRun;
  readonly #belongings: Belongings | null;
  #mount: Mount | null = null;

  constructor(run: ProgramRun, belongings: Belongings | null) {
    this.#run = run;
    this.#belongings = belongings;
  }

  /** Makes what has to be there before the program is. */
  async prepare(secrets: ReadSecrets): Promise<void> {
    const [run, belongings] = [this.#run, this.#belongings];
    if (belongings === null) return;
    const { mount } = run.options;
    if (!belongings.inMemory && (secrets.files.length > 0 || mount?.kind === 'file')) {
      run.tell(
        `note: this system keeps no files in memory; they are in ${belongings.folder} while the program runs.`,
      );
    }
    if (mount !== null && run.mountPath !== null) {
      this.#mount = await Mount.open({ ...mount, path: run.mountPath }, belongings, this.#content(secrets));
    }
    belongings.guard();
  }

  async start(secrets: ReadSecrets): Promise<Child> {
    const run = this.#run;
    const environment = run.environment(secrets, this.#paths(secrets));
    const { stdout, stderr } = run.outputs;
    const masker =
      stdout || stderr
        ? maskerFor(secrets.secret, (text) => run.tell(text))
        : Promise.reject(new AppError('internal', { publicMessage: 'Nothing is masked.' }));
    // Heard of by whoever copies output; where nobody does, there is nothing to hear.
    masker.catch(() => undefined);
    const pipeFolder = fileBase(runtimeFolder(run)).base;
    return startChild(run.program(environment), environment, { stdout, stderr, masker, pipeFolder });
  }

  renew(secrets: ReadSecrets): void {
    this.#mount?.renew(this.#content(secrets));
  }

  async clear(): Promise<void> {
    try {
      await this.#mount?.close();
    } finally {
      this.#belongings?.remove();
    }
  }

  /** Writes secrets that are files. @returns variables with their paths */
  #paths({ files }: ReadSecrets): Record<string, string> {
    const paths: Record<string, string> = {};
    for (const { name, variable, value } of files) {
      const path = this.#belongings?.write(`files/${name}`, value) ?? '';
      if (variable !== null) paths[variable] = path;
    }
    if (files.length > 0) paths['SALLYPORT_FILES'] = `${this.#belongings?.folder}/files`;
    if (this.#run.mountPath !== null) paths['SALLYPORT_MOUNT'] = this.#run.mountPath;
    return paths;
  }

  #content({ variables }: ReadSecrets): Uint8Array {
    const { mount } = this.#run.options;
    return Buffer.from(mount === null ? '' : mountContent(mount.content, variables));
  }
}

function runtimeFolder({ inherited }: ProgramRun): string | null {
  return inherited['XDG_RUNTIME_DIR'] ?? null;
}
