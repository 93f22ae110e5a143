// Identity requests against STS: the lab, which verifies signatures as AWS does, and endpoints that misbehave. What passes here has been
// signed by one party and verified by another.
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { startMoto, whyNoMoto } from '@sallyport/testkit';
import { trustServices } from '@sallyport/testkit/lab';
import { AwsRuntime, presignCallerIdentity } from '../src/index.ts';
import type { IdentityRequest, VerifyOptions } from '../src/index.ts';
import { LabAccount, SHORT } from './lab-account.ts';
import { environmentAt, noAbort } from './settings.ts';

const AUDIENCE = 'https://sallyport.example.com';
const REGION = 'eu-west-1';
const open: { close: () => unknown }[] = [];
afterEach(async () => {
  for (const opened of open.splice(0).reverse()) await opened.close();
});

const options = (change: Partial<VerifyOptions> = {}): VerifyOptions => ({
  audience: AUDIENCE,
  regions: null,
  signal: noAbort(),
  ...change,
});
const withHeader = (request: IdentityRequest, name: string, value: string): IdentityRequest => ({
  ...request,
  headers: { ...request.headers, [name]: value },
});

describe('an identity request, verified with STS', () => {
  test("of a role's session names the role's account and the session; the delegate has no credentials of its own", async () => {
    const account = await LabAccount.start();
    const { lab, role } = account;
    const session = lab.sessions.mint({ roleArn: role.arn, sessionName: 'deploy-7' });
    const signer = account.runtime({
      AWS_ACCESS_KEY_ID: session.accessKeyId,
      AWS_SECRET_ACCESS_KEY: session.secretAccessKey,
      AWS_SESSION_TOKEN: session.sessionToken,
    });
    const request = await signer.presignCallerIdentity({ region: REGION, audience: AUDIENCE });
    expect(lab.calls({ eventName: 'GetCallerIdentity' })).toHaveLength(0);
    const verified = await account.runtime({}).verifyCallerIdentity(request, options());
    expect(verified).toEqual({
      arn: `arn:aws:sts::${role.accountId}:assumed-role/sallyport/deploy-7`,
      accountId: role.accountId,
      userId: `${role.roleId}:deploy-7`,
    });
    expect(lab.calls({ eventName: 'GetCallerIdentity' })).toHaveLength(1);
  });

  test('of a user is told apart from that of a role', async () => {
    const account = await LabAccount.start();
    const request = await account.runtime().presignCallerIdentity({ region: REGION, audience: AUDIENCE });
    const verified = await account.runtime({}).verifyCallerIdentity(request, options());
    expect(verified.arn).toBe(account.host.arn);
  });

  test('of an instance is signed with the credentials that the instance has', async () => {
    const account = await LabAccount.start();
    const { arn: roleArn } = account.lab.identities.createRole({
      name: 'instance',
      trustPolicy: trustServices(['ec2.amazonaws.com']),
    });
    account.lab.imds.set({ roleArn });
    const env = { AWS_EC2_METADATA_SERVICE_ENDPOINT: account.lab.imdsEndpoint };
    const request = await account.runtime(env).presignCallerIdentity({ region: REGION, audience: AUDIENCE });
    const verified = await account.runtime({}).verifyCallerIdentity(request, options());
    expect(verified.arn).toContain(':assumed-role/instance/');
  });

  test.each([
    ['with another secret key', { secretAccessKey: 'x'.repeat(40) }, 'SignatureDoesNotMatch'],
    ['of a key that does not exist', { accessKeyId: 'AKIAIOSFODNN7EXAMPLE' }, 'InvalidClientTokenId'],
  ])('signed %s is refused by STS', async (_what, change, awsCode) => {
    const account = await LabAccount.start();
    const { accessKeyId, secretAccessKey } = account.host;
    const nowMs = account.lab.clock.now();
    const request = await presignCallerIdentity({
      region: REGION,
      credentials: { accessKeyId, secretAccessKey, ...change },
      audience: AUDIENCE,
      nowMs,
    });
    await expect(account.runtime({}).verifyCallerIdentity(request, options())).rejects.toMatchObject({
      code: 'workload-refused',
      publicMessage: expect.stringContaining(awsCode),
    });
  });

  test('whose audience was changed after it was signed is refused by STS', async () => {
    const account = await LabAccount.start();
    const signer = account.runtime();
    const stolen = await signer.presignCallerIdentity({ region: REGION, audience: 'https://evil.example' });
    const changed = withHeader(stolen, 'x-sallyport-audience', AUDIENCE);
    const runtime = account.runtime({});
    await expect(runtime.verifyCallerIdentity(stolen, options())).rejects.toMatchObject({
      publicMessage: expect.stringContaining('it was made for "https://evil.example"'),
    });
    expect(account.lab.calls({ eventName: 'GetCallerIdentity' })).toHaveLength(0);
    await expect(runtime.verifyCallerIdentity(changed, options())).rejects.toMatchObject({
      code: 'workload-refused',
      publicMessage: expect.stringContaining('SignatureDoesNotMatch'),
    });
  });

  test('of a session that has ended is refused by STS', async () => {
    const account = await LabAccount.start();
    const session = account.lab.sessions.mint({ roleArn: account.role.arn });
    const nowMs = account.lab.clock.now();
    const request = await presignCallerIdentity({
      region: REGION,
      credentials: session,
      audience: AUDIENCE,
      nowMs,
    });
    account.lab.sessions.expire(account.role.arn);
    await expect(account.runtime({}).verifyCallerIdentity(request, options())).rejects.toMatchObject({
      publicMessage: expect.stringContaining('ExpiredToken'),
    });
  });

  test('that is too old is refused without asking STS', async () => {
    const account = await LabAccount.start();
    const request = await account.runtime().presignCallerIdentity({ region: REGION, audience: AUDIENCE });
    account.lab.clock.advance(301_000);
    await expect(account.runtime({}).verifyCallerIdentity(request, options())).rejects.toMatchObject({
      code: 'workload-refused',
    });
    expect(account.lab.calls({ eventName: 'GetCallerIdentity' })).toHaveLength(0);
  });

  test('is not blamed for STS that throttles, fails or is not there', async () => {
    const account = await LabAccount.start();
    const request = await account.runtime().presignCallerIdentity({ region: REGION, audience: AUDIENCE });
    const verify = async () => account.runtime({}).verifyCallerIdentity(request, options());
    account.lab.faults.add({ service: 'sts', kind: 'throttle', times: 1 });
    await expect(verify()).rejects.toMatchObject({ code: 'aws-throttled', retryable: true });
    account.lab.faults.add({
      service: 'sts',
      kind: 'error',
      code: 'ServiceUnavailable',
      status: 503,
      times: 1,
    });
    await expect(verify()).rejects.toMatchObject({ code: 'aws-failed', retryable: true });
    account.lab.faults.add({ service: 'sts', kind: 'html', times: 1 });
    await expect(verify()).rejects.toMatchObject({ code: 'aws-unreachable' });
    account.lab.faults.add({ service: 'sts', kind: 'hang', times: 1 });
    await expect(verify()).rejects.toMatchObject({ code: 'aws-unreachable' });
    await account.lab.partition('sts');
    await expect(verify()).rejects.toMatchObject({ code: 'aws-unreachable' });
  });

  test('that is given up ends with the reason for that', async () => {
    const account = await LabAccount.start();
    const request = await account.runtime().presignCallerIdentity({ region: REGION, audience: AUDIENCE });
    account.lab.faults.add({ service: 'sts', kind: 'hang', times: 1 });
    const controller = new AbortController();
    const verifying = account
      .runtime({})
      .verifyCallerIdentity(request, options({ signal: controller.signal }));
    controller.abort(new Error('given up'));
    await expect(verifying).rejects.toThrow('given up');
  });
});

