// Gives API keys an owner. Keys from before could do everything, so they become keys of the group that can. A name is unique among the
// active keys of one user, and among those of groups, so that nobody learns of others' keys by names that are taken.
import { ACCOUNT_ADMINISTRATOR } from '../../groups/built-in-groups.ts';

export const API_KEY_OWNERS_SCHEMA = `
ALTER TABLE api_keys ADD COLUMN kind TEXT NOT NULL DEFAULT 'api-key' CHECK (kind IN ('api-key', 'workload'));
ALTER TABLE api_keys ADD COLUMN user_id TEXT;
ALTER TABLE api_keys ADD COLUMN restriction TEXT CHECK (restriction IS NULL OR json_valid(restriction));
ALTER TABLE api_keys ADD COLUMN issuer_id TEXT;
DROP INDEX api_keys_active_name;
CREATE UNIQUE INDEX api_keys_active_name ON api_keys (coalesce(user_id, ''), name_key)
  WHERE revoked_at_ms IS NULL AND kind = 'api-key';
CREATE INDEX api_keys_newest ON api_keys (created_at_ms, id);
CREATE INDEX api_keys_by_user ON api_keys (user_id, created_at_ms, id) WHERE user_id IS NOT NULL;
CREATE INDEX api_keys_of_workloads ON api_keys (expires_at_ms) WHERE kind = 'workload';

-- A group may be gone: its id stays and stands for nothing.
CREATE TABLE api_key_groups (
  api_key_id TEXT NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
  group_id TEXT NOT NULL,
  PRIMARY KEY (api_key_id, group_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX api_key_groups_by_group ON api_key_groups (group_id, api_key_id);
INSERT INTO api_key_groups (api_key_id, group_id) SELECT id, '${ACCOUNT_ADMINISTRATOR}' FROM api_keys;
`;
