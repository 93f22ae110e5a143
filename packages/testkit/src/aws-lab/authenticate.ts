// Finds out who signed a request: access key, session token, expiry, clock skew, signature, scope. Each service words the outcomes in
// its own way (KMS `UnrecognizedClientException`, STS `InvalidClientTokenId`); the table is below.
import { partitionOfRegion } from '@sallyport/core';
import type { IdentityStore, RoleRecord } from './identity-store.ts';
import type { MasterSecret } from './master-secret.ts';
import { compilePolicy } from './policy-document.ts';
import type { CompiledPolicy } from './policy-document.ts';
import type { RoleSessionPrincipal, SigningPrincipal } from './principal.ts';
import { ServiceError } from './service-error.ts';
import { secretAccessKeyOf } from './session-token.ts';
import type { SessionClaims, SessionTokens } from './session-token.ts';
import {
  makeSignatureVerifier,
  parseAmzDate,
  parseAuthorization,
  printAmzDate,
  unsignedHeader,
} from './signature-v4.ts';
import type { ParsedAuthorization, SignedRequest } from './signature-v4.ts';

export type Authenticated = { principal: SigningPrincipal; accessKeyId: string; region: string };

export type AuthenticationRules = {
  service: 'kms' | 'sts';
  /** How far the caller's clock may be off, in milliseconds. */
  clockSkewToleranceMs: number;
  /** The region of the endpoint; `null` when the endpoint serves every region. */
  endpointRegion: string | null;
};

export type Authenticator = (request: SignedRequest, rules: AuthenticationRules) => Authenticated;

/** What AWS calls each refusal: JSON services on the left, query services on the right, with the query services' HTTP status. */
const REFUSALS = {
  missing: ['MissingAuthenticationTokenException', 'MissingAuthenticationToken', 403],
  incomplete: ['IncompleteSignatureException', 'IncompleteSignature', 400],
  unknown: ['UnrecognizedClientException', 'InvalidClientTokenId', 403],
  expired: ['ExpiredTokenException', 'ExpiredToken', 403],
  signature: ['InvalidSignatureException', 'SignatureDoesNotMatch', 403],
} as const;

const UNKNOWN_TEXT = 'The security token included in the request is invalid.';
const MISMATCH_TEXT =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.';

/**
 * Makes the lab's authenticator.
 * It throws `ServiceError` with the names of the service asked for.
 */
export function makeAuthenticator(parts: {
  identities: IdentityStore;
  tokens: SessionTokens;
  master: MasterSecret;
  now: () => number;
}): Authenticator {
  const verify = makeSignatureVerifier();
  const sessionPolicies = new Map<string, CompiledPolicy>();

  return (request, rules) => {
    const refuse = (what: keyof typeof REFUSALS, text: string): ServiceError => refusal(rules, what, text);
    const authorization = readAuthorization(request, rules);
    const principal = findPrincipal(authorization, request, refuse);
    const amzDate = headerOf(request, 'x-amz-date') ?? '';
    checkTime({ amzDate, now: parts.now(), authorization }, rules);
    checkScope(authorization, rules);
    const secretAccessKey = secretAccessKeyOf(parts.master, authorization.accessKeyId);
    if (!verify(request, { authorization, amzDate, secretAccessKey }))
      throw refuse('signature', MISMATCH_TEXT);
    return { principal, accessKeyId: authorization.accessKeyId, region: authorization.region };
  };

  function findPrincipal(
    authorization: ParsedAuthorization,
    request: SignedRequest,
    refuse: (what: 'unknown' | 'expired', text: string) => ServiceError,
  ): SigningPrincipal {
    const { accessKeyId } = authorization;
    const sessionToken = headerOf(request, 'x-amz-security-token');
    if (sessionToken === null) {
      const user = parts.identities.accessKeyOwners.get(accessKeyId);
      if (user === undefined || user.accessKeys.get(accessKeyId) !== true)
        throw refuse('unknown', UNKNOWN_TEXT);
      const { arn, accountId, name, userId, policies } = user;
      return { kind: 'user', arn, accountId, userName: name, userId, policies };
    }
    const claims = parts.tokens.read({ accessKeyId, sessionToken });
    const role = claims === null ? undefined : parts.identities.roles.get(claims.roleArn);
    if (claims === null || role === undefined || role.roleId !== claims.roleId)
      throw refuse('unknown', UNKNOWN_TEXT);
    if (claims.expiresAtMs <= parts.now() || claims.serial <= role.expiredSerial) {
      throw refuse('expired', 'The security token included in the request is expired');
    }
    return sessionPrincipal(claims, role);
  }

  function sessionPrincipal(claims: SessionClaims, role: RoleRecord): RoleSessionPrincipal {
    return {
      kind: 'role-session',
      arn: assumedRoleArn(role, claims.sessionName),
      accountId: role.accountId,
      roleArn: role.arn,
      userId: `${role.roleId}:${claims.sessionName}`,
      policies: role.policies,
      sessionPolicy: claims.policy === null ? null : compiledSessionPolicy(claims.policy),
      issuedAtMs: claims.issuedAtMs,
      sourceIdentity: claims.sourceIdentity,
      revoked: claims.serial <= role.revokedSerial,
    };
  }

  function compiledSessionPolicy(text: string): CompiledPolicy {
    let policy = sessionPolicies.get(text);
    if (policy === undefined) {
      policy = compilePolicy(JSON.parse(text), 'session');
      if (sessionPolicies.size > 1000) sessionPolicies.clear();
      sessionPolicies.set(text, policy);
    }
    return policy;
  }
}

