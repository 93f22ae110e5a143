// Verifies the token that a workload shows: signed by its issuer, for this server, now, and for a workload that the rules let in. Only
// algorithms with a private key on the issuer's side: with `none` or a shared secret anybody could make one.
// Source: RFC 8725, "JSON Web Token Best Current Practices".
import { errors, jwtVerify } from 'jose';
import { isAppError } from '@sallyport/core';
import type { Clock } from '../clock.ts';
import { explainRefusal } from './claim-rules.ts';
import type { IssuerKeys } from './issuer-keys.ts';
import type { OidcIssuer } from './issuer-settings.ts';

/** Who a workload is, or why that is not believed: for the audit trail, not for the workload. */
export type Verdict = { subject: string } | { refused: string };

const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'];
/** How far clocks may differ. */
const LEEWAY_SECONDS = 30;
/** Tokens are for one job; one that was issued earlier has been lying around. */
const MAX_AGE_SECONDS = 3600;

export async function verifyToken(
  token: string,
  issuer: OidcIssuer,
  services: { keys: IssuerKeys; clock: Pick<Clock, 'nowMs'> },
): Promise<Verdict> {
  try {
    const keys = await services.keys.of(issuer);
    const { payload } = await jwtVerify(token, keys, {
      algorithms: ALGORITHMS,
      issuer: issuer.issuer,
      audience: issuer.audience,
      requiredClaims: ['sub', 'exp', 'iat'],
      clockTolerance: LEEWAY_SECONDS,
      maxTokenAge: MAX_AGE_SECONDS,
      currentDate: new Date(services.clock.nowMs()),
    });
    const { sub } = payload;
    if (typeof sub !== 'string' || sub === '') return { refused: 'its claim sub is empty' };
    const refused = explainRefusal(issuer.rules, payload);
    return refused === null ? { subject: sub } : { refused };
  } catch (thrown) {
    return { refused: reasonOf(thrown) };
  }
}

/** In our own words where it matters; of a token that is not verified nothing is repeated. */
function reasonOf(thrown: unknown): string {
  if (isAppError(thrown)) return thrown.publicMessage;
  if (thrown instanceof errors.JWTExpired) {
    return thrown.claim === 'iat' ? 'the token was issued more than an hour ago' : 'the token has expired';
  }
  if (thrown instanceof errors.JWTClaimValidationFailed) return claimProblem(thrown);
  if (thrown instanceof errors.JWSSignatureVerificationFailed)
    return 'the signature of the token is not valid';
  if (thrown instanceof errors.JOSEAlgNotAllowed)
    return 'the token is signed with an algorithm that is not taken';
  if (thrown instanceof errors.JWKSNoMatchingKey)
    return 'the issuer has no key that the token could be signed with';
  if (thrown instanceof errors.JWKSMultipleMatchingKeys)
    return 'the token does not say which key it is signed with';
  if (thrown instanceof errors.JWSInvalid || thrown instanceof errors.JWTInvalid)
    return 'it is not a signed token';
  return 'the keys of the issuer cannot be had, or cannot be used';
}

function claimProblem({ claim, reason }: errors.JWTClaimValidationFailed): string {
  if (reason === 'missing') return `the token has no claim ${claim}`;
  switch (claim) {
    case 'nbf':
    case 'iat':
      return 'the token is not valid yet; compare the clocks';
    case 'iss':
      return 'the token is of another issuer';
    case 'aud':
      return 'the token is for another audience';
    default:
      return `the claim ${claim} of the token is not what it has to be`;
  }
}
