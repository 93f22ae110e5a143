// The scripts that run now: no more than the guard file allows, each one in the log, and a delegate that stops can wait until they are gone.
import { AppError } from '@sallyport/core';
import type { ScriptEnd, ScriptFacts } from '@sallyport/protocol';
import type { ScriptRules } from '../guard/guard-file.ts';
import type { Logger } from '../log/logger.ts';
import { runProcess } from './run-process.ts';
import type { ProcessEnd, ScriptToRun } from './run-process.ts';

/** What the log says of a script beside its end. */
export type ScriptInLog = Pick<ScriptFacts, 'name' | 'sha256'> & Record<string, string>;

export class RunningScripts {
  readonly #logger: Logger;
  readonly #running = new Set<Promise<unknown>>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** @throws {rate-limited} when no further script may run now */
  requireRoom({ maxAtOnce }: Pick<ScriptRules, 'maxAtOnce'>): void {
    if (this.#running.size < maxAtOnce) return;
    throw new AppError('rate-limited', {
      publicMessage: `The delegate runs ${this.#running.size} scripts already, as many as its guard file allows (entry "scripts.maxAtOnce").`,
    });
  }

  /** Takes a script on. @throws {rate-limited}, and what `runProcess` throws */
  async run(
    script: ScriptToRun,
    run: Parameters<typeof runProcess>[1] & { about: ScriptInLog },
  ): Promise<ProcessEnd> {
    this.requireRoom(script.rules);
    this.#logger.info({ ...run.about, interpreter: script.interpreter }, 'script starts');
    const running = runProcess(script, run);
    this.#running.add(running);
    try {
      const end = await running;
      this.#logger.info({ ...run.about, ...facts(end) }, 'script ended');
      return end;
    } catch (thrown) {
      const reason = thrown instanceof AppError ? thrown.publicMessage : 'a fault of the system';
      this.#logger.warn({ ...run.about, reason }, 'script was stopped');
      throw thrown;
    } finally {
      this.#running.delete(running);
    }
  }

  /** Resolves when none runs any more. Ending them is their signals' business. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#running);
  }
}

function facts({ reason, exitCode, signal, elapsedMs }: Omit<ScriptEnd, 'outputBytes'>): object {
  return { reason, exitCode, signal, elapsedMs };
}
