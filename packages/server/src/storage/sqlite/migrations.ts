// The history of the database's schema: numbered steps, applied in order in one transaction when a store is opened. A step that
// was released is never changed; a new one is added.
import { AppError, invariant } from '@sallyport/core';
import { API_KEY_OWNERS_SCHEMA } from './api-keys-migration.ts';
import { APPLICATIONS_SCHEMA } from './applications-migration.ts';
import {
  DELEGATE_PROFILES_SCHEMA,
  indexSecretsOfProfiles,
  PROFILE_SECRETS_SCHEMA,
} from './delegate-profiles-migration.ts';
import { ADDED_SELECTORS_SCHEMA } from './delegates-migration.ts';
import { AUDIT_SCHEMA } from './audit-migration.ts';
import type { Connection } from './connection.ts';
import { rollBack, whenFree } from './connection.ts';
import { MANAGER_TESTS_SCHEMA } from './manager-tests-migration.ts';
import { LISTS_SCHEMA } from './lists-migration.ts';
import { SCOPES_SCHEMA } from './scopes-migration.ts';
import { LOCAL_READS_SCHEMA } from './local-reads-migration.ts';
import { GROUPS_SCHEMA } from './groups-migration.ts';
import { USERS_SCHEMA } from './users-migration.ts';
import { WORKLOAD_ISSUERS_SCHEMA } from './workloads-migration.ts';

/** Marks the file as ours (`PRAGMA application_id`): "SPRT" in ASCII. */
export const APPLICATION_ID = 0x53505254;

/** One step: the statements that lead from the schema before to the next, and what SQL alone cannot fill in. */
export type Migration = { name: string; sql: string; fill?: (connection: Connection) => void };

const FIRST_SCHEMA = `
CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE secrets_managers (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL UNIQUE,
  is_default INTEGER NOT NULL CHECK (is_default IN (0, 1)),
  revision INTEGER NOT NULL CHECK (revision >= 1),
  settings TEXT NOT NULL CHECK (json_valid(settings)),
  encrypted_secret_key TEXT,
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX secrets_managers_one_default ON secrets_managers (is_default) WHERE is_default = 1;

CREATE TABLE secrets (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  newest_version INTEGER NOT NULL CHECK (newest_version >= 0),
  created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE uploads (
  id TEXT PRIMARY KEY,
  started_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE upload_chunks (
  upload_id TEXT NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
  sequence INTEGER NOT NULL CHECK (sequence >= 0),
  bytes BLOB NOT NULL,
  PRIMARY KEY (upload_id, sequence)
) STRICT;

-- The envelope is the last column, so that reading the others does not walk through its pages.
CREATE TABLE secret_versions (
  secret_id TEXT NOT NULL REFERENCES secrets (id),
  version INTEGER NOT NULL CHECK (version >= 1),
  secrets_manager_id TEXT NOT NULL REFERENCES secrets_managers (id),
  value_bytes INTEGER NOT NULL CHECK (value_bytes >= 0),
  created_at_ms INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  upload_id TEXT UNIQUE REFERENCES uploads (id),
  envelope BLOB,
  PRIMARY KEY (secret_id, version),
  CHECK ((envelope IS NULL) <> (upload_id IS NULL)),
  CHECK (envelope IS NULL OR length(envelope) > 0)
) STRICT;
CREATE INDEX secret_versions_by_manager ON secret_versions (secrets_manager_id, secret_id);

CREATE TABLE delegate_tokens (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  requires_approval INTEGER NOT NULL CHECK (requires_approval IN (0, 1)),
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER,
  revoked_at_ms INTEGER,
  last_used_at_ms INTEGER
) STRICT;
CREATE UNIQUE INDEX delegate_tokens_active_name ON delegate_tokens (name_key) WHERE revoked_at_ms IS NULL;

CREATE TABLE delegates (
  id TEXT PRIMARY KEY,
  identity_key TEXT NOT NULL UNIQUE,
  fingerprint TEXT NOT NULL,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  host_name TEXT NOT NULL,
  version TEXT NOT NULL,
  selectors TEXT NOT NULL CHECK (json_valid(selectors)),
  kinds TEXT NOT NULL CHECK (json_valid(kinds)),
  token_id TEXT NOT NULL REFERENCES delegate_tokens (id),
  approved INTEGER NOT NULL CHECK (approved IN (0, 1)),
  created_at_ms INTEGER NOT NULL,
  last_seen_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX delegates_by_name ON delegates (name_key);
CREATE INDEX delegates_by_token ON delegates (token_id);

CREATE TABLE api_keys (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER,
  revoked_at_ms INTEGER,
  last_used_at_ms INTEGER
) STRICT;
CREATE UNIQUE INDEX api_keys_active_name ON api_keys (name_key) WHERE revoked_at_ms IS NULL;

CREATE TABLE audit_records (
  sequence INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  actor TEXT NOT NULL,
  actor_name TEXT NOT NULL,
  action TEXT NOT NULL,
  resource TEXT NOT NULL,
  resource_name TEXT,
  request_id TEXT,
  details TEXT NOT NULL,
  previous_hash TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE INDEX audit_records_by_resource ON audit_records (resource, sequence);
CREATE INDEX audit_records_by_action ON audit_records (action, sequence);

CREATE TABLE audit_head (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  sequence INTEGER NOT NULL,
  hash TEXT NOT NULL
) STRICT;

-- Against our own mistakes; whoever can write to the file can drop them, which is what the hash chain is for.
CREATE TRIGGER audit_records_never_change BEFORE UPDATE ON audit_records
  BEGIN SELECT RAISE(ABORT, 'audit records are append-only'); END;
CREATE TRIGGER audit_records_never_go BEFORE DELETE ON audit_records
  BEGIN SELECT RAISE(ABORT, 'audit records are append-only'); END;
`;

