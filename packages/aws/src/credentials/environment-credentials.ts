// Credentials in the delegate's environment variables.
import type { AwsEnvironment } from '../environment/aws-environment.ts';
import type { AwsIdentity } from './aws-identity.ts';
import { credentialsError } from './credentials-error.ts';

/** Whether the environment names credentials, completely or not. */
export function hasEnvironmentCredentials(env: AwsEnvironment['env']): boolean {
  return (env['AWS_ACCESS_KEY_ID'] ?? '') !== '' || (env['AWS_SECRET_ACCESS_KEY'] ?? '') !== '';
}

/** @throws {aws-credentials} when one half of the pair is missing */
export function loadEnvironmentCredentials(env: AwsEnvironment['env']): AwsIdentity {
  const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = env;
  if (accessKeyId === '' || secretAccessKey === '') {
    const missing = accessKeyId === '' ? 'AWS_ACCESS_KEY_ID' : 'AWS_SECRET_ACCESS_KEY';
    throw credentialsError({
      source: 'environment',
      publicMessage: `The delegate's environment has half a pair of AWS access keys: ${missing} is missing. No other credentials are tried in their place.`,
      hint: `Set ${missing} too, or remove its counterpart.`,
    });
  }
  const sessionToken = env['AWS_SESSION_TOKEN'] ?? '';
  return { accessKeyId, secretAccessKey, ...(sessionToken === '' ? {} : { sessionToken }) };
}
