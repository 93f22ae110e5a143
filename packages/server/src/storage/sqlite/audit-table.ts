// The audit trail in SQLite. The head of the chain is a row of its own, read and moved in the transaction that appends: it is
// right after a rolled-back savepoint, a restart, or an append by another process, and shows a trail that was cut at its end.
import { AUDIT_CHAIN_START, canonicalJson, chainAuditEntry } from '../../audit/audit-chain.ts';
import type { AuditChainHead } from '../../audit/audit-chain.ts';
import type { AuditEntry, AuditLog } from '../../audit/audit-log.ts';
import type { AuditRecord } from '@sallyport/protocol';
import { prepare, queryOf, tables } from './query.ts';
import type { AuditRecordColumns } from './schema.ts';
import type { Session } from './session.ts';

const head = prepare(() => tables.selectFrom('audit_head').select(['sequence', 'hash']).where('id', '=', 1));
const moveHead = prepare((p: AuditChainHead) =>
  tables
    .insertInto('audit_head')
    .values({ id: 1, sequence: p.sequence, hash: p.hash })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ sequence: p.sequence, hash: p.hash })),
);
const insert = prepare((p: AuditRecordColumns) =>
  tables.insertInto('audit_records').values({
    sequence: p.sequence,
    at_ms: p.at_ms,
    actor: p.actor,
    actor_name: p.actor_name,
    action: p.action,
    resource: p.resource,
    resource_name: p.resource_name,
    request_id: p.request_id,
    details: p.details,
    previous_hash: p.previous_hash,
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

/** `AuditLog` inside one transaction. */
export class SqliteAuditLog implements AuditLog {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async append(entries: readonly AuditEntry[]): Promise<void> {
    if (entries.length === 0) return;
    let newest = auditHead(this.#session);
    for (const entry of entries) {
      const record = chainAuditEntry(newest, entry);
      this.#session.run(insert(columnsOf(record)));
      newest = record;
    }
    this.#session.run(moveHead(newest));
  }

  async list(query: Parameters<AuditLog['list']>[0]): Promise<AuditRecord[]> {
    let builder = tables
      .selectFrom('audit_records')
      .selectAll()
      .orderBy('sequence', 'desc')
      .limit(query.limit);
    if (query.before !== null) builder = builder.where('sequence', '<', query.before);
    if (query.resource !== null) builder = builder.where('resource', '=', query.resource);
    if (query.action !== null) builder = builder.where('action', '=', query.action);
    return this.#session.all(queryOf(builder)).map(recordOf);
  }
}

/** The newest record, as the head row tells it. */
export function auditHead(session: Session): AuditChainHead {
  return session.first(head({})) ?? AUDIT_CHAIN_START;
}

/** Records after `sequence`, oldest first, at most `limit`. */
export function auditRecordsAfter(session: Session, sequence: number, limit: number): AuditRecord[] {
  return session.all(after({ sequence, limit })).map(recordOf);
}

function columnsOf(record: AuditRecord): AuditRecordColumns {
  return {
    sequence: record.sequence,
    at_ms: record.atMs,
    actor: record.actor,
    actor_name: record.actorName,
    action: record.action,
    resource: record.resource,
    resource_name: record.resourceName,
    request_id: record.requestId,
    details: canonicalJson(record.details),
    previous_hash: record.previousHash,
    hash: record.hash,
  };
}

function recordOf(columns: AuditRecordColumns): AuditRecord {
  return {
    sequence: columns.sequence,
    atMs: columns.at_ms,
    actor: columns.actor,
    actorName: columns.actor_name,
    action: columns.action,
    resource: columns.resource,
    resourceName: columns.resource_name,
    requestId: columns.request_id,
    details: JSON.parse(columns.details) as AuditRecord['details'],
    previousHash: columns.previous_hash,
    hash: columns.hash,
  };
}
