// The face of this package for a delegate: one object that holds everything AWS which its secrets managers share, made once by the
// delegate and closed when it stops.
import { createHash } from 'node:crypto';
import { parseKeyArn } from '@sallyport/core';
import type { KeyProvider, SecretsManagerId } from '@sallyport/core';
import { Connection } from '../connection/connection.ts';
import { RequestPacers } from '../connection/request-pacer.ts';
import type { CredentialSource } from '../credentials/aws-identity.ts';
import { HostCredentials } from '../credentials/host-credentials.ts';
import type { AwsAccess } from '../credentials/manager-credentials.ts';
import type { AwsEnvironment } from '../environment/aws-environment.ts';
import { DEFAULT_LIMITS, systemClock } from '../environment/limits.ts';
import type { AwsLimits, Clock } from '../environment/limits.ts';
import type { IdentityRequest } from '../identity/identity-request.ts';
import { presignCallerIdentity } from '../identity/presign-caller-identity.ts';
import type { VerifiedIdentity } from '../identity/send-identity-request.ts';
import { verifyCallerIdentity } from '../identity/verify-caller-identity.ts';
import type { VerifyOptions } from '../identity/verify-caller-identity.ts';
import { AwsKmsKeyProvider } from '../kms/aws-kms-key-provider.ts';
import { runPreflight } from '../preflight/preflight.ts';
import type { PreflightOptions, PreflightResult } from '../preflight/preflight-result.ts';
import type { CallerIdentity } from '../sts/caller-identity.ts';
import { ManagerClients } from './manager-clients.ts';
import type { ClientParts } from './manager-clients.ts';

/** Who a delegate is at AWS for one secrets manager. */
export type EffectiveIdentity = {
  /** Where the base credentials came from. */
  source: CredentialSource;
  /** Who the delegate is before any role is assumed. */
  base: CallerIdentity;
  /** The role whose rights are used for KMS; `null` when that is `base` itself. */
  roleArn: string | null;
  /** Whether the role of the settings is what the delegate is already, so that nothing is assumed. */
  isOwnRole: boolean;
};

type Shared = { clients: ManagerClients; users: number };

/** AWS for one delegate. */
export class AwsRuntime {
  readonly #parts: ClientParts;
  readonly #shared = new Map<string, Shared>();

  constructor(environment: AwsEnvironment, options: { clock?: Clock; limits?: Partial<AwsLimits> } = {}) {
    const clock = options.clock ?? systemClock;
    const connection = new Connection(environment, { ...DEFAULT_LIMITS, ...options.limits });
    const host = new HostCredentials({ connection, clock });
    this.#parts = { connection, clock, host, pacers: new RequestPacers() };
  }

  /**
   * The key provider of a secrets manager. Providers with the same id and settings share their clients and credentials until the
   * last of them is closed. Makes no call yet.
   * @throws {invalid-key-arn} when the pinned key ARN is none, or an alias
   */
  keyProvider(secretsManagerId: SecretsManagerId, access: AwsAccess): KeyProvider {
    const { settings } = access;
    const key = sharingKey(secretsManagerId, access);
    const shared = this.#shared.get(key) ?? { clients: this.#clientsOf(access), users: 0 };
    const provider = new AwsKmsKeyProvider({
      settings,
      callsIn: (region) => shared.clients.in(region),
      onClose: () => {
        shared.users -= 1;
        if (shared.users === 0) this.#shared.delete(key);
      },
    });
    shared.users += 1;
    this.#shared.set(key, shared);
    return provider;
  }

  /**
   * Tries everything that the product needs with these settings, with fresh credentials. What fails is in the result.
   * @throws the reason of `options.signal` when it aborts; {invalid-key-arn} {invalid-role-arn} for settings that were not checked
   */
  async preflight(access: AwsAccess, options: PreflightOptions): Promise<PreflightResult> {
    return runPreflight(this.#parts, access, options);
  }

  /**
   * Who the delegate is with these settings; assumes the role if there is one.
   * @throws {aws-credentials} {assume-role-failed} {aws-unreachable} {aws-throttled} {aws-failed}
   */
  async effectiveIdentity(access: AwsAccess): Promise<EffectiveIdentity> {
    const { credentials } = this.#clientsOf(access);
    const { source } = await credentials.base.current();
    const base = await credentials.baseIdentity.get();
    const { isOwnRole = false } = await credentials.effective.current();
    const { credentials: settings } = access.settings;
    const roleArn = settings.type === 'sts-role' && !isOwnRole ? settings.roleArn : null;
    return { source, base, roleArn, isOwnRole };
  }

  /**
   * Signs, with the host's credentials, a request that shows to the server at `audience` who this host is at AWS. Nothing of it is sent.
   * @throws {aws-credentials} {invalid-request} and, for credentials that STS hands out, {aws-unreachable} {aws-throttled} {aws-failed}
   */
  async presignCallerIdentity(where: { region: string; audience: string }): Promise<IdentityRequest> {
    const { host, clock, connection } = this.#parts;
    const { identity: credentials } = await host.in(where.region).current();
    const isFips = connection.environment.useFips;
    return presignCallerIdentity({ ...where, credentials, isFips, nowMs: clock.nowMs() });
  }

  /**
   * Finds out who signed such a request, with no credentials of this host.
   * @throws {workload-refused} {aws-unreachable} {aws-throttled} {aws-failed}
   */
  async verifyCallerIdentity(request: IdentityRequest, options: VerifyOptions): Promise<VerifiedIdentity> {
    return verifyCallerIdentity(this.#parts, request, options);
  }

  /** Closes all connections. Providers must be closed before. */
  close(): void {
    this.#shared.clear();
    this.#parts.connection.close();
  }

  #clientsOf(access: AwsAccess): ManagerClients {
    const { pinnedKeyArn, formerKeyArns } = access.settings;
    return new ManagerClients(this.#parts, access, { keyArn: parseKeyArn(pinnedKeyArn).text, formerKeyArns });
  }
}

/** Same id and same settings as far as AWS is concerned. A digest, since it covers the secret access key. */
function sharingKey(secretsManagerId: SecretsManagerId, access: AwsAccess): string {
  const { settings, secretAccessKey } = access;
  const { keyArn, pinnedKeyArn, formerKeyArns, region, credentials } = settings;
  const relevant = [
    secretsManagerId,
    keyArn,
    pinnedKeyArn,
    formerKeyArns,
    region,
    credentials,
    secretAccessKey,
  ];
  return createHash('sha256').update(JSON.stringify(relevant)).digest('base64');
}
