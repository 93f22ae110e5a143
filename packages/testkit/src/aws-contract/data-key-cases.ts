// Contract cases of the cryptographic operations: what a client of KMS may rely on whoever implements it.
import {
  DecryptCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  ReEncryptCommand,
} from '@aws-sdk/client-kms';
import { expect } from 'vitest';
import type { ContractCase } from './contract-case.ts';
import { expectRefusal } from './target.ts';
import type { ContractFixture } from './target.ts';

type DataKey = { keyArn: string; plaintext: Uint8Array; blob: Uint8Array };

/** A 256-bit data key under a new KMS key. */
export async function dataKeyOf(
  fixture: ContractFixture,
  EncryptionContext: Record<string, string> = { app: 'sallyport', secret: 'sec_1' },
): Promise<DataKey> {
  const keyArn = await fixture.createKey();
  const made = await fixture.kms.send(
    new GenerateDataKeyCommand({ KeyId: keyArn, KeySpec: 'AES_256', EncryptionContext }),
  );
  return {
    keyArn,
    plaintext: made.Plaintext ?? new Uint8Array(),
    blob: made.CiphertextBlob ?? new Uint8Array(),
  };
}

const CONTEXT = { app: 'sallyport', secret: 'sec_1' };

export const DATA_KEY_CASES = [
  {
    id: 'data-key-round-trip',
    guarantee: 'a data key opens again under the same key and context, and both replies name the key ARN',
    run: async (fixture) => {
      const keyArn = await fixture.createKey();
      const request = { KeyId: keyArn, KeySpec: 'AES_256', EncryptionContext: CONTEXT } as const;
      const made = await fixture.kms.send(new GenerateDataKeyCommand(request));
      expect(made.KeyId).toBe(keyArn);
      expect(made.Plaintext).toHaveLength(32);
      const opened = await fixture.kms.send(
        new DecryptCommand({
          KeyId: keyArn,
          CiphertextBlob: made.CiphertextBlob,
          EncryptionContext: CONTEXT,
        }),
      );
      expect(opened.Plaintext).toEqual(made.Plaintext);
      expect(opened.KeyId).toBe(keyArn);
    },
  },
  {
    id: 'decrypt-names-algorithm-and-material',
    guarantee: 'Decrypt says which algorithm and which key material opened the ciphertext',
    run: async (fixture) => {
      const made = await dataKeyOf(fixture);
      const opened = await fixture.kms.send(
        new DecryptCommand({ KeyId: made.keyArn, CiphertextBlob: made.blob, EncryptionContext: CONTEXT }),
      );
      expect(opened.EncryptionAlgorithm).toBe('SYMMETRIC_DEFAULT');
      expect(opened.KeyMaterialId).toMatch(/^[0-9a-f]{64}$/);
    },
  },
  {
    id: 'decrypt-without-key-id',
    guarantee: 'a ciphertext names its key, so it opens without KeyId too',
    run: async (fixture) => {
      const made = await dataKeyOf(fixture);
      const opened = await fixture.kms.send(
        new DecryptCommand({ CiphertextBlob: made.blob, EncryptionContext: CONTEXT }),
      );
      expect(opened.Plaintext).toEqual(made.plaintext);
      expect(opened.KeyId).toBe(made.keyArn);
    },
  },
  {
    id: 'data-key-lengths',
    guarantee: 'AES_128 and NumberOfBytes give data keys of the length asked for',
    run: async (fixture) => {
      const KeyId = await fixture.createKey();
      const short = await fixture.kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_128' }));
      expect(short.Plaintext).toHaveLength(16);
      const odd = await fixture.kms.send(new GenerateDataKeyCommand({ KeyId, NumberOfBytes: 1024 }));
      expect(odd.Plaintext).toHaveLength(1024);
    },
  },
  {
    id: 'data-key-length-is-asked-for-once',
    guarantee: 'neither or both of KeySpec and NumberOfBytes is a ValidationException',
    run: async (fixture) => {
      const KeyId = await fixture.createKey();
      await expectRefusal(fixture.kms.send(new GenerateDataKeyCommand({ KeyId })), 'ValidationException');
      const both = new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256', NumberOfBytes: 32 });
      await expectRefusal(fixture.kms.send(both), 'ValidationException');
    },
  },
  {
    id: 'number-of-bytes-bounds',
    guarantee: 'NumberOfBytes of 0 or 1025 is a ValidationException',
    run: async (fixture) => {
      const KeyId = await fixture.createKey();
      for (const NumberOfBytes of [0, 1025]) {
        const call = fixture.kms.send(new GenerateDataKeyCommand({ KeyId, NumberOfBytes }));
        await expectRefusal(call, 'ValidationException');
      }
    },
  },
  {
    id: 'without-plaintext',
    guarantee: 'GenerateDataKeyWithoutPlaintext returns no plaintext, and its ciphertext opens',
    run: async (fixture) => {
      const KeyId = await fixture.createKey();
      const made = await fixture.kms.send(
        new GenerateDataKeyWithoutPlaintextCommand({ KeyId, KeySpec: 'AES_256', EncryptionContext: CONTEXT }),
      );
      expect(Object.keys(made)).not.toContain('Plaintext');
      const opened = await fixture.kms.send(
        new DecryptCommand({ KeyId, CiphertextBlob: made.CiphertextBlob, EncryptionContext: CONTEXT }),
      );
      expect(opened.Plaintext).toHaveLength(32);
    },
  },
  {
    id: 'context-order-is-free',
    guarantee: 'the order of the pairs of an encryption context does not matter',
    run: async (fixture) => {
      const made = await dataKeyOf(fixture, { a: '1', b: '2' });
      const opened = await fixture.kms.send(
        new DecryptCommand({
          KeyId: made.keyArn,
          CiphertextBlob: made.blob,
          EncryptionContext: { b: '2', a: '1' },
        }),
      );
      expect(opened.Plaintext).toEqual(made.plaintext);
    },
  },
  {
    id: 'context-must-match',
    guarantee:
      'a ciphertext opens under no other context: not without, not changed, not in another case, not with one pair more',
    run: async (fixture) => {
      const made = await dataKeyOf(fixture, { tenant: 't1' });
      const others: Record<string, string>[] = [
        {},
        { tenant: 't2' },
        { tenant: 'T1' },
        { Tenant: 't1' },
        { tenant: 't1', more: 'x' },
      ];
      for (const EncryptionContext of others) {
        const call = new DecryptCommand({ KeyId: made.keyArn, CiphertextBlob: made.blob, EncryptionContext });
        await expectRefusal(fixture.kms.send(call), 'InvalidCiphertextException');
      }
    },
  },
  {
    id: 'context-encoding-is-unambiguous',
    guarantee: 'a context whose keys and values run together to the same text is another context',
    run: async (fixture) => {
      // Attack: move the border between keys and values without changing the concatenation.
      const made = await dataKeyOf(fixture, { purpose: 'dek', tenant: 't1' });
      const call = new DecryptCommand({
        KeyId: made.keyArn,
        CiphertextBlob: made.blob,
        EncryptionContext: { purposede: 'k', tenantt: '1' },
      });
      await expectRefusal(fixture.kms.send(call), 'InvalidCiphertextException');
    },
  },
  {
    id: 'tampered-ciphertext',
    guarantee: 'a ciphertext with one changed bit at its end, or cut short, does not open',
    run: async (fixture) => {
      const made = await dataKeyOf(fixture);
      const flipped = Uint8Array.from(made.blob);
      flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
      for (const CiphertextBlob of [flipped, made.blob.subarray(0, -1)]) {
        const call = new DecryptCommand({ KeyId: made.keyArn, CiphertextBlob, EncryptionContext: CONTEXT });
        await expectRefusal(fixture.kms.send(call), 'InvalidCiphertextException');
      }
    },
  },
  {
    id: 'decrypt-with-other-key',
    guarantee: 'Decrypt with the KeyId of another key is an IncorrectKeyException',
    run: async (fixture) => {
      const made = await dataKeyOf(fixture);
      const other = await fixture.createKey();
      const call = new DecryptCommand({
        KeyId: other,
        CiphertextBlob: made.blob,
        EncryptionContext: CONTEXT,
      });
      await expectRefusal(fixture.kms.send(call), 'IncorrectKeyException');
    },
  },
  {
    id: 'encrypt-round-trip',
    guarantee: 'Encrypt takes up to 4096 bytes, and Decrypt returns them',
    run: async (fixture) => {
      const KeyId = await fixture.createKey();
      const Plaintext = new Uint8Array(4096).fill(7);
      const made = await fixture.kms.send(
        new EncryptCommand({ KeyId, Plaintext, EncryptionContext: CONTEXT }),
      );
      const opened = await fixture.kms.send(
        new DecryptCommand({ KeyId, CiphertextBlob: made.CiphertextBlob, EncryptionContext: CONTEXT }),
      );
      expect(opened.Plaintext).toEqual(Plaintext);
      const tooLong = new EncryptCommand({ KeyId, Plaintext: new Uint8Array(4097) });
      await expectRefusal(fixture.kms.send(tooLong), 'ValidationException');
    },
  },
  {
    id: 're-encrypt',
    guarantee:
      'ReEncrypt moves a ciphertext to another key and context, and the old context does not open it',
    run: async (fixture) => {
      const made = await dataKeyOf(fixture);
      const target = await fixture.createKey();
      const moved = await fixture.kms.send(
        new ReEncryptCommand({
          CiphertextBlob: made.blob,
          SourceKeyId: made.keyArn,
          SourceEncryptionContext: CONTEXT,
          DestinationKeyId: target,
          DestinationEncryptionContext: { moved: 'yes' },
        }),
      );
      expect([moved.SourceKeyId, moved.KeyId]).toEqual([made.keyArn, target]);
      const request = { KeyId: target, CiphertextBlob: moved.CiphertextBlob };
      const opened = await fixture.kms.send(
        new DecryptCommand({ ...request, EncryptionContext: { moved: 'yes' } }),
      );
      expect(opened.Plaintext).toEqual(made.plaintext);
      const old = fixture.kms.send(new DecryptCommand({ ...request, EncryptionContext: CONTEXT }));
      await expectRefusal(old, 'InvalidCiphertextException');
    },
  },
  {
    id: 're-encrypt-wrong-source',
    guarantee: 'ReEncrypt with the SourceKeyId of another key is an IncorrectKeyException',
    run: async (fixture) => {
      const made = await dataKeyOf(fixture);
      const other = await fixture.createKey();
      const call = new ReEncryptCommand({
        CiphertextBlob: made.blob,
        SourceKeyId: other,
        SourceEncryptionContext: CONTEXT,
        DestinationKeyId: other,
      });
      await expectRefusal(fixture.kms.send(call), 'IncorrectKeyException');
    },
  },
  {
    id: 'dry-run',
    guarantee: 'a dry run that is permitted ends in DryRunOperationException and returns no key',
    run: async (fixture) => {
      const made = await dataKeyOf(fixture);
      const generate = new GenerateDataKeyCommand({ KeyId: made.keyArn, KeySpec: 'AES_256', DryRun: true });
      await expectRefusal(fixture.kms.send(generate), 'DryRunOperationException');
      const open = new DecryptCommand({
        KeyId: made.keyArn,
        CiphertextBlob: made.blob,
        EncryptionContext: CONTEXT,
        DryRun: true,
      });
      await expectRefusal(fixture.kms.send(open), 'DryRunOperationException');
    },
  },
  {
    id: 'dry-run-checks-the-context',
    guarantee: 'a dry run of Decrypt with another context is refused like the real call',
    run: async (fixture) => {
      const made = await dataKeyOf(fixture);
      const call = new DecryptCommand({ KeyId: made.keyArn, CiphertextBlob: made.blob, DryRun: true });
      await expectRefusal(fixture.kms.send(call), 'InvalidCiphertextException');
    },
  },
] as const satisfies readonly ContractCase[];
