// The tables of the SQLite store as the query builder sees them: one type per table, columns as they are stored. The SQL that
// creates them is in migrations.ts. Booleans are 0 or 1, times are milliseconds since the epoch, `name_key` is core's `nameKey`.
import type {
  ApiKeyId,
  DelegateId,
  DelegateTokenId,
  GroupId,
  SecretId,
  SecretKind,
  SecretsManagerId,
  UploadId,
  UserId,
  WorkloadIssuerId,
} from '@sallyport/core';
import type {
  ApplicationColumns,
  CatalogueRevisionColumns,
  ConfigEntryColumns,
  EnvironmentColumns,
  ServiceColumns,
} from './applications-migration.ts';
import type {
  AuditBlockColumns,
  AuditCheckpointColumns,
  AuditFloorColumns,
  AuditHeadColumns,
  AuditIndexColumns,
  AuditRecordColumns,
  AuditSinkColumns,
} from './audit-migration.ts';
import type {
  DelegateProfileColumns,
  ProfileRunColumns,
  ProfileSecretColumns,
} from './delegate-profiles-migration.ts';
import type { LocalUseJournalColumns } from './local-reads-migration.ts';
import type { ManagerTestColumns } from './manager-tests-migration.ts';
import type { LinkColumns, RecoveryCodeColumns, SessionColumns, UserColumns } from './users-migration.ts';

type SettingColumns = { name: string; value: string };

/** Columns of `secrets_managers`. */
export type SecretsManagerColumns = {
  id: SecretsManagerId;
  name: string;
  name_key: string;
  is_default: number;
  revision: number;
  settings_revision: number;
  /** JSON of `SecretsManagerSettings`. */
  settings: string;
  /** JSON of a `Region`. */
  usage_scope: string;
  encrypted_secret_key: string | null;
  created_at_ms: number;
  updated_at_ms: number;
};

/** Columns of `secrets`. */
export type SecretColumns = {
  id: SecretId;
  name: string;
  name_key: string;
  kind: SecretKind;
  /** 0 until the first version is added. */
  newest_version: number;
  /** Of the newest version. */
  secrets_manager_id: SecretsManagerId;
  /** JSON of `UsageScope`. */
  scope: string;
  /** JSON of `Availability`. */
  availability: string;
  created_at_ms: number;
};

/** Columns of `secret_names`. */
export type SecretNameColumns = {
  name_key: string;
  secret_id: SecretId;
  name: string;
  is_alias: number;
  created_at_ms: number;
};

/** Columns of `secret_usage_days`. */
export type SecretUsageDayColumns = {
  secret_id: SecretId;
  day: number;
  released: number;
  refused: number;
  released_at_ms: number;
};

/** Columns of `secret_versions`. */
export type SecretVersionColumns = {
  secret_id: SecretId;
  version: number;
  secrets_manager_id: SecretsManagerId;
  value_bytes: number;
  created_at_ms: number;
  created_by: string;
  /** Exactly one of `upload_id` and `envelope` is set. */
  upload_id: UploadId | null;
  envelope: Uint8Array | null;
};

type UploadColumns = { id: UploadId; started_at_ms: number };

type UploadChunkColumns = { upload_id: UploadId; sequence: number; bytes: Uint8Array };

/** Columns of `delegate_tokens`. */
export type DelegateTokenColumns = {
  id: DelegateTokenId;
  name: string;
  name_key: string;
  hash: string;
  requires_approval: number;
  created_at_ms: number;
  expires_at_ms: number | null;
  revoked_at_ms: number | null;
  last_used_at_ms: number | null;
};

/** Columns of `delegates`. */
export type DelegateColumns = {
  id: DelegateId;
  identity_key: string;
  fingerprint: string;
  name: string;
  name_key: string;
  host_name: string;
  version: string;
  /** JSON array of texts. */
  selectors: string;
  /** JSON array of texts. */
  added_selectors: string;
  /** JSON array of texts. */
  kinds: string;
  token_id: DelegateTokenId;
  approved: number;
  created_at_ms: number;
  last_seen_at_ms: number;
};

/** Columns of `api_keys`. */
export type ApiKeyColumns = {
  id: ApiKeyId;
  name: string;
  name_key: string;
  kind: 'api-key' | 'workload';
  hash: string;
  /** null: it belongs to groups. */
  user_id: UserId | null;
  /** JSON of `Rights`. */
  restriction: string | null;
  issuer_id: WorkloadIssuerId | null;
  created_at_ms: number;
  expires_at_ms: number | null;
  revoked_at_ms: number | null;
  last_used_at_ms: number | null;
};

type ApiKeyGroupColumns = { api_key_id: ApiKeyId; group_id: GroupId };

/** Columns of `groups`. */
export type GroupColumns = {
  id: GroupId;
  name: string;
  name_key: string;
  built_in: number;
  /** JSON array of permissions; empty for built-in groups. */
  account: string;
  /** JSON array of grants; empty for built-in groups. */
  grants: string;
  created_at_ms: number;
  updated_at_ms: number;
};

type GroupMemberColumns = { group_id: GroupId; user_id: UserId; since_ms: number };

/** Columns of `workload_issuers`. */
export type WorkloadIssuerColumns = {
  id: WorkloadIssuerId;
  name: string;
  name_key: string;
  /** JSON of the protocol's `WorkloadIssuerSettings`. */
  settings: string;
  /** JSON array of ids. */
  group_ids: string;
  /** JSON of `Rights`. */
  restriction: string | null;
  ttl_seconds: number;
  created_at_ms: number;
  updated_at_ms: number;
};

/** All tables by name. */
export type Schema = {
  settings: SettingColumns;
  secrets_managers: SecretsManagerColumns;
  secrets_manager_tests: ManagerTestColumns;
  secrets: SecretColumns;
  secret_versions: SecretVersionColumns;
  secret_names: SecretNameColumns;
  secret_usage_days: SecretUsageDayColumns;
  uploads: UploadColumns;
  delegate_profiles: DelegateProfileColumns;
  profile_runs: ProfileRunColumns;
  profile_secrets: ProfileSecretColumns;
  upload_chunks: UploadChunkColumns;
  delegate_tokens: DelegateTokenColumns;
  delegates: DelegateColumns;
  api_keys: ApiKeyColumns;
  api_key_groups: ApiKeyGroupColumns;
  workload_issuers: WorkloadIssuerColumns;
  applications: ApplicationColumns;
  environments: EnvironmentColumns;
  catalogue_revision: CatalogueRevisionColumns;
  services: ServiceColumns;
  config_entries: ConfigEntryColumns;
  groups: GroupColumns;
  group_members: GroupMemberColumns;
  users: UserColumns;
  recovery_codes: RecoveryCodeColumns;
  sessions: SessionColumns;
  one_time_links: LinkColumns;
  audit_records: AuditRecordColumns;
  audit_head: AuditHeadColumns;
  audit_blocks: AuditBlockColumns;
  audit_index: AuditIndexColumns;
  audit_floor: AuditFloorColumns;
  audit_checkpoints: AuditCheckpointColumns;
  audit_sinks: AuditSinkColumns;
  local_use_journals: LocalUseJournalColumns;
};
