// Removes audit records that are older than the account wants to keep: once an hour, from the oldest on, and only below the newest
// checkpoint, so that what is left is still witnessed. The floor that it leaves behind is recorded in the trail itself.
import type { AuditChainHead } from '@sallyport/protocol/audit';
import type { BackgroundWork } from '../background-work.ts';
import type { Clock } from '../clock.ts';
import type { Store } from '../storage/store.ts';
import { auditEntry, SERVER_ACTOR } from './audit-entry.ts';

const EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Records looked at in one step, and removed in one transaction. */
const LOOK_RECORDS = 5000;
const REMOVE_RECORDS = 500;

export type RetentionServices = { store: Store; clock: Clock; background: BackgroundWork; accountId: string };

export class Retention {
  readonly #services: RetentionServices;
  /** null: records are kept for ever. */
  readonly #days: number | null;
  #cancel: () => void = () => undefined;
  #stopped = false;

  constructor(services: RetentionServices, days: number | null) {
    this.#services = services;
    this.#days = days;
  }

  start(): void {
    const days = this.#days;
    if (days === null) return;
    this.#services.background.start('remove old audit records', async () => {
      try {
        await this.#prune(days);
      } finally {
        if (!this.#stopped) {
          this.#cancel = this.#services.clock.after(EVERY_MS, () => {
            this.start();
          });
        }
      }
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  async #prune(days: number): Promise<void> {
    const { store, clock } = this.#services;
    const untilMs = clock.nowMs() - days * DAY_MS;
    const target = await this.#lastToRemove(untilMs);
    if (target !== null) await this.#raiseFloor(target, { days, untilMs });
    // Also what an earlier run, or a server that was stopped, has left below the floor.
    for (let more = true; more && !this.#stopped;) {
      more = await store.write(async ({ auditRetention }) => auditRetention.removeBelowFloor(REMOVE_RECORDS));
    }
  }

  /** The newest record that may go; null: none. */
  async #lastToRemove(untilMs: number): Promise<AuditChainHead | null> {
    const { store } = this.#services;
    const { floor, ceiling } = await store.read(async ({ audit, auditCheckpoints }) => {
      const highest = await auditCheckpoints.highest();
      const below = highest === null ? null : await audit.pointAt(highest.sequence - 1);
      return { floor: (await audit.ends()).floor, ceiling: below };
    });
    if (ceiling === null || ceiling.sequence <= floor.sequence) return null;
    let last: AuditChainHead | null = null;
    for (let above = floor.sequence; !this.#stopped;) {
      const from = above;
      const step = await store.read(async ({ auditRetention }) =>
        auditRetention.oldUpTo({ above: from, untilMs, limit: LOOK_RECORDS }),
      );
      if (step === null) return last;
      if (step.last.sequence >= ceiling.sequence) return ceiling;
      ({ last } = step);
      if (!step.more) return last;
      above = step.last.sequence;
    }
    return null;
  }

  async #raiseFloor(to: AuditChainHead, why: { days: number; untilMs: number }): Promise<void> {
    const { store, clock, accountId } = this.#services;
    const scope = { atMs: clock.nowMs(), actor: SERVER_ACTOR, requestId: null };
    await store.write(async ({ audit, auditRetention }) => {
      const { floor } = await audit.ends();
      await auditRetention.raiseFloor(to);
      const details = {
        floorSequence: to.sequence,
        floorHash: to.hash,
        removedRecords: to.sequence - floor.sequence,
        retentionDays: why.days,
        writtenBeforeMs: why.untilMs,
      };
      await audit.append([
        auditEntry(scope, 'audit.pruned', { resource: accountId, resourceName: null, details }),
      ]);
    });
  }
}
