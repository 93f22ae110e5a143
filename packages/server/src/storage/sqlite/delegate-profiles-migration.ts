// The steps of the schema that bring start-up profiles of delegates with their runs, and an index of the secrets that they name.
import type { DelegateId, DelegateProfileId, ProfileRunId } from '@sallyport/core';
import { secretKeysIn } from '../../delegate-profiles/named-secrets.ts';
import type { Connection } from './connection.ts';

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

/** Columns of `profile_secrets`. By what a script refers to, not by the secret: which one a name means can change. */
export type ProfileSecretColumns = {
  profile_id: DelegateProfileId;
  /** An id, or a name as it is compared. */
  secret_key: string;
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

export const PROFILE_SECRETS_SCHEMA = `
CREATE TABLE profile_secrets (
  secret_key TEXT NOT NULL,
  profile_id TEXT NOT NULL REFERENCES delegate_profiles (id) ON DELETE CASCADE,
  PRIMARY KEY (secret_key, profile_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX profile_secrets_by_profile ON profile_secrets (profile_id);
`;

/** Profiles that were saved before there was this index. */
export function indexSecretsOfProfiles(connection: Connection): void {
  const profiles = connection.all<{ id: string; script: string }>(
    'SELECT id, script FROM delegate_profiles',
    [],
  );
  for (const { id, script } of profiles) {
    for (const key of secretKeysIn(script))
      connection.run('INSERT INTO profile_secrets (secret_key, profile_id) VALUES (?, ?)', [key, id]);
  }
}
