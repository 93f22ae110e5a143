// Envelopes written by the first release open for ever, whichever way they are read, and today's writer still writes the same bytes.
import { createHash, createSecretKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  decryptEnvelope,
  encryptEnvelope,
  parseEnvelopeHeader,
  unwrapRawAesDataKey,
} from '@sallyport/core/envelope';
import {
  decryptInChunks,
  encryptInChunks,
  expectRejected,
  otherDataKey,
  thrownBy,
} from './envelope-fixtures.ts';
import { goldenPlaintext, readGoldenEnvelopes } from './golden/golden-envelopes.ts';
import type { GoldenEnvelope } from './golden/golden-envelopes.ts';

const golden = readGoldenEnvelopes();

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function encryptAgain(vector: GoldenEnvelope) {
  return {
    dataKey: createSecretKey(vector.dataKey, 'hex'),
    messageId: Buffer.from(vector.messageId, 'hex'),
    encryptionContext: vector.context,
    format: vector.format,
    encryptedDataKeys: vector.encryptedDataKeys.map((one) => ({
      providerId: one.providerId,
      providerInfo: Buffer.from(one.providerInfo, 'base64'),
      ciphertext: Buffer.from(one.ciphertext, 'base64'),
    })),
  };
}

test('there are golden vectors, each with a name of its own', () => {
  expect(golden).toHaveLength(12);
  expect(new Set(golden.map((vector) => vector.name)).size).toBe(12);
});

describe.each(golden)('$name', (vector) => {
  const options = encryptAgain(vector);
  const plaintext = goldenPlaintext(vector.plaintextBytes);
  // Where only the hash is kept, the writer makes the bytes again, and the hash says that they are the golden ones.
  const envelope =
    vector.envelope === null ? encryptEnvelope(options, plaintext) : Buffer.from(vector.envelope, 'base64');
  const opening = { dataKey: options.dataKey, expectedContext: vector.context };

  test('the vector is what it was when it was written', () => {
    expect(sha256(plaintext)).toBe(vector.plaintextSha256);
    expect(envelope).toHaveLength(vector.envelopeBytes);
    expect(sha256(envelope)).toBe(vector.envelopeSha256);
  });

  test('it opens, in one call and in chunks of any size', async () => {
    expect(decryptEnvelope(opening, envelope).equals(plaintext)).toBe(true);
    const small = envelope.length <= 4_096 ? [[1], [3, 1, 64]] : [];
    for (const sizes of [...small, [65_536], [700_001, 13], [envelope.length]]) {
      const { released, error } = await decryptInChunks(opening, envelope, sizes);
      expect(error).toBeNull();
      expect(released.equals(plaintext), `chunks of ${sizes.join()}`).toBe(true);
    }
  });

  test('both writers still write exactly these bytes', () => {
    expect(sha256(encryptEnvelope(options, plaintext))).toBe(vector.envelopeSha256);
    for (const sizes of [[65_536], [1_048_576], [999_983, 7]])
      expect(sha256(encryptInChunks(options, plaintext, sizes))).toBe(vector.envelopeSha256);
  });

  test('its header says what was put there', () => {
    const header = parseEnvelopeHeader(envelope);
    expect({ ...header.encryptionContext }).toEqual(vector.context);
    expect(header.contentType).toBe(vector.format);
    expect(header.frameBytes).toBe(vector.format === 'framed' ? 1_048_576 : 0);
    expect(Buffer.from(header.messageId).toString('hex')).toBe(vector.messageId);
    expect(header.encryptedDataKeys).toEqual(options.encryptedDataKeys);
  });

  test('it opens under its own data key only', () => {
    expectRejected(thrownBy(() => decryptEnvelope({ ...opening, dataKey: otherDataKey }, envelope)));
  });
});

test('the raw-AES data keys among them unwrap', () => {
  const wrapped = golden.filter((vector) => vector.rawAes !== null);
  expect(wrapped).toHaveLength(2);
  for (const vector of wrapped) {
    const { namespace = '', name = '', wrappingKey = '' } = vector.rawAes ?? {};
    const { dataKey, encryptedDataKeys } = encryptAgain(vector);
    const unwrapped = unwrapRawAesDataKey(
      {
        namespace,
        name,
        wrappingKey: createSecretKey(wrappingKey, 'hex'),
        encryptionContext: vector.context,
      },
      encryptedDataKeys[0]!,
    );
    expect(unwrapped?.equals(dataKey), vector.name).toBe(true);
  }
});
