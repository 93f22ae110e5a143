// Everything that can go wrong between a delegate and AWS, through server and SDK: the code, the stage, and the words a person reads.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AppError } from '@sallyport/sdk';
import { assumeRolePolicy, keyUsePolicy } from '@sallyport/testkit/lab';
import { labTarget, settingsFor } from './harness/aws-targets.ts';
import type { CredentialsType } from './harness/aws-targets.ts';
import { Deployment } from './harness/deployment.ts';

let target: Awaited<ReturnType<typeof labTarget>>;
let deployment: Deployment;

beforeAll(async () => {
  target = await labTarget();
  deployment = await Deployment.start();
  await deployment.startDelegate({ name: 'vpc-1', selectors: ['prod-vpc'], environment: target.environment });
  await deployment.startDelegate({
    name: 'edge-1',
    selectors: ['edge'],
    environment: { AWS_EC2_METADATA_DISABLED: 'true' },
  });
  await addManager('good', 'sts-role');
  await addManager('keys', 'access-keys');
  await deployment.client.set('secret', 'value', { secretsManager: 'good' });
  await deployment.client.set('with-keys', 'value', { secretsManager: 'keys' });
}, 60_000);

afterAll(async () => {
  await deployment?.close();
  await target?.close();
});

beforeEach(() => target.lab.resetCalls());
afterEach(async () => {
  const { lab, keyArn } = target;
  lab.faults.clear();
  await lab.heal('kms');
  await lab.heal('sts');
  lab.keys.setState({ arn: keyArn, state: 'Enabled' });
});

async function addManager(
  name: string,
  type: CredentialsType,
  change: object = {},
  selectors = ['prod-vpc'],
) {
  const settings = { ...settingsFor(target, type, selectors), ...change };
  return deployment.client.call('createSecretsManager', { body: { name, settings } });
}

async function failureOf(work: () => Promise<unknown>): Promise<AppError> {
  try {
    await work();
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown;
    throw thrown;
  }
  throw new Error('it did not fail');
}

/** The failed stages of a preflight that refused to save. */
function failedStages(error: AppError) {
  const preflight = error.data['preflight'] as {
    delegates: {
      delegateName: string;
      report: {
        stages: {
          outcome: string;
          stage: string;
          action: string;
          error?: { code: string; message: string; data?: Record<string, string> };
        }[];
      } | null;
    }[];
  };
  return preflight.delegates.flatMap(
    ({ report }) => report?.stages.filter((stage) => stage.outcome === 'failed') ?? [],
  );
}

const quick = () => deployment.newClient({ maxAttempts: 1 });

describe('selection', () => {
  test('no delegate has the selector: each one is named with what it lacks', async () => {
    const error = await failureOf(async () => addManager('nowhere', 'iam-role', {}, ['mars']));
    expect(error.code).toBe('no-delegate');
    expect(error.publicMessage).toMatch(/vpc-1.*selector.*mars/);
    expect(error.publicMessage).toMatch(/edge-1.*selector.*mars/);
    await expect(
      deployment.client.call('getSecretsManager', { params: { secretsManager: 'nowhere' } }),
    ).rejects.toMatchObject({ code: 'not-found' });
  });

  test('E1, E22: key ARN and region that disagree are refused before any delegate is asked, and both are named', async () => {
    const error = await failureOf(async () => addManager('mismatch', 'iam-role', { region: 'us-east-1' }));
    expect(error.code).toBe('region-mismatch');
    expect(error.publicMessage).toMatch(/eu-west-1.*us-east-1/);
    expect(target.lab.calls({})).toEqual([]);
  });
});

