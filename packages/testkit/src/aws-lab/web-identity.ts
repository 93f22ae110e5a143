// OIDC tokens for AssumeRoleWithWebIdentity. The lab plays the issuer as well: it signs tokens with a key of its own (HS256, since
// nobody else ever verifies them) and refuses every other token, as STS refuses what the issuer's published keys do not verify.
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { IdentityStore, OidcProviderRecord } from './identity-store.ts';
import type { MasterSecret } from './master-secret.ts';
import { ServiceError } from './service-error.ts';

export type WebIdentityOptions = {
  issuer: string;
  subject: string;
  audience: string;
  /** 3,600 unless given; negative for a token that has expired. */
  expiresInSeconds?: number;
};

export type VerifiedWebIdentity = { provider: OidcProviderRecord; subject: string; audience: string };

export type WebIdentities = {
  /** A signed token (a JWT). The issuer need not be registered, so that tests can present a foreign issuer's token. */
  issue(options: WebIdentityOptions): string;
  /** Verifies a token for a role's account. Throws InvalidIdentityToken, ExpiredTokenException. */
  verify(token: string, accountId: string): VerifiedWebIdentity;
};

const HEADER = base64Url(JSON.stringify({ alg: 'HS256', typ: 'JWT' }));

export function makeWebIdentities(parts: {
  master: MasterSecret;
  identities: IdentityStore;
  now: () => number;
}): WebIdentities {
  const keyOf = (issuer: string): KeyObject => parts.master.deriveKey('oidc-issuer', issuer);
  const nowSeconds = (): number => Math.floor(parts.now() / 1000);
  return {
    issue: ({ issuer, subject, audience, expiresInSeconds = 3600 }) => {
      const iat = nowSeconds();
      const claims = { iss: issuer, sub: subject, aud: audience, iat, exp: iat + expiresInSeconds };
      const signed = `${HEADER}.${base64Url(JSON.stringify(claims))}`;
      return `${signed}.${signature(keyOf(issuer), signed).toString('base64url')}`;
    },
    verify: (token, accountId) => {
      const { claims, signed, mac } = parseToken(token);
      const provider = [...parts.identities.oidcProviders.values()].find(
        (candidate) => candidate.accountId === accountId && candidate.issuer === claims.iss,
      );
      if (provider === undefined)
        throw invalid(`No OpenIDConnect provider found in your account for ${claims.iss}`);
      const expected = signature(keyOf(claims.iss), signed);
      if (mac.length !== expected.length || !timingSafeEqual(mac, expected)) {
        throw invalid(
          "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements",
        );
      }
      if (!provider.audiences.includes(claims.aud)) throw invalid('Incorrect token audience');
      if (claims.exp <= nowSeconds()) {
        throw new ServiceError('ExpiredTokenException', {
          text: `Token expired: current date/time ${nowSeconds()} must be before the expiration date/time ${claims.exp}`,
        });
      }
      return { provider, subject: claims.sub, audience: claims.aud };
    },
  };
}

type Claims = { iss: string; sub: string; aud: string; exp: number };

function parseToken(token: string): { claims: Claims; signed: string; mac: Buffer } {
  const [header, payload, mac, ...rest] = token.split('.');
  if (header !== HEADER || payload === undefined || mac === undefined || rest.length > 0) throw notAToken();
  let claims: unknown;
  try {
    claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  } catch {
    throw notAToken();
  }
  if (!areClaims(claims)) throw notAToken();
  return { claims, signed: `${header}.${payload}`, mac: Buffer.from(mac, 'base64url') };
}

function areClaims(value: unknown): value is Claims {
  if (typeof value !== 'object' || value === null) return false;
  const claims = value as Partial<Record<keyof Claims, unknown>>;
  const texts = [claims.iss, claims.sub, claims.aud].every((claim) => typeof claim === 'string');
  return texts && typeof claims.exp === 'number';
}

function notAToken(): ServiceError {
  return invalid(
    'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)',
  );
}

function invalid(text: string): ServiceError {
  return new ServiceError('InvalidIdentityToken', { text });
}

function signature(key: KeyObject, signed: string): Buffer {
  return createHmac('sha256', key).update(signed).digest();
}

function base64Url(text: string): string {
  return Buffer.from(text).toString('base64url');
}
