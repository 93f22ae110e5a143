// Checkpoints of the audit trail in SQLite.
import { invariant } from '@sallyport/core';
import type { StoredAuditCheckpoint } from '@sallyport/protocol';
import type { CheckpointRow, CheckpointStore } from '../../audit/checkpoint-store.ts';
import type { AuditCheckpointColumns } from './audit-migration.ts';
import { prepare, tables } from './query.ts';
import type { Session } from './session.ts';

const highestNumber = prepare(() =>
  tables.selectFrom('audit_checkpoints').select(({ fn }) => fn.max('number').as('number')),
);
const insert = prepare((p: AuditCheckpointColumns) =>
  tables.insertInto('audit_checkpoints').values({
    number: p.number,
    account_id: p.account_id,
    sequence: p.sequence,
    hash: p.hash,
    since_sequence: p.since_sequence,
    since_hash: p.since_hash,
    signed_at_ms: p.signed_at_ms,
    delegate_id: p.delegate_id,
    delegate_name: p.delegate_name,
    identity_key: p.identity_key,
    fingerprint: p.fingerprint,
    signature: p.signature,
  }),
);
const all = () => tables.selectFrom('audit_checkpoints').selectAll();
const newestOf = prepare((p: { identityKey: string }) =>
  all().where('identity_key', '=', p.identityKey).orderBy('number', 'desc').limit(1),
);
const highest = prepare(() => all().orderBy('sequence', 'desc').orderBy('number', 'desc').limit(1));
const newestOfEach = prepare(() =>
  all()
    .where(
      'number',
      'in',
      tables
        .selectFrom('audit_checkpoints')
        .select(({ fn }) => fn.max('number').as('number'))
        .groupBy('identity_key'),
    )
    .orderBy('number'),
);
const after = prepare((p: { number: number; limit: number }) =>
  all().where('number', '>', p.number).orderBy('number').limit(p.limit),
);
const before = prepare((p: { number: number; limit: number }) =>
  all().where('number', '<', p.number).orderBy('number', 'desc').limit(p.limit),
);
const removeBelow = prepare((p: { sequence: number }) =>
  tables.deleteFrom('audit_checkpoints').where('sequence', '<', p.sequence),
);

/** `CheckpointStore` inside one transaction. */
export class SqliteAuditCheckpoints implements CheckpointStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async insert(row: CheckpointRow): Promise<StoredAuditCheckpoint> {
    const number = (this.#session.first(highestNumber({}))?.number ?? 0) + 1;
    this.#session.run(
      insert({
        number,
        account_id: row.accountId,
        sequence: row.sequence,
        hash: row.hash,
        since_sequence: row.since?.sequence ?? null,
        since_hash: row.since?.hash ?? null,
        signed_at_ms: row.signedAtMs,
        delegate_id: row.delegateId,
        delegate_name: row.delegateName,
        identity_key: row.identityKey,
        fingerprint: row.fingerprint,
        signature: row.signature,
      }),
    );
    const [stored] = await this.after(number - 1, 1);
    invariant(stored !== undefined, 'a checkpoint is there once it is stored');
    return stored;
  }

  async newestOf(identityKey: string): Promise<StoredAuditCheckpoint | null> {
    const columns = this.#session.first(newestOf({ identityKey }));
    return columns && checkpointOf(columns);
  }

  async highest(): Promise<StoredAuditCheckpoint | null> {
    const columns = this.#session.first(highest({}));
    return columns && checkpointOf(columns);
  }

  async newestOfEach(): Promise<StoredAuditCheckpoint[]> {
    return this.#session.all(newestOfEach({})).map(checkpointOf);
  }

  async after(number: number, limit: number): Promise<StoredAuditCheckpoint[]> {
    return this.#session.all(after({ number, limit })).map(checkpointOf);
  }

  async list(number: number | null, limit: number): Promise<StoredAuditCheckpoint[]> {
    return this.#session.all(before({ number: number ?? Number.MAX_SAFE_INTEGER, limit })).map(checkpointOf);
  }
}

/** Forgets checkpoints about records below this one. */
export function removeCheckpointsBelow(session: Session, sequence: number): void {
  session.run(removeBelow({ sequence }));
}

function checkpointOf(columns: AuditCheckpointColumns): StoredAuditCheckpoint {
  const { since_sequence: sequence, since_hash: hash } = columns;
  return {
    number: columns.number,
    accountId: columns.account_id,
    sequence: columns.sequence,
    hash: columns.hash,
    since: sequence === null || hash === null ? null : { sequence, hash },
    signedAtMs: columns.signed_at_ms,
    delegateId: columns.delegate_id,
    delegateName: columns.delegate_name,
    identityKey: columns.identity_key,
    fingerprint: columns.fingerprint,
    signature: columns.signature,
  };
}
