// Contract cases of keys: how they are named, what state and kind allow, rotation, multi-region keys.
import {
  CancelKeyDeletionCommand,
  CreateAliasCommand,
  DecryptCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  GenerateDataKeyCommand,
  RotateKeyOnDemandCommand,
  ScheduleKeyDeletionCommand,
  UpdateAliasCommand,
} from '@aws-sdk/client-kms';
import { expect } from 'vitest';
import type { ContractCase } from './contract-case.ts';
import { dataKeyOf } from './data-key-cases.ts';
import { expectRefusal } from './target.ts';
import type { ContractFixture } from './target.ts';

const CONTEXT = { app: 'sallyport', secret: 'sec_1' };

async function generate(fixture: ContractFixture, KeyId: string): Promise<string | undefined> {
  const made = await fixture.kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256' }));
  return made.KeyId;
}

export const KEY_CASES = [
  {
    id: 'key-id-forms',
    guarantee:
      'key id, key ARN, alias name and alias ARN lead to the key, and the reply always names the key ARN',
    run: async (fixture) => {
      const arn = await fixture.createKey();
      const alias = fixture.uniqueName('alias/forms');
      await fixture.kms.send(new CreateAliasCommand({ AliasName: alias, TargetKeyId: arn }));
      const aliasArn = arn.replace(/key\/.*$/, alias);
      for (const form of [arn, arn.split('/')[1] ?? '', alias, aliasArn]) {
        expect(await generate(fixture, form)).toBe(arn);
      }
    },
  },
  {
    id: 'unknown-key',
    guarantee: 'a key, an alias or a text that leads nowhere is a NotFoundException',
    run: async (fixture) => {
      for (const KeyId of ['00000000-0000-4000-8000-000000000000', 'alias/nowhere']) {
        await expectRefusal(generate(fixture, KeyId), 'NotFoundException');
      }
    },
  },
  {
    id: 'key-ids-are-case-sensitive',
    guarantee: 'a key id in capital letters is another id, and not found',
    run: async (fixture) => {
      const arn = await fixture.createKey();
      const upper = (arn.split('/')[1] ?? '').toUpperCase();
      await expectRefusal(generate(fixture, upper), 'NotFoundException');
    },
  },
  {
    id: 'arn-of-another-region',
    guarantee: 'an ARN of another region is a NotFoundException that names that region',
    run: async (fixture) => {
      const arn = await fixture.createKey();
      const elsewhere = arn.replace(`:${fixture.target.region}:`, ':ap-southeast-2:');
      const message = await expectRefusal(generate(fixture, elsewhere), 'NotFoundException');
      expect(message).toContain('Invalid arn ap-southeast-2');
    },
  },
  {
    id: 'alias-retarget',
    guarantee:
      'a retargeted alias serves the new key, and what the old key wrapped still opens with the old key',
    run: async (fixture) => {
      const old = await dataKeyOf(fixture);
      const alias = fixture.uniqueName('alias/moves');
      await fixture.kms.send(new CreateAliasCommand({ AliasName: alias, TargetKeyId: old.keyArn }));
      const next = await fixture.createKey();
      await fixture.kms.send(new UpdateAliasCommand({ AliasName: alias, TargetKeyId: next }));
      expect(await generate(fixture, alias)).toBe(next);
      const opened = await fixture.kms.send(
        new DecryptCommand({ KeyId: old.keyArn, CiphertextBlob: old.blob, EncryptionContext: CONTEXT }),
      );
      expect(opened.Plaintext).toEqual(old.plaintext);
    },
  },
  {
    id: 'describe-key',
    guarantee: 'DescribeKey tells spec, usage, state, origin and manager',
    run: async (fixture) => {
      const arn = await fixture.createKey({
        Description: 'for the contract',
        KeyUsage: 'ENCRYPT_DECRYPT',
        MultiRegion: false,
      });
      const { KeyMetadata } = await fixture.kms.send(new DescribeKeyCommand({ KeyId: arn }));
      expect(KeyMetadata).toMatchObject({
        Arn: arn,
        AWSAccountId: fixture.target.accountId,
        KeySpec: 'SYMMETRIC_DEFAULT',
        KeyUsage: 'ENCRYPT_DECRYPT',
        KeyState: 'Enabled',
        Origin: 'AWS_KMS',
        KeyManager: 'CUSTOMER',
        MultiRegion: false,
        Description: 'for the contract',
      });
    },
  },
  {
    id: 'disabled-key',
    guarantee: 'a disabled key neither makes nor opens data keys until it is enabled again',
    run: async (fixture) => {
      const made = await dataKeyOf(fixture);
      const open = new DecryptCommand({
        KeyId: made.keyArn,
        CiphertextBlob: made.blob,
        EncryptionContext: CONTEXT,
      });
      await fixture.kms.send(new DisableKeyCommand({ KeyId: made.keyArn }));
      await expectRefusal(generate(fixture, made.keyArn), 'DisabledException');
      await expectRefusal(fixture.kms.send(open), 'DisabledException');
      await fixture.kms.send(new EnableKeyCommand({ KeyId: made.keyArn }));
      expect((await fixture.kms.send(open)).Plaintext).toEqual(made.plaintext);
    },
  },
  {
    id: 'key-pending-deletion',
    guarantee:
      'a key that is pending deletion opens nothing; cancelled and enabled, it opens everything again',
    run: async (fixture) => {
      const { keyArn: KeyId, blob, plaintext } = await dataKeyOf(fixture);
      const open = new DecryptCommand({ KeyId, CiphertextBlob: blob, EncryptionContext: CONTEXT });
      await fixture.kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
      await expectRefusal(fixture.kms.send(open), 'KMSInvalidStateException');
      const { KeyMetadata } = await fixture.kms.send(new DescribeKeyCommand({ KeyId }));
      expect(KeyMetadata?.KeyState).toBe('PendingDeletion');
      await fixture.kms.send(new CancelKeyDeletionCommand({ KeyId }));
      await fixture.kms.send(new EnableKeyCommand({ KeyId }));
      expect((await fixture.kms.send(open)).Plaintext).toEqual(plaintext);
    },
  },
  {
    id: 'deletion-window',
    guarantee: 'a deletion window of less than 7 days is a ValidationException',
    run: async (fixture) => {
      const KeyId = await fixture.createKey();
      const call = fixture.kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 5 }));
      await expectRefusal(call, 'ValidationException');
    },
  },
  {
    id: 'keys-that-make-no-data-keys',
    guarantee: 'asymmetric and HMAC keys make no data keys',
    run: async (fixture) => {
      const others = [
        { KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' },
        { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' },
        { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' },
      ] as const;
      for (const input of others) {
        const arn = await fixture.createKey(input);
        await expectRefusal(generate(fixture, arn), 'InvalidKeyUsageException');
      }
    },
  },
  {
    id: 'key-without-material',
    guarantee: 'a key that waits for imported material makes no data keys',
    run: async (fixture) => {
      const arn = await fixture.createKey({ Origin: 'EXTERNAL' });
      await expectRefusal(generate(fixture, arn), 'KMSInvalidStateException');
    },
  },
  {
    id: 'rotation-keeps-old-ciphertexts',
    guarantee: 'after a rotation old ciphertexts still open',
    run: async (fixture) => {
      const made = await dataKeyOf(fixture);
      await fixture.kms.send(new RotateKeyOnDemandCommand({ KeyId: made.keyArn }));
      const opened = await fixture.kms.send(
        new DecryptCommand({ KeyId: made.keyArn, CiphertextBlob: made.blob, EncryptionContext: CONTEXT }),
      );
      expect(opened.Plaintext).toEqual(made.plaintext);
    },
  },
  {
    id: 'rotation-changes-the-material',
    guarantee:
      'a rotation gives new material: KeyMaterialId changes for new data keys and stays for old ones',
    run: async (fixture) => {
      const KeyId = await fixture.createKey();
      const first = await fixture.kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256' }));
      await fixture.kms.send(new RotateKeyOnDemandCommand({ KeyId }));
      const second = await fixture.kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256' }));
      expect(first.KeyMaterialId).toMatch(/^[0-9a-f]{64}$/);
      expect(second.KeyMaterialId).toMatch(/^[0-9a-f]{64}$/);
      expect(second.KeyMaterialId).not.toBe(first.KeyMaterialId);
      const opened = await fixture.kms.send(
        new DecryptCommand({ KeyId, CiphertextBlob: first.CiphertextBlob }),
      );
      expect(opened.KeyMaterialId).toBe(first.KeyMaterialId);
    },
  },
  {
    id: 'multi-region-key',
    guarantee: 'a multi-region key has an id of "mrk-" and 32 hex digits, and opens what it made',
    run: async (fixture) => {
      const KeyId = await fixture.createKey({ MultiRegion: true });
      expect(KeyId).toMatch(/:key\/mrk-[0-9a-f]{32}$/);
      const made = await fixture.kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256' }));
      const opened = await fixture.kms.send(
        new DecryptCommand({ KeyId, CiphertextBlob: made.CiphertextBlob }),
      );
      expect(opened.Plaintext).toEqual(made.Plaintext);
    },
  },
] as const satisfies readonly ContractCase[];
