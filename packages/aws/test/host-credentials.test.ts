// Every source that a host can have its credentials from: what is asked, what is not fallen back to, and what a person reads.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keyUsePolicy, trustServices, trustWebIdentity } from '@sallyport/testkit/lab';
import { hostSourceOf } from '../src/credentials/host-credentials.ts';
import { generate, LabAccount, roundTrip } from './lab-account.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-aws-'));
});
afterAll(async () => rm(folder, { recursive: true }));

/** Writes a file and returns its path. */
async function file(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content, { mode: 0o600 });
  return path;
}

describe("sources of the host's credentials", () => {
  test('the first that the environment names is the one', () => {
    const container = { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1/' };
    const web = { AWS_WEB_IDENTITY_TOKEN_FILE: '/token', ...container };
    const keys = { AWS_ACCESS_KEY_ID: 'A', ...web };
    expect(hostSourceOf({})).toBe('instance-profile');
    expect(hostSourceOf(container)).toBe('container');
    expect(hostSourceOf(web)).toBe('web-identity');
    expect(hostSourceOf({ AWS_ROLE_ARN: 'arn' })).toBe('web-identity');
    expect(hostSourceOf(keys)).toBe('environment');
    expect(hostSourceOf({ AWS_PROFILE: 'p', ...keys })).toBe('profile');
  });

  test('instance profile: IMDSv2, three requests however many calls', async () => {
    const account = await LabAccount.start();
    const instance = account.lab.identities.createRole({
      name: 'instance',
      trustPolicy: trustServices(['ec2.amazonaws.com']),
      policies: keyUsePolicy({ keyArn: account.key.arn }),
    });
    account.lab.imds.set({ roleArn: instance.arn });
    const runtime = account.runtime({ AWS_EC2_METADATA_SERVICE_ENDPOINT: account.lab.imdsEndpoint });
    const provider = account.provider(runtime, account.iamRole());
    await Promise.all(Array.from({ length: 20 }, () => generate(provider)));
    const asked = account.lab.calls({ service: 'imds' }).map(({ eventName }) => eventName);
    expect(asked).toEqual(['GetToken', 'GetRoleName', 'GetCredentials']);
    expect(await runtime.effectiveIdentity(account.iamRole())).toMatchObject({
      source: 'instance-profile',
      base: { arn: 'arn:aws:sts::111122223333:assumed-role/instance/i-0123456789abcdef0' },
    });
  });

  test('ECS task role and EKS pod identity: the token file is read at each refresh', async () => {
    const account = await LabAccount.start();
    account.lab.identities.createRole({
      name: 'task',
      trustPolicy: trustServices(['ecs-tasks.amazonaws.com']),
      policies: keyUsePolicy({ keyArn: account.key.arn }),
    });
    const token = account.lab.ecs.get().authorizationToken ?? '';
    const tokenFile = await file('pod-token', 'not written yet');
    const uri = account.lab.ecsCredentialsUri('task');
    const env = {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: uri,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: tokenFile,
    };
    const refused = generate(account.provider(account.runtime(env), account.iamRole()));
    await expect(refused).rejects.toMatchObject({ code: 'aws-credentials', data: { source: 'container' } });
    await expect(refused).rejects.toThrow('AWS_CONTAINER_CREDENTIALS_FULL_URI is set');
    await writeFile(tokenFile, `${token}\n`);
    expect(await roundTrip(account.provider(account.runtime(env), account.iamRole()))).toBe(true);
  });

  test('web identity: the token is exchanged for the role, and a rotated token file is read again', async () => {
    const account = await LabAccount.start();
    const { env, tokenFile, issue } = await webIdentity(account);
    await writeFile(tokenFile, issue());
    const provider = account.provider(account.runtime(env), account.iamRole());
    expect(await roundTrip(provider)).toBe(true);
    const exchanged = account.lab.calls({ eventName: 'AssumeRoleWithWebIdentity' });
    expect(exchanged).toMatchObject([{ sessionName: 'sallyport-test-delegate', errorCode: null }]);
    account.lab.clock.advance(3_600_000);
    await writeFile(tokenFile, issue());
    expect(await roundTrip(provider)).toBe(true);
    expect(account.lab.calls({ eventName: 'AssumeRoleWithWebIdentity' })).toHaveLength(2);
  });

  test('a named profile of the shared configuration files', async () => {
    const account = await LabAccount.start();
    const { accessKeyId, secretAccessKey } = account.host;
    const credentials = `[work]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`;
    const env = {
      AWS_PROFILE: 'work',
      AWS_SHARED_CREDENTIALS_FILE: await file('credentials', credentials),
      AWS_CONFIG_FILE: await file('config', ''),
    };
    expect(await roundTrip(account.provider(account.runtime(env), account.iamRole()))).toBe(true);
    const missing = generate(
      account.provider(account.runtime({ ...env, AWS_PROFILE: 'play' }), account.iamRole()),
    );
    await expect(missing).rejects.toMatchObject({ code: 'aws-credentials', data: { source: 'profile' } });
    await expect(missing).rejects.toThrow('the profile "play", but it gives no credentials');
  });
});

async function webIdentity(account: LabAccount) {
  const issuer = 'https://oidc.example/cluster';
  const { arn } = account.lab.identities.addOidcProvider({ issuer, audiences: ['sts.amazonaws.com'] });
  const claims = { subject: 'system:serviceaccount:sallyport:delegate', audience: 'sts.amazonaws.com' };
  const role = account.lab.identities.createRole({
    name: 'pod',
    trustPolicy: trustWebIdentity({ providerArn: arn, ...claims }),
    policies: keyUsePolicy({ keyArn: account.key.arn }),
  });
  const tokenFile = await file('web-token', '');
  const env = { AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile, AWS_ROLE_ARN: role.arn };
  return { env, tokenFile, issue: () => account.lab.identities.issueWebIdentityToken({ issuer, ...claims }) };
}

describe('a source that is named and fails', () => {
  /** A host whose instance profile would do, so that any fall back would succeed. */
  async function withInstanceProfile(env: Record<string, string>) {
    const account = await LabAccount.start();
    const instance = account.lab.identities.createRole({
      name: 'instance',
      trustPolicy: trustServices(['ec2.amazonaws.com']),
      policies: keyUsePolicy({ keyArn: account.key.arn }),
    });
    account.lab.imds.set({ roleArn: instance.arn });
    const imds = { AWS_EC2_METADATA_SERVICE_ENDPOINT: account.lab.imdsEndpoint };
    const provider = account.provider(account.runtime({ ...imds, ...env }), account.iamRole());
    return { account, made: generate(provider) };
  }

  test.each([
    [
      'half a pair of keys',
      { AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE' },
      'environment',
      'AWS_SECRET_ACCESS_KEY is missing',
    ],
    [
      'a token file without a role',
      { AWS_WEB_IDENTITY_TOKEN_FILE: '/nowhere' },
      'web-identity',
      'AWS_ROLE_ARN is missing',
    ],
    [
      'a role without a token file',
      { AWS_ROLE_ARN: 'arn:aws:iam::111122223333:role/pod' },
      'web-identity',
      'AWS_WEB_IDENTITY_TOKEN_FILE is missing',
    ],
    [
      'a token file that is not there',
      { AWS_WEB_IDENTITY_TOKEN_FILE: '/nowhere', AWS_ROLE_ARN: 'arn:aws:iam::111122223333:role/pod' },
      'web-identity',
      'cannot be read',
    ],
    [
      'a container endpoint that is not near the host',
      { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://10.0.0.1/creds' },
      'container',
      'neither https nor one of the addresses',
    ],
    [
      'a container endpoint that only looks like localhost',
      { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://localhost.evil.test/creds' },
      'container',
      'neither https nor one of the addresses',
    ],
    [
      'the metadata service as container endpoint',
      { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://169.254.169.254/creds' },
      'container',
      'neither https nor one of the addresses',
    ],
    [
      'a container endpoint that nobody listens at',
      { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:9/creds' },
      'container',
      'cannot be reached (connection refused)',
    ],
    [
      'a container token with a line break',
      {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:9/creds',
        AWS_CONTAINER_AUTHORIZATION_TOKEN: 'a\r\nX-Evil: 1',
      },
      'container',
      'contains a line break',
    ],
  ] as const)('%s is the error; the instance profile is not asked', async (_what, env, source, words) => {
    const { account, made } = await withInstanceProfile(env);
    await expect(made).rejects.toMatchObject({
      code: 'aws-credentials',
      data: { stage: 'credentials', source },
    });
    await expect(made).rejects.toThrow(words);
    await expect(made).rejects.toThrow('No other credentials are tried');
    expect(account.lab.calls({ service: 'imds' })).toEqual([]);
  });

  test('a web identity that AWS refuses is the error; the instance profile is not asked', async () => {
    const account = await LabAccount.start();
    const { env, tokenFile } = await webIdentity(account);
    const foreign = {
      issuer: 'https://evil.example',
      subject: 'system:serviceaccount:sallyport:delegate',
      audience: 'sts.amazonaws.com',
    };
    await writeFile(tokenFile, account.lab.identities.issueWebIdentityToken(foreign));
    const imds = { AWS_EC2_METADATA_SERVICE_ENDPOINT: account.lab.imdsEndpoint };
    const made = generate(account.provider(account.runtime({ ...imds, ...env }), account.iamRole()));
    await expect(made).rejects.toMatchObject({ code: 'aws-credentials', data: { stage: 'credentials' } });
    await expect(made).rejects.toThrow('does not accept the web identity token');
    await expect(made).rejects.toThrow('no other credentials are tried in its place');
    expect(account.lab.calls({ service: 'imds' })).toEqual([]);
    expect(account.lab.calls({ service: 'kms' })).toEqual([]);
  });
});

describe('instance metadata', () => {
  async function onInstance() {
    const account = await LabAccount.start();
    const { arn } = account.lab.identities.createRole({
      name: 'instance',
      trustPolicy: trustServices(['ec2.amazonaws.com']),
      policies: keyUsePolicy({ keyArn: account.key.arn }),
    });
    account.lab.imds.set({ roleArn: arn });
    const runtime = account.runtime({ AWS_EC2_METADATA_SERVICE_ENDPOINT: account.lab.imdsEndpoint });
    return { account, runtime, provider: account.provider(runtime, account.iamRole()) };
  }

  test.each([403, 404, 405])(
    'IMDSv1 is not fallen back to when the token is refused with HTTP %i',
    async (status) => {
      const { account, provider } = await onInstance();
      account.lab.imds.set({ allowV1: true, tokenStatus: status });
      const made = generate(provider);
      await expect(made).rejects.toMatchObject({
        code: 'aws-credentials',
        data: { source: 'instance-profile' },
      });
      await expect(made).rejects.toThrow(`refused to give an IMDSv2 token (HTTP ${status})`);
      expect(account.lab.calls({ service: 'imds' }).map(({ eventName }) => eventName)).toEqual(['GetToken']);
    },
  );

  test('an instance without a role, and a host without any metadata service, are told apart', async () => {
    const { account, provider, runtime } = await onInstance();
    account.lab.imds.set({ roleArn: null });
    await expect(generate(provider)).rejects.toThrow('no instance profile with a role is attached');
    await account.lab.partition('imds');
    const other = account.provider(
      account.runtime({ AWS_EC2_METADATA_SERVICE_ENDPOINT: account.lab.imdsEndpoint }),
      account.iamRole(),
    );
    await expect(generate(other)).rejects.toThrow('cannot be reached (connection refused)');
    const disabled = account.provider(
      account.runtime({ AWS_EC2_METADATA_DISABLED: 'true' }),
      account.iamRole(),
    );
    await expect(generate(disabled)).rejects.toThrow('AWS_EC2_METADATA_DISABLED forbids');
    runtime.close();
  });

  test('a metadata service that hangs is given up, and its answer that is no credentials is named', async () => {
    const { account, provider } = await onInstance();
    account.lab.faults.add({ service: 'imds', kind: 'hang' });
    await expect(generate(provider)).rejects.toThrow('cannot be reached (no answer in time)');
    account.lab.faults.clear();
    account.lab.identities.updateRole({
      arn: 'arn:aws:iam::111122223333:role/instance',
      trustPolicy: trustServices(['lambda.amazonaws.com']),
    });
    const fresh = account.provider(
      account.runtime({ AWS_EC2_METADATA_SERVICE_ENDPOINT: account.lab.imdsEndpoint }),
      account.iamRole(),
    );
    await expect(generate(fresh)).rejects.toThrow(
      'did not hand out credentials (AssumeRoleUnauthorizedAccess)',
    );
  });

  test('a metadata service that is down does not stop a delegate whose credentials are still good', async () => {
    const { account, provider } = await onInstance();
    await generate(provider);
    account.lab.clock.advance(21_600_000 - 200_000);
    await account.lab.partition('imds');
    expect(await roundTrip(provider)).toBe(true);
  });

  test('expired credentials of a metadata service that is down are left to the verdict of AWS', async () => {
    const { account, provider } = await onInstance();
    await generate(provider);
    account.lab.clock.advance(21_600_000 + 1000);
    await account.lab.partition('imds');
    const made = generate(provider);
    await expect(made).rejects.toMatchObject({
      code: 'aws-credentials',
      data: { awsCode: 'ExpiredTokenException' },
    });
    await account.lab.heal('imds');
    expect(await roundTrip(provider)).toBe(true);
  });
});
