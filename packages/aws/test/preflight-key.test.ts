// The preflight against the lab: permissions, encryption context and state of the key, and what stands in the way before it. What it
// says is missing is really all that is missing.
import { describe, expect, test } from 'vitest';
import { keyUsePolicy } from '@sallyport/testkit/lab';
import { AwsRuntime } from '../src/index.ts';
import { LabAccount } from './lab-account.ts';
import { failures, outcomes, policyOf, statementOf } from './preflight-report.ts';
import { accessTo, contextOf, environmentAt, MANAGER_ID } from './settings.ts';

describe('permissions on the key', () => {
  test('GenerateDataKey without Decrypt fails and names kms:Decrypt', async () => {
    const account = await LabAccount.start();
    const policies = keyUsePolicy({ keyArn: account.key.arn, actions: ['kms:GenerateDataKey'] });
    account.lab.identities.updateRole({ arn: account.role.arn, policies });
    const result = await account.preflight(account.stsRole());
    expect(result.ok).toBe(false);
    expect(failures(result)).toMatchObject([
      {
        stage: 'permission',
        action: 'kms:Decrypt',
        awsCode: 'AccessDeniedException',
        message: `kms:Decrypt on the key ${account.key.arn} is not allowed to ${account.role.arn}.`,
      },
    ]);
    expect(statementOf(result, 'kms:Decrypt')).toMatchObject({
      Principal: { AWS: account.role.arn },
      Action: 'kms:Decrypt',
      Resource: account.key.arn,
    });
  });

  test('all that is missing is reported together, and the one statement in the report is enough', async () => {
    const account = await LabAccount.start();
    account.lab.identities.setUserPolicies({ arn: account.host.arn, policies: [] });
    const result = await account.preflight(account.iamRole());
    expect(failures(result).map(({ action }) => action)).toEqual(['kms:GenerateDataKey', 'kms:Decrypt']);
    const statement = statementOf(result, 'kms:GenerateDataKey');
    expect(statement).toEqual(statementOf(result, 'kms:Decrypt'));
    expect(statement).toMatchObject({
      Principal: { AWS: account.host.arn },
      Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
    });
    const policy = policyOf(statement);
    account.lab.keys.setPolicy({ arn: account.key.arn, policy });
    expect(await account.preflight(account.iamRole())).toMatchObject({ ok: true });
  });

  test('where an endpoint does not do dry runs, the round trip finds what is missing', async () => {
    const account = await LabAccount.start();
    const policies = keyUsePolicy({ keyArn: account.key.arn, actions: ['kms:GenerateDataKey'] });
    account.lab.identities.setUserPolicies({ arn: account.host.arn, policies });
    const fault = {
      service: 'kms',
      operation: 'Decrypt',
      kind: 'error',
      code: 'ValidationException',
    } as const;
    account.lab.faults.add({ ...fault, times: 1 });
    const result = await account.preflight(account.iamRole());
    expect(outcomes(result).slice(-2)).toEqual([
      'kms:Decrypt: skipped',
      'kms:GenerateDataKey, kms:Decrypt: failed',
    ]);
    expect(failures(result)).toMatchObject([
      { stage: 'permission', message: expect.stringContaining('kms:Decrypt on the key') },
    ]);
  });
});

describe('the encryption context', () => {
  const conditioned = async (condition: Record<string, Record<string, string | string[]>>) => {
    const account = await LabAccount.start();
    const policies = keyUsePolicy({
      keyArn: account.key.arn,
      actions: ['kms:GenerateDataKey', 'kms:Decrypt'],
      condition,
    });
    account.lab.identities.setUserPolicies({ arn: account.host.arn, policies });
    return account;
  };
  const withPairs = (account: LabAccount, context: Record<string, string>) =>
    account.preflight(accessTo(account.key.arn, { type: 'iam-role' }, { context }));

  test('a policy that the fixed pairs meet passes; without them, it fails and the hint speaks of the context', async () => {
    const account = await conditioned({ StringEquals: { 'kms:EncryptionContext:stage': 'prod' } });
    expect(await withPairs(account, { stage: 'prod' })).toMatchObject({ ok: true });
    const result = await withPairs(account, {});
    expect(failures(result)).toMatchObject([{ stage: 'permission' }, { stage: 'permission' }]);
    expect(failures(result)[0]?.hint).toContain('condition on kms:EncryptionContext');
  });

  test('a policy that knows only the names of Sallyport rejects fixed pairs, and they are named', async () => {
    const names = ['sallyport:secrets-manager', 'sallyport:secret', 'sallyport:version'];
    const account = await conditioned({
      'ForAllValues:StringEquals': { 'kms:EncryptionContextKeys': names },
    });
    const [failed] = failures(await withPairs(account, { stage: 'prod', team: 'core' }));
    expect(failed).toMatchObject({ stage: 'context', error: { code: 'context-rejected' } });
    expect(failed?.message).toContain(
      'not with the fixed context pairs of the secrets manager (stage, team)',
    );
  });

  test('a policy that knows only the fixed pairs rejects the names of Sallyport, and they are named', async () => {
    const account = await conditioned({
      'ForAllValues:StringEquals': { 'kms:EncryptionContextKeys': ['stage'] },
    });
    const [failed] = failures(await withPairs(account, { stage: 'prod' }));
    expect(failed).toMatchObject({ stage: 'context', error: { code: 'context-rejected' } });
    expect(failed?.message).toContain('sallyport:secrets-manager, sallyport:secret, sallyport:version');
    const sent = account.lab.calls({ service: 'kms' }).filter(({ eventName }) => eventName !== 'DescribeKey');
    for (const { encryptionContext } of sent)
      expect(encryptionContext, 'never without a context').not.toBeNull();
  });
});