describe('reading', () => {
  const broken: { what: string; breakIt: () => unknown; code: string; stage: string; words: RegExp }[] = [
    {
      what: 'KMS cannot be reached',
      breakIt: () => target.lab.partition('kms'),
      code: 'aws-unreachable',
      stage: 'reach',
      words: /cannot reach KMS.*refused/,
    },
    {
      what: 'KMS hangs',
      breakIt: () => target.lab.faults.add({ service: 'kms', kind: 'hang' }),
      code: 'aws-unreachable',
      stage: 'reach',
      words: /KMS.*(time|answer)/,
    },
    {
      what: 'a proxy answers in HTML',
      breakIt: () => target.lab.faults.add({ service: 'kms', kind: 'html', status: 503 }),
      code: 'aws-unreachable',
      stage: 'reach',
      words: /something in between.*HTTP 503/,
    },
    {
      what: 'the key is disabled',
      breakIt: () => target.lab.keys.setState({ arn: target.keyArn, state: 'Disabled' }),
      code: 'key-unusable',
      stage: 'key',
      words: /is disabled/,
    },
    {
      what: 'the key waits for its deletion',
      breakIt: () => target.lab.keys.setState({ arn: target.keyArn, state: 'PendingDeletion' }),
      code: 'key-unusable',
      stage: 'key',
      words: /pending deletion/,
    },
    {
      what: 'AWS throttles',
      breakIt: () => target.lab.faults.add({ service: 'kms', kind: 'throttle' }),
      code: 'aws-throttled',
      stage: 'key',
      words: /throttles the requests/,
    },
  ];
  test.each(broken)(
    '$what',
    async ({ breakIt, code, stage, words }) => {
      await breakIt();
      const error = await failureOf(async () => quick().get('with-keys'));
      expect(error.code).toBe(code);
      expect(error.data.stage).toBe(stage);
      expect(error.publicMessage).toMatch(words);
      expect(error.data).toMatchObject({ delegate: 'vpc-1', hint: expect.stringMatching(/\w{3}/) as string });
      expect(error.publicMessage).not.toContain('value');
    },
    30_000,
  );

  test('a right that was withdrawn is named, with the statement that gives it back', async () => {
    const { lab, keyArn, userArn } = { ...target, userArn: target.lab.identities.users()[0]?.arn ?? '' };
    const before = [keyUsePolicy({ keyArn }), assumeRolePolicy(target.roleArn)];
    lab.identities.setUserPolicies({
      arn: userArn,
      policies: keyUsePolicy({ keyArn, actions: ['kms:GenerateDataKey'] }),
    });
    const error = await failureOf(async () => quick().get('with-keys'));
    lab.identities.setUserPolicies({ arn: userArn, policies: before });
    expect(error.code).toBe('access-denied');
    expect(error.data).toMatchObject({
      stage: 'permission',
      awsCode: 'AccessDeniedException',
      requestId: expect.stringMatching(/./) as string,
    });
    expect(error.publicMessage).toContain('kms:Decrypt');
    expect(JSON.parse(error.data.missingStatement ?? '')).toMatchObject({
      Effect: 'Allow',
      Resource: keyArn,
    });
    expect(error.data.missingStatement).toContain('kms:Decrypt');
    expect(await deployment.client.get('with-keys')).toBe('value');
  });

  test('an expired session is renewed without anybody noticing', async () => {
    expect(await deployment.client.get('secret')).toBe('value');
    target.lab.sessions.expire(target.roleArn);
    expect(await deployment.client.get('secret')).toBe('value');
    expect(target.lab.calls({ eventName: 'AssumeRole' }).length).toBeGreaterThan(0);
  });

  test('an access key that was switched off is an error of credentials', async () => {
    const { accessKeyId } = target;
    target.lab.identities.setAccessKeyActive({ accessKeyId, active: false });
    const error = await failureOf(async () => quick().get('with-keys'));
    target.lab.identities.setAccessKeyActive({ accessKeyId, active: true });
    expect(error.code).toBe('aws-credentials');
    expect(error.data.stage).toBe('credentials');
    expect(error.publicMessage).toMatch(/access key/i);
  });
});

