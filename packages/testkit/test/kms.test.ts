// KMS semantics that moto lacks: states, multi-region keys, aliases, foreign ciphertexts, dry runs, and the ciphertext itself.
import {
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  ReEncryptCommand,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms';
import * as fc from 'fast-check';
import { createSecretKey, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { BLOB_OVERHEAD_BYTES, keyUsePolicy } from '../src/aws-lab/index.ts';
import type { AwsLab, KeyState } from '../src/aws-lab/index.ts';
import { encodeContext, openBlob, readBlobHeader, sealBlob } from '../src/aws-lab/ciphertext-blob.ts';
import { EVERYTHING, kmsAs, openLab, refusalOf } from './lab-world.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const CONTEXT = { app: 'sallyport' };

async function labWithAdmin(): Promise<{
  lab: AwsLab;
  admin: ReturnType<AwsLab['identities']['createUser']>;
}> {
  const lab = await openLab();
  return { lab, admin: lab.identities.createUser({ name: 'admin', policies: EVERYTHING }) };
}

describe('the ciphertext', () => {
  const key = createSecretKey(randomBytes(32));
  const header = {
    keyId: '1234abcd-12ab-34cd-56ef-1234567890ab',
    accountId: '111122223333',
    keyMaterialId: 'ab'.repeat(32),
  };
  const contexts = fc.dictionary(
    fc.string({ unit: 'grapheme', minLength: 1 }),
    fc.string({ unit: 'grapheme' }),
  );

  test('of a 32-byte key is 184 bytes long, says that it is not AWS’s, and hides the plaintext', () => {
    const plaintext = randomBytes(32);
    const blob = sealBlob({ header, key, encryptionContext: CONTEXT }, plaintext);
    expect(blob).toHaveLength(184);
    expect(blob).toHaveLength(32 + BLOB_OVERHEAD_BYTES);
    expect(blob.toString('latin1')).toContain('This is not an AWS ciphertext.');
    expect(blob.includes(plaintext)).toBe(false);
  });

  test('names its key and opens again, for every content and context', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 4096 }),
        contexts,
        (plaintext, encryptionContext) => {
          const blob = sealBlob({ header, key, encryptionContext }, plaintext);
          expect(readBlobHeader(blob)).toEqual(header);
          expect(openBlob({ key, encryptionContext }, blob)).toEqual(Buffer.from(plaintext));
        },
      ),
    );
  });

  test('opens with no bit changed and no byte missing, and otherwise not', () => {
    const blob = sealBlob({ header, key, encryptionContext: CONTEXT }, randomBytes(32));
    for (let bit = 0; bit < blob.length * 8; bit += 1) {
      const changed = Buffer.from(blob);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(openBlob({ key, encryptionContext: CONTEXT }, changed), `bit ${bit}`).toBeNull();
    }
    for (let length = 0; length < blob.length; length += 1) {
      expect(openBlob({ key, encryptionContext: CONTEXT }, blob.subarray(0, length))).toBeNull();
    }
  });

  test('two contexts have one encoding only when they are equal', () => {
    fc.assert(
      fc.property(contexts, contexts, (a, b) => {
        const sorted = (context: Record<string, string>): string =>
          JSON.stringify(Object.entries(context).sort(([x], [y]) => (x < y ? -1 : 1)));
        expect(encodeContext(a).equals(encodeContext(b))).toBe(sorted(a) === sorted(b));
      }),
    );
  });

  test('a context key may be called __proto__', async () => {
    const { lab, admin } = await labWithAdmin();
    const kms = kmsAs(lab, admin);
    const KeyId = lab.keys.create().arn;
    const EncryptionContext = JSON.parse('{"__proto__":"x"}') as Record<string, string>;
    const made = await kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256', EncryptionContext }));
    const open = { KeyId, CiphertextBlob: made.CiphertextBlob };
    expect((await kms.send(new DecryptCommand({ ...open, EncryptionContext }))).Plaintext).toEqual(
      made.Plaintext,
    );
    await refusalOf(kms.send(new DecryptCommand(open)), 'InvalidCiphertextException');
  });
});

