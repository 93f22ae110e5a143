// The audit trail in SQLite. The head of the chain is a row of its own, read and moved in the transaction that appends: it is
// right after a rolled-back savepoint, a restart, or an append by another process, and shows a trail that was cut at its end.
import { PURPOSE_MAX_CHARACTERS } from '@sallyport/protocol';
import type { AuditRecord } from '@sallyport/protocol';
import { actorKindOf, AUDIT_HASH_BYTES, chainRecord } from '@sallyport/protocol/audit';
import type { AuditChainHead, AuditContent } from '@sallyport/protocol/audit';
import type { AuditEntry, AuditFindings, AuditLog } from '../../audit/audit-log.ts';
import { indexNextBlock } from './audit-blocks.ts';
import { auditFloor, auditHead, auditHeadRow } from './audit-ends.ts';
import type { AuditHeadColumns, AuditRecordColumns } from './audit-migration.ts';
import { auditRecordOf, searchStep } from './audit-search.ts';
import { prepare, tables } from './query.ts';
import type { Session } from './session.ts';

const moveHead = prepare((p: Omit<AuditHeadColumns, 'id'>) =>
  tables
    .updateTable('audit_head')
    .set({ sequence: p.sequence, hash: p.hash, latest_at_ms: p.latest_at_ms, disorder_ms: p.disorder_ms })
    .where('id', '=', 1),
);
const insert = prepare((p: AuditRecordColumns) =>
  tables.insertInto('audit_records').values({
    sequence: p.sequence,
    chain_version: p.chain_version,
    at_ms: p.at_ms,
    actor: p.actor,
    actor_kind: p.actor_kind,
    actor_name: p.actor_name,
    action: p.action,
    resource: p.resource,
    resource_name: p.resource_name,
    application_id: p.application_id,
    environment_id: p.environment_id,
    purpose: p.purpose,
    request_id: p.request_id,
    details: p.details,
    content_hash: p.content_hash,
    hash: p.hash,
  }),
);
const after = prepare((p: { sequence: number; limit: number }) =>
  tables
    .selectFrom('audit_records')
    .selectAll()
    .where('sequence', '>', p.sequence)
    .orderBy('sequence')
    .limit(p.limit),
);
const contentHashes = prepare((p: { above: number; upTo: number }) =>
  tables
    .selectFrom('audit_records')
    .select('content_hash')
    .where('sequence', '>', p.above)
    .where('sequence', '<=', p.upTo)
    .orderBy('sequence'),
);
const hashAt = prepare((p: { sequence: number }) =>
  tables.selectFrom('audit_records').select(['sequence', 'hash']).where('sequence', '=', p.sequence),
);
/** `AuditLog` inside one transaction. */
export class SqliteAuditLog implements AuditLog {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async append(entries: readonly AuditEntry[]): Promise<void> {
    if (entries.length === 0) return;
    const before = auditHeadRow(this.#session);
    let newest: AuditChainHead = before;
    let { latest_at_ms: latestAtMs, disorder_ms: disorderMs } = before;
    for (const entry of entries) {
      const { record, detailsJson } = chainRecord(newest, contentOf(entry));
      this.#session.run(insert(columnsOf(record, detailsJson)));
      newest = record;
      if (record.atMs >= latestAtMs) latestAtMs = record.atMs;
      else disorderMs = Math.max(disorderMs, latestAtMs - record.atMs);
    }
    const { sequence, hash } = newest;
    this.#session.run(moveHead({ sequence, hash, latest_at_ms: latestAtMs, disorder_ms: disorderMs }));
  }

  async search(query: Parameters<AuditLog['search']>[0]): Promise<AuditFindings> {
    return searchStep(this.#session, query);
  }

  async after(sequence: number, limit: number): Promise<AuditRecord[]> {
    return auditRecordsAfter(this.#session, sequence, limit);
  }

  async contentHashes(range: { above: number; upTo: number }): Promise<Buffer | null> {
    const rows = this.#session.all(contentHashes(range));
    if (rows.length !== range.upTo - range.above) return null;
    const bytes = Buffer.alloc(rows.length * AUDIT_HASH_BYTES);
    for (const [index, row] of rows.entries()) {
      if (row.content_hash === null) return null;
      bytes.write(row.content_hash, index * AUDIT_HASH_BYTES, 'hex');
    }
    return bytes;
  }

  async ends(): Promise<{ head: AuditChainHead; floor: AuditChainHead }> {
    return { head: auditHead(this.#session), floor: auditFloor(this.#session) };
  }

  async pointAt(sequence: number): Promise<AuditChainHead | null> {
    const bottom = auditFloor(this.#session);
    if (sequence <= bottom.sequence) return sequence === bottom.sequence ? bottom : null;
    return this.#session.first(hashAt({ sequence }));
  }

  async indexMore(): Promise<number> {
    return indexNextBlock(this.#session);
  }
}

/** Records after `sequence` and the floor, oldest first, at most `limit`. */
export function auditRecordsAfter(session: Session, sequence: number, limit: number): AuditRecord[] {
  const start = Math.max(sequence, auditFloor(session).sequence);
  return session.all(after({ sequence: start, limit })).map(auditRecordOf);
}

function contentOf(entry: AuditEntry): AuditContent {
  const { atMs, actor, action, resource, resourceName, requestId, details } = entry;
  return {
    atMs,
    actor: actor.id,
    actorKind: entry.actorKind ?? actorKindOf(actor.id),
    actorName: actor.name,
    action,
    resource,
    resourceName,
    applicationId: entry.applicationId ?? null,
    environmentId: entry.environmentId ?? null,
    purpose: entry.purpose?.slice(0, PURPOSE_MAX_CHARACTERS) ?? null,
    requestId,
    details,
  };
}

function columnsOf(record: AuditRecord, detailsJson: string): AuditRecordColumns {
  return {
    sequence: record.sequence,
    chain_version: record.chainVersion,
    at_ms: record.atMs,
    actor: record.actor,
    actor_kind: record.actorKind,
    actor_name: record.actorName,
    action: record.action,
    resource: record.resource,
    resource_name: record.resourceName,
    application_id: record.applicationId,
    environment_id: record.environmentId,
    purpose: record.purpose,
    request_id: record.requestId,
    details: detailsJson,
    content_hash: record.contentHash,
    hash: record.hash,
  };
}