describe('saving a secrets manager', () => {
  async function refusedStages(name: string, type: CredentialsType, change: object) {
    const error = await failureOf(async () => addManager(name, type, change));
    expect(error.code).toBe('preflight-failed');
    await expect(
      deployment.client.call('getSecretsManager', { params: { secretsManager: name } }),
    ).rejects.toMatchObject({ code: 'not-found' });
    return failedStages(error);
  }

  test('E21: a wrong external ID fails at assume-role and lists what to check', async () => {
    const { roleArn } = target;
    const [stage] = await refusedStages('wrong-id', 'sts-role', {
      credentials: { type: 'sts-role', roleArn, externalId: 'wrong-id' },
    });
    expect(stage).toMatchObject({
      stage: 'assume-role',
      action: 'sts:AssumeRole',
      error: { code: 'assume-role-failed' },
    });
    expect(`${stage?.error?.message} ${stage?.error?.data?.['hint']}`).toMatch(/external id/i);
    expect(`${stage?.error?.message} ${stage?.error?.data?.['hint']}`).toMatch(/trust policy/i);
  });

  test('E21: a duration above the maximum of the role says so', async () => {
    const { roleArn, externalId } = target;
    const credentials = { type: 'sts-role', roleArn, externalId, durationSeconds: 43_200 };
    const [stage] = await refusedStages('too-long', 'sts-role', { credentials });
    expect(stage).toMatchObject({ stage: 'assume-role', error: { code: 'assume-role-failed' } });
    expect(`${stage?.error?.message} ${stage?.error?.data?.['hint']}`).toMatch(/duration|session/i);
    expect(`${stage?.error?.message} ${stage?.error?.data?.['hint']}`).toMatch(/3,?600/);
  });

  test.each(['kms:GenerateDataKey', 'kms:Decrypt'])(
    'E2: a role without %s does not pass, and the statement is given',
    async (missing) => {
      const { lab, keyArn, externalId } = target;
      const host = target.lab.identities.roles().find((role) => role.arn.endsWith('/sallyport-delegate'));
      const actions = ['kms:GenerateDataKey', 'kms:Decrypt'].filter((action) => action !== missing);
      const name = `without-${missing.replace('kms:', '')}`;
      const role = lab.identities.createRole({
        name,
        trustPolicy: {
          Version: '2012-10-17',
          Statement: {
            Effect: 'Allow',
            Principal: { AWS: host?.arn ?? '' },
            Action: 'sts:AssumeRole',
            Condition: { StringEquals: { 'sts:ExternalId': externalId } },
          },
        },
        policies: keyUsePolicy({ keyArn, actions }),
      });
      const hostPolicies = [
        keyUsePolicy({ keyArn }),
        assumeRolePolicy(target.roleArn),
        assumeRolePolicy(role.arn),
      ];
      lab.identities.updateRole({ arn: host?.arn ?? '', policies: hostPolicies });
      const stages = await refusedStages(name, 'sts-role', {
        credentials: { type: 'sts-role', roleArn: role.arn, externalId },
      });
      expect(stages.map((stage) => stage.action)).toEqual([missing]);
      expect(stages[0]).toMatchObject({
        stage: 'permission',
        error: { code: 'access-denied', data: { awsCode: 'AccessDeniedException' } },
      });
      expect(stages[0]?.error?.data?.['missingStatement']).toContain(missing);
      expect(stages[0]?.error?.data?.['missingStatement']).toContain(keyArn);
    },
  );

  test('a host without any credentials is told what it could have', async () => {
    const error = await failureOf(async () => addManager('bare-host', 'iam-role', {}, ['edge']));
    const [stage] = failedStages(error);
    expect(stage).toMatchObject({ stage: 'credentials', error: { code: 'aws-credentials' } });
    expect(`${stage?.error?.message} ${stage?.error?.data?.['hint']}`).toMatch(/instance profile|role/i);
  }, 30_000);

  test('--dry-run tells the same and saves nothing', async () => {
    const { roleArn } = target;
    const settings = {
      ...settingsFor(target, 'sts-role', ['prod-vpc']),
      credentials: { type: 'sts-role' as const, roleArn, externalId: 'wrong-id' },
    };
    const outcome = await deployment.client.call('preflightSettings', { body: { settings } });
    expect(outcome.ok).toBe(false);
    expect(outcome.delegates.map((delegate) => delegate.delegateName)).toEqual(['vpc-1']);
  });
});
