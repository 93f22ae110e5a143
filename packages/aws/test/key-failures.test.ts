// Every failure of KMS that a person will meet one day: its code, its stage, and the words.
import { describe, expect, test } from 'vitest';
import type { KeyProvider } from '@sallyport/core';
import { keyUsePolicy } from '@sallyport/testkit/lab';
import type { FaultOptions, KeyState } from '@sallyport/testkit/lab';
import { generate, LabAccount, roundTrip, SHORT } from './lab-account.ts';
import { contextOf, noAbort } from './settings.ts';

const generateRequest = () => ({ context: contextOf(), signal: noAbort() });

describe('a key that cannot be used', () => {
  test.each([
    ['Disabled', 'DisabledException', 'is disabled or scheduled for deletion'],
    ['PendingDeletion', 'KMSInvalidStateException', 'is pending deletion'],
    ['PendingImport', 'KMSInvalidStateException', 'is pending import'],
    ['Unavailable', 'KMSInvalidStateException', 'is unavailable'],
  ] satisfies [KeyState, string, string][])(
    '%s: writing and reading fail and say so',
    async (state, awsCode, words) => {
      const account = await LabAccount.start();
      const provider = account.provider(account.runtime(), account.iamRole());
      const { encrypted } = await generate(provider);
      account.lab.keys.setState({ arn: account.key.arn, state });
      const unwrap = () => provider.unwrapDataKey({ ...generateRequest(), encrypted: [encrypted] });
      for (const make of [() => generate(provider), unwrap]) {
        const attempt = make();
        await expect(attempt).rejects.toMatchObject({
          code: 'key-unusable',
          data: { stage: 'key', awsCode },
        });
        await expect(attempt).rejects.toThrow(words);
        await expect(attempt).rejects.toThrow(account.key.arn);
      }
    },
  );

  test('a key that is not there, and one of a kind that cannot protect data keys', async () => {
    const account = await LabAccount.start();
    const gone = account.lab.keys.create();
    account.lab.keys.delete(gone.arn);
    const missing = generate(account.provider(account.runtime(), account.iamRole(gone.arn)));
    await expect(missing).rejects.toMatchObject({
      code: 'key-unusable',
      data: { awsCode: 'NotFoundException' },
    });
    await expect(missing).rejects.toThrow(`KMS in eu-west-1 has no key ${gone.arn}`);
    const hmac = account.lab.keys.create({ spec: 'HMAC_256' });
    account.lab.identities.setUserPolicies({
      arn: account.host.arn,
      policies: keyUsePolicy({ keyArn: hmac.arn }),
    });
    const wrongKind = generate(account.provider(account.runtime(), account.iamRole(hmac.arn)));
    await expect(wrongKind).rejects.toMatchObject({ code: 'key-unusable' });
    await expect(wrongKind).rejects.toThrow('of a kind that cannot protect data keys');
  });
});

describe('access denied', () => {
  test.each([
    ['kms:GenerateDataKey', ['kms:Decrypt'], (provider: KeyProvider) => generate(provider)],
    [
      'kms:Decrypt',
      ['kms:GenerateDataKey'],
      async (provider: KeyProvider) => {
        const { encrypted } = await generate(provider);
        return provider.unwrapDataKey({ ...generateRequest(), encrypted: [encrypted] });
      },
    ],
  ])(
    'without %s the error names it, who lacks it, and the statement that grants it',
    async (action, allowed, attempt) => {
      const account = await LabAccount.start();
      account.lab.identities.updateRole({
        arn: account.role.arn,
        policies: keyUsePolicy({ keyArn: account.key.arn, actions: allowed }),
      });
      const provider = account.provider(account.runtime(), account.stsRole());
      const thrown: unknown = await attempt(provider).catch((error: unknown) => error);
      expect(thrown).toMatchObject({
        code: 'access-denied',
        publicMessage: `${action} on the key ${account.key.arn} is not allowed to ${account.role.arn}.`,
        data: {
          stage: 'permission',
          awsCode: 'AccessDeniedException',
          requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        },
      });
      const { data } = thrown as { data: { missingStatement: string; identityStatement: string } };
      const statement: unknown = JSON.parse(data.missingStatement);
      expect(statement).toMatchObject({
        Principal: { AWS: account.role.arn },
        Action: action,
        Resource: account.key.arn,
      });
      account.lab.identities.updateRole({
        arn: account.role.arn,
        policies: [
          keyUsePolicy({ keyArn: account.key.arn, actions: allowed }),
          { Version: '2012-10-17', Statement: [JSON.parse(data.identityStatement)] },
        ],
      });
      expect(await roundTrip(provider)).toBe(true);
    },
  );

  test('a policy that demands a context pair which is not sent denies, and the hint names the pairs that were sent', async () => {
    const account = await LabAccount.start();
    const condition = { StringEquals: { 'kms:EncryptionContext:stage': 'prod' } };
    account.lab.identities.setUserPolicies({
      arn: account.host.arn,
      policies: keyUsePolicy({ keyArn: account.key.arn, condition }),
    });
    const provider = account.provider(account.runtime(), account.iamRole());
    const thrown: unknown = await generate(provider).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ code: 'access-denied' });
    const { hint } = (thrown as { data: { hint: string } }).data;
    expect(hint).toContain('sallyport:secrets-manager, sallyport:secret, sallyport:version');
    const request = { context: contextOf(1, { stage: 'prod' }), signal: noAbort() };
    await expect(provider.generateDataKey(request)).resolves.toBeDefined();
  });
});

