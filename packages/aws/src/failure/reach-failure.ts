// Failures before AWS has answered: nothing there, no answer in time, or an answer from something else on the way.
import { AppError } from '@sallyport/core';
import { DeadlineExceeded } from '../connection/deadline.ts';
import { failureData, placeOf } from './aws-call.ts';
import type { AwsCall } from './aws-call.ts';
import type { AwsErrorFacts } from './aws-error.ts';

const CONNECTION_PROBLEMS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ETIMEDOUT: 'there was no answer in time',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
  ENOTFOUND: 'its name cannot be resolved',
  EAI_AGAIN: 'its name cannot be resolved at the moment',
};
const TLS_PROBLEM = /^(CERT_|ERR_TLS|ERR_SSL|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HOSTNAME_MISMATCH|EPROTO)/;

/** An `aws-unreachable` error, or `null` when AWS did answer. */
export function reachFailure(thrown: unknown, facts: AwsErrorFacts, call: AwsCall): AppError | null {
  const problem = problemOf(thrown, facts);
  if (problem === null) return null;
  const service = call.service;
  const hint =
    problem.hint ??
    `Check the delegate's network, DNS and firewall; in a private network the VPC endpoint com.amazonaws.${call.region}.${service}.`;
  return new AppError('aws-unreachable', {
    publicMessage: `The delegate cannot reach ${placeOf(call)}: ${problem.what}.`,
    retryable: problem.retryable ?? true,
    data: { ...failureData(call, facts), stage: 'reach', awsCode: problem.code, hint },
    cause: thrown,
  });
}

type Problem = { what: string; code: string; hint?: string; retryable?: boolean };

function problemOf(thrown: unknown, facts: AwsErrorFacts): Problem | null {
  if (thrown instanceof DeadlineExceeded) {
    return { what: `there was no usable answer within ${thrown.deadlineMs / 1000} s`, code: 'Timeout' };
  }
  if (facts.awsCode !== null) return null;
  if (facts.statusCode !== null) return foreignAnswer(facts.statusCode);
  const code = facts.connectionCode;
  if (facts.name === 'TimeoutError' || code === 'ETIMEDOUT')
    return { what: 'there was no answer in time', code: 'Timeout' };
  if (code === null) return null;
  if (TLS_PROBLEM.test(code)) {
    return {
      what: `its TLS certificate is not accepted (${code})`,
      code,
      hint: 'A proxy that inspects TLS is likely in between: exempt AWS from it, or give Node its certificate with NODE_EXTRA_CA_CERTS.',
      retryable: false,
    };
  }
  const what = CONNECTION_PROBLEMS[code];
  return what === undefined ? null : { what, code };
}

/** An answer that is not from AWS can only be judged by its status. */
function foreignAnswer(statusCode: number): Problem | null {
  if (statusCode === 429) return null;
  const answer = { code: `HTTP ${statusCode}`, retryable: statusCode >= 500 };
  return {
    ...answer,
    what: `something in between (a proxy, a firewall, a load balancer) answered in its place, with HTTP ${statusCode}`,
    hint:
      statusCode === 407
        ? 'The proxy wants a login. AWS must be reachable from the delegate directly or through a VPC endpoint.'
        : 'Look at the proxy or firewall between the delegate and AWS; AWS must be reachable directly or through a VPC endpoint.',
  };
}
