// Signatures: what the lab refuses, and that it refuses like AWS. The SDK is the oracle for what is right; AWS's published example is
// another.
import { request } from 'node:http';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { DescribeKeyCommand, GenerateDataKeyCommand } from '@aws-sdk/client-kms';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { describe, expect, test } from 'vitest';
import { startListener } from '../src/aws-lab/listener.ts';
import { trustPrincipals } from '../src/aws-lab/index.ts';
import { makeSignatureVerifier, parseAuthorization } from '../src/aws-lab/signature-v4.ts';
import { EVERYTHING, kmsAs, openLab, refusalOf, stsAs } from './lab-world.ts';

type Captured = { method: string; url: string; headers: OutgoingHttpHeaders; body: Buffer };

/** A request as the SDK signs it, caught before it reaches the lab. `host` is the lab's, so that the signature fits there. */
async function captureSigned(): Promise<{
  captured: Captured;
  send: (change: Partial<Captured>) => Promise<Answer>;
}> {
  const lab = await openLab();
  const user = lab.identities.createUser({ name: 'ann', policies: EVERYTHING });
  const key = lab.keys.create();
  const caught: Captured[] = [];
  const trap = await startListener((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method = '', url = '', headers } = incoming;
      caught.push({ method, url, headers, body: Buffer.concat(chunks) });
      response.statusCode = 400;
      response.end('{}');
    });
  }, 0);
  const kms = kmsAs(lab, user, { endpoint: trap.url });
  await kms.send(new GenerateDataKeyCommand({ KeyId: key.arn, KeySpec: 'AES_256' })).catch(() => null);
  await trap.stop();
  const [captured] = caught;
  if (captured === undefined) throw new Error('nothing was captured');
  return {
    captured,
    send: async (change) => sendRaw(lab.url, { ...captured, ...change }),
  };
}

type Answer = { status: number; headers: IncomingHttpHeaders; body: string };

/** Sends bytes as they are, under the `host` that was signed. */
async function sendRaw(url: string, given: Captured): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      new URL(given.url, url),
      { method: given.method, headers: given.headers },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('end', () =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(given.body);
  });
}

const typeOf = (answer: Answer): unknown => (JSON.parse(answer.body) as { __type?: unknown }).__type;

