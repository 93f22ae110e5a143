// Keeps the index of the audit trail: block by block, each in a transaction that it shares with whatever else is being written.
import type { AuditChainHead } from '@sallyport/protocol/audit';
import type { BackgroundWork } from '../background-work.ts';
import type { Store } from '../storage/store.ts';

export class TrailIndex {
  readonly #store: Store;
  readonly #background: BackgroundWork;
  /** How far the trail must reach for the next block to be full. */
  #nextAt = 0;
  #working = false;
  #stopped = false;

  constructor(services: { store: Store; background: BackgroundWork }) {
    this.#store = services.store;
    this.#background = services.background;
  }

  follow(head: AuditChainHead): void {
    if (this.#working || head.sequence < this.#nextAt) return;
    this.#working = true;
    this.#background.start('index the audit trail', async () => {
      try {
        while (!this.#stopped && head.sequence >= this.#nextAt) {
          this.#nextAt = await this.#store.write(async ({ audit }) => audit.indexMore());
        }
      } finally {
        this.#working = false;
      }
    });
  }

  stop(): void {
    this.#stopped = true;
  }
}
