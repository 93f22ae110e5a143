// What each error code means to a caller: HTTP status, a sentence for the documentation, and what to do next. A test keeps this
// registry, the OpenAPI document and docs/reference/errors.md equal.
import type { ErrorCode } from '@sallyport/core';

export type ErrorEntry = {
  /** Status with which the HTTP API answers. */
  httpStatus: number;
  /** What has happened, for the reference page. */
  meaning: string;
  /** What to do next. Shown when the error itself carries no better hint. */
  nextStep: string;
};

const CHECK_INPUT = 'Correct the field that the message names, then send the request again.';
const TRY_AGAIN = 'Try again in a moment.';

export const ERROR_REGISTRY: Readonly<Record<ErrorCode, ErrorEntry>> = {
  'invalid-request': {
    httpStatus: 400,
    meaning: 'A field is missing, unknown or malformed.',
    nextStep: CHECK_INPUT,
  },
  'invalid-key-arn': {
    httpStatus: 400,
    meaning: 'The text is not the ARN of a KMS key or alias that can be used.',
    nextStep: 'Copy the key ARN from the KMS console; a bare key id or alias is not enough.',
  },
  'invalid-role-arn': {
    httpStatus: 400,
    meaning: 'The text is not an IAM role ARN, or the role is in another partition than the key.',
    nextStep: 'Copy the role ARN from the IAM console.',
  },
  'invalid-external-id': {
    httpStatus: 400,
    meaning: 'The external ID has a form that AWS refuses.',
    nextStep: CHECK_INPUT,
  },
  'invalid-encryption-context': {
    httpStatus: 400,
    meaning: 'A fixed context pair is malformed, reserved or too large.',
    nextStep: CHECK_INPUT,
  },
  'invalid-name': {
    httpStatus: 400,
    meaning: 'The name is empty, too long or has characters that are not allowed.',
    nextStep: CHECK_INPUT,
  },
  'invalid-selector': {
    httpStatus: 400,
    meaning: 'A selector is malformed, or there are too many.',
    nextStep: CHECK_INPUT,
  },
  'region-mismatch': {
    httpStatus: 400,
    meaning: 'The region given is not the one in the key ARN.',
    nextStep: 'Use the region of the key ARN.',
  },
  'empty-value': {
    httpStatus: 400,
    meaning: 'The value or file has no bytes.',
    nextStep: 'Give at least one byte.',
  },
  'value-too-large': {
    httpStatus: 413,
    meaning: 'The value is above the limit of its kind.',
    nextStep: 'Store it as a file secret, or raise the file limit of the server.',
  },
  'invalid-scope': {
    httpStatus: 400,
    meaning: 'A usage scope is malformed, or names an application or environment that is not there.',
    nextStep: CHECK_INPUT,
  },
  'invalid-password': {
    httpStatus: 400,
    meaning: 'The new password is too short, too long or too easy to guess.',
    nextStep: 'Choose a longer one; a password manager makes good ones.',
  },
  unauthenticated: {
    httpStatus: 401,
    meaning: 'The request carries no valid API key or session: it is missing, mistyped, expired or revoked.',
    nextStep: 'Sign in with `sallyport login`, or give a valid key by --token or SALLYPORT_TOKEN.',
  },
  'sign-in-failed': {
    httpStatus: 401,
    meaning:
      'User name, password or code is not right, or the user may not sign in. Which of these is not told.',
    nextStep: 'Try again, or ask an administrator for a reset link.',
  },
  'second-factor-required': {
    httpStatus: 401,
    meaning: 'The password is right; a code of the second factor is needed as well.',
    nextStep: 'Send the same request with a code of the authenticator, or with a recovery code.',
  },
  'link-invalid': {
    httpStatus: 401,
    meaning: 'The one-time link was used, has expired, was revoked or never existed.',
    nextStep: 'Ask an administrator for a new link.',
  },
  'sso-failed': {
    httpStatus: 401,
    meaning: 'Single sign-on did not come to an end that can be trusted.',
    nextStep:
      'Start to sign in again. If it happens again, an administrator reads the reason in the audit trail.',
  },
  'workload-refused': {
    httpStatus: 401,
    meaning: 'The identity that a workload presented is not valid, or no rule admits it.',
    nextStep:
      'Compare its issuer, audience and claims, or its role ARN, with what `sallyport workload list` shows.',
  },
  forbidden: {
    httpStatus: 403,
    meaning: 'The caller is known but may not do this.',
    nextStep: 'Ask for the right that the message names, or use another identity.',
  },
  'not-found': {
    httpStatus: 404,
    meaning: 'There is no such thing, or the caller may not know of it.',
    nextStep: 'Check the name or id; list what is there.',
  },
  'rate-limited': {
    httpStatus: 429,
    meaning: 'Too many requests.',
    nextStep: 'Wait for the time that Retry-After names.',
  },
  'name-taken': {
    httpStatus: 409,
    meaning: 'Another one has this name already; letter case and outer blanks do not make a difference.',
    nextStep: 'Choose another name.',
  },
  'edit-conflict': {
    httpStatus: 409,
    meaning: 'It was changed by somebody else since it was read.',
    nextStep: 'Read it again, then repeat the change.',
  },
  'secrets-manager-in-use': {
    httpStatus: 409,
    meaning: 'Secrets are still encrypted with this secrets manager.',
    nextStep: 'Delete those secrets or store them with another secrets manager first.',
  },
  'secrets-manager-is-default': {
    httpStatus: 409,
    meaning: 'The default secrets manager cannot be deleted.',
    nextStep: 'Make another one the default first.',
  },
  'no-default-secrets-manager': {
    httpStatus: 409,
    meaning: 'No secrets manager was named and none is the default.',
    nextStep: 'Name one, or set a default.',
  },
  'key-change-refused': {
    httpStatus: 409,
    meaning: 'With the new settings the data keys of existing secrets would not open.',
    nextStep: 'Give the new identity kms:Decrypt on the old key, or create a second secrets manager.',
  },
  'kind-mismatch': {
    httpStatus: 409,
    meaning: 'The secret is of the other kind; text and file cannot be turned into each other.',
    nextStep: 'Use another name, or the kind it has.',
  },
  'preflight-failed': {
    httpStatus: 422,
    meaning: 'No eligible delegate could use the key with these settings.',
    nextStep: 'Read the stages in the answer: each failed one names what is missing.',
  },
  'ambiguous-name': {
    httpStatus: 409,
    meaning: 'Several secrets have this name, each for other environments.',
    nextStep: 'Say which: sally://APPLICATION/ENVIRONMENT/NAME, or --app and --env, or the id.',
  },
  'scope-too-wide': {
    httpStatus: 409,
    meaning:
      "It would reach beyond the usage scope that it has to lie within: a secret's scope beyond that of its secrets manager, or what refers to a secret beyond the secret's.",
    nextStep: 'Narrow it, or widen the scope that has to contain it first.',
  },
  'scope-conflict': {
    httpStatus: 409,
    meaning: 'With the new scope, things that are in use would fall outside of it. The answer lists them.',
    nextStep: 'Change those first, or confirm with the token in the answer where it carries one.',
  },
  'in-use': {
    httpStatus: 409,
    meaning: 'It is in use. The answer lists by what.',
    nextStep: 'Take it out of use first.',
  },
  'partly-done': {
    httpStatus: 409,
    meaning:
      'Of several things some were done and others not. The command that did them says which, and why.',
    nextStep: 'Mend what is named, and run the command again for the rest.',
  },
  'confirmation-required': {
    httpStatus: 409,
    meaning: 'The change has effects that the caller has to confirm. The answer lists them.',
    nextStep: 'Repeat the request with the confirmation token from the answer.',
  },
  'last-administrator': {
    httpStatus: 409,
    meaning: 'It would leave nobody who can administer the account.',
    nextStep: 'Make somebody else an account administrator first.',
  },
  'no-delegate': {
    httpStatus: 503,
    meaning: 'No connected delegate may do this work.',
    nextStep:
      'Run `sallyport delegate explain` to see which delegates there are and why each one is not eligible.',
  },
  'delegate-not-eligible': {
    httpStatus: 409,
    meaning: 'The delegate for which the request was sealed may not do this work (any more).',
    nextStep: 'Ask for eligible delegates again; client libraries do so by themselves.',
  },
  'delegate-lost': {
    httpStatus: 503,
    meaning: 'The delegate went away before it had answered.',
    nextStep: TRY_AGAIN,
  },
  'delegate-refused': {
    httpStatus: 403,
    meaning: "The delegate's own guard file does not allow this.",
    nextStep: "Have the delegate's operator widen its guard file, or use another delegate.",
  },
  'delegate-token-invalid': {
    httpStatus: 401,
    meaning: 'The delegate token is unknown or expired.',
    nextStep: 'Create a new token with `sallyport delegate token create`.',
  },
  'delegate-token-revoked': {
    httpStatus: 401,
    meaning: 'The delegate token was revoked.',
    nextStep: 'Create a new token and start the delegate with it.',
  },
  'delegate-identity-in-use': {
    httpStatus: 409,
    meaning: 'A delegate with this identity is connected already.',
    nextStep: 'Stop the other process, or give this one a data directory of its own.',
  },
  'protocol-version-unsupported': {
    httpStatus: 400,
    meaning: 'Server and delegate or client are too far apart in version.',
    nextStep: 'Update the older one.',
  },
  'task-timeout': { httpStatus: 504, meaning: 'The delegate did not answer in time.', nextStep: TRY_AGAIN },
  'session-unknown': {
    httpStatus: 409,
    meaning: 'The delegate does not know the sealing session (it restarted, or the session ended).',
    nextStep: 'Open a new session; client libraries do so by themselves.',
  },
  'sealed-message-rejected': {
    httpStatus: 400,
    meaning: 'The sealed message is damaged, replayed or does not match the request around it.',
    nextStep:
      'Send it again with a new session. If it happens again, something between client and delegate changes messages.',
  },
  'delegate-untrusted': {
    httpStatus: 403,
    meaning: 'The client does not trust the delegate that was offered.',
    nextStep:
      "Compare the fingerprint with the one in the delegate's own log, then trust it with `sallyport delegate trust`.",
  },
  'delegate-key-changed': {
    httpStatus: 403,
    meaning: 'A delegate of a known name shows another identity.',
    nextStep:
      'If it was set up anew, check its fingerprint at its own log and trust it again. If not, do not go on.',
  },
  'answer-mismatch': {
    httpStatus: 502,
    meaning: 'The sealed answer is damaged, or it is not the answer to what was asked.',
    nextStep: 'Do not use it. Try again; if it happens again, somebody interferes.',
  },
  'envelope-rejected': {
    httpStatus: 422,
    meaning:
      'The stored envelope does not open: it is damaged, or it belongs to another secret, version or secrets manager.',
    nextStep:
      'Restore the secret version from a backup; `sallyport get NAME --version N` reads older versions.',
  },
  'aws-unreachable': {
    httpStatus: 503,
    meaning: 'The delegate could not reach the AWS endpoint, or it did not answer in time.',
    nextStep: "Check the delegate's network, DNS and VPC endpoints for KMS and STS.",
  },
  'aws-credentials': {
    httpStatus: 502,
    meaning: 'The delegate has no usable AWS credentials.',
    nextStep: 'Check the credentials type of the secrets manager and what the delegate host provides.',
  },
  'assume-role-failed': {
    httpStatus: 502,
    meaning: 'STS did not let the delegate assume the role.',
    nextStep: "Check the role's trust policy, the external ID and the duration.",
  },
  'key-unusable': {
    httpStatus: 502,
    meaning:
      'The KMS key does not exist there, is not enabled, or is of a kind that cannot protect data keys.',
    nextStep: 'Look at the key in the KMS console.',
  },
  'access-denied': {
    httpStatus: 502,
    meaning: 'AWS refused an action on the key.',
    nextStep: 'Add the policy statement that the error carries.',
  },
  'context-rejected': {
    httpStatus: 502,
    meaning: 'KMS refused the encryption context.',
    nextStep: 'Compare the fixed context pairs with the conditions of the key policy.',
  },
  'aws-throttled': {
    httpStatus: 503,
    meaning: 'AWS limits the request rate of this account and region.',
    nextStep: 'Try again later; raise the KMS quota or the data-key cache age.',
  },
  'aws-failed': { httpStatus: 502, meaning: 'AWS answered with a failure of its own.', nextStep: TRY_AGAIN },
  'storage-unavailable': {
    httpStatus: 503,
    meaning: 'The server cannot write to its storage, so nothing was released or changed.',
    nextStep: 'Check disk space and the database.',
  },
  'shutting-down': { httpStatus: 503, meaning: 'The server is stopping.', nextStep: TRY_AGAIN },
  unreachable: {
    httpStatus: 503,
    meaning: 'The client could not reach the server.',
    nextStep: 'Check the address (--address or SALLYPORT_ADDR) and that the server runs.',
  },
  'secret-missing': {
    httpStatus: 404,
    meaning: 'A secret that a program was to be started with cannot be read, so the program was not started.',
    nextStep:
      'The message names each secret and why. Add it, correct its name, or ask for the right to use it.',
  },
  'program-not-found': {
    httpStatus: 404,
    meaning: 'The program to be started is not there.',
    nextStep: 'Check its name, and that PATH has its folder.',
  },
  'program-unusable': {
    httpStatus: 400,
    meaning: 'The operating system does not start the program.',
    nextStep: 'Check that the file is executable and made for this machine.',
  },
  'audit-trail-broken': {
    httpStatus: 500,
    meaning:
      'The audit trail or its checkpoints do not verify. The message names the first record that is wrong.',
    nextStep: 'Keep the file and the database as they are, and find out who could write to them.',
  },
  'root-key-mismatch': {
    httpStatus: 500,
    meaning: 'The root key given is not the one that this database was written with.',
    nextStep: 'Start the server with the root key whose fingerprint the message names.',
  },
  'config-invalid': {
    httpStatus: 500,
    meaning: 'A setting is missing, unknown or out of bounds.',
    nextStep: 'Correct the setting that the message names.',
  },
  internal: {
    httpStatus: 500,
    meaning: 'A fault of Sallyport itself.',
    nextStep: 'Report it with the request id.',
  },
};
