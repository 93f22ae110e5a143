// The catalogue of applications and environments, kept in memory for at most a second: every decision about a scope asks it. Changes in
// this process act at once, those of another process within that second.
import type { Clock } from '../clock.ts';
import type { AccountChanges } from '../local-reads/account-changes.ts';
import type { Store } from '../storage/store.ts';
import { readCatalogue } from './account-catalogue.ts';
import type { AccountCatalogue } from './account-catalogue.ts';

const MAX_AGE_MS = 1000;

export class CatalogueDirectory {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #changes: Pick<AccountChanges, 'announce'>;
  #kept: { catalogue: Promise<AccountCatalogue>; readAtMs: number } | null = null;

  constructor(services: { store: Store; clock: Clock; changes: Pick<AccountChanges, 'announce'> }) {
    this.#changes = services.changes;
    this.#store = services.store;
    this.#clock = services.clock;
  }

  /** At most a second old. Whoever asks while it is being read gets the same. */
  async current(): Promise<AccountCatalogue> {
    const nowMs = this.#clock.nowMs();
    const kept = this.#kept;
    if (kept !== null && nowMs - kept.readAtMs < MAX_AGE_MS) return kept.catalogue;
    const catalogue = this.#store.read(readCatalogue);
    const entry = { catalogue, readAtMs: nowMs };
    this.#kept = entry;
    catalogue.catch(() => {
      if (this.#kept === entry) this.#kept = null;
    });
    return catalogue;
  }

  /** To be called after a change has been committed. A read that began before is not kept. */
  forget(): void {
    this.#kept = null;
    this.#changes.announce();
  }
}
