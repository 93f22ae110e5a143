// A workload with nothing but its role at AWS reads a secret: the command signs the request, the server relays it, a delegate in a process
// of its own asks STS (the lab). And what must not get in: another role, a request made for another server, a changed, old or misdirected
// one, and an STS that leads elsewhere.
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { presignCallerIdentity } from '@sallyport/aws';
import { createClient, isAppError, workloadToken } from '@sallyport/sdk';
import type { AwsIdentityRequest } from '@sallyport/protocol';
import { trustServices } from '@sallyport/testkit/lab';
import type { AwsLab } from '@sallyport/testkit/lab';
import { Workplace } from '../packages/cli/test/sallyport.ts';
import type { Finished } from '../packages/cli/test/sallyport.ts';
import { labTarget } from './harness/aws-targets.ts';
import type { AwsTarget } from './harness/aws-targets.ts';
import { Deployment, until } from './harness/deployment.ts';

const MINUTE = 60_000;
const VALUE = 'hunter2-of-the-nightly-job';

let target: AwsTarget & { lab: AwsLab };
let deployment: Deployment;
let place: Workplace;
let jobRole: string;
let otherRole: string;

beforeAll(async () => {
  target = await labTarget();
  const { lab } = target;
  const trustPolicy = trustServices(['ec2.amazonaws.com']);
  jobRole = lab.identities.createRole({ name: 'nightly-job', trustPolicy }).arn;
  otherRole = lab.identities.createRole({ name: 'other-job', trustPolicy }).arn;
  place = await Workplace.make();
  deployment = await Deployment.start();
  // It can ask STS, and has no credentials of its own.
  const environment = { AWS_ENDPOINT_URL_STS: lab.stsEndpoint };
  await deployment.startDelegate({ name: 'vpc-1', selectors: ['vpc'], environment });
  const { client } = deployment;
  const settings = { kind: 'built-in' as const };
  await client.call('createSecretsManager', { body: { name: 'keys', settings } });
  await client.set('db-password', VALUE);
  await client.call('createWorkloadIssuer', {
    body: {
      name: 'jobs',
      settings: { kind: 'aws', roleArns: [jobRole], selectors: ['vpc'] },
      groups: ['Account Administrator'],
      ttlSeconds: 300,
    },
  });
}, MINUTE);
afterAll(async () => {
  await deployment?.close();
  await target?.close();
  await place?.[Symbol.asyncDispose]();
}, MINUTE);

/** The environment of a program that has a role. */
function asRole(roleArn: string): Record<string, string> {
  const session = target.lab.sessions.mint({ roleArn, sessionName: 'run-1' });
  return {
    AWS_ACCESS_KEY_ID: session.accessKeyId,
    AWS_SECRET_ACCESS_KEY: session.secretAccessKey,
    AWS_SESSION_TOKEN: session.sessionToken,
    AWS_REGION: target.region,
    SALLYPORT_ADDR: deployment.address,
  };
}

async function login(env: Record<string, string>, ...more: string[]): Promise<Finished> {
  return place.run(['workload', 'login', '--issuer', 'jobs', '--aws', ...more], { env });
}

/** As the command signs it, with something else about it. */
async function signed(
  change: { audience?: string; nowMs?: number; roleArn?: string } = {},
): Promise<AwsIdentityRequest> {
  const { roleArn = jobRole, audience = deployment.address, nowMs = Date.now() } = change;
  const credentials = target.lab.sessions.mint({ roleArn, sessionName: 'run-1' });
  const request = await presignCallerIdentity({ region: target.region, credentials, audience, nowMs });
  return { ...request, headers: { ...request.headers } };
}

/** The code with which the server refuses; null: it does not. A pause that it asks for is waited for. */
async function refusalOf(awsRequest: AwsIdentityRequest): Promise<string | null> {
  const client = deployment.newClient({ token: null });
  let code: string | null = 'rate-limited';
  await until(async () => {
    code = await client.call('exchangeWorkloadIdentity', { body: { issuer: 'jobs', awsRequest } }).then(
      () => null,
      (error: unknown) => (isAppError(error) ? error.code : 'unforeseen'),
    );
    return code !== 'rate-limited';
  }, 'the server takes another attempt');
  client.close();
  return code;
}

/** Why the newest refusal was one. */
async function lastReason(): Promise<unknown> {
  const { client } = deployment;
  const { records } = await client.call('listAudit', { query: { action: 'workload.refused', limit: 1 } });
  return records[0]?.details['reason'];
}

const stsCalls = (): number => target.lab.calls({ eventName: 'GetCallerIdentity' }).length;

