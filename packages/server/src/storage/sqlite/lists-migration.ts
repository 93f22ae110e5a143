// The step of the schema that has an index of names for each kind, since long lists are of one kind: by name, no row is read on the way.

export const LISTS_SCHEMA = `
CREATE INDEX secrets_by_kind ON secrets (kind, name_key, id);
`;
