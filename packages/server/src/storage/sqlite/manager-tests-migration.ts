// The step of the schema that keeps the last test of each secrets manager at each delegate. Tests go with either of the two.
import type { DelegateId, SecretsManagerId } from '@sallyport/core';

/** Columns of `secrets_manager_tests`. */
export type ManagerTestColumns = {
  secrets_manager_id: SecretsManagerId;
  delegate_id: DelegateId;
  settings_revision: number;
  at_ms: number;
  ok: number;
  elapsed_ms: number | null;
  failure: string | null;
  warning_count: number;
  /** JSON of `TestFindings`; the last column, so that lists do not walk through its pages. */
  findings: string;
};

// No test is kept yet, so it does not matter that the settings of older rows have another age.
export const MANAGER_TESTS_SCHEMA = `
ALTER TABLE secrets_managers ADD COLUMN settings_revision INTEGER NOT NULL DEFAULT 1 CHECK (settings_revision >= 1);

CREATE TABLE secrets_manager_tests (
  secrets_manager_id TEXT NOT NULL REFERENCES secrets_managers (id) ON DELETE CASCADE,
  delegate_id TEXT NOT NULL REFERENCES delegates (id) ON DELETE CASCADE,
  settings_revision INTEGER NOT NULL CHECK (settings_revision >= 1),
  at_ms INTEGER NOT NULL,
  ok INTEGER NOT NULL CHECK (ok IN (0, 1)),
  elapsed_ms INTEGER CHECK (elapsed_ms >= 0),
  failure TEXT,
  warning_count INTEGER NOT NULL CHECK (warning_count >= 0),
  findings TEXT NOT NULL CHECK (json_valid(findings)),
  PRIMARY KEY (secrets_manager_id, delegate_id)
) STRICT;
CREATE INDEX secrets_manager_tests_by_delegate ON secrets_manager_tests (delegate_id);
`;
