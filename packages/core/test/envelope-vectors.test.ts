// AWS's own published messages for this suite, written by its SDKs in JavaScript, C, Python and Java. The file is AWS's and stays
// outside the repository, beside it; without it this suite is skipped, and golden and oracle tests still run.
import { existsSync, readFileSync } from 'node:fs';
import { createSecretKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { decryptEnvelope, parseEnvelopeHeader } from '@sallyport/core/envelope';
import { deriveMessageKeys } from '../src/envelope/message-keys.ts';
import { decryptInChunks, expectRejected, thrownBy } from './envelope-fixtures.ts';

type Vector = {
  comment: string;
  ciphertext: string;
  status: boolean;
  'decrypted-dek': string;
  'message-id': string;
  'encryption-context': Record<string, string>;
  commitment: string;
  'content-encryption-key'?: string;
  'plaintext-frames'?: string[];
};

const vectorsUrl = new URL(
  '../../../../shared/vectors/aws-encryption-sdk-v2-suite-0478.json',
  import.meta.url,
);
const isPresent = existsSync(vectorsUrl);
const vectors = isPresent ? (JSON.parse(readFileSync(vectorsUrl, 'utf8')) as { tests: Vector[] }).tests : [];

describe.skipIf(!isPresent)(
  isPresent ? 'published vectors' : 'published vectors (skipped: ../shared/vectors is not there)',
  () => {
    test('the file holds the 23 messages of this suite, 3 of which must be refused', () => {
      expect(vectors).toHaveLength(23);
      expect(vectors.filter((vector) => !vector.status)).toHaveLength(3);
    });

    test.each(vectors.filter((vector) => vector.status))('opens: $comment', async (vector) => {
      const envelope = Buffer.from(vector.ciphertext, 'base64');
      const dataKey = createSecretKey(vector['decrypted-dek'], 'base64');
      const expectedContext = vector['encryption-context'];
      const header = parseEnvelopeHeader(envelope);
      expect(Buffer.from(header.messageId).toString('base64')).toBe(vector['message-id']);
      expect(Buffer.from(header.commitment).toString('base64')).toBe(vector.commitment);
      expect({ ...header.encryptionContext }).toEqual(expectedContext);
      const keys = deriveMessageKeys(dataKey, header.messageId);
      expect(keys.commitment.toString('base64')).toBe(vector.commitment);
      if (vector['content-encryption-key'] !== undefined)
        expect(keys.contentKey.export().toString('base64')).toBe(vector['content-encryption-key']);

      const plaintext = vector['plaintext-frames']?.join('');
      expect(plaintext).toBeTruthy();
      expect(decryptEnvelope({ dataKey, expectedContext }, envelope).toString()).toBe(plaintext);
      for (const sizes of [[1], [7, 64], [envelope.length]]) {
        const streamed = await decryptInChunks({ dataKey, expectedContext }, envelope, sizes);
        expect(streamed).toEqual({ released: Buffer.from(plaintext ?? ''), error: null });
      }
    });

    test.each(vectors.filter((vector) => !vector.status))('refuses: $comment', async (vector) => {
      const envelope = Buffer.from(vector.ciphertext, 'base64');
      const options = {
        dataKey: createSecretKey(vector['decrypted-dek'], 'base64'),
        expectedContext: vector['encryption-context'],
      };
      expectRejected(
        thrownBy(() => decryptEnvelope(options, envelope)),
        'commitment',
      );
      const streamed = await decryptInChunks(options, envelope, [16]);
      expectRejected(streamed.error, 'commitment');
      expect(streamed.released).toHaveLength(0);
    });
  },
);
