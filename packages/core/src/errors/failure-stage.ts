// The steps at which work for a secrets manager can fail, in the order in which they happen (design §7).

/** The stages in order: each one presupposes those before it. */
export const FAILURE_STAGES = [
  'select-delegate',
  'reach',
  'credentials',
  'assume-role',
  'key',
  'permission',
  'context',
] as const;

/** Where a failure happened; see `FAILURE_STAGES`. */
export type FailureStage = (typeof FAILURE_STAGES)[number];
