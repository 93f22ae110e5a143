// The port of the audit trail: append only, hash-chained. Appending happens inside the transaction that it records, so that there
// is no change without record and no record without change.
import type { AuditAction, AuditRecord } from '@sallyport/protocol';

/** Who acted: an API key, a delegate, or the server itself. */
export type Actor = { id: string; name: string };

/** What is to be recorded; sequence and hashes are added by the log. */
export type AuditEntry = {
  atMs: number;
  actor: Actor;
  action: AuditAction;
  resource: string;
  resourceName: string | null;
  requestId: string | null;
  /** Never a value of a secret. */
  details: AuditRecord['details'];
};

export type AuditLog = {
  /** Appends in order. */
  append(entries: readonly AuditEntry[]): Promise<void>;
  /** Newest first. `before` is the sequence to start below; null: from the end. */
  list(query: {
    before: number | null;
    limit: number;
    resource: string | null;
    action: AuditAction | null;
  }): Promise<AuditRecord[]>;
};
