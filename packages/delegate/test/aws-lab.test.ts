// The delegate against the AWS lab: each credentials type, the calls it makes and the context it sends.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseEnvelopeHeader } from '@sallyport/core/envelope';
import type { PreflightStep, SecretsManagerAccess } from '@sallyport/protocol';
import { keyUsePolicy, seedDemo, startAwsLab } from '@sallyport/testkit/lab';
import type { AwsLab, LabDemo } from '@sallyport/testkit/lab';
import { DelegateFixture, itemOf, newId } from './delegate-fixture.ts';
import { download, makeDownload, upload } from './stream-client.ts';

type AwsSettings = Extract<SecretsManagerAccess['settings'], { kind: 'aws-kms' }>;

let lab: AwsLab;
let demo: LabDemo;
beforeAll(async () => {
  lab = await startAwsLab();
  demo = seedDemo(lab);
});
afterAll(async () => lab.close());

function accessWith(
  credentials: AwsSettings['credentials'],
  changes: Partial<AwsSettings> = {},
): SecretsManagerAccess {
  return {
    settings: {
      kind: 'aws-kms',
      keyArn: demo.keyArn,
      pinnedKeyArn: demo.keyArn,
      formerKeyArns: [],
      region: demo.region,
      credentials,
      selectors: ['delegate-one'],
      context: { stage: 'prod' },
      dataKeyCache: { maxAgeSeconds: 300, maxUses: 1000 },
      ...changes,
    },
    secretAccessKey: credentials.type === 'access-keys' ? demo.secretAccessKey : null,
  };
}

const iamRole = (): AwsSettings['credentials'] => ({ type: 'iam-role' });
const accessKeys = (): AwsSettings['credentials'] => ({ type: 'access-keys', accessKeyId: demo.accessKeyId });
const stsRole = (): AwsSettings['credentials'] => ({
  type: 'sts-role',
  roleArn: demo.roleArn,
  externalId: demo.externalId,
  durationSeconds: 900,
});

async function startOnLab(access: SecretsManagerAccess): Promise<DelegateFixture> {
  lab.resetCalls();
  return DelegateFixture.start({ access, config: { environment: { ...demo.environment } } });
}

describe.each([
  ['iam-role', iamRole],
  ['access-keys', accessKeys],
  ['sts-role', stsRole],
])('with %s', (_type, credentials) => {
  test('text and file are written under the key and read back, each call with the whole context', async () => {
    await using it = await startOnLab(accessWith(credentials()));
    const stored = await it.stored('correct horse');
    const [dataKey] = parseEnvelopeHeader(Buffer.from(stored.envelope, 'base64')).encryptedDataKeys;
    expect(dataKey?.providerId).toBe('aws-kms');
    expect(Buffer.from(dataKey?.providerInfo ?? []).toString()).toBe(demo.keyArn);
    for (let read = 0; read < 3; read++) {
      const end = await it.connection.run(it.resolve([itemOf(stored)]).task);
      expect(end).toMatchObject({ type: 'result', result: { failures: [] } });
    }
    const context = {
      'sallyport:secrets-manager': it.secretsManagerId,
      'sallyport:secret': stored.secretId,
      'sallyport:version': '1',
      stage: 'prod',
    };
    const calls = lab.calls({ service: 'kms' }).map((call) => [call.eventName, call.encryptionContext]);
    // Three reads, one Decrypt: the cache.
    expect(calls).toEqual([
      ['GenerateDataKey', context],
      ['Decrypt', context],
    ]);

    const file = Buffer.alloc(1_500_000, 7);
    const written = await upload(it, file);
    const read = await download(it, makeDownload(it, written.target), written.envelope);
    expect(read.value.equals(file) && read.complete).toBe(true);
  });

  test('a preflight passes and names the key', async () => {
    await using it = await startOnLab(accessWith(credentials()));
    const end = await it.connection.run({
      kind: 'preflight',
      taskId: newId('task'),
      timeoutMs: 20_000,
      secretsManagerId: it.secretsManagerId,
      access: accessWith(credentials(), { keyArn: demo.keyAliasArn, pinnedKeyArn: demo.keyAliasArn }),
    });
    expect(end).toMatchObject({
      type: 'result',
      result: { report: { ok: true, pinnedKeyArn: demo.keyArn } },
    });
  });
});

test('100 concurrent reads of one secret cost one Decrypt', async () => {
  await using it = await startOnLab(accessWith(accessKeys()));
  const stored = await it.stored('v');
  const reads = Array.from({ length: 100 }, () => it.resolve([itemOf(stored)]).task);
  for (const task of reads) it.connection.send({ type: 'task', task });
  for (const { taskId } of reads) {
    expect(await it.connection.end(taskId)).toMatchObject({ type: 'result', result: { failures: [] } });
  }
  expect(lab.calls({ eventName: 'Decrypt' })).toHaveLength(1);
});

