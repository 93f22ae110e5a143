// IMDS and the container endpoint, with the SDK's own credential providers and with plain requests.
import { DescribeKeyCommand } from '@aws-sdk/client-kms';
import { fromHttp, fromInstanceMetadata } from '@aws-sdk/credential-providers';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { keyUsePolicy, trustPrincipals, trustServices } from '../src/aws-lab/index.ts';
import type { AwsLab } from '../src/aws-lab/index.ts';
import { kmsAs, openLab, refusalOf } from './lab-world.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

async function hostLab(): Promise<{ lab: AwsLab; roleArn: string; keyArn: string }> {
  const lab = await openLab();
  const keyArn = lab.keys.create().arn;
  const role = lab.identities.createRole({
    name: 'host',
    trustPolicy: trustServices(['ec2.amazonaws.com', 'ecs-tasks.amazonaws.com']),
    policies: keyUsePolicy({ keyArn }),
  });
  lab.imds.set({ roleArn: role.arn });
  vi.stubEnv('AWS_EC2_METADATA_SERVICE_ENDPOINT', lab.imdsEndpoint);
  return { lab, roleArn: role.arn, keyArn };
}

const eventsOf = (lab: AwsLab): string[] => lab.calls().map(({ eventName }) => eventName);

describe('instance metadata', () => {
  test('the SDK gets a token, the role and its credentials, and they work', async () => {
    const { lab, keyArn } = await hostLab();
    const credentials = await fromInstanceMetadata({ ec2MetadataV1Disabled: true })();
    expect(eventsOf(lab)).toEqual(['GetToken', 'GetRoleName', 'GetCredentials']);
    await kmsAs(lab, credentials).send(new DescribeKeyCommand({ KeyId: keyArn }));
    expect(lab.calls({ service: 'kms' })[0]?.principalArn).toBe(
      'arn:aws:sts::111122223333:assumed-role/host/i-0123456789abcdef0',
    );
  });

  test('without a token there is no answer, unless version 1 is turned on', async () => {
    const { lab } = await hostLab();
    const url = `${lab.imdsEndpoint}/latest/meta-data/iam/security-credentials/`;
    expect((await fetch(url)).status).toBe(401);
    expect((await fetch(url, { headers: { 'x-aws-ec2-metadata-token': 'junk' } })).status).toBe(401);
    lab.imds.set({ allowV1: true });
    expect(await (await fetch(url)).text()).toBe('host');
  });

  test('an SDK that may not fall back to version 1 fails when the token is refused, one that may gets credentials', async () => {
    const { lab } = await hostLab();
    lab.imds.set({ tokenStatus: 403, allowV1: true });
    const strict = fromInstanceMetadata({ ec2MetadataV1Disabled: true })();
    await refusalOf(strict, 'InstanceMetadataV1FallbackError');
    const lax = await fromInstanceMetadata()();
    expect(lax.accessKeyId).toMatch(/^ASIA/);
    expect(eventsOf(lab)).toEqual(['GetToken', 'GetToken', 'GetRoleName', 'GetCredentials']);
  });

  test('a token request needs a lifetime of 1 to 21,600 seconds, and none through a proxy', async () => {
    const { lab } = await hostLab();
    const ask = async (headers: Record<string, string>): Promise<number> =>
      (await fetch(`${lab.imdsEndpoint}/latest/api/token`, { method: 'PUT', headers })).status;
    const lifetime = 'x-aws-ec2-metadata-token-ttl-seconds';
    expect(await ask({ [lifetime]: '21600' })).toBe(200);
    for (const seconds of ['0', '21601', 'x']) expect(await ask({ [lifetime]: seconds })).toBe(400);
    expect(await ask({})).toBe(400);
    expect(await ask({ [lifetime]: '60', 'x-forwarded-for': '10.0.0.1' })).toBe(403);
  });

  test('tokens and credentials end, and their lifetime can be set', async () => {
    const { lab, keyArn } = await hostLab();
    lab.imds.set({ credentialsSeconds: 60 });
    const credentials = await fromInstanceMetadata({ ec2MetadataV1Disabled: true })();
    lab.clock.advance(61_000);
    const call = kmsAs(lab, credentials).send(new DescribeKeyCommand({ KeyId: keyArn }));
    await refusalOf(call, 'ExpiredTokenException');
  });

  test('a role that does not trust EC2, and an instance without a role, give no credentials', async () => {
    const { lab } = await hostLab();
    const closed = lab.identities.createRole({
      name: 'closed',
      trustPolicy: trustPrincipals({ principals: ['111122223333'] }),
    });
    lab.imds.set({ roleArn: closed.arn, allowV1: true });
    const path = '/latest/meta-data/iam/security-credentials/';
    const answer = await (await fetch(`${lab.imdsEndpoint}${path}closed`)).text();
    expect(answer).toContain('AssumeRoleUnauthorizedAccess');
    expect(answer).not.toContain('SecretAccessKey');
    lab.imds.set({ roleArn: null });
    expect((await fetch(`${lab.imdsEndpoint}${path}`)).status).toBe(404);
  });
});

describe('container credentials', () => {
  test('the SDK gets credentials of the role with the authorization token, and they work', async () => {
    const { lab, keyArn, roleArn } = await hostLab();
    const provider = fromHttp({
      awsContainerCredentialsFullUri: lab.ecsCredentialsUri('host'),
      awsContainerAuthorizationToken: lab.ecs.get().authorizationToken ?? '',
    });
    await kmsAs(lab, await provider()).send(new DescribeKeyCommand({ KeyId: keyArn }));
    expect(lab.calls({ service: 'ecs' })).toMatchObject([{ roleArn, errorCode: null }]);
    expect(lab.ecsCredentialsUri(roleArn)).toBe(lab.ecsCredentialsUri('host'));
  });

  test('no token, a wrong token, and a role that is not for containers get nothing', async () => {
    const { lab } = await hostLab();
    const uri = lab.ecsCredentialsUri('host');
    expect((await fetch(uri)).status).toBe(401);
    expect((await fetch(uri, { headers: { authorization: 'wrong' } })).status).toBe(401);
    lab.ecs.set({ authorizationToken: null });
    expect((await fetch(uri)).status).toBe(200);
    lab.identities.createRole({ name: 'closed', trustPolicy: trustServices(['ec2.amazonaws.com']) });
    expect((await fetch(lab.ecsCredentialsUri('closed'))).status).toBe(404);
    expect(() => lab.ecsCredentialsUri('nobody')).toThrow(expect.objectContaining({ code: 'not-found' }));
  });
});
