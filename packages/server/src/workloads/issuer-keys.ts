// The public keys of token issuers: asked for where the issuer's discovery document says, and kept. New keys are found as soon as a token
// names one, at most every half minute; withdrawn ones are of use for ten minutes more at most.
import { createLocalJWKSet, createRemoteJWKSet, customFetch } from 'jose';
import type { JWTVerifyGetKey } from 'jose';
import { AppError } from '@sallyport/core';
import type { Clock } from '../clock.ts';
import { boundedFetch } from '../oidc/bounded-fetch.ts';
import { discoveryUrl, isTrustworthy } from '../oidc/issuer-url.ts';
import type { OidcIssuer } from './issuer-settings.ts';

const KEYS_MAX_AGE_MS = 600_000;
const UNKNOWN_KEY_PAUSE_MS = 30_000;
/** The discovery document says little that changes. */
const DISCOVERY_MAX_AGE_MS = 3_600_000;
const ISSUERS_MAX = 1000;

type Found = { keys: Promise<JWTVerifyGetKey>; atMs: number };

export class IssuerKeys {
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #found = new Map<string, Found>();

  constructor(clock: Pick<Clock, 'nowMs'>) {
    this.#clock = clock;
  }

  /**
   * What finds the key of a token.
   * @throws {unreachable} when the issuer does not say where its keys are; asking is for the returned function, which throws likewise
   */
  async of(issuer: Pick<OidcIssuer, 'issuer' | 'jwks'>): Promise<JWTVerifyGetKey> {
    if (issuer.jwks !== null) return createLocalJWKSet(issuer.jwks);
    const nowMs = this.#clock.nowMs();
    const known = this.#found.get(issuer.issuer);
    if (known !== undefined && nowMs - known.atMs < DISCOVERY_MAX_AGE_MS) return known.keys;
    const found = { keys: discover(issuer.issuer), atMs: nowMs };
    if (this.#found.size >= ISSUERS_MAX) this.#found.clear();
    this.#found.set(issuer.issuer, found);
    // A failure is not kept; those who came meanwhile share it.
    found.keys.catch(() => {
      if (this.#found.get(issuer.issuer) === found) this.#found.delete(issuer.issuer);
    });
    return found.keys;
  }
}

async function discover(issuer: string): Promise<JWTVerifyGetKey> {
  const document = await readDocument(issuer);
  const { issuer: named, jwks_uri: jwksUri } = document as { issuer?: unknown; jwks_uri?: unknown };
  if (named !== issuer) throw unreachable('its discovery document is that of another issuer');
  const url = typeof jwksUri === 'string' ? URL.parse(jwksUri) : null;
  if (url === null || !isTrustworthy(url)) throw unreachable('it does not say where its keys are');
  return createRemoteJWKSet(url, {
    cacheMaxAge: KEYS_MAX_AGE_MS,
    cooldownDuration: UNKNOWN_KEY_PAUSE_MS,
    [customFetch]: boundedFetch,
  });
}

async function readDocument(issuer: string): Promise<object> {
  let response: Response;
  try {
    response = await boundedFetch(discoveryUrl(issuer), { headers: { accept: 'application/json' } });
  } catch (cause) {
    throw unreachable('its discovery document could not be had', cause);
  }
  if (response.status !== 200) {
    throw unreachable(`its discovery document was answered with HTTP ${response.status}`);
  }
  const document: unknown = await response.json().catch(() => null);
  if (typeof document === 'object' && document !== null) return document;
  throw unreachable('its discovery document is not JSON');
}

function unreachable(why: string, cause?: unknown): AppError {
  return new AppError('unreachable', {
    publicMessage: `The issuer cannot be asked for its keys: ${why}.`,
    cause,
  });
}