describe('KMS in trouble', () => {
  async function withFault(fault: FaultOptions, limits = SHORT) {
    const account = await LabAccount.start();
    const provider = account.provider(account.runtime(account.hostKeys, limits), account.iamRole());
    account.lab.faults.add(fault);
    const attempts = () => account.lab.calls({ service: 'kms' }).length;
    return { account, provider, attempts };
  }

  test('nothing listens: unreachable, and it says where', async () => {
    const account = await LabAccount.start();
    const provider = account.provider(account.runtime(), account.iamRole());
    await account.lab.partition('kms');
    const made = generate(provider);
    await expect(made).rejects.toMatchObject({
      code: 'aws-unreachable',
      retryable: true,
      data: {
        stage: 'reach',
        awsCode: 'ECONNREFUSED',
        hint: expect.stringContaining('com.amazonaws.eu-west-1.kms'),
      },
    });
    await expect(made).rejects.toThrow(
      `cannot reach KMS in eu-west-1 at ${account.lab.kmsEndpoint}: the connection was refused`,
    );
    await account.lab.heal('kms');
    expect(await roundTrip(provider)).toBe(true);
  });

  test('a server that hangs is really given up, request by request, and the call ends in time', async () => {
    const { account, provider, attempts } = await withFault({ service: 'kms', kind: 'hang' });
    const startMs = performance.now();
    const made = generate(provider);
    await expect(made).rejects.toMatchObject({
      code: 'aws-unreachable',
      data: { stage: 'reach', awsCode: 'Timeout' },
    });
    await expect(made).rejects.toThrow('there was no answer in time');
    expect(performance.now() - startMs).toBeLessThan(1500);
    expect(attempts()).toBe(3);
    account.lab.faults.clear();
    expect(await roundTrip(provider)).toBe(true);
  });

  test('the limit on the whole call holds where the limit on a request does not', async () => {
    const limits = { ...SHORT, requestTimeoutMs: 60_000, callTimeoutMs: 400 };
    const { provider } = await withFault({ service: 'kms', kind: 'hang' }, limits);
    const made = generate(provider);
    await expect(made).rejects.toMatchObject({ code: 'aws-unreachable', data: { stage: 'reach' } });
    await expect(made).rejects.toThrow('no usable answer within 0.4 s');
  });

  test('whoever asked can stop waiting, and learns why', async () => {
    const { provider } = await withFault({ service: 'kms', kind: 'hang' });
    const aborting = new AbortController();
    const made = generate(provider, aborting.signal);
    aborting.abort(new Error('the client went away'));
    await expect(made).rejects.toThrow('the client went away');
    const gone = generate(provider, AbortSignal.abort(new Error('gone before')));
    await expect(gone).rejects.toThrow('gone before');
  });

  test.each([
    ['a connection that breaks', { service: 'kms', kind: 'reset' }],
    ['an error of KMS itself', { service: 'kms', kind: 'error', code: 'KMSInternalException' }],
    ['a page of a proxy', { service: 'kms', kind: 'html', status: 502 }],
    ['a throttle', { service: 'kms', kind: 'throttle' }],
  ] satisfies [string, FaultOptions][])(
    '%s is tried again, and does not show when it passes',
    async (_what, fault) => {
      const { provider, attempts } = await withFault(
        { ...fault, times: 1 },
        { ...SHORT, callTimeoutMs: 5000 },
      );
      await expect(generate(provider)).resolves.toBeDefined();
      expect(attempts()).toBe(2);
    },
  );

  test('throttling that lasts is said to be throttling, with the quota to raise', async () => {
    const { provider, attempts } = await withFault(
      { service: 'kms', kind: 'throttle' },
      { ...SHORT, callTimeoutMs: 8000 },
    );
    const made = generate(provider);
    await expect(made).rejects.toMatchObject({
      code: 'aws-throttled',
      retryable: true,
      data: {
        stage: 'key',
        awsCode: 'ThrottlingException',
        hint: expect.stringContaining('KMS request quota'),
      },
    });
    await expect(made).rejects.toThrow('throttles the requests of this account');
    expect(attempts()).toBe(3);
  });

  test('a call that runs out of time while it is throttled is throttled, not unreachable', async () => {
    const { provider } = await withFault(
      { service: 'kms', kind: 'throttle' },
      { ...SHORT, callTimeoutMs: 300 },
    );
    await expect(generate(provider)).rejects.toMatchObject({ code: 'aws-throttled' });
  });

  test.each([
    [502, true],
    [403, false],
    [407, false],
  ])('a page with HTTP %i in place of an answer is laid to what is in between', async (status, retryable) => {
    const { provider } = await withFault({ service: 'kms', kind: 'html', status });
    const made = generate(provider);
    await expect(made).rejects.toMatchObject({
      code: 'aws-unreachable',
      retryable,
      data: { stage: 'reach', awsCode: `HTTP ${status}` },
    });
    await expect(made).rejects.toThrow(`answered in its place, with HTTP ${status}`);
  });

  test('an error of KMS itself that lasts can be tried again', async () => {
    const { provider } = await withFault({ service: 'kms', kind: 'error', code: 'KMSInternalException' });
    await expect(generate(provider)).rejects.toMatchObject({
      code: 'aws-failed',
      retryable: true,
      data: { stage: 'key', awsCode: 'KMSInternalException' },
    });
  });
});

