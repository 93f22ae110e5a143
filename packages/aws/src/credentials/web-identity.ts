// Credentials of a web identity (IRSA on EKS, or any OIDC token in a file). Once a variable asks for it, it must work: falling back to
// the host's role instead would use wider rights than somebody chose, without a word.
import { readFile } from 'node:fs/promises';
import type { Connection } from '../connection/connection.ts';
import type { AwsEnvironment } from '../environment/aws-environment.ts';
import { sessionNameOf } from '../sts/session-name.ts';
import { StsCalls } from '../sts/sts-calls.ts';
import type { AwsIdentity } from './aws-identity.ts';
import { credentialsError } from './credentials-error.ts';

const TOKEN_FILE = 'AWS_WEB_IDENTITY_TOKEN_FILE';
const ROLE_ARN = 'AWS_ROLE_ARN';

/** Whether the environment asks for a web identity, completely or not. */
export function hasWebIdentity(env: AwsEnvironment['env']): boolean {
  return (env[TOKEN_FILE] ?? '') !== '' || (env[ROLE_ARN] ?? '') !== '';
}

/** @throws {aws-credentials} {aws-unreachable} {aws-throttled} {aws-failed}; there is no fall back */
export async function loadWebIdentityCredentials(
  connection: Connection,
  use: { region: string },
): Promise<AwsIdentity> {
  const { env, delegateName } = connection.environment;
  const file = env[TOKEN_FILE] ?? '';
  const roleArn = env[ROLE_ARN] ?? '';
  if (file === '' || roleArn === '') {
    const [present, missing] = file === '' ? [ROLE_ARN, TOKEN_FILE] : [TOKEN_FILE, ROLE_ARN];
    throw noToken(`${present} is set, but ${missing} is missing`);
  }
  const token = await readToken(file);
  const sessionName = env['AWS_ROLE_SESSION_NAME'] ?? sessionNameOf(delegateName);
  const sts = new StsCalls(connection, { region: use.region, credentials: null });
  return sts.assumeRoleWithWebIdentity({ roleArn, sessionName, token });
}

async function readToken(file: string): Promise<string> {
  let token: string;
  try {
    // Read at each refresh: the kubelet rotates it.
    token = (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    throw noToken(`the file that ${TOKEN_FILE} names cannot be read`, cause);
  }
  if (token === '') throw noToken(`the file that ${TOKEN_FILE} names is empty`);
  return token;
}

function noToken(why: string, cause?: unknown) {
  return credentialsError({
    source: 'web-identity',
    publicMessage: `The delegate's web identity failed: ${why}. No other credentials are tried in its place.`,
    hint: "Check the service account annotation (EKS) and the delegate's volume mounts, or remove both variables.",
    cause,
  });
}
