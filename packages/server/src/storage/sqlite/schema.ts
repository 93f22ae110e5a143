// The tables of the SQLite store as the query builder sees them: one type per table, columns as they are stored. The SQL that
// creates them is in migrations.ts. Booleans are 0 or 1, times are milliseconds since the epoch, `name_key` is core's `nameKey`.
import type {
  ApiKeyId,
  DelegateId,
  DelegateTokenId,
  SecretId,
  SecretKind,
  SecretsManagerId,
  UploadId,
} from '@sallyport/core';
import type { AuditAction } from '@sallyport/protocol';

type SettingColumns = { name: string; value: string };

/** Columns of `secrets_managers`. */
export type SecretsManagerColumns = {
  id: SecretsManagerId;
  name: string;
  name_key: string;
  is_default: number;
  revision: number;
  /** JSON of `SecretsManagerSettings`. */
  settings: string;
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
  created_at_ms: number;
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
  hash: string;
  created_at_ms: number;
  expires_at_ms: number | null;
  revoked_at_ms: number | null;
  last_used_at_ms: number | null;
};

/** Columns of `audit_records`. */
export type AuditRecordColumns = {
  sequence: number;
  at_ms: number;
  actor: string;
  actor_name: string;
  action: AuditAction;
  resource: string;
  resource_name: string | null;
  request_id: string | null;
  /** Canonical JSON. */
  details: string;
  previous_hash: string;
  hash: string;
};

/** One row: which record is the newest. It shows when records were cut off at the end. */
type AuditHeadColumns = { id: 1; sequence: number; hash: string };

/** All tables by name. */
export type Schema = {
  settings: SettingColumns;
  secrets_managers: SecretsManagerColumns;
  secrets: SecretColumns;
  secret_versions: SecretVersionColumns;
  uploads: UploadColumns;
  upload_chunks: UploadChunkColumns;
  delegate_tokens: DelegateTokenColumns;
  delegates: DelegateColumns;
  api_keys: ApiKeyColumns;
  audit_records: AuditRecordColumns;
  audit_head: AuditHeadColumns;
};
