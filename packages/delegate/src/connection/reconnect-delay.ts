// How long to wait before dialling again. Jittered, so that a fleet that lost its server does not come back in one instant.
import type { ErrorCode } from '@sallyport/core';

const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 15_000;
const WAITING_DELAY_MS = 5000;
const OPERATOR_DELAY_MS = 30_000;

/** Refusals with a pace of their own. Whatever is not listed is a fault that passes, like a lost connection. */
const REFUSAL_DELAYS_MS: Partial<Record<ErrorCode, number>> = {
  // The server has not noticed yet that the old connection is dead.
  'delegate-identity-in-use': WAITING_DELAY_MS,
  // An operator has to act; tried again all the same, so that a fix is noticed without a restart.
  'delegate-token-invalid': OPERATOR_DELAY_MS,
  'delegate-token-revoked': OPERATOR_DELAY_MS,
  'delegate-untrusted': OPERATOR_DELAY_MS,
  'protocol-version-unsupported': OPERATOR_DELAY_MS,
  'invalid-request': OPERATOR_DELAY_MS,
  unauthenticated: OPERATOR_DELAY_MS,
  forbidden: OPERATOR_DELAY_MS,
};

/** Why the last attempt ended. */
export type LastAttempt = {
  /** Attempts in a row that did not lead to a connection that lasted; the first one is 0. */
  failedAttempts: number;
  /** Set when the server refused. */
  refusal: ErrorCode | null;
};

/** Milliseconds to wait: between half of the step and the whole step. `random` gives a number from 0 to below 1. */
export function reconnectDelayMs(last: LastAttempt, random: () => number): number {
  const refusalDelayMs = last.refusal === null ? undefined : REFUSAL_DELAYS_MS[last.refusal];
  const stepMs = refusalDelayMs ?? backoffStepMs(last.failedAttempts);
  return Math.round(stepMs * (0.5 + random() / 2));
}

function backoffStepMs(failedAttempts: number): number {
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(failedAttempts, 16));
}
