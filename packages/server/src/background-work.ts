// Work that nobody waits for, such as noting when a key was last used. It is counted, so that the server ends it before it closes
// the store, and its failures are logged instead of lost.
import type { Logger } from 'pino';

export class BackgroundWork {
  readonly #logger: Logger;
  readonly #running = new Set<Promise<void>>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Starts `work`; `name` says in the log what failed. */
  start(name: string, work: () => Promise<unknown>): void {
    const running = this.#run(name, work).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Resolves when all that was started has ended, one way or the other. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async #run(name: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      this.#logger.warn({ err: thrown, work: name }, 'background work failed');
    }
  }
}
