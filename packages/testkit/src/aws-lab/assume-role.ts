// AssumeRole and AssumeRoleWithWebIdentity: input, trust policy, duration, session. Whatever the reason, a caller who may not assume a
// role reads one and the same text, as at AWS: wrong external ID, unknown role and missing permission cannot be told apart.
import { isAppError } from '@sallyport/core';
import { assumedRoleArn } from './authenticate.ts';
import type { CallTrace } from './call-log.ts';
import { evaluateAccess } from './evaluate-policy.ts';
import type { IdentityStore, RoleRecord } from './identity-store.ts';
import { compilePolicy } from './policy-document.ts';
import type { SigningPrincipal } from './principal.ts';
import { globalContext } from './request-context.ts';
import { ServiceError } from './service-error.ts';
import type { SessionTokens } from './session-token.ts';
import { SESSION_SECONDS } from './sts-input.ts';
import type { SessionTag, StsInput } from './sts-input.ts';
import type { XmlContent } from './sts-xml.ts';
import type { VerifiedWebIdentity, WebIdentities } from './web-identity.ts';

/** What the operations work with. */
export type AssumeRoleParts = {
  identities: IdentityStore;
  tokens: SessionTokens;
  webIdentities: WebIdentities;
  now: () => number;
};

export type AssumeRoleCaller = { principal: SigningPrincipal; region: string; sourceAddress: string };

type RoleRequest = {
  roleArn: string;
  sessionName: string;
  externalId: string | null;
  sourceIdentity: string | null;
  policy: string | null;
  durationSeconds: number | null;
  tags: SessionTag[];
};

/** A session of a role asked for by somebody who signed the request. */
export function assumeRole(
  parts: AssumeRoleParts,
  input: StsInput,
  context: { caller: AssumeRoleCaller; trace: CallTrace },
): XmlContent {
  const { caller, trace } = context;
  const request = readRequest(input, trace);
  // A source identity stays with the person over every role that follows.
  request.sourceIdentity ??=
    caller.principal.kind === 'role-session' ? caller.principal.sourceIdentity : null;
  const role = parts.identities.roles.get(request.roleArn);
  const refused = actionsOf(request).find(
    (action) => role === undefined || !mayAssume(parts, { role, request, caller, action }),
  );
  if (role === undefined || refused !== undefined) {
    throw notAuthorized(
      `User: ${caller.principal.arn} is not authorized to perform: ${refused} on resource: ${request.roleArn}`,
    );
  }
  checkDuration(request, role, caller.principal.kind === 'role-session');
  return mintSession(parts, role, request);
}

/** A session of a role for the bearer of an OIDC token; the request is not signed. */
export function assumeRoleWithWebIdentity(
  parts: AssumeRoleParts,
  input: StsInput,
  context: { trace: CallTrace },
): XmlContent {
  const token = input.required('WebIdentityToken');
  const request = readRequest(input, context.trace);
  const role = parts.identities.roles.get(request.roleArn);
  const accountId = request.roleArn.split(':')[4] ?? '';
  const identity = parts.webIdentities.verify(token, accountId);
  context.trace.principalArn = `${identity.provider.arn}:${identity.subject}`;
  if (role === undefined || !mayAssumeByToken(role, identity)) {
    throw notAuthorized('Not authorized to perform sts:AssumeRoleWithWebIdentity');
  }
  checkDuration(request, role, false);
  return {
    ...mintSession(parts, role, request),
    SubjectFromWebIdentityToken: identity.subject,
    Audience: identity.audience,
    Provider: identity.provider.arn,
  };
}

function readRequest(input: StsInput, trace: CallTrace): RoleRequest {
  const request: RoleRequest = {
    sessionName: input.required('RoleSessionName'),
    externalId: input.optional('ExternalId'),
    sourceIdentity: input.optional('SourceIdentity'),
    policy: input.optional('Policy'),
    durationSeconds: input.durationSeconds(),
    tags: input.tags(),
    roleArn: input.roleArn(),
  };
  trace.roleArn = request.roleArn;
  trace.sessionName = request.sessionName;
  trace.externalId = request.externalId;
  trace.durationSeconds = request.durationSeconds;
  trace.sessionPolicy = request.policy;
  input.finish();
  input.refuseUnsupported();
  if (request.policy !== null) checkSessionPolicy(request.policy);
  return request;
}

