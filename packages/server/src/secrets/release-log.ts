// Writes the records of reads: those that come while one commit is under way share the next. Each caller waits until its own records
// are durable.
import type { AuditEntry } from '../audit/audit-log.ts';
import type { Store } from '../storage/store.ts';

export class ReleaseLog {
  readonly #store: Store;
  #entries: AuditEntry[] = [];
  /** The commit that will take `#entries`; null when there are none. */
  #next: Promise<void> | null = null;
  /** The commit under way. */
  #running: Promise<void> = Promise.resolve();

  constructor(store: Store) {
    this.#store = store;
  }

  /** @throws {storage-unavailable} and then none of `entries` is recorded */
  async record(entries: readonly AuditEntry[]): Promise<void> {
    this.#entries.push(...entries);
    this.#next ??= this.#commitAfter(this.#running);
    await this.#next;
  }

  async #commitAfter(running: Promise<void>): Promise<void> {
    await running;
    let isTaken = false;
    const commit = this.#store.write(async ({ audit }) => {
      // Taken as late as possible, so that all that came meanwhile shares this commit.
      isTaken = true;
      await audit.append(this.#take());
    });
    this.#running = commit.catch(() => undefined);
    try {
      await commit;
    } finally {
      // The transaction did not even begin: whoever waits for it is told so, and the next one starts afresh.
      if (!isTaken) this.#take();
    }
  }

  #take(): AuditEntry[] {
    const entries = this.#entries;
    this.#entries = [];
    this.#next = null;
    return entries;
  }
}
