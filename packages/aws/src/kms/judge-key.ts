// Judges what DescribeKey says about a key: whether it can protect data keys at all, and what about it should worry its owner.
import type { KeyMetadata } from '@aws-sdk/client-kms';
import { AppError } from '@sallyport/core';

/** Something about a key that works and still should be looked at. */
export type KeyWarning = { code: 'key-expires' | 'key-store'; message: string };

const STATE_HINTS: Readonly<Record<string, string>> = {
  Disabled: 'Enable the key in the KMS console.',
  PendingDeletion:
    'Cancel the deletion of the key at once and enable it: a deleted key takes all its secrets with it.',
  PendingReplicaDeletion: 'Cancel the deletion of the key at once and enable it.',
  PendingImport: 'Import the key material, or use a key whose material KMS makes.',
  Unavailable: 'The custom key store of the key is not connected; connect it.',
};

/**
 * @returns warnings
 * @throws {key-unusable} when the key cannot protect data keys, naming its state or kind
 */
export function judgeKey(metadata: KeyMetadata): KeyWarning[] {
  const keyArn = metadata.Arn ?? '';
  // What an answer leaves out is not held against the key: the round trip proves more anyway.
  const {
    KeyState = 'Enabled',
    KeySpec = 'SYMMETRIC_DEFAULT',
    KeyUsage = 'ENCRYPT_DECRYPT',
    KeyManager,
  } = metadata;
  if (KeyManager === 'AWS') {
    throw unusable(keyArn, {
      why: 'is managed by AWS, and serves only AWS services',
      hint: 'Create a key of your own.',
    });
  }
  if (KeySpec !== 'SYMMETRIC_DEFAULT' || KeyUsage !== 'ENCRYPT_DECRYPT') {
    throw unusable(keyArn, {
      why: `is of a kind that cannot protect data keys (key spec ${KeySpec}, usage ${KeyUsage})`,
      hint: 'Use a symmetric encryption key (key spec SYMMETRIC_DEFAULT, usage ENCRYPT_DECRYPT).',
    });
  }
  if (KeyState !== 'Enabled') {
    throw unusable(keyArn, {
      why: `cannot be used: its state is ${KeyState}${deletionDateOf(metadata)}`,
      hint: STATE_HINTS[KeyState] ?? 'Wait until its state is Enabled, and try again.',
      keyState: KeyState,
    });
  }
  return warningsOf(metadata);
}

function warningsOf(metadata: KeyMetadata): KeyWarning[] {
  const { Arn, Origin, ValidTo } = metadata;
  if (Origin === 'EXTERNAL' && ValidTo !== undefined) {
    const message = `The imported material of the key ${Arn} expires on ${dayOf(ValidTo)}; after that no secret under it can be read until the same material is imported again.`;
    return [{ code: 'key-expires', message }];
  }
  if (Origin === 'AWS_CLOUDHSM' || Origin === 'EXTERNAL_KEY_STORE') {
    const message = `The key ${Arn} is in a custom key store (${Origin}): it is only as available as that store, and its request quota is lower.`;
    return [{ code: 'key-store', message }];
  }
  return [];
}

function deletionDateOf(metadata: KeyMetadata): string {
  return metadata.DeletionDate === undefined ? '' : `, to be deleted on ${dayOf(metadata.DeletionDate)}`;
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}

function unusable(
  keyArn: string,
  words: { why: string; hint: string; keyState?: string | undefined },
): AppError {
  return new AppError('key-unusable', {
    publicMessage: `The KMS key ${keyArn} ${words.why}.`,
    data: {
      stage: 'key',
      keyArn,
      hint: words.hint,
      ...(words.keyState === undefined ? {} : { keyState: words.keyState }),
    },
  });
}
