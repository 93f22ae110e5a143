// Sessions over time: renewed ahead, by one flight, without a failed call while the old one is valid. Traps of the SDK that were
// reproduced before this was written; the lab's clock moves, nothing sleeps.
import { describe, expect, test } from 'vitest';
import { KMSClient, GenerateDataKeyCommand } from '@aws-sdk/client-kms';
import { generate, LabAccount, roundTrip, SHORT } from './lab-account.ts';
import { contextOf, MANAGER_ID, OTHER_MANAGER_ID, noAbort } from './settings.ts';

const HOUR_MS = 3_600_000;

async function withSession() {
  const account = await LabAccount.start({ clockSkewToleranceMs: Number.POSITIVE_INFINITY });
  const provider = account.provider(account.runtime(), account.stsRole());
  const assumed = () => account.lab.calls({ eventName: 'AssumeRole' }).length;
  return { account, provider, assumed };
}

describe('a session of an assumed role', () => {
  test('many cold calls assume the role once', async () => {
    const { provider, assumed } = await withSession();
    await Promise.all(Array.from({ length: 30 }, () => generate(provider)));
    expect(assumed()).toBe(1);
  });

  test('many calls in the last five minutes renew it once, and the calls do not wait for it', async () => {
    const { account, provider, assumed } = await withSession();
    await generate(provider);
    account.lab.clock.advance(HOUR_MS - 200_000);
    account.lab.faults.add({ service: 'sts', operation: 'AssumeRole', kind: 'hang', times: 1 });
    const first = account.lab.calls({ service: 'kms' })[0]?.accessKeyId;
    await Promise.all(Array.from({ length: 30 }, () => generate(provider)));
    const used = new Set(account.lab.calls({ service: 'kms' }).map(({ accessKeyId }) => accessKeyId));
    expect(used, 'all with the old session, which is still valid').toEqual(new Set([first]));
    await expect.poll(assumed).toBe(3);
    await expect
      .poll(async () => {
        await generate(provider);
        return account.lab.calls({ service: 'kms' }).at(-1)?.accessKeyId;
      })
      .not.toBe(first);
    expect(assumed(), 'the flight that hung was tried again inside the SDK').toBe(3);
  });

  test('STS that is down, or hangs, fails no call while the session is valid', async () => {
    const { account, provider } = await withSession();
    await generate(provider);
    account.lab.clock.advance(HOUR_MS - 200_000);
    await account.lab.partition('sts');
    expect(await roundTrip(provider)).toBe(true);
    account.lab.clock.advance(160_000);
    expect(await roundTrip(provider), '40 s left').toBe(true);
    await account.lab.heal('sts');
    account.lab.faults.add({ service: 'sts', kind: 'hang' });
    account.lab.clock.advance(20_000);
    expect(await roundTrip(provider), '20 s left').toBe(true);
  });

  test('once the session has ended and STS is down, the error names STS, and the delegate recovers with it', async () => {
    const { account, provider } = await withSession();
    await generate(provider);
    account.lab.clock.advance(HOUR_MS + 1000);
    await account.lab.partition('sts');
    const made = generate(provider);
    await expect(made).rejects.toMatchObject({ code: 'aws-unreachable', data: { stage: 'reach' } });
    await expect(made).rejects.toThrow('cannot reach STS');
    await account.lab.heal('sts');
    account.lab.clock.advance(1000);
    expect(await roundTrip(provider)).toBe(true);
  });

  test('STS that hangs on a cold start is named, not KMS', async () => {
    const { account, provider } = await withSession();
    account.lab.faults.add({ service: 'sts', kind: 'hang' });
    const made = generate(provider);
    await expect(made).rejects.toMatchObject({ code: 'aws-unreachable', data: { stage: 'reach' } });
    await expect(made).rejects.toThrow('cannot reach STS in eu-west-1');
    expect(account.lab.calls({ service: 'kms' })).toEqual([]);
  });

  test('a session that AWS calls expired before its time is renewed at once, and the call is sent again', async () => {
    const { account, provider, assumed } = await withSession();
    const { encrypted } = await generate(provider);
    account.lab.sessions.expire(account.role.arn);
    const request = { encrypted: [encrypted], context: contextOf(), signal: noAbort() };
    const calls = Array.from({ length: 10 }, () => provider.unwrapDataKey(request));
    await expect(Promise.all(calls)).resolves.toHaveLength(10);
    expect(assumed(), 'one renewal for ten calls').toBe(2);
    const outcomes = account.lab.calls({ eventName: 'Decrypt' }).map(({ errorCode }) => errorCode);
    expect(outcomes.filter((code) => code === null)).toHaveLength(10);
  });

  test('base credentials that AWS calls expired while a role is assumed are renewed too', async () => {
    const account = await LabAccount.start();
    const { lab } = account;
    const instance = lab.identities.createRole({
      name: 'instance',
      trustPolicy: {
        Version: '2012-10-17',
        Statement: { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' },
      },
      policies: {
        Version: '2012-10-17',
        Statement: { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' },
      },
    });
    lab.imds.set({ roleArn: instance.arn });
    lab.identities.updateRole({
      arn: account.role.arn,
      trustPolicy: {
        Version: '2012-10-17',
        Statement: { Effect: 'Allow', Principal: { AWS: instance.arn }, Action: 'sts:AssumeRole' },
      },
    });
    const runtime = account.runtime({ AWS_EC2_METADATA_SERVICE_ENDPOINT: lab.imdsEndpoint });
    await generate(account.provider(runtime, account.stsRole()));
    lab.sessions.expire(instance.arn);
    await generate(account.provider(runtime, account.stsRole(), OTHER_MANAGER_ID));
    expect(lab.calls({ eventName: 'GetCredentials' })).toHaveLength(2);
  });

  test('revoked sessions are denied, and the error says who is denied what', async () => {
    const { account, provider } = await withSession();
    await generate(provider);
    account.lab.sessions.revoke(account.role.arn);
    const made = generate(provider);
    await expect(made).rejects.toMatchObject({ code: 'access-denied', data: { stage: 'permission' } });
    await expect(made).rejects.toThrow(account.role.arn);
  });

  test('a failure to assume the role is not repeated for every call of a busy delegate', async () => {
    const { account, provider, assumed } = await withSession();
    account.lab.identities.deleteRole(account.role.arn);
    for (let call = 0; call < 20; call += 1) {
      await expect(generate(provider)).rejects.toMatchObject({ code: 'assume-role-failed' });
    }
    expect(assumed()).toBe(1);
    account.lab.clock.advance(1000);
    await expect(generate(provider)).rejects.toMatchObject({ code: 'assume-role-failed' });
    expect(assumed()).toBe(2);
  });
});

describe('what the SDK would do', () => {
  // If one of these fails after an upgrade, the trap is gone and what guards against it may be simplified.
  test('it does not renew or retry a session that AWS calls expired', async () => {
    const account = await LabAccount.start();
    const session = account.lab.sessions.mint({ roleArn: account.role.arn });
    let loads = 0;
    const client = new KMSClient({
      region: 'eu-west-1',
      endpoint: account.lab.kmsEndpoint,
      credentials: async () => {
        loads += 1;
        return { ...session, expiration: new Date(Date.now() + HOUR_MS) };
      },
    });
    account.lab.sessions.expire(account.role.arn);
    const sent = client.send(new GenerateDataKeyCommand({ KeyId: account.key.arn, KeySpec: 'AES_256' }));
    await expect(sent).rejects.toMatchObject({ name: 'ExpiredTokenException', $metadata: { attempts: 1 } });
    expect(loads).toBe(1);
    client.destroy();
  });

  test('without throwOnRequestTimeout a request that takes too long only warns', async () => {
    const account = await LabAccount.start();
    const { accessKeyId, secretAccessKey } = account.host;
    const warnings: unknown[] = [];
    const logger = {
      debug: () => {},
      info: () => {},
      warn: (text: unknown) => warnings.push(text),
      error: () => {},
    };
    const client = new KMSClient({
      region: 'eu-west-1',
      endpoint: account.lab.kmsEndpoint,
      credentials: { accessKeyId, secretAccessKey },
      requestHandler: { requestTimeout: 50, logger },
      logger,
    });
    account.lab.faults.add({ service: 'kms', kind: 'hang' });
    const aborting = new AbortController();
    let isSettled = false;
    const command = new GenerateDataKeyCommand({ KeyId: account.key.arn, KeySpec: 'AES_256' });
    const sent = client.send(command, { abortSignal: aborting.signal });
    const settled = sent.catch(() => undefined).finally(() => (isSettled = true));
    await expect.poll(() => warnings.length).toBe(1);
    expect(isSettled).toBe(false);
    aborting.abort();
    await settled;
    client.destroy();
  });
});

describe('throttling', () => {
  test('after a throttle the requests of all secrets managers in the account and region are held back', async () => {
    const account = await LabAccount.start();
    const runtime = account.runtime(account.hostKeys, { ...SHORT, callTimeoutMs: 5000 });
    const first = account.provider(runtime, account.iamRole());
    const second = account.provider(runtime, account.iamRole(), OTHER_MANAGER_ID);
    await Promise.all(Array.from({ length: 5 }, () => generate(first)));
    account.lab.faults.add({ service: 'kms', kind: 'throttle', times: 1 });
    await generate(first);
    account.lab.resetCalls();
    const startMs = performance.now();
    await Promise.all(Array.from({ length: 10 }, () => generate(second)));
    expect(performance.now() - startMs, 'ten at once would take some milliseconds').toBeGreaterThan(200);
    expect(account.lab.calls({ service: 'kms', errorCode: null })).toHaveLength(10);
  });
});

test('closing a runtime ends its calls', async () => {
  const account = await LabAccount.start();
  const runtime = account.runtime();
  const provider = runtime.keyProvider(MANAGER_ID, account.iamRole());
  await generate(provider);
  provider.close();
  runtime.close();
  await expect(generate(provider)).rejects.toMatchObject({ code: 'shutting-down' });
});