describe('bad credentials', () => {
  test('a wrong secret access key', async () => {
    const account = await LabAccount.start();
    const access = { ...account.accessKeys(), secretAccessKey: 'wrong' };
    const made = generate(account.provider(account.runtime(), access));
    await expect(made).rejects.toMatchObject({
      code: 'aws-credentials',
      data: {
        stage: 'credentials',
        awsCode: 'InvalidSignatureException',
        hint: expect.stringContaining('clock'),
      },
    });
  });

  test('an access key that is unknown or switched off', async () => {
    const account = await LabAccount.start();
    account.lab.identities.setAccessKeyActive({ accessKeyId: account.host.accessKeyId, active: false });
    const made = generate(account.provider(account.runtime(), account.accessKeys()));
    await expect(made).rejects.toMatchObject({
      code: 'aws-credentials',
      data: { awsCode: 'UnrecognizedClientException' },
    });
    await expect(made).rejects.toThrow('does not know the access key');
  });

  test('temporary credentials of the environment that have expired', async () => {
    const account = await LabAccount.start();
    const session = account.lab.sessions.mint({ roleArn: account.role.arn });
    const provider = account.provider(
      account.runtime({
        AWS_ACCESS_KEY_ID: session.accessKeyId,
        AWS_SECRET_ACCESS_KEY: session.secretAccessKey,
        AWS_SESSION_TOKEN: session.sessionToken,
      }),
      account.iamRole(),
    );
    await generate(provider);
    account.lab.sessions.expire(account.role.arn);
    const made = generate(provider);
    await expect(made).rejects.toMatchObject({
      code: 'aws-credentials',
      data: { stage: 'credentials', awsCode: 'ExpiredTokenException' },
    });
    await expect(made).rejects.toThrow('has expired, and their source has no newer ones');
  });

  test.each([-3_600_000, 3_600_000])(
    'a clock that is off by %i ms is corrected by one extra request',
    async (ms) => {
      const account = await LabAccount.start();
      account.lab.clock.advance(ms);
      const provider = account.provider(account.runtime(), account.iamRole());
      await expect(generate(provider)).resolves.toBeDefined();
      await expect(generate(provider)).resolves.toBeDefined();
      const outcomes = account.lab.calls({ service: 'kms' }).map(({ errorCode }) => errorCode);
      expect(outcomes).toEqual(['InvalidSignatureException', null, null]);
    },
  );
});
