// The step of the schema that brings start-up profiles of delegates and their runs.
import type { DelegateId, DelegateProfileId, ProfileRunId } from '@sallyport/core';

/** Columns of `delegate_profiles`. */
export type DelegateProfileColumns = {
  id: DelegateProfileId;
  name: string;
  name_key: string;
  script: string;
  /** JSON list. */
  selectors: string;
  max_seconds: number | null;
  revision: number;
  saved_by: string;
  saved_by_name: string;
  created_at_ms: number;
  updated_at_ms: number;
};

/** Columns of `profile_runs`. The delegate is named without a reference: what it ran stays known when it is gone. */
export type ProfileRunColumns = {
  id: ProfileRunId;
  profile_id: DelegateProfileId;
  delegate_id: DelegateId;
  delegate_name: string;
  delegate_name_key: string;
  revision: number;
  /** JSON of the rest of `ProfileRun`. */
  facts: string;
  started_at_ms: number;
  output: Uint8Array;
};

export const DELEGATE_PROFILES_SCHEMA = `
CREATE TABLE delegate_profiles (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL UNIQUE,
  script TEXT NOT NULL,
  selectors TEXT NOT NULL CHECK (json_valid(selectors)),
  max_seconds INTEGER CHECK (max_seconds >= 1),
  revision INTEGER NOT NULL CHECK (revision >= 1),
  saved_by TEXT NOT NULL,
  saved_by_name TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE profile_runs (
  id TEXT PRIMARY KEY,
  profile_id TEXT NOT NULL REFERENCES delegate_profiles (id) ON DELETE CASCADE,
  delegate_id TEXT NOT NULL,
  delegate_name TEXT NOT NULL,
  delegate_name_key TEXT NOT NULL,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  facts TEXT NOT NULL CHECK (json_valid(facts)),
  started_at_ms INTEGER NOT NULL,
  output BLOB NOT NULL,
  UNIQUE (profile_id, delegate_id, revision)
) STRICT;
CREATE INDEX profile_runs_by_delegate ON profile_runs (delegate_id);
CREATE INDEX profile_runs_by_time ON profile_runs (profile_id, started_at_ms);
`;