describe('key states', () => {
  test.each<[KeyState, string]>([
    ['Disabled', 'DisabledException'],
    ['PendingDeletion', 'KMSInvalidStateException'],
    ['PendingReplicaDeletion', 'KMSInvalidStateException'],
    ['PendingImport', 'KMSInvalidStateException'],
    ['Unavailable', 'KMSInvalidStateException'],
    ['Creating', 'KMSInvalidStateException'],
    ['Updating', 'KMSInvalidStateException'],
  ])('%s refuses every cryptographic call with %s, and DescribeKey works', async (state, name) => {
    const { lab, admin } = await labWithAdmin();
    const kms = kmsAs(lab, admin);
    const KeyId = lab.keys.create().arn;
    const made = await kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256' }));
    lab.keys.setState({ arn: KeyId, state });
    const { CiphertextBlob } = made;
    const calls = [
      kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256' })),
      kms.send(new DecryptCommand({ KeyId, CiphertextBlob })),
      kms.send(new DecryptCommand({ CiphertextBlob })),
      kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('x') })),
      kms.send(new ReEncryptCommand({ CiphertextBlob, DestinationKeyId: KeyId })),
      kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256', DryRun: true })),
    ];
    for (const call of calls) expect(await refusalOf(call, name)).toContain(KeyId);
    const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }));
    expect(KeyMetadata).toMatchObject({ KeyState: state, Enabled: false });
  });

  test('a key whose deletion date has come is gone, with what it wrapped', async () => {
    const lab = await openLab({ clockSkewToleranceMs: Infinity });
    const admin = lab.identities.createUser({ name: 'admin', policies: EVERYTHING });
    const kms = kmsAs(lab, admin);
    const KeyId = lab.keys.create().arn;
    const { CiphertextBlob } = await kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256' }));
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
    lab.clock.advance(7 * DAY_MS - 60_000);
    await refusalOf(kms.send(new DecryptCommand({ KeyId, CiphertextBlob })), 'KMSInvalidStateException');
    lab.clock.advance(60_000);
    await refusalOf(kms.send(new DecryptCommand({ KeyId, CiphertextBlob })), 'NotFoundException');
    const text = await refusalOf(kms.send(new DecryptCommand({ CiphertextBlob })), 'AccessDeniedException');
    expect(text).toContain('The ciphertext refers to a customer master key that does not exist');
  });
});

describe('names of keys', () => {
  test('an alias of an AWS service serves nobody, and cannot be made', async () => {
    const { lab, admin } = await labWithAdmin();
    const call = new GenerateDataKeyCommand({ KeyId: 'alias/aws/secretsmanager', KeySpec: 'AES_256' });
    await refusalOf(kmsAs(lab, admin).send(call), 'AccessDeniedException');
    const { arn } = lab.keys.create();
    expect(() => lab.keys.setAlias({ name: 'alias/aws/mine', arn })).toThrow(
      expect.objectContaining({ code: 'invalid-request' }),
    );
  });

  test.each([
    ['arn:aws:kms:eu-west-1:111122223333:key', 'InvalidArnException'],
    ['arn:aws:s3:eu-west-1:111122223333:key/x', 'InvalidArnException'],
    ['arn:aws:kms:eu-west-1:1111:key/x', 'InvalidArnException'],
    ['arn:aws-cn:kms:eu-west-1:111122223333:key/x', 'NotFoundException'],
    ['ALIAS/demo', 'NotFoundException'],
    ['not a key', 'NotFoundException'],
  ])('%s is refused as %s', async (KeyId, name) => {
    const { lab, admin } = await labWithAdmin();
    await refusalOf(kmsAs(lab, admin).send(new DescribeKeyCommand({ KeyId })), name);
  });

  test('a bare id or alias means a key in the region of the call', async () => {
    const { lab, admin } = await labWithAdmin();
    const keyId = '1234abcd-12ab-34cd-56ef-1234567890ab';
    const here = lab.keys.create({ keyId });
    const there = lab.keys.create({ keyId, region: 'us-east-1' });
    const describeKey = new DescribeKeyCommand({ KeyId: keyId });
    expect((await kmsAs(lab, admin).send(describeKey)).KeyMetadata?.Arn).toBe(here.arn);
    const us = kmsAs(lab, admin, { region: 'us-east-1' });
    expect((await us.send(describeKey)).KeyMetadata?.Arn).toBe(there.arn);
    // Same id, other key: what one wrapped the other does not open.
    const made = await us.send(new GenerateDataKeyCommand({ KeyId: keyId, KeySpec: 'AES_256' }));
    const foreign = new DecryptCommand({ KeyId: here.arn, CiphertextBlob: made.CiphertextBlob });
    await refusalOf(kmsAs(lab, admin).send(foreign), 'InvalidCiphertextException');
  });
});