/** ARN of a session of a role; AWS leaves the role's path out. */
export function assumedRoleArn(role: { accountId: string; name: string }, sessionName: string): string {
  return `arn:aws:sts::${role.accountId}:assumed-role/${role.name}/${sessionName}`;
}

function readAuthorization(request: SignedRequest, rules: AuthenticationRules): ParsedAuthorization {
  const header = headerOf(request, 'authorization');
  if (header === null) throw refusal(rules, 'missing', 'Request is missing Authentication Token');
  const authorization = parseAuthorization(header);
  if (authorization === null) {
    throw refusal(
      rules,
      'incomplete',
      'Authorization header requires a complete AWS4-HMAC-SHA256 credential, signed headers and signature.',
    );
  }
  if (parseAmzDate(headerOf(request, 'x-amz-date') ?? '') === null) {
    throw refusal(
      rules,
      'incomplete',
      "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
    );
  }
  const unsigned = unsignedHeader(request, authorization);
  if (unsigned !== null) {
    throw refusal(rules, 'signature', `'${unsigned}' must be a 'SignedHeader' in the AWS Authorization.`);
  }
  return authorization;
}

function checkTime(
  times: { amzDate: string; now: number; authorization: ParsedAuthorization },
  rules: AuthenticationRules,
): void {
  const { amzDate, now, authorization } = times;
  const signedAt = parseAmzDate(amzDate) ?? 0;
  const tolerance = rules.clockSkewToleranceMs;
  const minutes = Math.round(tolerance / 60_000);
  if (signedAt < now - tolerance) {
    const limit = printAmzDate(now - tolerance);
    throw refusal(
      rules,
      'signature',
      `Signature expired: ${amzDate} is now earlier than ${limit} (${printAmzDate(now)} - ${minutes} min.)`,
    );
  }
  if (signedAt > now + tolerance) {
    const limit = printAmzDate(now + tolerance);
    throw refusal(
      rules,
      'signature',
      `Signature not yet current: ${amzDate} is still later than ${limit} (${printAmzDate(now)} + ${minutes} min.)`,
    );
  }
  if (!amzDate.startsWith(authorization.date)) {
    throw refusal(
      rules,
      'signature',
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${authorization.date}' != '${amzDate.slice(0, 8)}'`,
    );
  }
}

function checkScope(authorization: ParsedAuthorization, rules: AuthenticationRules): void {
  if (authorization.service !== rules.service) {
    throw refusal(rules, 'signature', `Credential should be scoped to correct service: '${rules.service}'.`);
  }
  const isThisRegion = rules.endpointRegion === null || authorization.region === rules.endpointRegion;
  if (!isThisRegion || partitionOfRegion(authorization.region) === null) {
    throw refusal(
      rules,
      'signature',
      `Credential should be scoped to a valid region, not '${authorization.region}'.`,
    );
  }
}

function refusal(rules: AuthenticationRules, what: keyof typeof REFUSALS, text: string): ServiceError {
  const [jsonName, queryName, queryStatus] = REFUSALS[what];
  return rules.service === 'kms'
    ? new ServiceError(jsonName, { text })
    : new ServiceError(queryName, { text, status: queryStatus });
}

function headerOf(request: SignedRequest, name: string): string | null {
  const value = request.headers[name];
  return typeof value === 'string' ? value : null;
}
