// Turns what a delegate reports as a failure into an error of ours. A delegate is not trusted to speak with the server's own voice:
// codes that only the server may give, and texts or facts without bound, stop here.
import { AppError } from '@sallyport/core';
import type { ErrorCode } from '@sallyport/core';
import { fromWireError } from '@sallyport/protocol';
import type { WireError } from '@sallyport/protocol';

const DELEGATE_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'session-unknown',
  'sealed-message-rejected',
  'envelope-rejected',
  'empty-value',
  'value-too-large',
  'delegate-refused',
  'aws-unreachable',
  'aws-credentials',
  'assume-role-failed',
  'key-unusable',
  'access-denied',
  'context-rejected',
  'aws-throttled',
  'aws-failed',
  'workload-refused',
  'task-timeout',
  'rate-limited',
  'delegate-not-eligible',
  'protocol-version-unsupported',
  'invalid-request',
  'invalid-encryption-context',
  'invalid-key-arn',
  'region-mismatch',
]);

const FACTS_MAX_CHARACTERS = 16_384;

/** The failure of a task, with the delegate's name among its facts. */
export function delegateFailure(wire: WireError, delegateName: string): AppError {
  if (wire.code === 'shutting-down') return delegateLost(delegateName, 'is shutting down');
  const facts = JSON.stringify(wire.data ?? {}).length > FACTS_MAX_CHARACTERS ? {} : (wire.data ?? {});
  const known = DELEGATE_CODES.has(wire.code);
  return fromWireError({
    code: known ? wire.code : 'internal',
    message: known ? wire.message : `Delegate ${delegateName} failed: ${wire.message}`.slice(0, 4000),
    retryable: wire.retryable,
    data: { ...facts, delegate: delegateName },
  });
}

/** The same, as it is passed on within an answer. */
export function delegateWireError(wire: WireError, delegateName: string): WireError {
  const error = delegateFailure(wire, delegateName);
  return {
    code: error.code,
    message: error.publicMessage,
    retryable: error.retryable,
    data: error.data,
  };
}

/** @param why follows the delegate's name, e.g. `went away` */
export function delegateLost(delegateName: string, why: string): AppError {
  return new AppError('delegate-lost', {
    publicMessage: `Delegate ${delegateName} ${why} before it had answered.`,
    data: { delegate: delegateName },
  });
}

export function taskTimedOut(delegateName: string, seconds: number): AppError {
  return new AppError('task-timeout', {
    publicMessage: `Delegate ${delegateName} did not answer within ${seconds} seconds.`,
    data: { delegate: delegateName },
  });
}
