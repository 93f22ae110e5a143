// Credentials of an EC2 instance profile, by IMDSv2 only: what cannot get a token does not get credentials. Falling back to IMDSv1
// is what lets a request forged through somebody else's service reach them.
// Source: EC2 user guide, "Use the Instance Metadata Service"; the SDK's provider for paths and static stability.
import { randomInt } from 'node:crypto';
import type { AwsEnvironment } from '../environment/aws-environment.ts';
import type { AwsLimits, Clock } from '../environment/limits.ts';
import type { AwsIdentity } from './aws-identity.ts';
import { credentialsError } from './credentials-error.ts';
import { documentErrorCode, parseCredentialsDocument } from './credentials-document.ts';
import { connectionProblem, requestMetadata } from './metadata-request.ts';
import type { MetadataAnswer } from './metadata-request.ts';

const TOKEN_PATH = '/latest/api/token';
const ROLE_PATH = '/latest/meta-data/iam/security-credentials/';
const TOKEN_TTL_SECONDS = 21_600;
const ATTEMPTS = 2;
const EXTENSION_MS = { least: 300_000, most: 600_000 } as const;

export type InstanceProfileOptions = {
  environment: Pick<AwsEnvironment, 'env'>;
  limits: Pick<AwsLimits, 'metadataTimeoutMs'>;
  clock: Clock;
};

/**
 * Loads credentials of the instance profile. Once it has some, a metadata service that fails or hands out expired ones does not
 * stop it: it goes on with the last ones for five to ten minutes more and leaves the verdict to AWS ("static stability").
 */
export function instanceProfileLoader(options: InstanceProfileOptions): () => Promise<AwsIdentity> {
  let last: AwsIdentity | null = null;
  const extended = (identity: AwsIdentity): AwsIdentity => ({
    ...identity,
    expiration: new Date(options.clock.nowMs() + randomInt(EXTENSION_MS.least, EXTENSION_MS.most)),
  });
  return async () => {
    try {
      last = await loadFromMetadata(options);
    } catch (thrown) {
      if (last === null) throw thrown;
      return extended(last);
    }
    return (last.expiration?.getTime() ?? 0) > options.clock.nowMs() ? last : extended(last);
  };
}

/** Where the metadata service is, by `AWS_EC2_METADATA_SERVICE_ENDPOINT` and `…_ENDPOINT_MODE`. */
export function metadataEndpoint(env: AwsEnvironment['env']): string {
  const given = env['AWS_EC2_METADATA_SERVICE_ENDPOINT'];
  if (given !== undefined && URL.canParse(given)) return given.replace(/\/+$/, '');
  const mode = env['AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE'];
  return mode?.toLowerCase() === 'ipv6' ? 'http://[fd00:ec2::254]' : 'http://169.254.169.254';
}

async function loadFromMetadata(options: InstanceProfileOptions): Promise<AwsIdentity> {
  const endpoint = metadataEndpoint(options.environment.env);
  const ask = (path: string, method: 'GET' | 'PUT', headers: Record<string, string>) =>
    askWithRetry({
      url: new URL(endpoint + path),
      method,
      headers,
      timeoutMs: options.limits.metadataTimeoutMs,
    });
  const token = await ask(TOKEN_PATH, 'PUT', {
    'x-aws-ec2-metadata-token-ttl-seconds': String(TOKEN_TTL_SECONDS),
  });
  if (token.statusCode !== 200) throw tokenRefused(endpoint, token.statusCode);
  const headers = { 'x-aws-ec2-metadata-token': token.body.trim() };
  const role = await ask(ROLE_PATH, 'GET', headers);
  const roleName = role.body.trim().split('\n')[0] ?? '';
  if (role.statusCode === 404 || (role.statusCode === 200 && roleName === '')) throw noRole(endpoint);
  if (role.statusCode !== 200) throw badAnswer(endpoint, role);
  const document = await ask(ROLE_PATH + encodeURIComponent(roleName), 'GET', headers);
  const identity = document.statusCode === 200 ? parseCredentialsDocument(document.body) : null;
  if (identity === null) throw badAnswer(endpoint, document);
  return identity;
}

async function askWithRetry(request: Parameters<typeof requestMetadata>[0]): Promise<MetadataAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await requestMetadata(request);
      if (answer.statusCode < 500 || attempt === ATTEMPTS) return answer;
    } catch (thrown) {
      if (attempt === ATTEMPTS) throw notThere(request.url.origin, thrown);
    }
  }
}

function notThere(endpoint: string, cause: unknown) {
  return credentialsError({
    source: 'instance-profile',
    publicMessage: `The delegate's host offers no AWS credentials: its environment names none, and the instance metadata service at ${endpoint} cannot be reached (${connectionProblem(cause)}).`,
    hint: 'Attach an instance profile, a task role or a pod identity to the delegate, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in its environment. In a container on EC2 the metadata hop limit must be 2 or more.',
    retryable: true,
    cause,
  });
}

function tokenRefused(endpoint: string, statusCode: number) {
  return credentialsError({
    source: 'instance-profile',
    publicMessage: `The instance metadata service at ${endpoint} refused to give an IMDSv2 token (HTTP ${statusCode}). Sallyport does not fall back to IMDSv1.`,
    hint: 'Enable IMDSv2 on the instance; in a container set the metadata hop limit to 2 or more.',
    awsCode: `HTTP ${statusCode}`,
  });
}

function noRole(endpoint: string) {
  return credentialsError({
    source: 'instance-profile',
    publicMessage: `The instance metadata service at ${endpoint} answers, but no instance profile with a role is attached to this instance.`,
    hint: "Attach an instance profile with a role to the delegate's instance.",
  });
}

function badAnswer(endpoint: string, answer: MetadataAnswer) {
  const code = documentErrorCode(answer.body) ?? `HTTP ${answer.statusCode}`;
  return credentialsError({
    source: 'instance-profile',
    publicMessage: `The instance metadata service at ${endpoint} did not hand out credentials (${code}).`,
    hint: "Look at the instance profile's role: its trust policy must name ec2.amazonaws.com.",
    retryable: answer.statusCode >= 500,
    awsCode: code,
  });
}
