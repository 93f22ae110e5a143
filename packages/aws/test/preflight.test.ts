// The preflight against the lab: what passes, and everything about the role: trust, external ID, duration, chaining.
import { describe, expect, test } from 'vitest';
import type { PreflightStep } from '../src/index.ts';
import { assumeRolePolicy, keyUsePolicy, trustPrincipals } from '@sallyport/testkit/lab';
import { EXTERNAL_ID, LabAccount } from './lab-account.ts';
import { failures, outcomes, policyOf, statementOf } from './preflight-report.ts';
import { accessTo, contextOf } from './settings.ts';

const ALL_PASSED = [
  'credentials: passed',
  'sts:GetCallerIdentity: passed',
  'kms:DescribeKey: passed',
  'kms:GenerateDataKey: passed',
  'kms:Decrypt: passed',
  'kms:GenerateDataKey, kms:Decrypt: passed',
];

describe('a preflight that passes', () => {
  test('iam-role and access-keys: every stage, the identity, and the key', async () => {
    const account = await LabAccount.start();
    for (const access of [account.iamRole(), account.accessKeys()]) {
      const result = await account.preflight(access);
      expect(outcomes(result)).toEqual(ALL_PASSED);
      expect(result).toMatchObject({
        ok: true,
        identity: { arn: account.host.arn, accountId: '111122223333' },
        pinnedKeyArn: account.key.arn,
        warnings: [],
      });
    }
  });

  test('sts-role: assumes the role, and proves that it cannot be assumed without the external ID', async () => {
    const account = await LabAccount.start();
    const result = await account.preflight(account.stsRole());
    expect(outcomes(result)).toEqual([
      ...ALL_PASSED.slice(0, 2),
      'sts:AssumeRole: passed',
      ...ALL_PASSED.slice(2),
    ]);
    expect(result.warnings).toEqual([]);
    const tried = account.lab.calls({ eventName: 'AssumeRole' });
    expect(tried.map(({ externalId, errorCode }) => ({ externalId, errorCode }))).toEqual([
      { externalId: EXTERNAL_ID, errorCode: null },
      { externalId: null, errorCode: 'AccessDenied' },
    ]);
  });

  test('the real round trip carries the probe context with version 0; everything else is a dry run', async () => {
    const account = await LabAccount.start();
    const access = accessTo(account.key.arn, { type: 'iam-role' }, { context: { stage: 'prod' } });
    expect(await account.preflight(access)).toMatchObject({ ok: true });
    const made = account.lab.calls({ service: 'kms' }).filter(({ eventName }) => eventName !== 'DescribeKey');
    expect(made.map(({ eventName, dryRun }) => [eventName, dryRun])).toEqual([
      ['GenerateDataKey', true],
      ['Decrypt', true],
      ['GenerateDataKey', false],
      ['Decrypt', false],
    ]);
    for (const { encryptionContext } of made)
      expect(encryptionContext).toEqual(contextOf(0, { stage: 'prod' }));
  });

  test('every step is announced first, and told when it begins and when it ends', async () => {
    const account = await LabAccount.start();
    const aliasArn = account.lab.keys.setAlias({ name: 'alias/secrets', arn: account.key.arn });
    const steps: PreflightStep[] = [];
    const result = await account.preflight(account.stsRole({}, aliasArn), account.runtime(), steps);
    const actions = result.stages.map(({ action }) => action);
    expect(steps.map(({ action, outcome }) => `${action}: ${outcome}`)).toEqual([
      ...actions.map((action) => `${action}: waiting`),
      ...actions.flatMap((action) => [`${action}: running`, `${action}: passed`]),
    ]);
  });

  test('DescribeKey is not needed', async () => {
    const account = await LabAccount.start();
    const actions = ['kms:GenerateDataKey', 'kms:Decrypt'];
    account.lab.identities.setUserPolicies({
      arn: account.host.arn,
      policies: keyUsePolicy({ keyArn: account.key.arn, actions }),
    });
    const aliasArn = account.lab.keys.setAlias({ name: 'alias/secrets', arn: account.key.arn });
    for (const keyArn of [account.key.arn, aliasArn]) {
      const result = await account.preflight(account.iamRole(keyArn));
      expect(result).toMatchObject({ ok: true, pinnedKeyArn: account.key.arn });
      expect(outcomes(result)).toContain('kms:DescribeKey: skipped');
    }
  });

  test('an alias is resolved to the key behind it, and the session is then limited to that key', async () => {
    const account = await LabAccount.start();
    const aliasArn = account.lab.keys.setAlias({ name: 'alias/secrets', arn: account.key.arn });
    const result = await account.preflight(account.stsRole({}, aliasArn));
    expect(result).toMatchObject({ ok: true, pinnedKeyArn: account.key.arn });
    const last = account.lab.calls({ eventName: 'AssumeRole', errorCode: null }).at(-1);
    expect(JSON.parse(last?.sessionPolicy ?? '')).toMatchObject({
      Statement: [{ Resource: account.key.arn }],
    });
  });

  test('an alias that has been retargeted since the settings were saved is noticed', async () => {
    const account = await LabAccount.start();
    const other = account.lab.keys.create();
    const aliasArn = account.lab.keys.setAlias({ name: 'alias/secrets', arn: account.key.arn });
    const access = accessTo(aliasArn, { type: 'iam-role' }, { pinned: other.arn });
    const { warnings } = await account.preflight(access);
    expect(warnings).toMatchObject([
      { code: 'alias-retargeted', message: expect.stringContaining(other.arn) },
    ]);
  });

  test('without STS, credentials types that do not need it pass with a warning', async () => {
    const account = await LabAccount.start();
    await account.lab.partition('sts');
    const result = await account.preflight(account.iamRole());
    expect(result).toMatchObject({ ok: true, identity: null, warnings: [{ code: 'identity-unknown' }] });
    expect(outcomes(result)[1]).toBe('sts:GetCallerIdentity: skipped');
  });

  test('a session of the role that has ended is not used: the preflight gets its own', async () => {
    const account = await LabAccount.start();
    const runtime = account.runtime();
    await account.preflight(account.stsRole(), runtime);
    account.lab.identities.deleteRole(account.role.arn);
    expect(await account.preflight(account.stsRole(), runtime)).toMatchObject({
      ok: false,
      pinnedKeyArn: null,
    });
  });
});

