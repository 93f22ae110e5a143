// AWS answered, and refused the credentials themselves: unknown, badly signed, expired, or a web identity that is not accepted.
import { AppError } from '@sallyport/core';
import { failureData, quoted } from './aws-call.ts';
import type { AwsCall } from './aws-call.ts';
import type { AwsErrorFacts } from './aws-error.ts';

const CLOCK_HINT =
  "Compare the clock of the delegate's host with the real time (NTP): AWS refuses requests that are off by more than five minutes.";

type Words = { what: string; hint: string; quotes?: boolean };

const REFUSALS: Readonly<Record<string, Words>> = {
  UnrecognizedClient: {
    what: 'AWS does not know the access key that the delegate uses',
    hint: 'Check that the access key exists and is active, and that a session token belongs to it.',
  },
  InvalidClientTokenId: {
    what: 'AWS does not know the access key that the delegate uses',
    hint: 'Check that the access key exists and is active, and that a session token belongs to it.',
  },
  InvalidSignature: {
    what: "AWS refuses the signature of the delegate's request",
    hint: `The secret access key does not belong to the access key id, or the clock is wrong. ${CLOCK_HINT}`,
  },
  SignatureDoesNotMatch: {
    what: "AWS refuses the signature of the delegate's request",
    hint: `The secret access key does not belong to the access key id, or the clock is wrong. ${CLOCK_HINT}`,
  },
  ExpiredToken: {
    what: "The session of the delegate's AWS credentials has expired, and their source has no newer ones",
    hint: 'Renew the credentials where they come from. Temporary credentials in environment variables are never renewed by themselves.',
  },
  RequestExpired: { what: "AWS says that the delegate's request has expired", hint: CLOCK_HINT },
  RequestTimeTooSkewed: { what: "The clock of the delegate's host is wrong", hint: CLOCK_HINT },
  IncompleteSignature: {
    what: 'AWS cannot read the signature of the request',
    hint: 'Check the access key id for stray characters.',
  },
  MissingAuthenticationToken: {
    what: "The delegate's request reached AWS without a signature",
    hint: 'Look for a proxy that removes the Authorization header.',
  },
  InvalidIdentityToken: {
    what: 'AWS does not accept the web identity token of the delegate',
    hint: "Check the OIDC provider in IAM and the audience of the token that AWS_WEB_IDENTITY_TOKEN_FILE names; the role's trust policy must name that provider.",
    quotes: true,
  },
  IDPRejectedClaim: {
    what: "The identity provider rejected the delegate's web identity token",
    hint: 'The token has expired or was withdrawn: look at what writes the file that AWS_WEB_IDENTITY_TOKEN_FILE names.',
    quotes: true,
  },
  IDPCommunicationError: {
    what: "AWS cannot reach the identity provider of the delegate's web identity",
    hint: 'Try again; the OIDC provider must be reachable from AWS.',
    quotes: true,
  },
};

/** An `aws-credentials` error, or `null` when the failure is not about the credentials. */
export function credentialsFailure(thrown: unknown, facts: AwsErrorFacts, call: AwsCall): AppError | null {
  const words = refusedIdentity(facts, call) ?? REFUSALS[facts.name];
  if (facts.awsCode === null || words === undefined) return null;
  // The texts of signature errors repeat headers, the session token among them: never passed on.
  const quote = words.quotes === true ? quoted(facts) : '';
  const fallBack =
    call.service === 'sts' && call.purpose === 'web-identity'
      ? ' AWS_WEB_IDENTITY_TOKEN_FILE is set, so no other credentials are tried in its place.'
      : '';
  return new AppError('aws-credentials', {
    publicMessage: `${words.what} (${facts.awsCode}).${fallBack}${quote}`,
    retryable: facts.name === 'IDPCommunicationError',
    data: { ...failureData(call, facts), stage: 'credentials', hint: words.hint },
    cause: thrown,
  });
}

/** What means the credentials only in the call that gets them. */
function refusedIdentity(facts: AwsErrorFacts, call: AwsCall): Words | undefined {
  if (call.service === 'kms' || call.purpose !== 'web-identity') return undefined;
  if (facts.name === 'ExpiredToken') {
    return {
      what: "The delegate's web identity token has expired",
      hint: 'Look at what renews the file that AWS_WEB_IDENTITY_TOKEN_FILE names.',
    };
  }
  if (facts.name !== 'AccessDenied' && facts.name !== 'ValidationError') return undefined;
  return {
    what: `The web identity of the delegate may not assume the role ${call.roleArn}`,
    hint: "The trust policy of the role must allow sts:AssumeRoleWithWebIdentity to the cluster's OIDC provider, with the delegate's service account as subject.",
    quotes: true,
  };
}