describe('a workload whose role is let in', () => {
  test(
    'gets a key by the command, and reads a secret with it',
    async () => {
      const { code, stdout, stderr } = await login(asRole(jobRole));
      expect([code, stderr]).toEqual([0, expect.stringContaining(`Let in as ${jobRole} until `)]);
      const token = stdout.trim();
      expect(token).toMatch(/^sp_key_[\w-]{43}$/);
      const env = { SALLYPORT_ADDR: deployment.address, SALLYPORT_TOKEN: token };
      const read = await place.run(['get', 'db-password'], { env });
      expect([read.code, read.stdout.trim()]).toEqual([0, VALUE]);
      const me = JSON.parse((await place.run(['whoami', '-o', 'json'], { env })).stdout);
      expect(me).toMatchObject({ kind: 'workload', name: jobRole, user: null });
    },
    MINUTE,
  );

  test(
    'gets a line for the shell, or JSON, as it asks for',
    async () => {
      const exported = await login(asRole(jobRole), '--export');
      expect(exported.stdout).toMatch(/^export SALLYPORT_TOKEN=sp_key_[\w-]{43}\n$/);
      const json = JSON.parse((await login(asRole(jobRole), '-o', 'json')).stdout);
      expect(json).toMatchObject({ subject: jobRole, value: expect.stringMatching(/^sp_key_/) });
    },
    MINUTE,
  );

  test('reads with the library, which gets its keys by itself', async () => {
    const { address } = deployment;
    const identity = async () => ({ awsRequest: await signed() });
    const client = createClient({ address, token: workloadToken({ address, issuer: 'jobs', identity }) });
    expect(await client.get('db-password')).toBe(VALUE);
    client.close();
  });
});

describe('what does not get in', () => {
  test(
    'another role, which the command is told without a reason and the audit trail with one',
    async () => {
      const { code, stdout, stderr } = await login(asRole(otherRole));
      expect([code, stdout]).toEqual([3, '']);
      expect(stderr).toContain('The workload is not let in');
      expect(stderr).not.toContain('other-job');
      expect(await lastReason()).toBe(`no rule lets ${otherRole} in`);
    },
    MINUTE,
  );

  test(
    'a program without an identity at AWS, which is told what it lacks',
    async () => {
      const env = { SALLYPORT_ADDR: deployment.address, AWS_EC2_METADATA_DISABLED: 'true' };
      const { code, stdout, stderr } = await login(env, '--region', target.region);
      expect([code === 0, stdout]).toEqual([false, '']);
      expect(stderr).toMatch(/credentials/i);
    },
    MINUTE,
  );

  // A server that one gave a request to must not be able to use it here.
  test('a request that was made for another server, also when it says otherwise afterwards', async () => {
    const before = stsCalls();
    const stolen = await signed({ audience: 'https://evil.example' });
    expect(await refusalOf(stolen)).toBe('workload-refused');
    expect(await lastReason()).toContain('it was made for "https://evil.example"');
    expect(stsCalls()).toBe(before);
    const headers = { ...stolen.headers, 'x-sallyport-audience': deployment.address };
    expect(await refusalOf({ ...stolen, headers })).toBe('workload-refused');
    expect(await lastReason()).toContain('SignatureDoesNotMatch');
  });

  test(
    'a request with another header, an old one, one for another host',
    async () => {
      const before = stsCalls();
      const request = await signed();
      const accept = { ...request, headers: { ...request.headers, accept: 'application/json' } };
      expect(await refusalOf(accept)).toBe('workload-refused');
      expect(await lastReason()).toContain('a header that such a request does not have');
      expect(await refusalOf(await signed({ nowMs: Date.now() - 301_000 }))).toBe('workload-refused');
      expect(await lastReason()).toContain('more than 5 minutes');
      expect(await refusalOf({ ...request, url: `${target.lab.stsEndpoint}/` })).toBe('workload-refused');
      expect(await lastReason()).toContain('not that of an STS endpoint');
      expect(stsCalls()).toBe(before);
    },
    MINUTE,
  );

  test(
    'the same request a second time',
    async () => {
      const request = await signed();
      expect(await refusalOf(request)).toBeNull();
      expect(await refusalOf(request)).toBe('workload-refused');
      expect(await lastReason()).toBe('the request was used before');
    },
    MINUTE,
  );

  test(
    'anybody, when STS leads elsewhere: the delegate does not follow',
    async () => {
      const paths: string[] = [];
      const liar: Server = createServer((request, response) => {
        paths.push(request.url ?? '');
        response.writeHead(307, { location: `${target.lab.stsEndpoint}/` }).end();
      });
      await new Promise<void>((resolve) => liar.listen(0, '127.0.0.1', resolve));
      const { port } = liar.address() as AddressInfo;
      await deployment.startDelegate({
        name: 'misled',
        selectors: ['misled'],
        environment: { AWS_ENDPOINT_URL_STS: `http://127.0.0.1:${port}` },
      });
      const settings = { kind: 'aws' as const, roleArns: [jobRole], selectors: ['misled'] };
      await deployment.client.call('editWorkloadIssuer', {
        params: { workloadIssuer: 'jobs' },
        body: { settings },
      });
      const before = stsCalls();
      expect(await refusalOf(await signed())).toBe('aws-unreachable');
      expect([paths, stsCalls()]).toEqual([['/'], before]);
      liar.close();
    },
    MINUTE,
  );
});
