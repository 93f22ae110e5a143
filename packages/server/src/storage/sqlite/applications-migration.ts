// Schema step: applications, environments, services and their config entries; and their columns as the query builder sees them.
import type {
  ApplicationId,
  ConfigEntryId,
  EnvironmentId,
  EnvironmentType,
  SecretId,
  ServiceId,
} from '@sallyport/core';
import type { ConfigEntryKind } from '@sallyport/protocol';

export const APPLICATIONS_SCHEMA = `
CREATE TABLE applications (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  deleted_at_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX applications_name ON applications (name_key) WHERE deleted_at_ms IS NULL;

CREATE TABLE environments (
  id TEXT PRIMARY KEY,
  application_id TEXT NOT NULL REFERENCES applications (id),
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  type TEXT NOT NULL CHECK (type IN ('production', 'non-production')),
  created_at_ms INTEGER NOT NULL,
  deleted_at_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX environments_name ON environments (application_id, name_key) WHERE deleted_at_ms IS NULL;

-- Scopes and grants name these ids for ever, so that no row may come to stand for something else.
CREATE TRIGGER applications_never_go BEFORE DELETE ON applications
  BEGIN SELECT RAISE(ABORT, 'applications are only marked as deleted'); END;
CREATE TRIGGER applications_stay_deleted BEFORE UPDATE ON applications
  WHEN OLD.deleted_at_ms IS NOT NULL AND NEW.deleted_at_ms IS NOT OLD.deleted_at_ms
  BEGIN SELECT RAISE(ABORT, 'a deleted application does not come back'); END;
CREATE TRIGGER environments_never_go BEFORE DELETE ON environments
  BEGIN SELECT RAISE(ABORT, 'environments are only marked as deleted'); END;
CREATE TRIGGER environments_stay_deleted BEFORE UPDATE ON environments
  WHEN OLD.deleted_at_ms IS NOT NULL AND NEW.deleted_at_ms IS NOT OLD.deleted_at_ms
  BEGIN SELECT RAISE(ABORT, 'a deleted environment does not come back'); END;
CREATE TRIGGER environments_never_move BEFORE UPDATE OF application_id, type ON environments
  WHEN NEW.application_id <> OLD.application_id OR NEW.type <> OLD.type
  BEGIN SELECT RAISE(ABORT, 'an environment keeps its application and its type'); END;

-- A text that was never there before whenever an application or environment is created or changed: equal texts, equal contents.
CREATE TABLE catalogue_revision (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  revision TEXT NOT NULL
) STRICT;
INSERT INTO catalogue_revision (id, revision) VALUES (1, hex(randomblob(16)));
CREATE TRIGGER applications_created AFTER INSERT ON applications
  BEGIN UPDATE catalogue_revision SET revision = hex(randomblob(16)); END;
CREATE TRIGGER applications_changed AFTER UPDATE ON applications
  BEGIN UPDATE catalogue_revision SET revision = hex(randomblob(16)); END;
CREATE TRIGGER environments_created AFTER INSERT ON environments
  BEGIN UPDATE catalogue_revision SET revision = hex(randomblob(16)); END;
CREATE TRIGGER environments_changed AFTER UPDATE ON environments
  BEGIN UPDATE catalogue_revision SET revision = hex(randomblob(16)); END;

CREATE TABLE services (
  id TEXT PRIMARY KEY,
  application_id TEXT NOT NULL REFERENCES applications (id),
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX services_name ON services (application_id, name_key);

CREATE TABLE config_entries (
  id TEXT PRIMARY KEY,
  service_id TEXT NOT NULL REFERENCES services (id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('variable', 'file')),
  name TEXT NOT NULL,
  environment_id TEXT REFERENCES environments (id),
  secret_id TEXT NOT NULL REFERENCES secrets (id),
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX config_entries_place ON config_entries (service_id, kind, name, coalesce(environment_id, ''));
CREATE INDEX config_entries_by_secret ON config_entries (secret_id);
CREATE INDEX config_entries_by_environment ON config_entries (environment_id) WHERE environment_id IS NOT NULL;
`;

/** Columns of `applications`. */
export type ApplicationColumns = {
  id: ApplicationId;
  name: string;
  name_key: string;
  created_at_ms: number;
  deleted_at_ms: number | null;
};

/** Columns of `environments`. */
export type EnvironmentColumns = {
  id: EnvironmentId;
  application_id: ApplicationId;
  name: string;
  name_key: string;
  type: EnvironmentType;
  created_at_ms: number;
  deleted_at_ms: number | null;
};

/** One row. */
export type CatalogueRevisionColumns = { id: 1; revision: string };

/** Columns of `services`. */
export type ServiceColumns = {
  id: ServiceId;
  application_id: ApplicationId;
  name: string;
  name_key: string;
  created_at_ms: number;
};

/** Columns of `config_entries`. */
export type ConfigEntryColumns = {
  id: ConfigEntryId;
  service_id: ServiceId;
  kind: ConfigEntryKind;
  name: string;
  environment_id: EnvironmentId | null;
  secret_id: SecretId;
  created_at_ms: number;
  updated_at_ms: number;
};
