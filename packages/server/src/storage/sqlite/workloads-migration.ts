// Adds the issuers whose workloads are let in. Groups are named by id without a reference: one that is gone gives no rights.

export const WORKLOAD_ISSUERS_SCHEMA = `
CREATE TABLE workload_issuers (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL UNIQUE,
  settings TEXT NOT NULL CHECK (json_valid(settings)),
  group_ids TEXT NOT NULL CHECK (json_valid(group_ids)),
  restriction TEXT CHECK (restriction IS NULL OR json_valid(restriction)),
  ttl_seconds INTEGER NOT NULL CHECK (ttl_seconds BETWEEN 60 AND 3600),
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX api_keys_by_issuer ON api_keys (issuer_id) WHERE issuer_id IS NOT NULL;
`;
