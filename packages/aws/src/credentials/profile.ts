// Credentials of a named profile in the shared AWS configuration files, for hosts where AWS_PROFILE is set. The SDK's own reader:
// profiles can be chained, and AWS keeps adding to them.
import { join } from 'node:path';
import type { Connection } from '../connection/connection.ts';
import type { AwsEnvironment } from '../environment/aws-environment.ts';
import type { AwsIdentity } from './aws-identity.ts';
import { credentialsError } from './credentials-error.ts';

/** @throws {aws-credentials} naming the profile */
export async function loadProfileCredentials(
  connection: Connection,
  use: { region: string },
): Promise<AwsIdentity> {
  const { env } = connection.environment;
  const profile = env['AWS_PROFILE'] ?? '';
  const filepath = env['AWS_SHARED_CREDENTIALS_FILE'] ?? inHome(env, 'credentials');
  const configFilepath = env['AWS_CONFIG_FILE'] ?? inHome(env, 'config');
  const clientOptions = connection.clientOptions('sts', { region: use.region, credentials: null });
  const options = {
    profile,
    ...(filepath === undefined ? {} : { filepath }),
    ...(configFilepath === undefined ? {} : { configFilepath }),
    // The files may change while the delegate runs.
    ignoreCache: true,
    clientConfig: clientOptions,
    // For profiles with `credential_source = Ec2InstanceMetadata`.
    ec2MetadataV1Disabled: true,
  };
  // Loaded only here: it brings a dozen further clients along, and most delegates never need it.
  const { fromIni } = await import('@aws-sdk/credential-providers');
  try {
    return await fromIni(options)();
  } catch (cause) {
    throw credentialsError({
      source: 'profile',
      publicMessage: `AWS_PROFILE names the profile "${printable(profile)}", but it gives no credentials. No other credentials are tried in their place.`,
      hint: 'Check the profile in the AWS configuration files of the delegate, or remove AWS_PROFILE.',
      cause,
    });
  }
}

function inHome(env: AwsEnvironment['env'], file: string): string | undefined {
  const home = env['HOME'] ?? env['USERPROFILE'];
  return home === undefined ? undefined : join(home, '.aws', file);
}

function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 64);
}
