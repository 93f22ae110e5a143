// The schema of users and of what is theirs: sessions, one-time links, recovery codes. All of it goes when a user is removed.
import type { LinkId, SessionId, UserId } from '@sallyport/core';
import type { SignInMethod } from '../../users/session-store.ts';
import type { LinkPurpose } from '../../users/link-store.ts';

export const USERS_SCHEMA = `
CREATE TABLE users (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL UNIQUE,
  display_name TEXT NOT NULL,
  -- Name and display name as a search looks at them.
  search_key TEXT NOT NULL,
  password_hash TEXT,
  external_issuer TEXT,
  external_subject TEXT,
  totp_secret TEXT,
  totp_last_step INTEGER,
  pending_totp_secret TEXT,
  disabled_at_ms INTEGER,
  created_at_ms INTEGER NOT NULL,
  last_sign_in_at_ms INTEGER,
  CHECK ((external_issuer IS NULL) = (external_subject IS NULL)),
  CHECK ((totp_secret IS NULL) = (totp_last_step IS NULL))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX users_by_external ON users (external_issuer, external_subject) WHERE external_issuer IS NOT NULL;

CREATE TABLE recovery_codes (
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  hash TEXT NOT NULL,
  PRIMARY KEY (user_id, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  method TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  issued_at_ms INTEGER NOT NULL,
  former_hash TEXT UNIQUE,
  former_until_ms INTEGER,
  created_at_ms INTEGER NOT NULL,
  last_used_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  client_address TEXT NOT NULL,
  user_agent TEXT,
  CHECK ((former_hash IS NULL) = (former_until_ms IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user_id, created_at_ms);

CREATE TABLE one_time_links (
  id TEXT PRIMARY KEY,
  purpose TEXT NOT NULL CHECK (purpose IN ('invitation', 'password-reset', 'set-up')),
  user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
  hash TEXT NOT NULL UNIQUE,
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  CHECK ((user_id IS NULL) = (purpose = 'set-up'))
) STRICT, WITHOUT ROWID;
CREATE INDEX one_time_links_by_user ON one_time_links (user_id);
`;

/** Columns of `users`. */
export type UserColumns = {
  id: UserId;
  name: string;
  name_key: string;
  display_name: string;
  search_key: string;
  password_hash: string | null;
  external_issuer: string | null;
  external_subject: string | null;
  totp_secret: string | null;
  totp_last_step: number | null;
  pending_totp_secret: string | null;
  disabled_at_ms: number | null;
  created_at_ms: number;
  last_sign_in_at_ms: number | null;
};

/** Columns of `recovery_codes`. */
export type RecoveryCodeColumns = { user_id: UserId; hash: string };

/** Columns of `sessions`. */
export type SessionColumns = {
  id: SessionId;
  user_id: UserId;
  method: SignInMethod;
  hash: string;
  issued_at_ms: number;
  former_hash: string | null;
  former_until_ms: number | null;
  created_at_ms: number;
  last_used_at_ms: number;
  expires_at_ms: number;
  client_address: string;
  user_agent: string | null;
};

/** Columns of `one_time_links`. */
export type LinkColumns = {
  id: LinkId;
  purpose: LinkPurpose;
  user_id: UserId | null;
  hash: string;
  created_at_ms: number;
  expires_at_ms: number;
};