describe('multi-region keys', () => {
  test('a replica opens what the primary made, with a state and a policy of its own', async () => {
    const { lab, admin } = await labWithAdmin();
    const primary = lab.keys.create({ multiRegion: true });
    const replica = lab.keys.replicate({ arn: primary.arn, region: 'us-east-1' });
    expect(replica.keyId).toBe(primary.keyId);
    lab.keys.rotate(primary.arn);
    const made = await kmsAs(lab, admin).send(
      new GenerateDataKeyCommand({ KeyId: primary.arn, KeySpec: 'AES_256', EncryptionContext: CONTEXT }),
    );
    const us = kmsAs(lab, admin, { region: 'us-east-1' });
    const open = { CiphertextBlob: made.CiphertextBlob, EncryptionContext: CONTEXT };
    lab.keys.setState({ arn: primary.arn, state: 'Disabled' });
    const opened = await us.send(new DecryptCommand({ ...open, KeyId: replica.arn }));
    expect(opened).toMatchObject({
      Plaintext: made.Plaintext,
      KeyId: replica.arn,
      KeyMaterialId: made.KeyMaterialId,
    });
    expect((await us.send(new DecryptCommand(open))).KeyId).toBe(replica.arn);
    await refusalOf(us.send(new DecryptCommand({ ...open, KeyId: primary.arn })), 'NotFoundException');
    const { KeyMetadata } = await us.send(new DescribeKeyCommand({ KeyId: replica.arn }));
    expect(KeyMetadata?.MultiRegionConfiguration).toEqual({
      MultiRegionKeyType: 'REPLICA',
      PrimaryKey: { Arn: primary.arn, Region: 'eu-west-1' },
      ReplicaKeys: [{ Arn: replica.arn, Region: 'us-east-1' }],
    });
  });

  test('the same multi-region id in another account is another key', async () => {
    const { lab, admin } = await labWithAdmin();
    const keyId = `mrk-${'0a'.repeat(16)}`;
    const mine = lab.keys.create({ multiRegion: true, keyId });
    const other = lab.keys.create({ multiRegion: true, keyId, accountId: '444455556666' });
    const guest = lab.identities.createUser({ name: 'g', accountId: '444455556666', policies: EVERYTHING });
    const made = await kmsAs(lab, guest).send(
      new GenerateDataKeyCommand({ KeyId: other.arn, KeySpec: 'AES_256' }),
    );
    const call = new DecryptCommand({ KeyId: mine.arn, CiphertextBlob: made.CiphertextBlob });
    await refusalOf(kmsAs(lab, admin).send(call), 'IncorrectKeyException');
    const blind = new DecryptCommand({ CiphertextBlob: made.CiphertextBlob });
    const text = await refusalOf(kmsAs(lab, admin).send(blind), 'AccessDeniedException');
    expect(text).toContain('The ciphertext refers to a customer master key that does not exist');
  });
});

