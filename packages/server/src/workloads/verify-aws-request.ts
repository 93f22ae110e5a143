// Verifies the signed request that a workload shows for who it is at AWS. A delegate asks STS: the server has no way to AWS, and takes the
// delegate's word for the answer. Which delegates are asked is a part of the issuer's settings.
import { AppError, isAppError } from '@sallyport/core';
import type { ErrorCode } from '@sallyport/core';
import type { AwsIdentityRequest } from '@sallyport/protocol';
import { isOwnFault } from '../fleet/delegate-rests.ts';
import type { Services } from '../services.ts';
import type { AwsIssuer } from './issuer-settings.ts';
import { isRoleLetIn, roleOfSession } from './role-patterns.ts';
import type { Verdict } from './verify-token.ts';

type AwsServices = Pick<Services, 'fleet' | 'dispatcher' | 'publicAddress'>;

/** So many delegates are asked before the workload is told to come again. */
const DELEGATES_MAX = 3;
/** Failures that a stranger may learn of; any other one is a delegate that cannot do it. */
const FAILURES: readonly ErrorCode[] = [
  'no-delegate',
  'delegate-lost',
  'task-timeout',
  'rate-limited',
  'aws-unreachable',
  'aws-throttled',
  'aws-failed',
];
/** Refusals of delegates: what they say is for the audit trail. */
const REFUSALS = ['workload-refused', 'delegate-refused', 'invalid-request'] as const;

/**
 * @param issuer null: there is none, which takes as long as if there were
 * @throws {no-delegate} {delegate-lost} {task-timeout} {aws-unreachable} {aws-throttled} {aws-failed} {rate-limited} without details, since
 * nobody knows yet who is asking
 */
export async function verifyAwsRequest(
  request: AwsIdentityRequest,
  issuer: AwsIssuer | null,
  services: AwsServices,
): Promise<Verdict> {
  const arn = await askDelegates(request, issuer?.selectors ?? [], services);
  if (typeof arn !== 'string') return arn;
  const role = roleOfSession(arn);
  if (role === null) return { refused: `${arn} is not a session of a role` };
  if (issuer === null || !isRoleLetIn(role, issuer.roleArns))
    return { refused: `no rule lets ${role.text} in` };
  return { subject: role.text };
}

/** The ARN of who signed the request. */
async function askDelegates(
  request: AwsIdentityRequest,
  selectors: readonly string[],
  services: AwsServices,
): Promise<string | { refused: string }> {
  const { fleet, dispatcher, publicAddress } = services;
  const need = { kind: 'aws-kms', selectors } as const;
  let failure: AppError | null = null;
  for (const delegate of fleet.delegates.preferred([need]).slice(0, DELEGATES_MAX)) {
    try {
      const task = { kind: 'verify-aws-identity', request, audience: publicAddress.url } as const;
      return (await dispatcher.run<'verify-aws-identity'>(delegate, task)).arn;
    } catch (thrown) {
      if (!(thrown instanceof AppError)) throw thrown;
      failure = thrown;
      // Another delegate may be allowed to, or have a way to STS.
      if (thrown.code !== 'delegate-refused' && !isOwnFault(thrown.code)) break;
    }
  }
  if (failure === null)
    throw notNow(new AppError('no-delegate', { publicMessage: 'No delegate is connected.' }));
  if (REFUSALS.some((code) => isAppError(failure, code))) return { refused: failure.publicMessage };
  throw notNow(failure);
}

/** The same failure without what it says about delegates and networks. */
function notNow(failure: AppError): AppError {
  const isKnown = FAILURES.includes(failure.code);
  return new AppError(isKnown ? failure.code : 'no-delegate', {
    publicMessage: 'No delegate could find out who this is at AWS. Try again in a moment.',
    ...(isKnown ? { retryable: failure.retryable } : {}),
    cause: failure,
  });
}
