// What can be read off an error of the SDK: its name, request id and status, and whether its body came from AWS at all. By name
// wherever there is one; texts and HTTP statuses of AWS vary between services, versions and endpoints.

/** Facts of an error as thrown by an SDK client. */
export type AwsErrorFacts = {
  /** The error's name without `Exception` at its end: KMS and STS disagree on that. */
  name: string;
  /** The name as received; `null` when the answer did not come from AWS or there was none. */
  awsCode: string | null;
  requestId: string | null;
  /** `null`: there was no answer. */
  statusCode: number | null;
  /** What AWS says, printable and cut; `null` when it says nothing. */
  awsMessage: string | null;
  /** Node's code of a connection error, e.g. `ECONNREFUSED`; `null` when there is none. */
  connectionCode: string | null;
};

const MESSAGE_MAX_CHARACTERS = 400;
const EMPTY_MESSAGES = ['UnknownError', 'Unknown', ''];

/** Reads the facts of anything that was thrown. */
export function awsErrorFacts(thrown: unknown): AwsErrorFacts {
  const error = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as {
    name?: unknown;
    message?: unknown;
    code?: unknown;
    cause?: unknown;
    $metadata?: { httpStatusCode?: unknown; requestId?: unknown };
    $fault?: unknown;
  };
  const { httpStatusCode, requestId } = error.$metadata ?? {};
  const name = typeof error.name === 'string' ? error.name : 'Error';
  // Only errors that the SDK read out of an answer of the service have a fault; a parser's own error has none.
  const isFromService = error.$fault !== undefined && name !== 'Unknown';
  const message = typeof error.message === 'string' ? error.message : '';
  return {
    name: name.replace(/Exception$/, ''),
    awsCode: isFromService ? name : null,
    requestId: typeof requestId === 'string' ? requestId : null,
    statusCode: typeof httpStatusCode === 'number' ? httpStatusCode : null,
    awsMessage: isFromService && !EMPTY_MESSAGES.includes(message) ? printable(message) : null,
    connectionCode: connectionCodeOf(error),
  };
}

/** Whether AWS says that the session which signed the request has ended. */
export function isExpiredSession(thrown: unknown): boolean {
  const { name, awsCode } = awsErrorFacts(thrown);
  return awsCode !== null && (name === 'ExpiredToken' || name === 'ExpiredTokenException');
}

/** Whether AWS refused a request because of its rate. */
export function isThrottle(thrown: unknown): boolean {
  const { name, statusCode } = awsErrorFacts(thrown);
  return statusCode === 429 || THROTTLE_NAMES.has(name);
}

const THROTTLE_NAMES = new Set([
  'Throttling',
  'Throttled',
  'TooManyRequests',
  'RequestLimitExceeded',
  'RequestThrottled',
  'BandwidthLimitExceeded',
  'LimitExceeded',
  'SlowDown',
]);

function connectionCodeOf(error: { code?: unknown; cause?: unknown }): string | null {
  if (typeof error.code === 'string' && /^[A-Z0-9_]{3,64}$/.test(error.code)) return error.code;
  const { cause } = error;
  return typeof cause === 'object' && cause !== null ? connectionCodeOf(cause) : null;
}

function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, MESSAGE_MAX_CHARACTERS);
}