describe('the external ID', () => {
  test('a trust policy that does not demand it is warned of, with the condition to add', async () => {
    const account = await LabAccount.start();
    const trustPolicy = trustPrincipals({ principals: [account.host.arn] });
    account.lab.identities.updateRole({ arn: account.role.arn, trustPolicy });
    const result = await account.preflight(account.stsRole());
    expect(result.ok).toBe(true);
    expect(result.warnings).toMatchObject([{ code: 'external-id-not-demanded' }]);
    const { message = '' } = result.warnings[0] ?? {};
    expect(message).toContain('can be assumed without its external ID too');
    const statement: unknown = JSON.parse(message.slice(message.indexOf('{')));
    const fixed = policyOf(statement);
    account.lab.identities.updateRole({ arn: account.role.arn, trustPolicy: fixed });
    expect(await account.preflight(account.stsRole())).toMatchObject({ ok: true, warnings: [] });
  });

  test('a role without one is warned of, and nothing is tried', async () => {
    const account = await LabAccount.start();
    const trustPolicy = trustPrincipals({ principals: [account.host.arn] });
    account.lab.identities.updateRole({ arn: account.role.arn, trustPolicy });
    const result = await account.preflight(account.stsRole({ externalId: null }));
    expect(result).toMatchObject({ ok: true, warnings: [{ code: 'external-id-missing' }] });
    expect(account.lab.calls({ eventName: 'AssumeRole' })).toHaveLength(1);
  });

  test('the session of the trial without external ID would be good for nothing', async () => {
    const account = await LabAccount.start();
    await account.preflight(account.stsRole());
    const trial = account.lab
      .calls({ eventName: 'AssumeRole' })
      .find(({ externalId }) => externalId === null);
    expect(JSON.parse(trial?.sessionPolicy ?? '')).toMatchObject({
      Statement: [{ Effect: 'Deny', Action: '*' }],
    });
    expect(trial?.durationSeconds).toBe(900);
  });
});

