// The closed list of error codes. A code is a promise to callers: scripts branch on it, so it is never renamed.
// HTTP status, public text and next step of each code live in @sallyport/protocol (`errors/registry.ts`).

/** Every code, with whether the same request may succeed when simply tried again. */
export const ERROR_CODES = {
  // What the caller sent.
  'invalid-request': { retryable: false },
  'invalid-key-arn': { retryable: false },
  'invalid-role-arn': { retryable: false },
  'invalid-external-id': { retryable: false },
  'invalid-encryption-context': { retryable: false },
  'invalid-name': { retryable: false },
  'invalid-selector': { retryable: false },
  'region-mismatch': { retryable: false },
  'empty-value': { retryable: false },
  'value-too-large': { retryable: false },
  'invalid-scope': { retryable: false },
  'invalid-password': { retryable: false },
  // Who the caller is, and what is there.
  unauthenticated: { retryable: false },
  'sign-in-failed': { retryable: false },
  'second-factor-required': { retryable: false },
  'link-invalid': { retryable: false },
  'sso-failed': { retryable: false },
  'workload-refused': { retryable: false },
  forbidden: { retryable: false },
  'not-found': { retryable: false },
  'rate-limited': { retryable: true },
  // What a program that is started with secrets lacks.
  'secret-missing': { retryable: false },
  'program-not-found': { retryable: false },
  'program-unusable': { retryable: false },
  // What stands in the way.
  'name-taken': { retryable: false },
  'edit-conflict': { retryable: false },
  'secrets-manager-in-use': { retryable: false },
  'secrets-manager-is-default': { retryable: false },
  'no-default-secrets-manager': { retryable: false },
  'key-change-refused': { retryable: false },
  'kind-mismatch': { retryable: false },
  'preflight-failed': { retryable: false },
  'ambiguous-name': { retryable: false },
  'scope-too-wide': { retryable: false },
  'scope-conflict': { retryable: false },
  'in-use': { retryable: false },
  'confirmation-required': { retryable: false },
  'partly-done': { retryable: false },
  'last-administrator': { retryable: false },
  // Delegates.
  'no-delegate': { retryable: true },
  'delegate-not-eligible': { retryable: true },
  'delegate-lost': { retryable: true },
  'delegate-refused': { retryable: false },
  'delegate-token-invalid': { retryable: false },
  'delegate-token-revoked': { retryable: false },
  'delegate-identity-in-use': { retryable: false },
  'protocol-version-unsupported': { retryable: false },
  'task-timeout': { retryable: true },
  // Sealing between client and delegate.
  'session-unknown': { retryable: true },
  'sealed-message-rejected': { retryable: false },
  'delegate-untrusted': { retryable: false },
  'delegate-key-changed': { retryable: false },
  'answer-mismatch': { retryable: false },
  // Envelopes. One code for every failure to open, whatever the cause.
  'envelope-rejected': { retryable: false },
  // AWS, one code per stage of design §7.
  'aws-unreachable': { retryable: true },
  'aws-credentials': { retryable: false },
  'assume-role-failed': { retryable: false },
  'key-unusable': { retryable: false },
  'access-denied': { retryable: false },
  'context-rejected': { retryable: false },
  'aws-throttled': { retryable: true },
  'aws-failed': { retryable: true },
  // The product itself.
  'storage-unavailable': { retryable: true },
  'shutting-down': { retryable: true },
  unreachable: { retryable: true },
  'audit-trail-broken': { retryable: false },
  'root-key-mismatch': { retryable: false },
  'config-invalid': { retryable: false },
  internal: { retryable: false },
} as const satisfies Record<string, { retryable: boolean }>;

/** A stable error code, e.g. `region-mismatch`. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** Tells whether `text` is one of our codes; used where a code arrives from another process. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERROR_CODES, text);
}
