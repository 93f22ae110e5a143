// Turns whatever a call to AWS threw into one of our error codes, with the stage at which it failed and words for a person. By the
// error's name; by HTTP status only where the answer did not come from AWS.
import { AppError, isAppError } from '@sallyport/core';
import { assumeRoleFailure } from './assume-role-failure.ts';
import { failureData, placeOf, quoted, stageOf } from './aws-call.ts';
import type { AwsCall } from './aws-call.ts';
import { awsErrorFacts, isThrottle } from './aws-error.ts';
import type { AwsErrorFacts } from './aws-error.ts';
import { credentialsFailure } from './credentials-failure.ts';
import { keyFailure } from './key-failure.ts';
import { reachFailure } from './reach-failure.ts';

const OWN_FAULTS = new Set(['KMSInternal', 'InternalFailure', 'InternalError', 'ServiceUnavailable']);

/**
 * Classifies a failure of `call`. What is an `AppError` already is returned as it is.
 * @returns one of {aws-unreachable} {aws-credentials} {assume-role-failed} {key-unusable} {access-denied} {context-rejected}
 * {aws-throttled} {aws-failed}, with `data.stage`, `data.awsCode`, `data.requestId`, `data.hint` and `data.missingStatement` where
 * there is one
 */
export function classifyAwsFailure(thrown: unknown, call: AwsCall): AppError {
  if (isAppError(thrown)) return thrown;
  const facts = awsErrorFacts(thrown);
  if (isThrottle(thrown)) return throttled(thrown, facts, call);
  return (
    reachFailure(thrown, facts, call) ??
    credentialsFailure(thrown, facts, call) ??
    (call.service === 'kms' ? keyFailure(thrown, facts, call) : null) ??
    (call.service === 'sts' && call.purpose === 'assume-role'
      ? assumeRoleFailure(thrown, facts, call)
      : null) ??
    failed(thrown, facts, call)
  );
}

function throttled(thrown: unknown, facts: AwsErrorFacts, call: AwsCall): AppError {
  const quota =
    call.service === 'kms'
      ? 'the KMS request quota of the account in this region ("Cryptographic operations (symmetric) request rate"), which all callers in the account share'
      : 'the STS request rate of the account in this region, which all callers in the account share';
  return new AppError('aws-throttled', {
    publicMessage: `${placeOf(call)} throttles the requests of this account (${facts.awsCode ?? 'HTTP 429'}); ${call.action} was tried several times.`,
    data: {
      ...failureData(call, facts),
      hint: `Try again later. The limit is ${quota}: have it raised, or raise the age of the data-key cache.`,
    },
    cause: thrown,
  });
}

function failed(thrown: unknown, facts: AwsErrorFacts, call: AwsCall): AppError {
  const isOwnFault = OWN_FAULTS.has(facts.name) || (facts.statusCode ?? 0) >= 500;
  const isTransient = isOwnFault || ['DependencyTimeout', 'KeyUnavailable'].includes(facts.name);
  const what = facts.awsCode ?? facts.connectionCode ?? 'an answer that cannot be read';
  return new AppError('aws-failed', {
    publicMessage: `${call.action} failed at ${placeOf(call)}: ${what}.${quoted(facts)}`,
    retryable: isTransient,
    data: {
      ...failureData(call, facts),
      stage: stageOf(call),
      hint: isTransient
        ? 'AWS reports a failure of its own. Try again; if it lasts, look at the AWS Health Dashboard.'
        : 'Look up the AWS code in the AWS documentation, and the request in CloudTrail by its request id.',
    },
    cause: thrown,
  });
}
