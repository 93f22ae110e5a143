// Where the audit trail begins and ends: two rows of their own, which show when records were cut off at either end.
import { invariant } from '@sallyport/core';
import type { AuditChainHead } from '@sallyport/protocol/audit';
import type { AuditHeadColumns } from './audit-migration.ts';
import { prepare, tables } from './query.ts';
import type { Session } from './session.ts';

const head = prepare(() =>
  tables
    .selectFrom('audit_head')
    .select(['sequence', 'hash', 'latest_at_ms', 'disorder_ms'])
    .where('id', '=', 1),
);
const floor = prepare(() =>
  tables.selectFrom('audit_floor').select(['sequence', 'hash']).where('id', '=', 1),
);

/** The newest record, as the head row tells it. */
export function auditHead(session: Session): AuditChainHead {
  const { sequence, hash } = auditHeadRow(session);
  return { sequence, hash };
}

/** The last record that retention has removed. */
export function auditFloor(session: Session): AuditChainHead {
  const row = session.first(floor({}));
  invariant(row !== null, 'the audit trail has a floor');
  return row;
}

/** The newest record with what is known of the times of all. */
export function auditHeadRow(session: Session): Omit<AuditHeadColumns, 'id'> {
  const row = session.first(head({}));
  invariant(row !== null, 'the audit trail has a head');
  return row;
}
