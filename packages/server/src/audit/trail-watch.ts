// Looks at the end of the audit trail twice a second and tells those who follow it: whoever has checkpoints signed, feeds sinks, keeps the
// index. So writing a record costs nothing but the record, and records of other processes on the same database are seen as well.
import type { AuditChainHead } from '@sallyport/protocol/audit';
import type { BackgroundWork } from '../background-work.ts';
import type { Clock } from '../clock.ts';
import type { Store } from '../storage/store.ts';

const POLL_MS = 500;
/** A database that cannot be read has been told of, and need not fill the log. */
const AFTER_FAILURE_MS = 10_000;

/** Called at each look, grown or not; returns at once. */
export type TrailFollower = (head: AuditChainHead) => void;

export class TrailWatch {
  readonly #services: { store: Store; clock: Clock; background: BackgroundWork };
  readonly #followers: readonly TrailFollower[];
  #cancel: () => void = () => undefined;
  #stopped = false;

  constructor(
    followers: readonly TrailFollower[],
    services: { store: Store; clock: Clock; background: BackgroundWork },
  ) {
    this.#followers = followers;
    this.#services = services;
  }

  start(): void {
    this.#lookAfter(POLL_MS);
  }

  /** Looks now. @throws {storage-unavailable} */
  async look(): Promise<void> {
    const { head } = await this.#services.store.read(async ({ audit }) => audit.ends());
    if (this.#stopped) return;
    for (const follow of this.#followers) follow(head);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  #lookAfter(delayMs: number): void {
    if (this.#stopped) return;
    this.#cancel = this.#services.clock.after(delayMs, () => {
      this.#services.background.start('look at the audit trail', async () => {
        let nextMs = AFTER_FAILURE_MS;
        try {
          await this.look();
          nextMs = POLL_MS;
        } finally {
          this.#lookAfter(nextMs);
        }
      });
    });
  }
}