/** Verifies a good request at an endpoint that does this. */
async function verifyAt(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const runtime = new AwsRuntime(environmentAt(`http://127.0.0.1:${port}`), { limits: SHORT });
  open.push(server, runtime);
  const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret' };
  const signed = { region: REGION, credentials, audience: AUDIENCE, nowMs: Date.now() };
  return runtime.verifyCallerIdentity(await presignCallerIdentity(signed), options());
}

const answerOf = (fields: string): string =>
  `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>${fields}</GetCallerIdentityResult></GetCallerIdentityResponse>`;
const HONEST =
  '<Arn>arn:aws:iam::111122223333:user/ann</Arn><UserId>AIDA1</UserId><Account>111122223333</Account>';

describe('an endpoint that misbehaves', () => {
  test('an honest answer is taken, under the host that was signed', async () => {
    let host: string | undefined;
    const verified = await verifyAt((request, response) => {
      ({ host } = request.headers);
      response.end(answerOf(HONEST));
    });
    expect(verified).toEqual({
      arn: 'arn:aws:iam::111122223333:user/ann',
      accountId: '111122223333',
      userId: 'AIDA1',
    });
    expect(host).toBe('sts.eu-west-1.amazonaws.com');
  });

  test.each([301, 302, 307, 308])('a redirect (%i) is not followed', async (status) => {
    let requests = 0;
    const verifying = verifyAt((request, response) => {
      requests += 1;
      if (request.url === '/elsewhere') response.end(answerOf(HONEST));
      else response.writeHead(status, { location: '/elsewhere' }).end();
    });
    await expect(verifying).rejects.toMatchObject({ code: 'aws-unreachable' });
    expect(requests).toBe(1);
  });

  test('an answer that does not end is given up', async () => {
    const verifying = verifyAt((_request, response) => {
      response.writeHead(200);
      response.write('<');
    });
    await expect(verifying).rejects.toMatchObject({ code: 'aws-unreachable' });
  });

  test('an answer without end is cut off', async () => {
    let sentBytes = 0;
    const verifying = verifyAt((_request, response) => {
      const more = (): void => {
        while (!response.destroyed && sentBytes < 64 * 1_048_576) {
          sentBytes += 65_536;
          if (!response.write('x'.repeat(65_536))) return void response.once('drain', more);
        }
        response.end();
      };
      more();
    });
    await expect(verifying).rejects.toMatchObject({ code: 'aws-failed' });
    expect(sentBytes).toBeLessThan(64 * 1_048_576);
  });

  test.each([
    [
      'JSON with a caller of its own',
      '{"GetCallerIdentityResponse":{"Arn":"arn:aws:iam::111122223333:root"}}',
    ],
    ['nothing', ''],
    ['an account that is not the one of the ARN', answerOf(HONEST.replace('<Account>1111', '<Account>9999'))],
    ['two ARNs', answerOf(`${HONEST}<Arn>arn:aws:iam::111122223333:root</Arn>`)],
    ['an ARN within something else', answerOf(`<X>${HONEST}</X>`)],
    ['no ARN', answerOf('<UserId>A</UserId><Account>111122223333</Account>')],
    ['no user id', answerOf(HONEST.replace('AIDA1', ''))],
    ['something before the document', `x${answerOf(HONEST)}`],
    ['an ARN of another service', answerOf(HONEST.replace(':iam:', ':s3:'))],
  ])('an answer that is %s is not believed', async (_what, body) => {
    await expect(verifyAt((_request, response) => response.end(body))).rejects.toMatchObject({
      code: 'aws-failed',
    });
  });
});

