// Every time limit and count of this package, in one place, with the defaults that a delegate runs with.

/** Time limits and counts of AWS calls. */
export type AwsLimits = {
  /** To open a connection. */
  connectTimeoutMs: number;
  /** From sending one request to the head of its answer. */
  requestTimeoutMs: number;
  /** One whole call: waiting for credentials, all attempts and the pauses between them. */
  callTimeoutMs: number;
  /** One call to STS, likewise; less than `callTimeoutMs`, so that a call to KMS that waits for it learns what is missing. */
  stsTimeoutMs: number;
  /** Requests per call, the first included. */
  maxAttempts: number;
  /** One request to the instance metadata or container credentials endpoint. */
  metadataTimeoutMs: number;
  /** Credentials with less time left are renewed in the background. */
  refreshAheadMs: number;
  /** With less time left, a call waits for the renewal, but not longer than `refreshWaitMs` while they are valid. */
  refreshBlockingMs: number;
  refreshWaitMs: number;
  /** Least time between two attempts to renew credentials that are still valid. */
  refreshGapMs: number;
  /** How long a failure to get credentials is repeated to callers before it is tried again. */
  failureHoldMs: number;
};

/** The limits in use unless a test says otherwise. */
export const DEFAULT_LIMITS: AwsLimits = {
  connectTimeoutMs: 1000,
  requestTimeoutMs: 3000,
  callTimeoutMs: 10_000,
  stsTimeoutMs: 5000,
  maxAttempts: 3,
  metadataTimeoutMs: 1000,
  refreshAheadMs: 300_000,
  refreshBlockingMs: 60_000,
  refreshWaitMs: 2000,
  refreshGapMs: 10_000,
  failureHoldMs: 1000,
};

/** The clock that expiry is measured with; comparable with the times that AWS sends. */
export type Clock = {
  /** Milliseconds since the epoch. */
  nowMs(): number;
};

/** The host's clock. */
export const systemClock: Clock = { nowMs: () => Date.now() };
