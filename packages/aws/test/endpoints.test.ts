// Where requests go: decided by what the delegate hands in, and by nothing that the SDK finds on its own.
import { afterEach, describe, expect, test } from 'vitest';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { KMSClient, DescribeKeyCommand } from '@aws-sdk/client-kms';
import { Connection } from '../src/connection/connection.ts';
import type { AwsService } from '../src/connection/connection.ts';
import { DEFAULT_LIMITS } from '../src/environment/limits.ts';
import { readAwsEnvironment } from '../src/index.ts';

const credentials = Object.assign(async () => ({ accessKeyId: 'a', secretAccessKey: 'b' }), {
  memoized: true,
});

class Captured extends Error {}

/** The host and protocol that a request of such a delegate would go to. Nothing is sent. */
async function hostOf(
  service: AwsService,
  env: Record<string, string>,
  region = 'eu-west-1',
): Promise<string> {
  const connection = new Connection(readAwsEnvironment(env, { delegateName: 'd' }), DEFAULT_LIMITS);
  const options = connection.clientOptions(service, { region, credentials });
  let seen = '';
  const capture = () => async (args: { request?: unknown }) => {
    const { protocol, hostname } = args.request as { protocol: string; hostname: string };
    seen = `${protocol}//${hostname}`;
    throw new Captured();
  };
  const location = { step: 'finalizeRequest', priority: 'low', name: 'capture' } as const;
  const client = service === 'kms' ? new KMSClient(options) : new STSClient(options);
  // One type for both: what is sent does not matter, only where.
  const { middlewareStack } = client as KMSClient;
  middlewareStack.add(capture, location);
  const sent =
    client instanceof KMSClient
      ? client.send(new DescribeKeyCommand({ KeyId: 'k' }))
      : client.send(new GetCallerIdentityCommand({}));
  await expect(sent).rejects.toBeInstanceOf(Captured);
  connection.close();
  return seen;
}

describe('endpoints', () => {
  const variables = ['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_KMS', 'AWS_ENDPOINT_URL_STS'];
  afterEach(() => {
    for (const name of variables) delete process.env[name];
  });

  test.each([
    ['kms', 'eu-west-1', {}, 'https://kms.eu-west-1.amazonaws.com'],
    ['sts', 'eu-west-1', {}, 'https://sts.eu-west-1.amazonaws.com'],
    ['sts', 'us-east-1', {}, 'https://sts.us-east-1.amazonaws.com'],
    ['kms', 'cn-north-1', {}, 'https://kms.cn-north-1.amazonaws.com.cn'],
    ['kms', 'us-iso-east-1', {}, 'https://kms.us-iso-east-1.c2s.ic.gov'],
    ['kms', 'eusc-de-east-1', {}, 'https://kms.eusc-de-east-1.amazonaws.eu'],
    ['kms', 'us-east-1', { AWS_USE_FIPS_ENDPOINT: 'true' }, 'https://kms-fips.us-east-1.amazonaws.com'],
    ['sts', 'us-east-1', { AWS_USE_FIPS_ENDPOINT: 'true' }, 'https://sts-fips.us-east-1.amazonaws.com'],
    ['kms', 'eu-west-1', { AWS_USE_DUALSTACK_ENDPOINT: 'true' }, 'https://kms.eu-west-1.api.aws'],
  ] satisfies [AwsService, string, Record<string, string>, string][])(
    '%s in %s with %o is the regional one: %s',
    async (service, region, env, host) => {
      expect(await hostOf(service, env, region)).toBe(host);
    },
  );

  test('an override is for one service only, and excludes the FIPS switch there only', async () => {
    const env = { AWS_ENDPOINT_URL_KMS: 'http://kms.test:8200', AWS_USE_FIPS_ENDPOINT: 'true' };
    expect(await hostOf('kms', env)).toBe('http://kms.test');
    expect(await hostOf('sts', env, 'us-east-1')).toBe('https://sts-fips.us-east-1.amazonaws.com');
  });

  test("what the process's own environment says about endpoints is not looked at", async () => {
    for (const name of variables) process.env[name] = 'http://evil.test';
    expect(await hostOf('kms', {})).toBe('https://kms.eu-west-1.amazonaws.com');
    expect(await hostOf('sts', {})).toBe('https://sts.eu-west-1.amazonaws.com');
  });
});
