// The front of STS: the query protocol (a form in, XML out). AssumeRole, AssumeRoleWithWebIdentity and GetCallerIdentity.
import { assumeRole, assumeRoleWithWebIdentity } from './assume-role.ts';
import type { AssumeRoleParts } from './assume-role.ts';
import type { Authenticated, Authenticator } from './authenticate.ts';
import type { CallTrace } from './call-log.ts';
import type { LabRequest, ServiceCall } from './lab-request.ts';
import { ServiceError } from './service-error.ts';
import { StsInput } from './sts-input.ts';
import { errorXml, resultXml } from './sts-xml.ts';
import type { XmlContent } from './sts-xml.ts';

const VERSION = '2011-06-15';

export type StsServiceParts = AssumeRoleParts & {
  authenticate: Authenticator;
  clockSkewToleranceMs: number;
};

/** Whether a request is meant for STS. */
export function isStsRequest(request: LabRequest): boolean {
  return (
    request.method === 'POST' &&
    request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true
  );
}

/** Recognises an STS call. Never throws: what is wrong with the request is said when it is executed. */
export function recogniseStsCall(parts: StsServiceParts, request: LabRequest): ServiceCall {
  const parameters = new URLSearchParams(request.body.toString('utf8'));
  const operation = parameters.get('Action') ?? '';
  return {
    service: 'sts',
    operation,
    keyIds: [],
    renderError: errorXml,
    throttling: () => new ServiceError('Throttling', { text: 'Rate exceeded' }),
    execute: (trace, requestId) => {
      const authenticate = (): Authenticated => {
        const caller = parts.authenticate(request, {
          service: 'sts',
          clockSkewToleranceMs: parts.clockSkewToleranceMs,
          endpointRegion: request.endpointRegion,
        });
        trace.principalArn = caller.principal.arn;
        trace.accessKeyId = caller.accessKeyId;
        trace.region = caller.region;
        return caller;
      };
      const content = run(parts, { operation, parameters, request, trace, authenticate });
      return resultXml(operation, content, requestId);
    },
  };
}

function run(
  parts: StsServiceParts,
  call: {
    operation: string;
    parameters: URLSearchParams;
    request: LabRequest;
    trace: CallTrace;
    authenticate: () => Authenticated;
  },
): XmlContent {
  const { operation, parameters, trace } = call;
  if (parameters.get('Version') !== VERSION)
    throw noSuchOperation(operation, parameters.get('Version') ?? '');
  const input = new StsInput(parameters);
  switch (operation) {
    case 'AssumeRole': {
      const { principal, region } = call.authenticate();
      const caller = { principal, region, sourceAddress: call.request.sourceAddress };
      return assumeRole(parts, input, { caller, trace });
    }
    case 'AssumeRoleWithWebIdentity':
      return assumeRoleWithWebIdentity(parts, input, { trace });
    case 'GetCallerIdentity': {
      // Needs no permission, and works under an explicit deny too.
      const { principal } = call.authenticate();
      return { Arn: principal.arn, UserId: principal.userId, Account: principal.accountId };
    }
    default:
      throw noSuchOperation(operation, VERSION);
  }
}

function noSuchOperation(operation: string, version: string): ServiceError {
  return new ServiceError('InvalidAction', {
    text: `Could not find operation ${operation} for version ${version}`,
  });
}
