// Which errors of the server stand beside a field instead of in a panel, and what can be said of a name before it is sent.
import { isAppError } from '@sallyport/sdk/browser';
import type { ErrorCode } from '@sallyport/sdk/browser';

/** What the error says, if it has one of these codes; else null. */
export function fieldMessage(error: unknown, ...codes: ErrorCode[]): string | null {
  return isAppError(error) && codes.includes(error.code) ? error.publicMessage : null;
}

/** The error, unless it has one of these codes, which stand beside a field; else null. */
export function otherError(error: unknown, ...codes: ErrorCode[]): unknown {
  return fieldMessage(error, ...codes) === null ? error : null;
}

/** What a check of core says of a text; null: nothing. */
export function complaintOf<T>(check: (given: T) => unknown, given: T): string | null {
  try {
    check(given);
    return null;
  } catch (thrown) {
    if (isAppError(thrown)) return thrown.publicMessage;
    throw thrown;
  }
}
