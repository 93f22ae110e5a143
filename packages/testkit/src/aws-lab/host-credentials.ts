// What a machine or a container in AWS finds on its own host: the instance metadata service (IMDSv2, and v1 if a test turns it on) and
// the container credentials endpoint of ECS and EKS Pod Identity. Both hand out sessions of a role that trusts the service.
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { AppError } from '@sallyport/core';
import type { CallTrace } from './call-log.ts';
import { evaluateAccess } from './evaluate-policy.ts';
import type { IdentityStore, RoleRecord } from './identity-store.ts';
import type { LabAnswer, LabRequest, ServiceCall } from './lab-request.ts';
import { ServiceError } from './service-error.ts';
import type { SessionCredentials, SessionTokens } from './session-token.ts';

export type ImdsSettings = {
  /** Role of the instance profile; `null` for an instance without one. */
  roleArn: string | null;
  instanceId: string;
  region: string;
  /** Whether requests without a token are answered (IMDSv1); off unless turned on. */
  allowV1: boolean;
  /** HTTP status of `PUT /latest/api/token`; anything but 200 makes it fail. */
  tokenStatus: number;
  /** Lifetime of the credentials, in seconds. */
  credentialsSeconds: number;
};

export type EcsSettings = {
  /** What the `Authorization` header must be; `null` asks for none. */
  authorizationToken: string | null;
  /** Lifetime of the credentials, in seconds. */
  credentialsSeconds: number;
};

/** The state of both endpoints, and how a request is recognised as theirs. */
export type HostCredentials = {
  imds: ImdsSettings;
  ecs: EcsSettings;
  recognise(request: LabRequest): ServiceCall | null;
};

const ECS_PATH = /^\/v2\/credentials\/(\d{12})\/([A-Za-z0-9_+=,.@-]{1,64})$/;
const ECS_SERVICES = ['ecs-tasks.amazonaws.com', 'pods.eks.amazonaws.com'];
const MAX_TOKEN_SECONDS = 21_600;
const SIX_HOURS = 21_600;

export function makeHostCredentials(parts: {
  identities: IdentityStore;
  tokens: SessionTokens;
  now: () => number;
}): HostCredentials {
  const imds: ImdsSettings = {
    roleArn: null,
    instanceId: 'i-0123456789abcdef0',
    region: 'eu-west-1',
    allowV1: false,
    tokenStatus: 200,
    credentialsSeconds: SIX_HOURS,
  };
  const ecs: EcsSettings = {
    authorizationToken: randomBytes(24).toString('base64url'),
    credentialsSeconds: SIX_HOURS,
  };
  /** IMDSv2 tokens and when each expires. */
  const imdsTokens = new Map<string, number>();

  return {
    imds,
    ecs,
    recognise: (request) => {
      if (request.path.startsWith('/latest/')) {
        return hostCall(
          'imds',
          imdsOperation(request),
          () => answerImds(request),
          () => new ServiceError('Service Unavailable', { status: 503 }),
        );
      }
      if (request.path.startsWith('/v2/credentials/')) {
        return hostCall(
          'ecs',
          'GetCredentials',
          (trace) => answerEcs(request, trace),
          () => new ServiceError('TooManyRequests', { status: 429 }),
        );
      }
      return null;
    },
  };

  function answerImds(request: LabRequest): LabAnswer {
    if (request.path === '/latest/api/token') return issueToken(request);
    if (request.method !== 'GET') throw new ServiceError('Method Not Allowed', { status: 405 });
    checkToken(request);
    switch (request.path) {
      case '/latest/meta-data/instance-id':
        return textAnswer(imds.instanceId);
      case '/latest/meta-data/placement/region':
        return textAnswer(imds.region);
      case '/latest/meta-data/iam/security-credentials/':
        return textAnswer(instanceRole().name);
      default:
        return instanceCredentials(request.path);
    }
  }

  function issueToken(request: LabRequest): LabAnswer {
    if (request.method !== 'PUT') throw new ServiceError('Method Not Allowed', { status: 405 });
    if (imds.tokenStatus !== 200) throw new ServiceError('Token Refused', { status: imds.tokenStatus });
    // A request that came through a proxy may be another machine's: the real service refuses it too.
    if (request.headers['x-forwarded-for'] !== undefined)
      throw new ServiceError('Forbidden', { status: 403 });
    const seconds = Number(request.headers['x-aws-ec2-metadata-token-ttl-seconds'] ?? Number.NaN);
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > MAX_TOKEN_SECONDS) {
      throw new ServiceError('Bad Request');
    }
    const token = randomBytes(40).toString('base64');
    if (imdsTokens.size > 1000) imdsTokens.clear();
    imdsTokens.set(token, parts.now() + seconds * 1000);
    return { ...textAnswer(token), headers: { 'x-aws-ec2-metadata-token-ttl-seconds': String(seconds) } };
  }

  function checkToken(request: LabRequest): void {
    const token = request.headers['x-aws-ec2-metadata-token'];
    if (token === undefined && imds.allowV1) return;
    const expiresAtMs = typeof token === 'string' ? imdsTokens.get(token) : undefined;
    if (expiresAtMs === undefined || expiresAtMs <= parts.now()) {
      throw new ServiceError('Unauthorized', { status: 401 });
    }
  }

  function instanceRole(): RoleRecord {
    const role = imds.roleArn === null ? undefined : parts.identities.roles.get(imds.roleArn);
    if (role === undefined) throw new ServiceError('Not Found', { status: 404 });
    return role;
  }

  function instanceCredentials(path: string): LabAnswer {
    const prefix = '/latest/meta-data/iam/security-credentials/';
    const role = path.startsWith(prefix) ? instanceRole() : null;
    if (role === null || path.slice(prefix.length) !== role.name)
      throw new ServiceError('Not Found', { status: 404 });
    const updated = new Date(parts.now()).toISOString();
    if (!trusts(role, ['ec2.amazonaws.com'])) {
      return jsonAnswer(200, {
        Code: 'AssumeRoleUnauthorizedAccess',
        Message:
          'EC2 cannot assume the role. Please see documentation at https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_iam-ec2.html.',
        LastUpdated: updated,
      });
    }
    const minted = mint(role, { sessionName: imds.instanceId, seconds: imds.credentialsSeconds });
    return jsonAnswer(200, {
      Code: 'Success',
      LastUpdated: updated,
      Type: 'AWS-HMAC',
      ...credentialsJson(minted),
    });
  }

  function answerEcs(request: LabRequest, trace: CallTrace): LabAnswer {
    if (request.method !== 'GET') throw new ServiceError('MethodNotAllowed', { status: 405 });
    const given = request.headers['authorization'] ?? '';
    if (ecs.authorizationToken !== null && !sameText(given, ecs.authorizationToken)) {
      throw new ServiceError('Unauthorized', {
        status: 401,
        text: 'The authorization token is missing or wrong.',
      });
    }
    const [, accountId = '', name = ''] = ECS_PATH.exec(request.path) ?? [];
    const role = [...parts.identities.roles.values()].find(
      (candidate) => candidate.accountId === accountId && candidate.name === name,
    );
    if (role === undefined || !trusts(role, ECS_SERVICES)) {
      throw new ServiceError('CredentialsNotFound', { status: 404, text: 'No credentials for this task.' });
    }
    trace.roleArn = role.arn;
    const minted = mint(role, { sessionName: 'lab-task', seconds: ecs.credentialsSeconds });
    return jsonAnswer(200, { RoleArn: role.arn, ...credentialsJson(minted) });
  }

  function mint(role: RoleRecord, session: { sessionName: string; seconds: number }): SessionCredentials {
    const issuedAtMs = parts.now();
    return parts.tokens.mint({
      roleArn: role.arn,
      roleId: role.roleId,
      sessionName: session.sessionName,
      issuedAtMs,
      expiresAtMs: Math.floor(issuedAtMs / 1000 + session.seconds) * 1000,
      policy: null,
      sourceIdentity: null,
    });
  }
}

