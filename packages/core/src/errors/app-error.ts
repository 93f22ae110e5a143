// The one error type that crosses module borders. Expected outcomes are return values; this is for faults and refusals.
import { ERROR_CODES } from './error-code.ts';
import type { ErrorCode } from './error-code.ts';
import type { FailureStage } from './failure-stage.ts';

/** Facts beside an error, safe to show to the caller: never a value of a secret, never a credential. */
export type ErrorData = {
  /** Which step failed, for failures that happened at a delegate or at AWS (design §7). */
  stage?: FailureStage;
  /** The AWS error name as received, e.g. `AccessDeniedException`. */
  awsCode?: string;
  /** The AWS request id, to look up in CloudTrail. */
  requestId?: string;
  /** Name of the delegate that reported the failure. */
  delegate?: string;
  /** What to do next, in one or two sentences. */
  hint?: string;
  /** A JSON policy statement that would allow what was refused, ready to paste. */
  missingStatement?: string;
  /** Further facts; keys are documented where the error is thrown. */
  [fact: string]: unknown;
};

export type AppErrorOptions = {
  /** What the caller may read. States what is wrong and, where it helps, what to do. */
  publicMessage: string;
  /** What the operator's log may hold beyond that; defaults to `publicMessage`. */
  message?: string;
  data?: ErrorData;
  /** Overrides the code's own setting where this very failure is known to be (im)permanent. */
  retryable?: boolean;
  cause?: unknown;
};

/** A fault or refusal with a stable code. `publicMessage` and `data` may be shown, `message` and `cause` are for the log. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly publicMessage: string;
  readonly retryable: boolean;
  readonly data: ErrorData;

  constructor(code: ErrorCode, options: AppErrorOptions) {
    super(options.message ?? options.publicMessage, { cause: options.cause });
    this.code = code;
    this.publicMessage = options.publicMessage;
    this.retryable = options.retryable ?? ERROR_CODES[code].retryable;
    this.data = options.data ?? {};
  }
}

/** Narrows an unknown thrown thing to an `AppError`, optionally of one code. */
export function isAppError(thrown: unknown, code?: ErrorCode): thrown is AppError {
  return thrown instanceof AppError && (code === undefined || thrown.code === code);
}

/**
 * Guards against our own mistakes.
 * @throws {internal} when `condition` does not hold; crashes the request, not the process.
 */
export function invariant(condition: unknown, what: string): asserts condition {
  if (!condition) {
    throw new AppError('internal', {
      publicMessage: 'An internal error occurred.',
      message: `invariant broken: ${what}`,
    });
  }
}
