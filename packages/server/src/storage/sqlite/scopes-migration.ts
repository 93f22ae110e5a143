// The step of the schema that brings usage scopes: secrets get a scope, names that need not be unique, and counters of use; secrets
// managers get the scope that bounds those of their secrets. What was there before may be used everywhere, as it could be before.

export const SCOPES_SCHEMA = `
ALTER TABLE secrets_managers ADD COLUMN usage_scope TEXT NOT NULL
  DEFAULT '[{"applications":"all","environments":"all"}]' CHECK (json_valid(usage_scope));

CREATE TABLE secrets_with_scope (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  kind TEXT NOT NULL,
  newest_version INTEGER NOT NULL CHECK (newest_version >= 0),
  -- Of the newest version.
  secrets_manager_id TEXT NOT NULL REFERENCES secrets_managers (id),
  scope TEXT NOT NULL CHECK (json_valid(scope)),
  created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO secrets_with_scope
  SELECT s.id, s.name, s.name_key, s.kind, s.newest_version, v.secrets_manager_id, '{"type":"inherit"}', s.created_at_ms
  FROM secrets s JOIN secret_versions v ON v.secret_id = s.id AND v.version = s.newest_version;
DROP TABLE secrets;
ALTER TABLE secrets_with_scope RENAME TO secrets;
CREATE INDEX secrets_by_name ON secrets (name_key, id);
CREATE INDEX secrets_by_scope ON secrets (scope, secrets_manager_id);
CREATE INDEX secrets_by_manager ON secrets (secrets_manager_id);

-- Every name that finds a secret: its own, and those it had before and was left as aliases.
CREATE TABLE secret_names (
  name_key TEXT NOT NULL,
  secret_id TEXT NOT NULL REFERENCES secrets (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  is_alias INTEGER NOT NULL CHECK (is_alias IN (0, 1)),
  created_at_ms INTEGER NOT NULL,
  PRIMARY KEY (name_key, secret_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX secret_names_by_secret ON secret_names (secret_id);
INSERT INTO secret_names SELECT name_key, id, name, 0, created_at_ms FROM secrets;

-- Written with every read, so it refers to no other table: that would be one more look-up.
CREATE TABLE secret_usage_days (
  secret_id TEXT NOT NULL,
  day INTEGER NOT NULL,
  released INTEGER NOT NULL,
  refused INTEGER NOT NULL,
  released_at_ms INTEGER NOT NULL,
  PRIMARY KEY (secret_id, day)
) STRICT, WITHOUT ROWID;
`;
