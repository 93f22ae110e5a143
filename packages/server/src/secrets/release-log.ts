// Writes the records of reads and counts them: those that come while one commit is under way share the next. Each caller waits until its
// own records are durable.
import type { SecretId } from '@sallyport/core';
import type { AuditEntry } from '../audit/audit-log.ts';
import type { Store } from '../storage/store.ts';
import type { UsageIncrement } from './usage-store.ts';

/** A record of a release or refusal. `secretId` null: no secret could be told, so none is counted. */
export type UseRecord = { entry: AuditEntry; secretId: SecretId | null; isRelease: boolean };

const DAY_MS = 86_400_000;

/** Days since the epoch, UTC. */
export function dayOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS);
}

export class ReleaseLog {
  readonly #store: Store;
  #records: UseRecord[] = [];
  /** The commit that will take `#records`; null when there are none. */
  #next: Promise<void> | null = null;
  /** The commit under way. */
  #running: Promise<void> = Promise.resolve();

  constructor(store: Store) {
    this.#store = store;
  }

  /** @throws {storage-unavailable} and then none of `records` is written */
  async record(records: readonly UseRecord[]): Promise<void> {
    if (records.length === 0) return;
    this.#records.push(...records);
    this.#next ??= this.#commitAfter(this.#running);
    await this.#next;
  }

  async #commitAfter(running: Promise<void>): Promise<void> {
    await running;
    let isTaken = false;
    const commit = this.#store.write(async ({ audit, usage }) => {
      // Taken as late as possible, so that all that came meanwhile shares this commit.
      isTaken = true;
      const records = this.#take();
      await audit.append(records.map(({ entry }) => entry));
      await usage.add(incrementsOf(records));
    });
    this.#running = commit.catch(() => undefined);
    try {
      await commit;
    } finally {
      // The transaction did not even begin: whoever waits for it is told so, and the next one starts afresh.
      if (!isTaken) this.#take();
    }
  }

  #take(): UseRecord[] {
    const records = this.#records;
    this.#records = [];
    this.#next = null;
    return records;
  }
}

/** One increment for each secret and day. */
function incrementsOf(records: readonly UseRecord[]): UsageIncrement[] {
  const increments = new Map<string, UsageIncrement>();
  for (const { entry, secretId, isRelease } of records) {
    if (secretId === null) continue;
    const day = dayOf(entry.atMs);
    const key = `${secretId} ${day}`;
    let increment = increments.get(key);
    if (increment === undefined) {
      increment = { secretId, day, released: 0, refused: 0, releasedAtMs: 0 };
      increments.set(key, increment);
    }
    if (isRelease) {
      increment.released += 1;
      increment.releasedAtMs = Math.max(increment.releasedAtMs, entry.atMs);
    } else increment.refused += 1;
  }
  return [...increments.values()];
}