describe('a role that cannot be assumed', () => {
  test.each([
    ['a wrong external ID', { externalId: 'wrong' }],
    ['a missing external ID', { externalId: null }],
    ['a role that does not exist', { roleArn: 'arn:aws:iam::111122223333:role/nobody' }],
  ])('%s: the three causes that AWS does not tell apart are listed', async (_what, change) => {
    const account = await LabAccount.start();
    const access = account.stsRole(change);
    const result = await account.preflight(access);
    expect(result).toMatchObject({ ok: false, pinnedKeyArn: null });
    expect(failures(result)).toMatchObject([
      {
        stage: 'assume-role',
        action: 'sts:AssumeRole',
        awsCode: 'AccessDenied',
        requestId: expect.stringMatching(/./),
        message: expect.stringContaining(
          'wrong or missing external ID, a role that does not exist, and a missing permission',
        ),
        hint: expect.stringMatching(/\(1\).*trust policy.*external ID.*\(4\)/),
        error: { code: 'assume-role-failed' },
      },
    ]);
    expect(outcomes(result).slice(3)).toEqual([
      'kms:DescribeKey: skipped',
      'kms:GenerateDataKey: skipped',
      'kms:Decrypt: skipped',
      'kms:GenerateDataKey, kms:Decrypt: skipped',
    ]);
    expect(account.lab.calls({ service: 'kms' }), 'KMS is not asked').toEqual([]);
  });

  test('the trust-policy statement in the error is all that a role without trust is missing', async () => {
    const account = await LabAccount.start();
    const nobody = trustPrincipals({ principals: ['arn:aws:iam::111122223333:role/other'] });
    account.lab.identities.updateRole({ arn: account.role.arn, trustPolicy: nobody });
    account.lab.identities.setUserPolicies({
      arn: account.host.arn,
      policies: assumeRolePolicy(account.role.arn),
    });
    const result = await account.preflight(account.stsRole());
    const statement = statementOf(result, 'sts:AssumeRole');
    const trustPolicy = policyOf(statement);
    account.lab.identities.updateRole({ arn: account.role.arn, trustPolicy });
    expect(await account.preflight(account.stsRole())).toMatchObject({ ok: true, warnings: [] });
  });

  test('a duration above the maximum of the role says so, and what to change', async () => {
    const account = await LabAccount.start();
    const result = await account.preflight(account.stsRole({ durationSeconds: 7200 }));
    expect(failures(result)).toMatchObject([
      {
        stage: 'assume-role',
        awsCode: 'ValidationError',
        message: expect.stringContaining('7200 s'),
        hint: expect.stringContaining('raise the maximum session duration of the role'),
      },
    ]);
    account.lab.identities.updateRole({ arn: account.role.arn, maxSessionSeconds: 7200 });
    expect(await account.preflight(account.stsRole({ durationSeconds: 7200 }))).toMatchObject({ ok: true });
  });

  test('a role assumed from a role is limited to an hour, which is explained and never changed silently', async () => {
    const account = await LabAccount.start();
    const base = account.lab.identities.createRole({
      name: 'base',
      trustPolicy: trustPrincipals({ principals: [account.host.arn] }),
      policies: assumeRolePolicy(account.role.arn),
    });
    const trustPolicy = trustPrincipals({ principals: [base.arn], externalId: EXTERNAL_ID });
    account.lab.identities.updateRole({ arn: account.role.arn, trustPolicy, maxSessionSeconds: 43_200 });
    const session = account.lab.sessions.mint({ roleArn: base.arn });
    const runtime = account.runtime({
      AWS_ACCESS_KEY_ID: session.accessKeyId,
      AWS_SECRET_ACCESS_KEY: session.secretAccessKey,
      AWS_SESSION_TOKEN: session.sessionToken,
    });
    const long = await account.preflight(account.stsRole({ durationSeconds: 7200 }), runtime);
    expect(failures(long)).toMatchObject([
      {
        stage: 'assume-role',
        message: expect.stringMatching(/role chaining.*limited to 3600 s/),
        hint: expect.stringContaining('3600 s or less'),
      },
    ]);
    expect(await account.preflight(account.stsRole(), runtime)).toMatchObject({ ok: true });
  });
});
