// The AWS clients of one secrets manager with one set of settings: built once, kept as long as something uses them.
import type { RequestPacers } from '../connection/request-pacer.ts';
import { ManagerCredentials } from '../credentials/manager-credentials.ts';
import type { AwsAccess, CredentialParts } from '../credentials/manager-credentials.ts';
import { KmsCalls } from '../kms/kms-calls.ts';
import { parseKeyArn, parseRoleArn } from '@sallyport/core';
import type { AwsKmsSettings } from '@sallyport/core';
import type { SessionScope } from '../sts/session-policy.ts';

/** What the clients of all secrets managers share. */
export type ClientParts = CredentialParts & { pacers: RequestPacers };

/** Credentials and KMS clients, one client for each region in which the manager has keys. */
export class ManagerClients {
  readonly credentials: ManagerCredentials;
  readonly #parts: ClientParts;
  readonly #quotaAccountId: string;
  readonly #byRegion = new Map<string, KmsCalls>();

  /** @param scope the keys that an assumed session is limited to */
  constructor(parts: ClientParts, access: AwsAccess, scope: SessionScope) {
    this.#parts = parts;
    this.#quotaAccountId = quotaAccountOf(access.settings);
    this.credentials = new ManagerCredentials(parts, access, scope);
  }

  /** KMS in a region. */
  in(region: string): KmsCalls {
    const known = this.#byRegion.get(region);
    if (known !== undefined) return known;
    const { connection, pacers } = this.#parts;
    const pacer = pacers.of({ accountId: this.#quotaAccountId, region });
    const calls = new KmsCalls({ connection, region, credentials: this.credentials, pacer });
    this.#byRegion.set(region, calls);
    return calls;
  }
}

/**
 * The account whose KMS quota the calls count against. KMS counts the caller's account; for credentials whose account is not in
 * the settings the key's account stands in for it, which it mostly is.
 * Source: AWS KMS developer guide, "Request quotas", cross-account requests.
 */
function quotaAccountOf(settings: AwsKmsSettings): string {
  return settings.credentials.type === 'sts-role'
    ? parseRoleArn(settings.credentials.roleArn).accountId
    : parseKeyArn(settings.keyArn).accountId;
}
