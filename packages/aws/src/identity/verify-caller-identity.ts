// The delegate's side: finds out who signed an identity request. First everything is checked that can be checked without asking, then STS
// is asked.
import type { Connection } from '../connection/connection.ts';
import { withDeadline } from '../connection/deadline.ts';
import type { Clock } from '../environment/limits.ts';
import { classifyAwsFailure } from '../failure/classify.ts';
import { checkIdentityRequest } from './check-identity-request.ts';
import type { IdentityRequest } from './identity-request.ts';
import { sendIdentityRequest } from './send-identity-request.ts';
import type { VerifiedIdentity } from './send-identity-request.ts';

export type VerifyOptions = {
  /** Address of the server, as that server knows itself. */
  audience: string;
  /** Regions in which STS may be asked; `null`: all that AWS has. */
  regions: readonly string[] | null;
  signal: AbortSignal;
};

/**
 * @throws {workload-refused} when the request is not exactly what it has to be, or STS does not accept it; the message says why
 * @throws {aws-unreachable} {aws-throttled} {aws-failed} when STS could not be asked
 * @throws the reason of `options.signal` when it aborts
 */
export async function verifyCallerIdentity(
  parts: { connection: Connection; clock: Clock },
  request: IdentityRequest,
  options: VerifyOptions,
): Promise<VerifiedIdentity> {
  const { connection, clock } = parts;
  const { audience, regions, signal } = options;
  const endpoint = connection.endpointOverride('sts');
  const fipsOnly = endpoint === null && connection.environment.useFips;
  const checked = checkIdentityRequest(request, { audience, regions, fipsOnly, nowMs: clock.nowMs() });
  const deadlineMs = connection.limits.stsTimeoutMs;
  try {
    return await withDeadline({ signal, deadlineMs }, async (abortSignal) =>
      sendIdentityRequest(checked, { endpoint, signal: abortSignal }),
    );
  } catch (thrown) {
    signal.throwIfAborted();
    const { region } = checked.place;
    const action = 'sts:GetCallerIdentity';
    throw classifyAwsFailure(thrown, { service: 'sts', purpose: 'identity', action, region, endpoint });
  }
}