function checkSessionPolicy(text: string): void {
  try {
    compilePolicy(JSON.parse(text), 'session');
  } catch (error) {
    throw new ServiceError('MalformedPolicyDocument', {
      text: isAppError(error) ? error.publicMessage : 'This policy contains invalid Json',
    });
  }
}

/** Tags and a source identity need permissions of their own. */
function actionsOf(request: RoleRequest): string[] {
  return [
    'sts:AssumeRole',
    ...(request.tags.length > 0 ? ['sts:TagSession'] : []),
    ...(request.sourceIdentity === null ? [] : ['sts:SetSourceIdentity']),
  ];
}

function mayAssume(
  parts: AssumeRoleParts,
  question: { role: RoleRecord; request: RoleRequest; caller: AssumeRoleCaller; action: string },
): boolean {
  const { role, request, caller, action } = question;
  const context = globalContext({ ...caller, nowMs: parts.now() });
  addRoleContext(context, request);
  return (
    evaluateAccess({
      principal: caller.principal,
      action,
      resourceArn: role.arn,
      resourceAccountId: role.accountId,
      resourcePolicy: role.trustPolicy,
      context,
    }) === null
  );
}

function addRoleContext(context: Map<string, string[]>, request: RoleRequest): void {
  context.set('sts:rolesessionname', [request.sessionName]);
  if (request.externalId !== null) context.set('sts:externalid', [request.externalId]);
  if (request.sourceIdentity !== null) context.set('sts:sourceidentity', [request.sourceIdentity]);
  if (request.tags.length > 0)
    context.set(
      'aws:tagkeys',
      request.tags.map(({ key }) => key),
    );
  for (const { key, value } of request.tags) context.set(`aws:requesttag/${key.toLowerCase()}`, [value]);
}

function mayAssumeByToken(role: RoleRecord, identity: VerifiedWebIdentity): boolean {
  const issuer = identity.provider.issuer.slice('https://'.length).toLowerCase();
  return (
    evaluateAccess({
      principal: { kind: 'federated', providerArn: identity.provider.arn },
      action: 'sts:AssumeRoleWithWebIdentity',
      resourceArn: role.arn,
      resourceAccountId: role.accountId,
      resourcePolicy: role.trustPolicy,
      context: new Map([
        [`${issuer}:sub`, [identity.subject]],
        [`${issuer}:aud`, [identity.audience]],
      ]),
    }) === null
  );
}

function checkDuration(request: RoleRequest, role: RoleRecord, isChained: boolean): void {
  const seconds = request.durationSeconds ?? SESSION_SECONDS.usual;
  if (isChained && seconds > 3600) {
    throw new ServiceError('ValidationError', {
      text: 'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
    });
  }
  if (seconds > role.maxSessionSeconds) {
    throw new ServiceError('ValidationError', {
      text: 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    });
  }
}

function mintSession(parts: AssumeRoleParts, role: RoleRecord, request: RoleRequest): XmlContent {
  const issuedAtMs = parts.now();
  const seconds = request.durationSeconds ?? SESSION_SECONDS.usual;
  const credentials = parts.tokens.mint({
    roleArn: role.arn,
    roleId: role.roleId,
    sessionName: request.sessionName,
    issuedAtMs,
    // Whole seconds, as the answer has them.
    expiresAtMs: Math.floor(issuedAtMs / 1000 + seconds) * 1000,
    policy: request.policy,
    sourceIdentity: request.sourceIdentity,
  });
  return {
    AssumedRoleUser: {
      AssumedRoleId: `${role.roleId}:${request.sessionName}`,
      Arn: assumedRoleArn(role, request.sessionName),
    },
    Credentials: {
      AccessKeyId: credentials.accessKeyId,
      SecretAccessKey: credentials.secretAccessKey,
      SessionToken: credentials.sessionToken,
      Expiration: new Date(credentials.expiresAtMs).toISOString().replace('.000Z', 'Z'),
    },
    ...(request.sourceIdentity === null ? {} : { SourceIdentity: request.sourceIdentity }),
    ...(request.policy === null ? {} : utilization(request.policy)),
  };
}

/** How much of the allowed size the session policy takes, in percent, under its old name and its new one. */
function utilization(policy: string): XmlContent {
  const percent = String(Math.ceil((policy.length * 100) / 2048));
  return { PackedPolicySize: percent, SessionTokenUtilization: percent };
}

function notAuthorized(text: string): ServiceError {
  return new ServiceError('AccessDenied', { status: 403, text });
}
