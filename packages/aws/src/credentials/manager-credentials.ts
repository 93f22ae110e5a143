// The credentials that one secrets manager's calls to KMS are signed with, for each of the three credentials types.
import { isAppError, parseRoleArn } from '@sallyport/core';
import type { AwsKmsSettings, Credentials } from '@sallyport/core';
import type { Connection } from '../connection/connection.ts';
import type { Clock } from '../environment/limits.ts';
import { isSessionOf, policyPrincipalOf } from '../sts/caller-identity.ts';
import type { CallerIdentity } from '../sts/caller-identity.ts';
import { KnownIdentity } from '../sts/known-identity.ts';
import { sessionNameOf } from '../sts/session-name.ts';
import { sessionPolicyOf } from '../sts/session-policy.ts';
import type { SessionScope } from '../sts/session-policy.ts';
import { StsCalls } from '../sts/sts-calls.ts';
import { accessKeyCredentials } from './access-keys.ts';
import type { SourcedCredentials } from './aws-identity.ts';
import type { HostCredentials } from './host-credentials.ts';
import { StableCredentials } from './stable-credentials.ts';

/** Settings and the secret part that is kept apart from them. */
export type AwsAccess = {
  settings: AwsKmsSettings;
  /** Only for credentials type `access-keys`; `null` for the others. */
  secretAccessKey: string | null;
};

type StsRole = Extract<Credentials, { type: 'sts-role' }>;

/** What all secrets managers of a delegate share. */
export type CredentialParts = { connection: Connection; clock: Clock; host: HostCredentials };

/** Credentials of one secrets manager. */
export class ManagerCredentials {
  /** What the delegate is before any role is assumed: the host's credentials, or the access keys. */
  readonly base: StableCredentials;
  /** Who `base` is. */
  readonly baseIdentity: KnownIdentity;
  /** What KMS is called with; the same as `base` unless a role is to be assumed. */
  readonly effective: StableCredentials;
  readonly #parts: CredentialParts;
  readonly #access: AwsAccess;
  readonly #sts: StsCalls;

  /** @param scope the keys that an assumed session is limited to */
  constructor(parts: CredentialParts, access: AwsAccess, scope: SessionScope) {
    this.#parts = parts;
    this.#access = access;
    const { credentials, region } = access.settings;
    this.base = credentials.type === 'access-keys' ? this.#accessKeys(credentials) : parts.host.in(region);
    this.#sts = new StsCalls(parts.connection, { region, credentials: this.base });
    this.baseIdentity = new KnownIdentity({ sts: this.#sts, credentials: this.base });
    this.effective = credentials.type === 'sts-role' ? this.#assumed(credentials, scope) : this.base;
  }

  /** Whose rights the calls to KMS use, as a policy names it; `null` when that cannot be found out. */
  async findPrincipalArn(): Promise<string | null> {
    const { credentials } = this.#access.settings;
    if (credentials.type === 'sts-role') return credentials.roleArn;
    const identity = await this.baseIdentity.find();
    return identity === null ? null : policyPrincipalOf(identity);
  }

  /**
   * Assumes the role of the settings now, with other parameters: a try, whose session is not kept.
   * @throws as `StsCalls.assumeRole`
   */
  async tryRole(trial: { role: StsRole; sessionPolicy: string }, signal: AbortSignal | null): Promise<void> {
    await this.#assume(trial, signal);
  }

  #accessKeys(credentials: Extract<Credentials, { type: 'access-keys' }>): StableCredentials {
    const { accessKeyId } = credentials;
    const { secretAccessKey } = this.#access;
    return this.#stable(async () => accessKeyCredentials({ accessKeyId, secretAccessKey }));
  }

  #assumed(role: StsRole, scope: SessionScope): StableCredentials {
    const sessionPolicy = sessionPolicyOf(scope);
    return this.#stable(async () => {
      // A role that may not assume itself would be refused, and one that may would gain nothing by it.
      if (await this.#isOwnRole(role)) return { ...(await this.base.current()), isOwnRole: true };
      const identity = await this.#assume({ role, sessionPolicy }, null);
      return { identity, source: 'assumed-role', isOwnRole: false };
    });
  }

  async #isOwnRole(role: StsRole): Promise<boolean> {
    const identity = await this.#identityForSts();
    return identity !== null && isSessionOf(identity, parseRoleArn(role.roleArn));
  }

  /** Who is about to ask STS; `null` when STS does not tell. @throws what AssumeRole would fail with too */
  async #identityForSts(): Promise<CallerIdentity | null> {
    // Without credentials there is no identity either: fails here, in the words of their source.
    await this.base.current();
    try {
      return await this.baseIdentity.get();
    } catch (thrown) {
      if (isAppError(thrown, 'aws-unreachable') || isAppError(thrown, 'aws-throttled')) throw thrown;
      return null;
    }
  }

  async #assume(
    { role, sessionPolicy }: { role: StsRole; sessionPolicy: string },
    signal: AbortSignal | null,
  ) {
    const { roleArn, externalId, durationSeconds } = role;
    const identity = await this.#identityForSts();
    const principalArn = identity === null ? null : policyPrincipalOf(identity);
    const sessionName = sessionNameOf(this.#parts.connection.environment.delegateName);
    return this.#sts.assumeRole(
      { roleArn, externalId, durationSeconds, sessionName, sessionPolicy },
      { principalArn, signal },
    );
  }

  #stable(load: () => Promise<SourcedCredentials>): StableCredentials {
    const { clock, connection } = this.#parts;
    return new StableCredentials({ load, clock, limits: connection.limits });
  }
}