/** All steps; the first has number 1. */
export const MIGRATIONS: readonly Migration[] = [
  { name: 'first schema', sql: FIRST_SCHEMA },
  { name: 'usage scopes', sql: SCOPES_SCHEMA },
  { name: 'users', sql: USERS_SCHEMA },
  { name: 'user groups', sql: GROUPS_SCHEMA },
  { name: 'applications', sql: APPLICATIONS_SCHEMA },
  { name: 'owners of API keys', sql: API_KEY_OWNERS_SCHEMA },
  { name: 'audit checkpoints', sql: AUDIT_SCHEMA },
  { name: 'workload issuers', sql: WORKLOAD_ISSUERS_SCHEMA },
  { name: 'names by kind', sql: LISTS_SCHEMA },
  { name: 'local reads', sql: LOCAL_READS_SCHEMA },
  { name: 'selectors added to delegates', sql: ADDED_SELECTORS_SCHEMA },
  { name: 'start-up profiles', sql: DELEGATE_PROFILES_SCHEMA },
  { name: 'tests of secrets managers', sql: MANAGER_TESTS_SCHEMA },
  { name: 'secrets of start-up profiles', sql: PROFILE_SECRETS_SCHEMA, fill: indexSecretsOfProfiles },
];

/**
 * Brings the schema to the newest step.
 * @throws {config-invalid} when the file belongs to another program, or to a newer or a different version of this one
 */
export async function migrate(
  connection: Connection,
  options: { path: string; nowMs: number; lockWaitMs: number },
): Promise<void> {
  // A step may replace a table that others refer to, which SQLite allows only with its checks off (sqlite.org/lang_altertable.html#otheralter);
  // they are made up for before the commit.
  connection.control('PRAGMA foreign_keys = OFF');
  await whenFree(options.lockWaitMs, () => connection.control('BEGIN IMMEDIATE'));
  try {
    requireOurDatabase(connection, options.path);
    const applied = appliedMigrations(connection);
    requireKnownHistory(applied, options.path);
    for (const [index, { name, sql, fill }] of MIGRATIONS.entries()) {
      if (index < applied.length) continue;
      connection.script(sql);
      fill?.(connection);
      connection.run('INSERT INTO migrations (number, name, applied_at_ms) VALUES (?, ?, ?)', [
        index + 1,
        name,
        options.nowMs,
      ]);
    }
    requireNoBrokenReference(connection);
    connection.control('COMMIT');
  } catch (thrown) {
    rollBack(connection);
    throw thrown;
  } finally {
    connection.control('PRAGMA foreign_keys = ON');
  }
}

function requireNoBrokenReference(connection: Connection): void {
  const [broken] = connection.all<{ table: string; parent: string }>('PRAGMA foreign_key_check', []);
  invariant(
    broken === undefined,
    `after the migration a row of ${broken?.table} refers to a row of ${broken?.parent} that is not there`,
  );
}

function requireOurDatabase(connection: Connection, path: string): void {
  const [mark] = connection.all<{ application_id: number }>('PRAGMA application_id', []);
  if (mark?.application_id === APPLICATION_ID) return;
  const [count] = connection.all<{ n: number }>('SELECT count(*) AS n FROM sqlite_schema', []);
  if (mark?.application_id !== 0 || count?.n !== 0) {
    throw new AppError('config-invalid', {
      publicMessage: `The file ${path} is a database of another program. Name a file of its own for Sallyport's data.`,
    });
  }
  connection.script(`PRAGMA application_id = ${APPLICATION_ID};
    CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at_ms INTEGER NOT NULL) STRICT;`);
}

function appliedMigrations(connection: Connection): { number: number; name: string }[] {
  return connection.all('SELECT number, name FROM migrations ORDER BY number', []);
}

function requireKnownHistory(applied: readonly { number: number; name: string }[], path: string): void {
  if (applied.length > MIGRATIONS.length) {
    throw new AppError('config-invalid', {
      publicMessage: `The database ${path} has schema ${applied.length}, which a newer version of Sallyport made; this version knows schemas up to ${MIGRATIONS.length}. Start the newer version, or restore a backup from before the upgrade.`,
    });
  }
  const strange = applied.find(
    ({ number, name }, index) => number !== index + 1 || name !== MIGRATIONS[index]?.name,
  );
  if (strange !== undefined) {
    throw new AppError('config-invalid', {
      publicMessage: `The database ${path} has a schema step ${strange.number} ("${strange.name}") that this version of Sallyport does not know.`,
    });
  }
}