describe('dry runs', () => {
  test('without permission they are refused like the call itself, with it DryRunOperationException, and the log tells them apart', async () => {
    const lab = await openLab();
    const keyArn = lab.keys.create().arn;
    const reader = lab.identities.createUser({
      name: 'reader',
      policies: keyUsePolicy({ keyArn, actions: ['kms:Decrypt'] }),
    });
    const kms = kmsAs(lab, reader);
    const make = new GenerateDataKeyCommand({ KeyId: keyArn, KeySpec: 'AES_256', DryRun: true });
    await refusalOf(kms.send(make), 'AccessDeniedException');
    const permissionOnly = new DecryptCommand({
      KeyId: keyArn,
      CiphertextBlob: undefined,
      DryRun: true,
      DryRunModifiers: ['IGNORE_CIPHERTEXT'],
    });
    await refusalOf(kms.send(permissionOnly), 'DryRunOperationException');
    expect(lab.calls({ dryRun: true }).map(({ errorCode }) => errorCode)).toEqual([
      'AccessDeniedException',
      'DryRunOperationException',
    ]);
  });
});

describe('what is refused', () => {
  test('input out of bounds names the member, and grant tokens and enclaves are not ignored', async () => {
    const { lab, admin } = await labWithAdmin();
    const kms = kmsAs(lab, admin);
    const KeyId = lab.keys.create().arn;
    const none = await refusalOf(
      kms.send(new DescribeKeyCommand({ KeyId: undefined })),
      'ValidationException',
    );
    expect(none).toBe(
      "1 validation error detected: Value null at 'keyId' failed to satisfy constraint: Member must not be null",
    );
    const long = new DecryptCommand({ KeyId, CiphertextBlob: new Uint8Array(6145) });
    expect(await refusalOf(kms.send(long), 'ValidationException')).toContain("'ciphertextBlob'");
    const spec = new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_512' as 'AES_256' });
    expect(await refusalOf(kms.send(spec), 'ValidationException')).toContain(
      'enum value set: [AES_256, AES_128]',
    );
    const granted = new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256', GrantTokens: ['x'] });
    await refusalOf(kms.send(granted), 'InvalidGrantTokenException');
    const enclave = new DecryptCommand({ KeyId, CiphertextBlob: new Uint8Array(200), Recipient: {} });
    await refusalOf(kms.send(enclave), 'UnsupportedOperationException');
    const empty = new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256', EncryptionContext: { '': 'x' } });
    await refusalOf(kms.send(empty), 'ValidationException');
  });

  test('the log has context and key of every call, and no plaintext or ciphertext', async () => {
    const { lab, admin } = await labWithAdmin();
    const kms = kmsAs(lab, admin);
    const KeyId = lab.keys.create().arn;
    const made = await kms.send(
      new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256', EncryptionContext: CONTEXT }),
    );
    await kms.send(
      new DecryptCommand({ KeyId, CiphertextBlob: made.CiphertextBlob, EncryptionContext: CONTEXT }),
    );
    expect(lab.calls()).toMatchObject([
      {
        service: 'kms',
        eventName: 'GenerateDataKey',
        keyArn: KeyId,
        encryptionContext: CONTEXT,
        region: 'eu-west-1',
      },
      { eventName: 'Decrypt', principalArn: admin.arn, accessKeyId: admin.accessKeyId, errorCode: null },
    ]);
    const log = JSON.stringify(lab.calls());
    for (const secret of [made.Plaintext, made.CiphertextBlob]) {
      expect(log).not.toContain(Buffer.from(secret ?? []).toString('base64'));
    }
    expect(log).not.toContain(admin.secretAccessKey);
    expect(lab.calls({ eventName: 'Decrypt' })).toHaveLength(1);
    lab.resetCalls();
    expect(lab.calls()).toEqual([]);
  });
});
