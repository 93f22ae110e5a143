// The step that gives the audit trail content hashes, the place and purpose of each use, an index that is filled later, a floor for
// retention, checkpoints and the positions of sinks. Nothing is hashed anew: records from before keep the formula that they were written with, and say so.
import type { DelegateId } from '@sallyport/core';
import type { AuditAction, AuditActorKind } from '@sallyport/protocol';

/** Columns of `audit_records`. */
export type AuditRecordColumns = {
  sequence: number;
  chain_version: 1 | 2;
  at_ms: number;
  actor: string;
  actor_kind: AuditActorKind;
  actor_name: string;
  action: AuditAction;
  resource: string;
  resource_name: string | null;
  application_id: string | null;
  environment_id: string | null;
  purpose: string | null;
  request_id: string | null;
  /** Canonical JSON. */
  details: string;
  /** null in chain version 1. */
  content_hash: string | null;
  hash: string;
};

/** One row: which record is the newest. It shows when records were cut off at the end. */
export type AuditHeadColumns = {
  id: 1;
  sequence: number;
  hash: string;
  /** The latest time of any record. */
  latest_at_ms: number;
  /** The most by which a record's time ever was before that of one earlier in the chain. */
  disorder_ms: number;
};

/** Columns of `audit_blocks`. */
export type AuditBlockColumns = {
  /** Block n has the records n × 512 + 1 to (n + 1) × 512. */
  block: number;
  /** What occurs in it, e.g. `resource:sec_…`. */
  facet: string;
};

/** One row: how many blocks are in `audit_blocks`, counted from the first record that ever was. */
export type AuditIndexColumns = { id: 1; blocks: number };

/** One row: the last record that retention has removed. */
export type AuditFloorColumns = { id: 1; sequence: number; hash: string };

/** Columns of `audit_checkpoints`. */
export type AuditCheckpointColumns = {
  number: number;
  account_id: string;
  sequence: number;
  hash: string;
  since_sequence: number | null;
  since_hash: string | null;
  signed_at_ms: number;
  delegate_id: DelegateId;
  delegate_name: string;
  identity_key: string;
  fingerprint: string;
  signature: string;
};

/** Columns of `audit_sinks`. */
export type AuditSinkColumns = { name: string; delivered: number; dropped: number };

const ZEROS = '0'.repeat(64);