describe('a key that cannot be used', () => {
  test.each([
    ['Disabled', 'its state is Disabled', 'Enable the key'],
    ['PendingDeletion', 'its state is PendingDeletion', 'Cancel the deletion of the key at once'],
    ['PendingImport', 'its state is PendingImport', 'Import the key material'],
  ] as const)('%s', async (state, words, hint) => {
    const account = await LabAccount.start();
    account.lab.keys.setState({ arn: account.key.arn, state });
    const result = await account.preflight(account.iamRole());
    expect(result).toMatchObject({ ok: false, pinnedKeyArn: null });
    expect(failures(result)).toMatchObject([
      {
        stage: 'key',
        action: 'kms:DescribeKey',
        message: expect.stringContaining(words),
        hint: expect.stringContaining(hint),
        error: { code: 'key-unusable' },
      },
    ]);
  });

  test('a disabled key is found without DescribeKey too', async () => {
    const account = await LabAccount.start();
    const actions = ['kms:GenerateDataKey', 'kms:Decrypt'];
    const policies = keyUsePolicy({ keyArn: account.key.arn, actions });
    account.lab.identities.setUserPolicies({ arn: account.host.arn, policies });
    account.lab.keys.setState({ arn: account.key.arn, state: 'Disabled' });
    expect(failures(await account.preflight(account.iamRole()))).toMatchObject([
      { stage: 'key', action: 'kms:GenerateDataKey', awsCode: 'DisabledException' },
    ]);
  });

  test('a key that signs, and a key that is not there', async () => {
    const account = await LabAccount.start();
    const signs = account.lab.keys.create({ spec: 'ECC_NIST_P256' });
    const gone = account.lab.keys.create();
    account.lab.keys.delete(gone.arn);
    account.lab.identities.setUserPolicies({
      arn: account.host.arn,
      policies: [signs, gone].map(({ arn }) => keyUsePolicy({ keyArn: arn })),
    });
    const [wrongKind] = failures(await account.preflight(account.iamRole(signs.arn)));
    expect(wrongKind).toMatchObject({ stage: 'key', error: { code: 'key-unusable' } });
    expect(wrongKind?.message).toContain('of a kind that cannot protect data keys (key spec ECC_NIST_P256');
    const [missing] = failures(await account.preflight(account.iamRole(gone.arn)));
    expect(missing).toMatchObject({ stage: 'key', awsCode: 'NotFoundException' });
  });
});

describe('what stands in the way before the key', () => {
  test('KMS that cannot be reached is a failure of stage reach', async () => {
    const account = await LabAccount.start();
    await account.lab.partition('kms');
    const result = await account.preflight(account.iamRole());
    expect(failures(result)).toMatchObject([
      { stage: 'reach', error: { code: 'aws-unreachable', retryable: true } },
    ]);
    expect(failures(result)[0]?.message).toContain('cannot reach KMS in eu-west-1');
  });

  test('STS that cannot be reached is a failure of stage reach where the credentials type needs it', async () => {
    const account = await LabAccount.start();
    await account.lab.partition('sts');
    const result = await account.preflight(account.stsRole());
    expect(failures(result)).toMatchObject([{ stage: 'reach', error: { code: 'aws-unreachable' } }]);
    expect(failures(result)[0]?.message).toContain('cannot reach STS in eu-west-1');
  });

  test.each(['hang', 'html', 'throttle'] as const)(
    'STS that answers with %s is told from a role that is refused',
    async (kind) => {
      const account = await LabAccount.start();
      account.lab.faults.add({ service: 'sts', operation: 'AssumeRole', kind });
      const [failed] = failures(await account.preflight(account.stsRole()));
      const code = kind === 'throttle' ? 'aws-throttled' : 'aws-unreachable';
      expect(failed).toMatchObject({ action: 'sts:AssumeRole', error: { code } });
      expect(failed?.message).toContain('STS in eu-west-1');
    },
  );

  test('wrong access keys fail at stage credentials, and everything else is skipped', async () => {
    const account = await LabAccount.start();
    const result = await account.preflight({ ...account.accessKeys(), secretAccessKey: 'wrong' });
    expect(failures(result)).toMatchObject([
      { stage: 'credentials', action: 'sts:GetCallerIdentity', awsCode: 'SignatureDoesNotMatch' },
    ]);
    expect(result.stages.filter(({ outcome }) => outcome === 'skipped')).toHaveLength(4);
    expect(JSON.stringify(result)).not.toContain('"wrong"');
  });

  test('a host without credentials fails at stage credentials', async () => {
    const account = await LabAccount.start();
    const runtime = account.runtime({ AWS_EC2_METADATA_DISABLED: 'true' });
    const result = await account.preflight(account.stsRole(), runtime);
    expect(failures(result)).toMatchObject([{ stage: 'credentials', action: 'credentials' }]);
    expect(account.lab.calls()).toEqual([]);
  });

  test('a preflight that is aborted throws the reason', async () => {
    const account = await LabAccount.start();
    account.lab.faults.add({ service: 'kms', kind: 'hang' });
    const environment = environmentAt(
      { kms: account.lab.kmsEndpoint, sts: account.lab.stsEndpoint },
      account.hostKeys,
    );
    const runtime = new AwsRuntime(environment);
    const aborting = new AbortController();
    const options = { secretsManagerId: MANAGER_ID, signal: aborting.signal, context: contextOf(0) };
    const running = runtime.preflight(account.iamRole(), options);
    await expect.poll(() => account.lab.calls({ service: 'kms' }).length).toBe(1);
    aborting.abort(new Error('out of time'));
    await expect(running).rejects.toThrow('out of time');
    runtime.close();
  });
});
