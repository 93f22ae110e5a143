// Settings of an issuer whose workloads are let in, as they are stored and used, and the check of what an administrator gives.
import { AppError, parseSelectors } from '@sallyport/core';
import type { WorkloadIssuerSettings } from '@sallyport/protocol';
import { checkIssuerUrl } from '../oidc/issuer-url.ts';
import { checkClaimRules } from './claim-rules.ts';
import { checkRolePattern } from './role-patterns.ts';

export type OidcIssuer = Extract<WorkloadIssuerSettings, { kind: 'oidc' }>;
export type AwsIssuer = Extract<WorkloadIssuerSettings, { kind: 'aws' }>;

const PUBLIC_KEY_TYPES = ['RSA', 'EC', 'OKP'];
/** Parameters that only private and secret keys have (RFC 7518, section 6). */
const PRIVATE_PARAMETERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/** @throws {invalid-request} {invalid-role-arn} {invalid-selector} */
export function checkIssuerSettings(settings: WorkloadIssuerSettings): WorkloadIssuerSettings {
  if (settings.kind === 'aws') {
    for (const roleArn of settings.roleArns) checkRolePattern(roleArn);
    return { ...settings, selectors: parseSelectors(settings.selectors) };
  }
  checkIssuerUrl(settings.issuer);
  checkClaimRules(settings.rules);
  for (const key of settings.jwks?.keys ?? []) checkPublicKey(key);
  return settings;
}

function checkPublicKey(key: Readonly<Record<string, unknown>>): void {
  // With a symmetric key whoever can verify a token can make one.
  if (!PUBLIC_KEY_TYPES.includes(String(key['kty'])))
    throw invalid('A key of the issuer is not a public key.');
  if (PRIVATE_PARAMETERS.some((name) => Object.hasOwn(key, name))) {
    throw invalid(
      'A key of the issuer is a private one. It must be given to nobody; replace it at the issuer.',
    );
  }
}

function invalid(publicMessage: string): AppError {
  return new AppError('invalid-request', { publicMessage });
}
