// Looks at what a delegate gives back before it is stored. The server cannot open an envelope, but it can see whether the envelope
// says that it is what was asked for. Defence in depth: a delegate at fault must not make a secret that nobody can read.
import { AppError, encryptionContextOf, TEXT_MAX_BYTES } from '@sallyport/core';
import type { EncryptionContext } from '@sallyport/core';
import { ENVELOPE_MAX_ENCRYPTED_DATA_KEYS, parseEnvelopeHeader } from '@sallyport/core/envelope';
import type { EnvelopeHeader } from '@sallyport/core/envelope';
import { keyArnOf, KMS_PROVIDER_ID } from './envelope-header.ts';
import { INLINE_ENVELOPE_MAX_BYTES } from './secret-store.ts';
import type { WritePlan } from './write-plan.ts';

/**
 * @param head the envelope, or enough of it to hold the header
 * @throws {internal} when the header is not that of an envelope for this plan
 */
export function checkEnvelopeHeader(head: Uint8Array, plan: WritePlan): void {
  const header = readHeader(head, plan);
  const { target, manager } = plan;
  const expected = encryptionContextOf(
    { secretsManagerId: target.secretsManagerId, secretId: target.secretId, version: target.version },
    manager.settings.context,
  );
  if (!isSameContext(header.encryptionContext, expected)) throw wrong(plan, 'another encryption context');
  const keys = header.encryptedDataKeys;
  if (keys.length === 0 || keys.length > ENVELOPE_MAX_ENCRYPTED_DATA_KEYS)
    throw wrong(plan, 'too many data keys');
  if (manager.settings.kind === 'aws-kms' && keyArnOf(header) !== manager.settings.pinnedKeyArn) {
    throw wrong(plan, 'a data key that is wrapped by another key');
  }
  if (manager.settings.kind === 'built-in' && keys.some((key) => key.providerId === KMS_PROVIDER_ID)) {
    throw wrong(plan, 'a data key that is wrapped by KMS');
  }
}

/** @throws {internal} {value-too-large} */
export function checkTextEnvelope(envelope: Uint8Array, valueBytes: number, plan: WritePlan): void {
  if (valueBytes > TEXT_MAX_BYTES) {
    throw new AppError('value-too-large', {
      publicMessage: `A text secret has at most ${TEXT_MAX_BYTES} bytes. Store it as a file.`,
    });
  }
  if (envelope.length > INLINE_ENVELOPE_MAX_BYTES || envelope.length < valueBytes) {
    throw wrong(plan, 'an envelope of an impossible size');
  }
  checkEnvelopeHeader(envelope, plan);
}

function readHeader(head: Uint8Array, plan: WritePlan): EnvelopeHeader {
  try {
    return parseEnvelopeHeader(head);
  } catch (thrown) {
    throw wrong(plan, 'something that is no envelope', thrown);
  }
}

function isSameContext(actual: EncryptionContext, expected: EncryptionContext): boolean {
  const keys = Object.keys(expected);
  return (
    keys.length === Object.keys(actual).length &&
    keys.every((key) => Object.hasOwn(actual, key) && actual[key] === expected[key])
  );
}

function wrong(plan: WritePlan, what: string, cause?: unknown): AppError {
  const { name } = plan.delegate;
  return new AppError('internal', {
    publicMessage: `Delegate ${name} gave back ${what}; nothing was stored.`,
    message: `delegate ${plan.delegate.id} gave back ${what} for ${plan.target.secretId}`,
    data: { delegate: name },
    cause,
  });
}