export const AUDIT_SCHEMA = `
CREATE TABLE audit_records_2 (
  sequence INTEGER PRIMARY KEY,
  chain_version INTEGER NOT NULL CHECK (chain_version IN (1, 2)),
  at_ms INTEGER NOT NULL,
  actor TEXT NOT NULL,
  actor_kind TEXT NOT NULL,
  actor_name TEXT NOT NULL,
  action TEXT NOT NULL,
  resource TEXT NOT NULL,
  resource_name TEXT,
  application_id TEXT,
  environment_id TEXT,
  purpose TEXT,
  request_id TEXT,
  details TEXT NOT NULL,
  content_hash TEXT,
  hash TEXT NOT NULL,
  CHECK ((content_hash IS NULL) = (chain_version = 1))
) STRICT;
INSERT INTO audit_records_2
  SELECT sequence, 1, at_ms, actor,
    CASE
      WHEN actor = 'server' THEN 'server'
      WHEN actor LIKE 'dlg\\_%' ESCAPE '\\' THEN 'delegate'
      WHEN actor LIKE 'key\\_%' ESCAPE '\\' THEN 'api-key'
      WHEN actor LIKE 'usr\\_%' ESCAPE '\\' THEN 'user'
      ELSE 'anybody'
    END,
    actor_name, action, resource, resource_name, NULL, NULL, NULL, request_id, details, NULL, hash
  FROM audit_records;
DROP TABLE audit_records;
ALTER TABLE audit_records_2 RENAME TO audit_records;
CREATE INDEX audit_records_by_time ON audit_records (at_ms);

-- What else records are looked up by, in blocks of 512, filled after they were written (audit-blocks.ts).
CREATE TABLE audit_blocks (
  block INTEGER NOT NULL,
  facet TEXT NOT NULL,
  PRIMARY KEY (block, facet)
) STRICT, WITHOUT ROWID;
CREATE TABLE audit_index (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  blocks INTEGER NOT NULL
) STRICT;
INSERT INTO audit_index VALUES (1, 0);

CREATE TABLE audit_head_2 (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  sequence INTEGER NOT NULL,
  hash TEXT NOT NULL,
  latest_at_ms INTEGER NOT NULL,
  disorder_ms INTEGER NOT NULL CHECK (disorder_ms >= 0)
) STRICT;
INSERT INTO audit_head_2
  SELECT 1,
    coalesce((SELECT sequence FROM audit_head), 0),
    coalesce((SELECT hash FROM audit_head), '${ZEROS}'),
    coalesce((SELECT max(at_ms) FROM audit_records), 0),
    coalesce((SELECT max(latest - at_ms) FROM
      (SELECT at_ms, max(at_ms) OVER (ORDER BY sequence) AS latest FROM audit_records)), 0);
DROP TABLE audit_head;
ALTER TABLE audit_head_2 RENAME TO audit_head;

CREATE TABLE audit_floor (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  sequence INTEGER NOT NULL,
  hash TEXT NOT NULL
) STRICT;
INSERT INTO audit_floor VALUES (1, 0, '${ZEROS}');

CREATE TABLE audit_checkpoints (
  number INTEGER PRIMARY KEY,
  account_id TEXT NOT NULL,
  sequence INTEGER NOT NULL CHECK (sequence >= 1),
  hash TEXT NOT NULL,
  since_sequence INTEGER,
  since_hash TEXT,
  signed_at_ms INTEGER NOT NULL,
  delegate_id TEXT NOT NULL,
  delegate_name TEXT NOT NULL,
  identity_key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  signature TEXT NOT NULL,
  CHECK ((since_sequence IS NULL) = (since_hash IS NULL))
) STRICT;
CREATE INDEX audit_checkpoints_by_signer ON audit_checkpoints (identity_key);
CREATE INDEX audit_checkpoints_by_sequence ON audit_checkpoints (sequence);

CREATE TABLE audit_sinks (
  name TEXT PRIMARY KEY,
  delivered INTEGER NOT NULL,
  dropped INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Against our own mistakes; whoever can write to the file can drop them, which is what chain and checkpoints are for.
CREATE TRIGGER audit_records_never_change BEFORE UPDATE ON audit_records
  BEGIN SELECT RAISE(ABORT, 'audit records are append-only'); END;
CREATE TRIGGER audit_records_never_go BEFORE DELETE ON audit_records
  WHEN OLD.sequence > (SELECT sequence FROM audit_floor WHERE id = 1)
  BEGIN SELECT RAISE(ABORT, 'audit records are append-only above the floor'); END;
CREATE TRIGGER audit_floor_only_rises BEFORE UPDATE ON audit_floor
  WHEN NEW.sequence < OLD.sequence
    OR NOT EXISTS (SELECT 1 FROM audit_records WHERE sequence = NEW.sequence AND hash = NEW.hash)
    OR NOT EXISTS (SELECT 1 FROM audit_checkpoints WHERE sequence > NEW.sequence)
  BEGIN SELECT RAISE(ABORT, 'the floor of the audit trail rises record by record, below a checkpoint'); END;
CREATE TRIGGER audit_floor_is_one BEFORE INSERT ON audit_floor
  BEGIN SELECT RAISE(ABORT, 'the audit trail has one floor'); END;
CREATE TRIGGER audit_floor_never_goes BEFORE DELETE ON audit_floor
  BEGIN SELECT RAISE(ABORT, 'the audit trail has one floor'); END;
CREATE TRIGGER audit_checkpoints_never_change BEFORE UPDATE ON audit_checkpoints
  BEGIN SELECT RAISE(ABORT, 'checkpoints are append-only'); END;
CREATE TRIGGER audit_checkpoints_never_go BEFORE DELETE ON audit_checkpoints
  WHEN OLD.sequence >= (SELECT sequence FROM audit_floor WHERE id = 1)
  BEGIN SELECT RAISE(ABORT, 'checkpoints are append-only above the floor'); END;
`;
