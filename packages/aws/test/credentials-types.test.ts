// The three credentials types on the lab, and what a delegate's environment says about endpoints.
import { describe, expect, test } from 'vitest';
import { keyUsePolicy, trustPrincipals } from '@sallyport/testkit/lab';
import { readAwsEnvironment } from '../src/index.ts';
import { EXTERNAL_ID, generate, LabAccount, roundTrip } from './lab-account.ts';

describe('the three credentials types', () => {
  test('access keys: exactly the pair that is given, whatever the host has', async () => {
    const account = await LabAccount.start();
    const runtime = account.runtime({
      AWS_ACCESS_KEY_ID: 'AKIAOTHEROTHEROTHER1',
      AWS_SECRET_ACCESS_KEY: 'other',
    });
    expect(await roundTrip(account.provider(runtime, account.accessKeys()))).toBe(true);
    const used = account.lab.calls({ service: 'kms' }).map(({ accessKeyId }) => accessKeyId);
    expect(used).toEqual([account.host.accessKeyId, account.host.accessKeyId]);
    expect(account.lab.calls({ service: 'sts' }), 'nothing else is asked').toEqual([]);
  });

  test('access keys without the secret half are refused before AWS is asked', async () => {
    const account = await LabAccount.start();
    const access = { ...account.accessKeys(), secretAccessKey: null };
    const made = generate(account.provider(account.runtime(), access));
    await expect(made).rejects.toMatchObject({ code: 'aws-credentials', data: { stage: 'credentials' } });
    expect(account.lab.calls()).toEqual([]);
  });

  test('iam-role: the host identity', async () => {
    const account = await LabAccount.start();
    expect(await roundTrip(account.provider(account.runtime(), account.iamRole()))).toBe(true);
    expect(account.lab.calls({ service: 'kms', principalArn: account.host.arn })).toHaveLength(2);
  });

  test('sts-role: assumed once, with external ID, duration, a session name that names the delegate and a policy for the one key', async () => {
    const account = await LabAccount.start();
    const provider = account.provider(account.runtime(), account.stsRole({ durationSeconds: 1800 }));
    expect(await roundTrip(provider)).toBe(true);
    const assumed = account.lab.calls({ eventName: 'AssumeRole' });
    expect(assumed).toMatchObject([
      {
        roleArn: account.role.arn,
        externalId: EXTERNAL_ID,
        durationSeconds: 1800,
        sessionName: 'sallyport-test-delegate',
        region: 'eu-west-1',
      },
    ]);
    expect(JSON.parse(assumed[0]?.sessionPolicy ?? '')).toMatchObject({
      Statement: [{ Effect: 'Allow', Resource: account.key.arn }],
    });
    const session = 'arn:aws:sts::111122223333:assumed-role/sallyport/sallyport-test-delegate';
    expect(account.lab.calls({ service: 'kms', principalArn: session })).toHaveLength(2);
  });

  test('an assumed session cannot use other keys that the role may use', async () => {
    const account = await LabAccount.start();
    const other = account.lab.keys.create();
    const policies = [account.key, other].map(({ arn }) => keyUsePolicy({ keyArn: arn }));
    account.lab.identities.updateRole({ arn: account.role.arn, policies });
    const runtime = account.runtime();
    await generate(account.provider(runtime, account.stsRole()));
    const [{ sessionPolicy } = { sessionPolicy: '' }] = account.lab.calls({ eventName: 'AssumeRole' });
    expect(sessionPolicy).not.toContain(other.arn);
    expect(sessionPolicy).not.toContain('*');
  });

  test('a role that the host already is, is not assumed', async () => {
    const account = await LabAccount.start();
    // Its trust policy does not name itself: assuming it from itself would be refused.
    const { accessKeyId, secretAccessKey, sessionToken } = account.lab.sessions.mint({
      roleArn: account.role.arn,
    });
    const runtime = account.runtime({
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: sessionToken,
    });
    expect(await roundTrip(account.provider(runtime, account.stsRole()))).toBe(true);
    expect(account.lab.calls({ eventName: 'AssumeRole' })).toEqual([]);
    expect(await runtime.effectiveIdentity(account.stsRole())).toMatchObject({
      source: 'environment',
      isOwnRole: true,
      roleArn: null,
    });
    const { ok, warnings } = await account.preflight(account.stsRole(), runtime);
    expect(ok).toBe(true);
    expect(warnings).toMatchObject([
      { code: 'own-role', message: expect.stringContaining(account.role.arn) },
    ]);
  });

  test('a role in another account can use a key of this one when both policies allow it', async () => {
    const account = await LabAccount.start();
    const foreign = account.lab.identities.createRole({
      name: 'foreign',
      accountId: '444455556666',
      trustPolicy: trustPrincipals({ principals: [account.host.arn], externalId: EXTERNAL_ID }),
      policies: keyUsePolicy({ keyArn: account.key.arn }),
    });
    account.lab.identities.setUserPolicies({
      arn: account.host.arn,
      policies: {
        Version: '2012-10-17',
        Statement: { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' },
      },
    });
    const access = account.stsRole({ roleArn: foreign.arn });
    const denied = await account.preflight(access);
    const [failed] = denied.stages.filter(({ action }) => action === 'kms:GenerateDataKey');
    expect(failed).toMatchObject({ outcome: 'failed', stage: 'permission' });
    expect(failed?.hint).toContain('a key of another account needs both');
    account.lab.keys.setPolicy({
      arn: account.key.arn,
      policy: { Version: '2012-10-17', Statement: [JSON.parse(failed?.missingStatement ?? '')] },
    });
    expect(await account.preflight(access)).toMatchObject({ ok: true });
  });

  test('providers of one secrets manager with the same settings share one session; another secrets manager has its own', async () => {
    const account = await LabAccount.start();
    const runtime = account.runtime();
    const first = account.provider(runtime, account.stsRole());
    const second = account.provider(runtime, account.stsRole());
    await Promise.all([generate(first), generate(second)]);
    expect(account.lab.calls({ eventName: 'AssumeRole' })).toHaveLength(1);
    first.close();
    first.close();
    await expect(generate(first)).rejects.toMatchObject({ code: 'shutting-down' });
    await generate(second);
    const changed = account.provider(runtime, account.stsRole({ durationSeconds: 900 }));
    await generate(changed);
    expect(account.lab.calls({ eventName: 'AssumeRole' })).toHaveLength(2);
    second.close();
    await generate(account.provider(runtime, account.stsRole()));
    expect(account.lab.calls({ eventName: 'AssumeRole' }), 'nothing is kept after the last').toHaveLength(3);
  });
});

describe("the delegate's environment", () => {
  test('names the endpoints of KMS and STS separately, and the guard file wins over it', () => {
    const env = {
      AWS_ENDPOINT_URL_KMS: 'http://kms.test',
      AWS_ENDPOINT_URL: 'http://all.test',
      AWS_USE_FIPS_ENDPOINT: 'true',
    };
    expect(readAwsEnvironment(env, { delegateName: 'd' })).toEqual({
      env,
      kmsEndpoint: 'http://kms.test',
      stsEndpoint: null,
      useFips: true,
      delegateName: 'd',
    });
    const guarded = readAwsEnvironment(env, {
      delegateName: 'd',
      kmsEndpoint: 'https://guard.test',
      stsEndpoint: null,
    });
    expect(guarded).toMatchObject({ kmsEndpoint: 'https://guard.test', stsEndpoint: null });
  });

  test.each(['ftp://kms.test', 'kms.test', 'https://user:password@kms.test'])(
    'refuses %s as an endpoint',
    (url) => {
      const read = () => readAwsEnvironment({ AWS_ENDPOINT_URL_STS: url }, { delegateName: 'd' });
      expect(read).toThrow(expect.objectContaining({ code: 'config-invalid' }));
    },
  );
});
