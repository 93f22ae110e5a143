// Whatever a signed or unsigned request holds, the lab answers, and never with a failure of its own.
import { DescribeKeyCommand } from '@aws-sdk/client-kms';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { EVERYTHING, kmsAs, openLab, refusalOf, stsAs } from './lab-world.ts';

type Writable = { body?: unknown; headers: Record<string, string> };

const KMS_OPERATIONS = [
  'GenerateDataKey',
  'GenerateDataKeyWithoutPlaintext',
  'Encrypt',
  'Decrypt',
  'ReEncrypt',
  'DescribeKey',
  'CreateKey',
  'ListKeys',
  'ListAliases',
  'CreateAlias',
  'UpdateAlias',
  'DeleteAlias',
  'EnableKey',
  'DisableKey',
  'ScheduleKeyDeletion',
  'CancelKeyDeletion',
  'RotateKeyOnDemand',
  'ListKeyRotations',
  'GetKeyPolicy',
  'PutKeyPolicy',
  'constructor',
];
const MEMBERS = [
  'KeyId',
  'SourceKeyId',
  'DestinationKeyId',
  'TargetKeyId',
  'AliasName',
  'KeySpec',
  'KeyUsage',
  'Origin',
  'MultiRegion',
  'NumberOfBytes',
  'CiphertextBlob',
  'Plaintext',
  'EncryptionContext',
  'DestinationEncryptionContext',
  'EncryptionAlgorithm',
  'GrantTokens',
  'DryRun',
  'DryRunModifiers',
  'Policy',
  'PendingWindowInDays',
];

test('KMS answers every signed JSON body with a result or a refusal', async () => {
  const lab = await openLab();
  const kms = kmsAs(lab, lab.identities.createUser({ name: 'admin', policies: EVERYTHING }));
  const key = lab.keys.create();
  const sent = { operation: '', body: '' };
  kms.middlewareStack.add(
    (next) => async (args) => {
      const request = args.request as Writable;
      request.body = sent.body;
      request.headers['x-amz-target'] = `TrentService.${sent.operation}`;
      request.headers['content-length'] = String(Buffer.byteLength(sent.body));
      return next(args);
    },
    { step: 'build', priority: 'low' },
  );
  const likely = fc.constantFrom<unknown>(key.arn, key.keyId, 'alias/a', 'AES_256', 32, true, '{}', '');
  const value = fc.oneof(likely, fc.jsonValue());
  const members = fc.dictionary(fc.constantFrom(...MEMBERS), value);
  const body = fc.oneof(
    { weight: 5, arbitrary: members.map((object) => JSON.stringify(object)) },
    { weight: 1, arbitrary: fc.string() },
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...KMS_OPERATIONS), body, async (operation, text) => {
      Object.assign(sent, { operation, body: text });
      await kms.send(new DescribeKeyCommand({ KeyId: key.arn })).catch(() => null);
      expect(lab.calls().at(-1)?.errorCode).not.toBe('InternalFailure');
    }),
    { numRuns: 500 },
  );
  expect(lab.calls()).toHaveLength(500);
  expect(lab.calls({ errorCode: 'InvalidSignatureException' })).toEqual([]);
});

test('STS answers every signed form with a result or a refusal', async () => {
  const lab = await openLab();
  const sts = stsAs(lab, lab.identities.createUser({ name: 'admin', policies: EVERYTHING }));
  let sent = '';
  sts.middlewareStack.add(
    (next) => async (args) => {
      const request = args.request as Writable;
      request.body = sent;
      request.headers['content-length'] = String(Buffer.byteLength(sent));
      return next(args);
    },
    { step: 'build', priority: 'low' },
  );
  const names = [
    'RoleArn',
    'RoleSessionName',
    'ExternalId',
    'DurationSeconds',
    'Policy',
    'Tags.member.1.Key',
    'WebIdentityToken',
  ];
  const role = 'arn:aws:iam::111122223333:role/r';
  const value = fc.oneof(
    fc.constantFrom(role, 'session', '900', '{}', 'a.b.c'),
    fc.string({ unit: 'grapheme' }),
  );
  const action = fc.constantFrom('AssumeRole', 'AssumeRoleWithWebIdentity', 'GetCallerIdentity', 'Odd', '');
  await fc.assert(
    fc.asyncProperty(action, fc.dictionary(fc.constantFrom(...names), value), async (Action, parameters) => {
      sent = new URLSearchParams({ Action, Version: '2011-06-15', ...parameters }).toString();
      await sts.send(new GetCallerIdentityCommand({})).catch(() => null);
      expect(lab.calls().at(-1)?.errorCode).not.toBe('InternalFailure');
    }),
    { numRuns: 300 },
  );
  expect(lab.calls()).toHaveLength(300);
});

test('unsigned requests to any path get an answer below 500, and change nothing', async () => {
  const lab = await openLab();
  const path = fc.oneof(
    fc.constantFrom('/', '/latest/api/token', '/latest/', '/v2/credentials/', '/regions/x/', '/control'),
    fc.webPath(),
  );
  const method = fc.constantFrom('GET', 'PUT', 'POST', 'DELETE');
  const type = fc.constantFrom(
    'application/x-www-form-urlencoded',
    'application/x-amz-json-1.1',
    'text/plain',
  );
  await fc.assert(
    fc.asyncProperty(path, method, type, async (where, how, contentType) => {
      const answer = await fetch(`${lab.url}${where}`, {
        method: how,
        headers: { 'content-type': contentType },
      });
      await answer.arrayBuffer();
      expect(answer.status).toBeLessThan(500);
    }),
    { numRuns: 200 },
  );
  expect([lab.keys.list(), lab.identities.users(), lab.identities.roles()]).toEqual([[], [], []]);
});

test('a signature for a region that AWS does not have is refused', async () => {
  const lab = await openLab();
  const admin = lab.identities.createUser({ name: 'admin', policies: EVERYTHING });
  const call = kmsAs(lab, admin, { region: 'moon-east-1' }).send(
    new DescribeKeyCommand({ KeyId: 'alias/a' }),
  );
  await refusalOf(call, 'InvalidSignatureException');
});