/** The path under which the container endpoint serves a role. @throws {not-found} */
export function ecsPathOf(role: RoleRecord): string {
  const path = `/v2/credentials/${role.accountId}/${role.name}`;
  if (!ECS_PATH.test(path))
    throw new AppError('not-found', { publicMessage: `The lab cannot serve ${role.arn}.` });
  return path;
}

function hostCall(
  service: 'imds' | 'ecs',
  operation: string,
  execute: (trace: CallTrace) => LabAnswer,
  throttling: () => ServiceError,
): ServiceCall {
  return {
    service,
    operation,
    keyIds: [],
    execute,
    throttling,
    renderError: (error) =>
      service === 'ecs'
        ? jsonAnswer(error.status, { code: error.code, message: error.text ?? error.code })
        : {
            status: error.status,
            contentType: 'text/html',
            body: `<html><title>${error.status} - ${error.code}</title></html>`,
          },
  };
}

function imdsOperation(request: LabRequest): string {
  if (request.path === '/latest/api/token') return 'GetToken';
  if (request.path === '/latest/meta-data/iam/security-credentials/') return 'GetRoleName';
  return request.path.startsWith('/latest/meta-data/iam/security-credentials/')
    ? 'GetCredentials'
    : 'GetMetadata';
}

/** Whether the role's trust policy lets one of these services assume it. */
function trusts(role: RoleRecord, services: readonly string[]): boolean {
  return services.some(
    (service) =>
      evaluateAccess({
        principal: { kind: 'service', service },
        action: 'sts:AssumeRole',
        resourceArn: role.arn,
        resourceAccountId: role.accountId,
        resourcePolicy: role.trustPolicy,
        context: new Map(),
      }) === null,
  );
}

function credentialsJson(credentials: SessionCredentials): Record<string, string> {
  return {
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey,
    Token: credentials.sessionToken,
    Expiration: new Date(credentials.expiresAtMs).toISOString(),
  };
}

function textAnswer(body: string): LabAnswer {
  return { status: 200, contentType: 'text/plain', body };
}

function jsonAnswer(status: number, body: Record<string, string>): LabAnswer {
  return { status, contentType: 'application/json', body: JSON.stringify(body) };
}

function sameText(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
