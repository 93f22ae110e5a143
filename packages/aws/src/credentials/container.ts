// Credentials of an ECS task role or an EKS pod identity: one GET to the endpoint that the container's environment names. Once a
// variable names it, it must work; nothing else is tried in its place.
// Source: SDK reference guide, "Container credential provider"; which hosts are accepted is the SDKs' rule.
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AppError } from '@sallyport/core';
import type { AwsEnvironment } from '../environment/aws-environment.ts';
import type { AwsLimits } from '../environment/limits.ts';
import type { AwsIdentity } from './aws-identity.ts';
import { credentialsError } from './credentials-error.ts';
import { documentErrorCode, parseCredentialsDocument } from './credentials-document.ts';
import { connectionProblem, requestMetadata } from './metadata-request.ts';
import type { MetadataAnswer, MetadataRequest } from './metadata-request.ts';

const RELATIVE_URI = 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI';
const FULL_URI = 'AWS_CONTAINER_CREDENTIALS_FULL_URI';
const TOKEN = 'AWS_CONTAINER_AUTHORIZATION_TOKEN';
const TOKEN_FILE = 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE';
const ECS_ORIGIN = 'http://169.254.170.2';
const PLAIN_HTTP_HOSTS = ['localhost', '169.254.170.2', '169.254.170.23', '[fd00:ec2::23]', '[::1]'];
// The agent may still be starting when the container is.
const PAUSES_MS = [200, 400];

/** The variable that names a container endpoint, or `null` when none does. */
export function containerVariable(env: AwsEnvironment['env']): string | null {
  return [RELATIVE_URI, FULL_URI].find((name) => (env[name] ?? '') !== '') ?? null;
}

/** @throws {aws-credentials} naming the variable */
export async function loadContainerCredentials(options: {
  environment: Pick<AwsEnvironment, 'env'>;
  limits: Pick<AwsLimits, 'metadataTimeoutMs'>;
}): Promise<AwsIdentity> {
  const { env } = options.environment;
  const url = endpointOf(env);
  const headers = await authorizationOf(env);
  const { metadataTimeoutMs: timeoutMs } = options.limits;
  const answer = await askWithRetry({ url, method: 'GET', headers, timeoutMs }, env);
  const identity = answer.statusCode === 200 ? parseCredentialsDocument(answer.body) : null;
  if (identity !== null) return identity;
  const code = documentErrorCode(answer.body) ?? `HTTP ${answer.statusCode}`;
  throw failed(env, `the endpoint ${url.origin} did not hand out credentials (${code})`, { awsCode: code });
}

function endpointOf(env: AwsEnvironment['env']): URL {
  const relative = env[RELATIVE_URI] ?? '';
  const text = relative === '' ? (env[FULL_URI] ?? '') : ECS_ORIGIN + relative;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null) throw failed(env, 'it does not hold a URL');
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isNearHost(url.hostname))) return url;
  throw failed(
    env,
    'the URL in it is neither https nor one of the addresses that containers get credentials from',
  );
}

function isNearHost(hostname: string): boolean {
  return PLAIN_HTTP_HOSTS.includes(hostname) || /^127(\.\d{1,3}){3}$/.test(hostname);
}

async function authorizationOf(env: AwsEnvironment['env']): Promise<Record<string, string>> {
  const file = env[TOKEN_FILE] ?? '';
  const token = file === '' ? (env[TOKEN] ?? '') : await readToken(env, file);
  if (token === '') return {};
  // A line break would let whoever writes the token add headers.
  if (/[\r\n]/.test(token)) throw failed(env, 'its authorization token contains a line break');
  return { authorization: token };
}

async function readToken(env: AwsEnvironment['env'], file: string): Promise<string> {
  try {
    // Read at each refresh: the pod identity agent rotates it.
    return (await readFile(file, 'utf8')).replace(/\r?\n$/, '');
  } catch (cause) {
    throw failed(env, `the file that ${TOKEN_FILE} names cannot be read`, { cause });
  }
}

async function askWithRetry(request: MetadataRequest, env: AwsEnvironment['env']): Promise<MetadataAnswer> {
  for (let attempt = 0; ; attempt += 1) {
    const pauseMs = PAUSES_MS[attempt];
    try {
      const answer = await requestMetadata(request);
      if (answer.statusCode < 500 || pauseMs === undefined) return answer;
    } catch (cause) {
      if (pauseMs === undefined) {
        const why = `the endpoint ${request.url.origin} cannot be reached (${connectionProblem(cause)})`;
        throw failed(env, why, { cause, retryable: true });
      }
    }
    await sleep(pauseMs);
  }
}

function failed(
  env: AwsEnvironment['env'],
  why: string,
  more: { awsCode?: string; cause?: unknown; retryable?: boolean } = {},
): AppError {
  const variable = containerVariable(env) ?? FULL_URI;
  return credentialsError({
    source: 'container',
    publicMessage: `The delegate's container credentials failed: ${variable} is set, but ${why}. No other credentials are tried in their place.`,
    hint: 'Check the task role (ECS) or the pod identity association (EKS) of the delegate, or remove the variable.',
    ...more,
  });
}