test('a session names the delegate', async () => {
  await using it = await startOnLab(accessWith(stsRole()));
  await it.stored('v');
  const [call] = lab.calls({ eventName: 'AssumeRole' });
  expect(call?.sessionName).toContain('delegate-one');
});

test('a key that is disabled stops cached reads too, as soon as KMS says so once', async () => {
  await using it = await startOnLab(accessWith(accessKeys()));
  const [one, two] = [await it.stored('one'), await it.stored('two')];
  const read = async (stored: typeof one): Promise<unknown> =>
    it.connection.run(it.resolve([itemOf(stored)]).task);
  expect(await read(one)).toMatchObject({ result: { failures: [] } });
  lab.keys.setState({ arn: demo.keyArn, state: 'Disabled' });
  try {
    const unusable = {
      result: {
        failures: [
          {
            error: {
              code: 'key-unusable',
              data: { stage: 'key', awsCode: 'DisabledException', delegate: 'delegate-one' },
            },
          },
        ],
      },
    };
    expect(await read(two)).toMatchObject(unusable);
    expect(await read(one)).toMatchObject(unusable);
  } finally {
    lab.keys.setState({ arn: demo.keyArn, state: 'Enabled' });
  }
});

test('a user that may not decrypt fails the preflight, which says what statement is missing', async () => {
  await using it = await startOnLab(accessWith(accessKeys()));
  const user = lab.identities.createUser({
    name: 'writes-only',
    policies: keyUsePolicy({ keyArn: demo.keyArn, actions: ['kms:GenerateDataKey', 'kms:DescribeKey'] }),
  });
  const access = accessWith({ type: 'access-keys', accessKeyId: user.accessKeyId });
  const end = await it.connection.run({
    kind: 'preflight',
    taskId: newId('task'),
    timeoutMs: 20_000,
    secretsManagerId: it.secretsManagerId,
    access: { ...access, secretAccessKey: user.secretAccessKey },
  });
  // Told while it ran, the statement included.
  const denied = { action: 'kms:Decrypt', outcome: 'failed', error: { code: 'access-denied' } };
  for (const outcome of ['waiting', 'running']) await progress(it, { action: 'kms:Decrypt', outcome });
  const told = await progress(it, denied);
  expect(told.error?.data?.missingStatement).toContain('kms:Decrypt');
  expect(end).toMatchObject({
    result: {
      report: {
        ok: false,
        stages: expect.arrayContaining([
          expect.objectContaining({
            stage: 'permission',
            outcome: 'failed',
            error: expect.objectContaining({
              code: 'access-denied',
              data: expect.objectContaining({ missingStatement: expect.stringContaining('kms:Decrypt') }),
            }),
          }),
        ]),
      },
    },
  });
  expect(JSON.stringify(end)).not.toContain(user.secretAccessKey);
});

test('data keys of the key before open with new settings that keep it as a former key, and not without', async () => {
  await using it = await startOnLab(accessWith(accessKeys()));
  const stored = await it.stored('v');
  const header = parseEnvelopeHeader(Buffer.from(stored.envelope, 'base64'));
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  const sample = {
    context: { ...header.encryptionContext },
    encrypted: header.encryptedDataKeys.map(({ providerId, providerInfo, ciphertext }) => ({
      providerId,
      providerInfo: base64(providerInfo),
      ciphertext: base64(ciphertext),
    })),
  };
  const newKey = lab.keys.create({ region: demo.region }).arn;
  const openWith = async (formerKeyArns: string[]): Promise<unknown> =>
    it.connection.run({
      kind: 'open-data-keys',
      taskId: newId('task'),
      timeoutMs: 20_000,
      secretsManagerId: it.secretsManagerId,
      access: accessWith(accessKeys(), { keyArn: newKey, pinnedKeyArn: newKey, formerKeyArns }),
      samples: [sample],
    });
  expect(await openWith([demo.keyArn])).toMatchObject({ result: { opened: 1, firstFailure: null } });
  expect(await openWith([])).toMatchObject({
    result: { opened: 0, firstFailure: { code: 'envelope-rejected' } },
  });
});

/** The next step like this one that the delegate told of. */
async function progress(it: DelegateFixture, like: object): Promise<PreflightStep> {
  for (;;) {
    const { steps } = await it.connection.next('progress');
    const found = steps.find((step) => isLike(step, like));
    if (found !== undefined) return found;
  }
}

function isLike(step: PreflightStep, like: object): boolean {
  try {
    expect(step).toMatchObject(like);
    return true;
  } catch {
    return false;
  }
}
