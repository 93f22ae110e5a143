// Both ways against the vendor's own library: what we write it opens, what it writes we open, by raw-AES data keys.
import { createSecretKey, randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decryptEnvelope,
  encryptEnvelope,
  parseEnvelopeHeader,
  unwrapRawAesDataKey,
  wrapRawAesDataKey,
} from '@sallyport/core/envelope';
import type { EncryptionContext } from '@sallyport/core';
import { decryptInChunks, encryptInChunks } from './envelope-fixtures.ts';
import { oracleDecrypt, oracleEncrypt, oracleKey } from './oracle-keyring.ts';

const MIB = 1_048_576;
const SIZES = [0, 1, 15, 16, 17, 1_024, 4_096, 65_537, MIB - 1, MIB, MIB + 1, 2 * MIB, 3 * MIB];
const CONTEXTS: Record<string, EncryptionContext> = {
  empty: {},
  ours: { 'sallyport:secrets-manager': 'smg_1', 'sallyport:secret': 'sec_1', 'sallyport:version': '12' },
  'sorted by bytes, not by language': { b: '1', a: '2', A: '3', zz: '4', Z: '', é: '5', ä: '6' },
  // U+FFFD sorts after U+1F600 in UTF-16, and before it in UTF-8.
  'beyond the basic plane': { '\u{1F600}': 'x', '\uFFFD': 'y', 鍵: '値', ключ: 'значение' },
};

function unwrapped(envelope: Uint8Array, encryptionContext: EncryptionContext) {
  const [encrypted] = parseEnvelopeHeader(envelope).encryptedDataKeys;
  const dataKey = encrypted && unwrapRawAesDataKey({ ...oracleKey, encryptionContext }, encrypted);
  if (!dataKey) throw new Error('the envelope has no data key of the oracle');
  return { dataKey, expectedContext: encryptionContext };
}

function ourOptions(encryptionContext: EncryptionContext) {
  const dataKey = createSecretKey(randomBytes(32));
  const encryptedDataKeys = [wrapRawAesDataKey({ ...oracleKey, encryptionContext }, dataKey)];
  return { dataKey, encryptedDataKeys, encryptionContext };
}

describe.each(Object.entries(CONTEXTS))('context: %s', (_name, context) => {
  test('the stock library opens what we write, at every size', async () => {
    for (const size of SIZES) {
      const plaintext = randomBytes(size);
      const options = ourOptions(context);
      const opened = await oracleDecrypt(encryptEnvelope(options, plaintext));
      expect(opened.plaintext.equals(plaintext), `${size} bytes`).toBe(true);
      expect(opened.encryptionContext).toEqual(context);
      const streamed = await oracleDecrypt(encryptInChunks(options, plaintext, [65_536]));
      expect(streamed.plaintext.equals(plaintext), `${size} bytes streamed`).toBe(true);
    }
  });

  test('we open what the stock library writes, at every size', async () => {
    for (const size of SIZES) {
      const plaintext = randomBytes(size);
      const envelope = await oracleEncrypt({ encryptionContext: context, frameLength: MIB }, plaintext);
      const options = unwrapped(envelope, context);
      expect(decryptEnvelope(options, envelope).equals(plaintext), `${size} bytes`).toBe(true);
      const streamed = await decryptInChunks(options, envelope, [65_536]);
      expect(streamed.error).toBeNull();
      expect(streamed.released.equals(plaintext), `${size} bytes streamed`).toBe(true);
    }
  });
});

test('we open what the stock library writes with any frame length up to 1 MiB', async () => {
  for (const frameLength of [1, 16, 1_000, 4_096, 65_536]) {
    for (const size of [0, 1, frameLength, frameLength * 2, frameLength * 3 + 1]) {
      const plaintext = randomBytes(size);
      const envelope = await oracleEncrypt({ encryptionContext: { a: 'b' }, frameLength }, plaintext);
      const options = unwrapped(envelope, { a: 'b' });
      expect(parseEnvelopeHeader(envelope).frameBytes).toBe(frameLength);
      expect(decryptEnvelope(options, envelope).equals(plaintext)).toBe(true);
      const streamed = await decryptInChunks(options, envelope, [frameLength, 1, 33]);
      expect(streamed.error).toBeNull();
      expect(streamed.released.equals(plaintext)).toBe(true);
    }
  }
});

test('the stock library opens our unframed envelopes', async () => {
  for (const size of [0, 1, 1_024, MIB]) {
    const plaintext = randomBytes(size);
    const envelope = encryptEnvelope({ ...ourOptions({ a: 'b' }), format: 'unframed' }, plaintext);
    expect((await oracleDecrypt(envelope)).plaintext.equals(plaintext)).toBe(true);
  }
});

test('any context and value go both ways', async () => {
  // The library cannot read back keys that begin with the prefix which AWS reserves; neither do we write them.
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
  const contexts = fc.dictionary(
    text.filter((key) => !key.startsWith('aws-crypto')),
    text,
    { maxKeys: 6, noNullPrototype: true },
  );
  await fc.assert(
    fc.asyncProperty(contexts, fc.uint8Array({ maxLength: 300 }), async (context, plaintext) => {
      const ours = await oracleDecrypt(encryptEnvelope(ourOptions(context), plaintext));
      expect(ours.plaintext.equals(plaintext)).toBe(true);
      const theirs = await oracleEncrypt({ encryptionContext: context }, plaintext);
      expect(decryptEnvelope(unwrapped(theirs, context), theirs).equals(plaintext)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test('the stock library refuses our envelope after one flipped bit, so it is a witness at all', async () => {
  const envelope = encryptEnvelope(ourOptions({ a: 'b' }), Buffer.from('value'));
  envelope[envelope.length - 1]! ^= 1;
  await expect(oracleDecrypt(envelope)).rejects.toThrow();
});