describe('a signed request', () => {
  test('is accepted as it was signed, and carries request id and date', async () => {
    const { send } = await captureSigned();
    const answer = await send({});
    expect(answer.status).toBe(200);
    expect(answer.headers['x-amzn-requestid']).toMatch(/^[0-9a-f-]{36}$/);
    expect(Date.parse(answer.headers.date ?? '')).toBeGreaterThan(0);
  });

  test('is refused when any bit of its body is changed', async () => {
    const { captured, send } = await captureSigned();
    for (let bit = 0; bit < captured.body.length * 8; bit += 1) {
      const body = Buffer.from(captured.body);
      body[bit >> 3] = (body[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(typeOf(await send({ body })), `bit ${bit}`).toBe('InvalidSignatureException');
    }
  });

  test('is refused when a signed header, the method’s target or the query is changed', async () => {
    const { captured, send } = await captureSigned();
    const withHeader = (name: string, value: string): Partial<Captured> => ({
      headers: { ...captured.headers, [name]: value },
    });
    const changes: Partial<Captured>[] = [
      withHeader('x-amz-target', 'TrentService.Decrypt'),
      withHeader('content-type', 'application/x-amz-json-1.1; charset=utf-8'),
      withHeader('host', '127.0.0.1:1'),
      withHeader('x-amz-extra', 'not signed'),
      { url: '/?a=b' },
    ];
    for (const change of changes) expect(typeOf(await send(change))).toBe('InvalidSignatureException');
  });

  test('is refused when its header is missing or incomplete', async () => {
    const { captured, send } = await captureSigned();
    const { authorization, ...without } = captured.headers;
    expect(typeOf(await send({ headers: without }))).toBe('MissingAuthenticationTokenException');
    const cut = String(authorization).replace(/, Signature=.*/, '');
    const answer = await send({ headers: { ...without, authorization: cut } });
    expect(typeOf(answer)).toBe('IncompleteSignatureException');
  });

  test('is refused when an x-amz header or host is left out of what is signed', async () => {
    const { captured, send } = await captureSigned();
    for (const name of ['host', 'x-amz-target', 'x-amz-date']) {
      const authorization = String(captured.headers['authorization']).replace(
        new RegExp(`(;${name})|(${name};)`),
        '',
      );
      const answer = await send({ headers: { ...captured.headers, authorization } });
      expect(typeOf(answer)).toBe('InvalidSignatureException');
    }
  });

  test('agrees with the signature of AWS’s own example', () => {
    const signature = '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31';
    const authorization = parseAuthorization(
      `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=${signature}`,
    );
    if (authorization === null) throw new Error('the example did not parse');
    const example = {
      method: 'GET',
      url: '/',
      headers: { host: 'example.amazonaws.com', 'x-amz-date': '20150830T123600Z' },
      body: Buffer.alloc(0),
    };
    const claim = {
      authorization,
      amzDate: '20150830T123600Z',
      secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
    };
    expect(makeSignatureVerifier()(example, claim)).toBe(true);
    expect(makeSignatureVerifier()({ ...example, url: '/other' }, claim)).toBe(false);
  });
});

describe('who signed', () => {
  test('a wrong secret, an unknown key and an inactive key are refused in the words of each service', async () => {
    const lab = await openLab();
    const user = lab.identities.createUser({ name: 'ann', policies: EVERYTHING });
    const wrong = { ...user, secretAccessKey: 'x'.repeat(40) };
    const unknown = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'x'.repeat(40) };
    const describeKey = new DescribeKeyCommand({ KeyId: lab.keys.create().arn });
    const whoAmI = new GetCallerIdentityCommand({});
    await refusalOf(kmsAs(lab, wrong).send(describeKey), 'InvalidSignatureException');
    await refusalOf(stsAs(lab, wrong).send(whoAmI), 'SignatureDoesNotMatch');
    await refusalOf(kmsAs(lab, unknown).send(describeKey), 'UnrecognizedClientException');
    await refusalOf(stsAs(lab, unknown).send(whoAmI), 'InvalidClientTokenId');
    lab.identities.setAccessKeyActive({ accessKeyId: user.accessKeyId, active: false });
    await refusalOf(kmsAs(lab, user).send(describeKey), 'UnrecognizedClientException');
  });

  test('a session is refused without its token, with another session’s token, and after its end', async () => {
    const lab = await openLab({ clockSkewToleranceMs: Infinity });
    const role = lab.identities.createRole({
      name: 'r',
      trustPolicy: trustPrincipals({ principals: ['111122223333'] }),
    });
    const session = lab.sessions.mint({ roleArn: role.arn, durationSeconds: 900 });
    const other = lab.sessions.mint({ roleArn: role.arn });
    const whoAmI = new GetCallerIdentityCommand({});
    expect((await stsAs(lab, session).send(whoAmI)).Arn).toBe(session.arn);
    const { accessKeyId, secretAccessKey } = session;
    await refusalOf(stsAs(lab, { accessKeyId, secretAccessKey }).send(whoAmI), 'InvalidClientTokenId');
    const mixed = { accessKeyId, secretAccessKey, sessionToken: other.sessionToken };
    await refusalOf(stsAs(lab, mixed).send(whoAmI), 'InvalidClientTokenId');
    lab.clock.advance(899_000);
    await stsAs(lab, session).send(whoAmI);
    lab.clock.advance(1000);
    await refusalOf(stsAs(lab, session).send(whoAmI), 'ExpiredToken');
    const describeKey = new DescribeKeyCommand({ KeyId: lab.keys.create().arn });
    await refusalOf(kmsAs(lab, session).send(describeKey), 'ExpiredTokenException');
  });

  test('expired and revoked sessions of a role end at once, and new ones work', async () => {
    const lab = await openLab();
    const key = lab.keys.create();
    const trustPolicy = trustPrincipals({ principals: ['111122223333'] });
    const role = lab.identities.createRole({ name: 'r', trustPolicy, policies: EVERYTHING });
    const describeKey = new DescribeKeyCommand({ KeyId: key.arn });
    const first = lab.sessions.mint({ roleArn: role.arn });
    lab.sessions.expire(role.arn);
    await refusalOf(kmsAs(lab, first).send(describeKey), 'ExpiredTokenException');
    const second = lab.sessions.mint({ roleArn: role.arn });
    await kmsAs(lab, second).send(describeKey);
    lab.sessions.revoke(role.arn);
    const text = await refusalOf(kmsAs(lab, second).send(describeKey), 'AccessDeniedException');
    expect(text).toContain('with an explicit deny in an identity-based policy');
    const third = lab.sessions.mint({ roleArn: role.arn });
    await kmsAs(lab, third).send(describeKey);
    lab.identities.deleteRole(role.arn);
    lab.identities.createRole({ name: 'r', trustPolicy, policies: EVERYTHING });
    // A session of a role that was deleted is no session of the role that took its name.
    await refusalOf(kmsAs(lab, third).send(describeKey), 'UnrecognizedClientException');
  });
});

describe('scope and clock', () => {
  test('a regional endpoint refuses a signature for another region', async () => {
    const lab = await openLab();
    const user = lab.identities.createUser({ name: 'ann', policies: EVERYTHING });
    const key = lab.keys.create({ region: 'us-east-1' });
    const describeKey = new DescribeKeyCommand({ KeyId: key.arn });
    const endpoint = lab.kmsEndpointIn('us-east-1');
    await kmsAs(lab, user, { endpoint, region: 'us-east-1' }).send(describeKey);
    const elsewhere = kmsAs(lab, user, { endpoint, region: 'eu-west-1' });
    await refusalOf(elsewhere.send(describeKey), 'InvalidSignatureException');
    const sts = stsAs(lab, user, { endpoint: lab.stsEndpointIn('us-east-1'), region: 'eu-west-1' });
    await refusalOf(sts.send(new GetCallerIdentityCommand({})), 'SignatureDoesNotMatch');
  });

  test.each([-20, 20])(
    'a clock %i minutes off is refused, and the date of the answer lets the SDK correct it',
    async (minutes) => {
      const lab = await openLab();
      const user = lab.identities.createUser({ name: 'ann', policies: EVERYTHING });
      const describeKey = new DescribeKeyCommand({ KeyId: lab.keys.create().arn });
      const whoAmI = new GetCallerIdentityCommand({});
      lab.clock.advance(minutes * 60_000);
      const text = await refusalOf(kmsAs(lab, user).send(describeKey), 'InvalidSignatureException');
      expect(text).toMatch(
        minutes > 0 ? /^Signature expired: .* - 5 min\.\)$/ : /^Signature not yet current: .* \+ 5 min\.\)$/,
      );
      expect(await refusalOf(stsAs(lab, user).send(whoAmI), 'SignatureDoesNotMatch')).toContain('15 min.');
      lab.resetCalls();
      const patient = kmsAs(lab, user, { maxAttempts: 2 });
      await patient.send(describeKey);
      await patient.send(describeKey);
      expect(lab.calls().map(({ errorCode }) => errorCode)).toEqual([
        'InvalidSignatureException',
        null,
        null,
      ]);
    },
  );

  test('KMS takes a clock 4 minutes off, STS one 14 minutes off', async () => {
    const lab = await openLab();
    const user = lab.identities.createUser({ name: 'ann', policies: EVERYTHING });
    lab.clock.advance(4 * 60_000);
    await kmsAs(lab, user).send(new DescribeKeyCommand({ KeyId: lab.keys.create().arn }));
    lab.clock.advance(10 * 60_000);
    await stsAs(lab, user).send(new GetCallerIdentityCommand({}));
  });
});