// Another team's implementation of the same signatures.
describe.skipIf(whyNoMoto() !== null)('moto, with signatures checked', () => {
  test('accepts the request as it was signed and refuses it with another audience', async () => {
    const moto = await startMoto();
    open.push({ close: async () => moto.stop() });
    const runtime = new AwsRuntime(environmentAt(moto.url), {});
    open.push(runtime);
    const credentials = await motoUser(moto.url);
    await moto.setAuthentication('on');
    const sign = async (audience: string) =>
      presignCallerIdentity({ region: REGION, credentials, audience, nowMs: Date.now() });
    const verified = await runtime.verifyCallerIdentity(await sign(AUDIENCE), options());
    expect(verified.arn).toBe('arn:aws:iam::123456789012:user/ann');
    const changed = withHeader(await sign('https://evil.example'), 'x-sallyport-audience', AUDIENCE);
    await expect(runtime.verifyCallerIdentity(changed, options())).rejects.toMatchObject({
      code: 'workload-refused',
      publicMessage: expect.stringContaining('SignatureDoesNotMatch'),
    });
  });
});

async function motoUser(url: string): Promise<{ accessKeyId: string; secretAccessKey: string }> {
  const iam = async (parameters: Record<string, string>): Promise<string> => {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        authorization: `AWS4-HMAC-SHA256 Credential=setup/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=${'0'.repeat(64)}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams({ ...parameters, Version: '2010-05-08' }).toString(),
    });
    return response.text();
  };
  await iam({ Action: 'CreateUser', UserName: 'ann' });
  const key = await iam({ Action: 'CreateAccessKey', UserName: 'ann' });
  const element = (name: string): string => new RegExp(`<${name}>([^<]*)</${name}>`).exec(key)?.[1] ?? '';
  return { accessKeyId: element('AccessKeyId'), secretAccessKey: element('SecretAccessKey') };
}
