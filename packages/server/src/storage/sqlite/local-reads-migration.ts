// The step of the schema that brings reads through delegates: how long a secret may be served without the server, and how far the journals
// are recorded in which delegates report what they served by themselves.

/** Columns of `local_use_journals`. */
export type LocalUseJournalColumns = {
  /** Fingerprint of the delegate: it outlives a removal and a new admission. */
  delegate: string;
  journal: string;
  /** Highest number that is recorded. */
  sequence: number;
  recorded_at_ms: number;
};

export const LOCAL_READS_SCHEMA = `
ALTER TABLE secrets ADD COLUMN availability TEXT NOT NULL
  DEFAULT '{"mode":"fresh"}' CHECK (json_valid(availability));

CREATE TABLE local_use_journals (
  delegate TEXT NOT NULL,
  journal TEXT NOT NULL,
  sequence INTEGER NOT NULL CHECK (sequence >= 1),
  recorded_at_ms INTEGER NOT NULL,
  PRIMARY KEY (delegate, journal)
) STRICT, WITHOUT ROWID;
`;
