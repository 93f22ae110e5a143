// Secrets managers by id, kept in memory for at most a second: every read of a secret needs its secrets manager's selectors and
// revision. Edits in this process act at once, those of another process within that second.
import type { SecretsManagerId } from '@sallyport/core';
import type { Clock } from '../clock.ts';
import type { AccountChanges } from '../local-reads/account-changes.ts';
import type { Store } from '../storage/store.ts';
import type { SecretsManagerRow } from './secrets-manager-store.ts';

const MAX_AGE_MS = 1000;

export class SecretsManagerDirectory {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #changes: Pick<AccountChanges, 'announce'>;
  readonly #rows = new Map<SecretsManagerId, { row: Promise<SecretsManagerRow | null>; readAtMs: number }>();

  constructor(services: { store: Store; clock: Clock; changes: Pick<AccountChanges, 'announce'> }) {
    this.#changes = services.changes;
    this.#store = services.store;
    this.#clock = services.clock;
  }

  /** null: it is gone. */
  async byId(id: SecretsManagerId): Promise<SecretsManagerRow | null> {
    const nowMs = this.#clock.nowMs();
    const kept = this.#rows.get(id);
    if (kept !== undefined && nowMs - kept.readAtMs < MAX_AGE_MS) return kept.row;
    const row = this.#store.read(async ({ secretsManagers }) => secretsManagers.find(id));
    const entry = { row, readAtMs: nowMs };
    this.#rows.set(id, entry);
    row.catch(() => {
      if (this.#rows.get(id) === entry) this.#rows.delete(id);
    });
    return row;
  }

  /** To be called after an edit or deletion has been committed. A read that began before is not kept. */
  forget(id: SecretsManagerId): void {
    this.#rows.delete(id);
    this.#changes.announce();
  }
}
