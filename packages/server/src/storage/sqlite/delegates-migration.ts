// The step that gives delegates selectors that are added at the server.

export const ADDED_SELECTORS_SCHEMA = `
ALTER TABLE delegates ADD COLUMN added_selectors TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(added_selectors));
`;
