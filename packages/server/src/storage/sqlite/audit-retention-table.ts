// Removing the oldest records of the audit trail from SQLite. The triggers in audit-migration.ts let only this through.
import type { AuditChainHead } from '@sallyport/protocol/audit';
import type { RetentionStore } from '../../audit/retention-store.ts';
import { forgetBlocksBelow } from './audit-blocks.ts';
import { removeCheckpointsBelow } from './audit-checkpoints-table.ts';
import { auditFloor } from './audit-ends.ts';
import { prepare, tables } from './query.ts';
import type { Session } from './session.ts';

const next = prepare((p: { above: number; limit: number }) =>
  tables
    .selectFrom('audit_records')
    .select(['sequence', 'hash', 'at_ms'])
    .where('sequence', '>', p.above)
    .orderBy('sequence')
    .limit(p.limit),
);
const raise = prepare((p: AuditChainHead) =>
  tables.updateTable('audit_floor').set({ sequence: p.sequence, hash: p.hash }).where('id', '=', 1),
);
const removeOldest = prepare((p: { floor: number; limit: number }) =>
  tables
    .deleteFrom('audit_records')
    .where('sequence', 'in', (query) =>
      query
        .selectFrom('audit_records')
        .select('sequence')
        .where('sequence', '<=', p.floor)
        .orderBy('sequence')
        .limit(p.limit),
    ),
);

/** `RetentionStore` inside one transaction. */
export class SqliteAuditRetention implements RetentionStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async oldUpTo(step: Parameters<RetentionStore['oldUpTo']>[0]): ReturnType<RetentionStore['oldUpTo']> {
    const rows = this.#session.all(next(step));
    const end = rows.findIndex((row) => row.at_ms >= step.untilMs);
    const last = rows.at(end < 0 ? -1 : end - 1);
    if (last === undefined || end === 0) return null;
    const { sequence, hash } = last;
    return { last: { sequence, hash }, more: end < 0 && rows.length === step.limit };
  }

  async raiseFloor(to: AuditChainHead): Promise<void> {
    this.#session.run(raise(to));
  }

  async removeBelowFloor(limit: number): Promise<boolean> {
    const floor = auditFloor(this.#session).sequence;
    if (this.#session.run(removeOldest({ floor, limit })) === limit) return true;
    removeCheckpointsBelow(this.#session, floor);
    forgetBlocksBelow(this.#session, floor + 1);
    return false;
  }
}
