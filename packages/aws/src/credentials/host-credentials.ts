// The delegate host's own credentials. Which source is used is decided by what the environment names, once; a source that is named
// must work, and nothing wider is tried in its place. Only a host that names nothing is asked for an instance profile.
import type { Connection } from '../connection/connection.ts';
import { isOn } from '../environment/aws-environment.ts';
import type { AwsEnvironment } from '../environment/aws-environment.ts';
import type { Clock } from '../environment/limits.ts';
import type { AwsIdentity, CredentialSource } from './aws-identity.ts';
import { containerVariable, loadContainerCredentials } from './container.ts';
import { credentialsError } from './credentials-error.ts';
import { hasEnvironmentCredentials, loadEnvironmentCredentials } from './environment-credentials.ts';
import { instanceProfileLoader } from './instance-profile.ts';
import { loadProfileCredentials } from './profile.ts';
import { StableCredentials } from './stable-credentials.ts';
import { hasWebIdentity, loadWebIdentityCredentials } from './web-identity.ts';

/** Sources of host credentials, in the order in which they are looked for. */
export type HostSource = Exclude<CredentialSource, 'access-keys' | 'assumed-role'>;

/** Which source the environment names: the same order as in the AWS SDKs. */
export function hostSourceOf(env: AwsEnvironment['env']): HostSource {
  if ((env['AWS_PROFILE'] ?? '') !== '') return 'profile';
  if (hasEnvironmentCredentials(env)) return 'environment';
  if (hasWebIdentity(env)) return 'web-identity';
  return containerVariable(env) === null ? 'instance-profile' : 'container';
}

/** The host's credentials, shared by all secrets managers of a delegate. */
export class HostCredentials {
  readonly #connection: Connection;
  readonly #clock: Clock;
  /** One entry, except for sources that ask STS: one for each region that STS is asked in. */
  readonly #byRegion = new Map<string, StableCredentials>();

  constructor(parts: { connection: Connection; clock: Clock }) {
    this.#connection = parts.connection;
    this.#clock = parts.clock;
  }

  /**
   * @param region where STS is asked if the source needs STS and the environment names no region
   */
  in(region: string): StableCredentials {
    const { env } = this.#connection.environment;
    const source = hostSourceOf(env);
    const needsSts = source === 'web-identity' || source === 'profile';
    const home = needsSts ? env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || region : '';
    const known = this.#byRegion.get(home);
    if (known !== undefined) return known;
    const load = this.#loaderOf(source, home);
    const credentials = new StableCredentials({
      load: async () => ({ identity: await load(), source }),
      clock: this.#clock,
      limits: this.#connection.limits,
    });
    this.#byRegion.set(home, credentials);
    return credentials;
  }

  #loaderOf(source: HostSource, region: string): () => Promise<AwsIdentity> {
    const connection = this.#connection;
    const { environment, limits } = connection;
    const hasMetadata = !isOn(environment.env['AWS_EC2_METADATA_DISABLED']);
    const loaders: Record<HostSource, () => Promise<AwsIdentity>> = {
      environment: async () => loadEnvironmentCredentials(environment.env),
      'web-identity': async () => loadWebIdentityCredentials(connection, { region }),
      container: async () => loadContainerCredentials({ environment, limits }),
      profile: async () => loadProfileCredentials(connection, { region }),
      'instance-profile': hasMetadata
        ? instanceProfileLoader({ environment, limits, clock: this.#clock })
        : failWithoutMetadata,
    };
    return loaders[source];
  }
}

async function failWithoutMetadata(): Promise<never> {
  throw credentialsError({
    source: 'instance-profile',
    publicMessage:
      "The delegate's host offers no AWS credentials: its environment names none, and AWS_EC2_METADATA_DISABLED forbids to ask for an instance profile.",
    hint: 'Set credentials in the environment of the delegate, or remove AWS_EC2_METADATA_DISABLED.',
  });
}
