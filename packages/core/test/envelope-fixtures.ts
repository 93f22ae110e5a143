// What the envelope tests share: a data key with its wrapped form, ways to open an envelope, and the one expected refusal.
// Not a test itself.
import { createSecretKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { expect } from 'vitest';
import { AppError } from '@sallyport/core';
import type { EncryptionContext } from '@sallyport/core';
import { EnvelopeDecryptor, EnvelopeEncryptor } from '@sallyport/core/envelope';
import type { EncryptedDataKey, EncryptEnvelopeOptions } from '@sallyport/core/envelope';

export const dataKey: KeyObject = createSecretKey(Buffer.alloc(32, 7));
export const otherDataKey: KeyObject = createSecretKey(Buffer.alloc(32, 8));

export const kmsDataKey: EncryptedDataKey = {
  providerId: 'aws-kms',
  providerInfo: Buffer.from('arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'),
  ciphertext: Buffer.alloc(64, 0xc1),
};

export const context: EncryptionContext = {
  'sallyport:secrets-manager': 'smg_1',
  'sallyport:secret': 'sec_1',
  'sallyport:version': '1',
};

/** Options that differ from the defaults above only where said. */
export function encryptOptions(changes: Partial<EncryptEnvelopeOptions> = {}): EncryptEnvelopeOptions {
  return { dataKey, encryptedDataKeys: [kmsDataKey], encryptionContext: context, ...changes };
}

/** `bytes` cut into pieces of the given sizes, over and over. */
export function* chunksOf(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  let at = 0;
  for (let turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

/** The envelope that the streaming encryptor writes for `plaintext` fed in pieces. */
export function encryptInChunks(
  options: EncryptEnvelopeOptions,
  plaintext: Uint8Array,
  sizes: readonly number[],
): Buffer {
  const encryptor = new EnvelopeEncryptor(options);
  const parts: Buffer[] = [];
  for (const chunk of chunksOf(plaintext, sizes)) parts.push(encryptor.update(chunk));
  parts.push(encryptor.final());
  return Buffer.concat(parts);
}

export type StreamOutcome = { released: Buffer; error: unknown };

/** Feeds an envelope to the streaming decryptor; keeps what it released, also when it fails on the way. */
export async function decryptInChunks(
  options: { dataKey: KeyObject; expectedContext: EncryptionContext },
  envelope: Uint8Array,
  sizes: readonly number[],
): Promise<StreamOutcome> {
  const parts: Buffer[] = [];
  try {
    const decryptor = new EnvelopeDecryptor({
      unwrap: () => Promise.resolve(options.dataKey),
      expectedContext: options.expectedContext,
    });
    for (const chunk of chunksOf(envelope, sizes)) {
      // A caller may reuse its read buffer, so the decryptor gets one that is overwritten afterwards.
      const reused = Buffer.from(chunk);
      parts.push(await decryptor.update(reused));
      reused.fill(0xee);
    }
    parts.push(decryptor.final());
  } catch (error) {
    return { released: Buffer.concat(parts), error };
  }
  return { released: Buffer.concat(parts), error: null };
}

/** The public text that every refusal has, whatever its cause. */
export const REJECTION =
  'The envelope does not open: it is damaged, or it belongs to another secret, version or secrets manager.';

/** Asserts that `thrown` is the one refusal; `cause` is looked for in the internal message, to know that the right rule refused. */
export function expectRejected(thrown: unknown, cause?: string): void {
  expect(thrown).toBeInstanceOf(AppError);
  const error = thrown as AppError;
  expect(error.code, error.message).toBe('envelope-rejected');
  expect(error.publicMessage).toBe(REJECTION);
  expect(error.retryable).toBe(false);
  if (cause !== undefined) expect(error.message).toContain(cause);
}

/** What `run` threw; fails when it returned. */
export function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (thrown) {
    return thrown;
  }
  throw new Error('expected a refusal, but something was returned');
}
