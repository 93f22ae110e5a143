// The schema of user groups and memberships. Built-in groups are rows like others, so that memberships can refer to them; what they
// allow is not stored (groups/built-in-groups.ts).
import { nameKey } from '@sallyport/core';
import { BUILT_IN_GROUPS } from '../../groups/built-in-groups.ts';

const SEEDS = BUILT_IN_GROUPS.map(
  ({ id, name }) => `('${id}', '${name}', '${nameKey(name)}', 1, '[]', '[]', 0, 0)`,
).join(',\n  ');

export const GROUPS_SCHEMA = `
CREATE TABLE groups (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL UNIQUE,
  built_in INTEGER NOT NULL CHECK (built_in IN (0, 1)),
  account TEXT NOT NULL CHECK (json_valid(account)),
  grants TEXT NOT NULL CHECK (json_valid(grants)),
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO groups (id, name, name_key, built_in, account, grants, created_at_ms, updated_at_ms) VALUES
  ${SEEDS};

CREATE TABLE group_members (
  group_id TEXT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  since_ms INTEGER NOT NULL,
  PRIMARY KEY (group_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_members_by_user ON group_members (user_id, group_id);
`;
