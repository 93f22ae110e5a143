// The port of the audit trail: append only, hash-chained. Appending happens inside the transaction that it records, so that there
// is no change without record and no record without change.
import type { ApplicationId, EnvironmentId } from '@sallyport/core';
import type { AuditAction, AuditActorKind, AuditRecord } from '@sallyport/protocol';
import type { AuditChainHead } from '@sallyport/protocol/audit';

/** Who acted: a user, an API key, a delegate, or the server itself. */
export type Actor = { id: string; name: string };

/** What is to be recorded; sequence and hashes are added by the log. */
export type AuditEntry = {
  atMs: number;
  actor: Actor;
  /** Left out: what the actor's id says. */
  actorKind?: AuditActorKind;
  action: AuditAction;
  resource: string;
  resourceName: string | null;
  /** Where a secret was used, or what the change was about. */
  applicationId?: ApplicationId | null;
  environmentId?: EnvironmentId | null;
  /** What the caller said that it was for; at most 200 characters. */
  purpose?: string | null;
  requestId: string | null;
  /** Never a value of a secret. */
  details: AuditRecord['details'];
};

/** Which records; what is left out or null is not limited. */
export type AuditFilter = {
  /** Id of who acted. */
  actor?: string | null;
  /** Name of who acted, as it was then. */
  actorName?: string | null;
  resource?: string | null;
  actions?: readonly AuditAction[] | null;
  applicationId?: string | null;
  environmentId?: string | null;
  /** Not before this time. */
  fromMs?: number | null;
  /** Before this time. */
  untilMs?: number | null;
};

/** One step of a search. */
export type AuditFindings = {
  records: AuditRecord[];
  /** Where to go on: below this sequence. null: nothing follows. */
  continueBefore: number | null;
};

export type AuditLog = {
  /** Appends in order. */
  append(entries: readonly AuditEntry[]): Promise<void>;
  /**
   * One step of a search, newest first: looks at a bounded part of the trail below `before` (null: from the end), so that others get their
   * turn in between. It may find nothing and still have more to come. See search-trail.ts.
   */
  search(query: AuditFilter & { before: number | null; limit: number }): Promise<AuditFindings>;
  /** Oldest first, after `sequence`. */
  after(sequence: number, limit: number): Promise<AuditRecord[]>;
  /**
   * Content hashes of the records after `range.above` up to and including `upTo`, 32 bytes each.
   * @returns null when one of the records has none, or is not there
   */
  contentHashes(range: { above: number; upTo: number }): Promise<Buffer | null>;
  /** The newest record, and the last one that retention has removed. */
  ends(): Promise<{ head: AuditChainHead; floor: AuditChainHead }>;
  /** A record that is there by its sequence; the floor counts. */
  pointAt(sequence: number): Promise<AuditChainHead | null>;
  /**
   * Makes the next records quick to search, a bounded number of them; nothing else depends on it.
   * @returns how far the trail must reach for another call to have something to do
   */
  indexMore(): Promise<number>;
};
