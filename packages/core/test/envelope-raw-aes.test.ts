// Raw-AES data keys: the wrapped form, whose key it is, and that it opens for exactly its own context. The stock library reads and
// writes the same form in envelope-oracle.test.ts.
import { createSecretKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { serializeEncryptionContext, unwrapRawAesDataKey, wrapRawAesDataKey } from '@sallyport/core/envelope';
import { openAead } from '@sallyport/core/aead';
import { context, dataKey, expectRejected, thrownBy } from './envelope-fixtures.ts';

const wrapping = {
  namespace: 'sallyport',
  name: 'ring/1',
  wrappingKey: createSecretKey(Buffer.alloc(32, 0x33)),
  encryptionContext: context,
};

test('the wrapped form is name, 128, 12 and nonce, then key and tag, bound to the sorted context', () => {
  const encrypted = wrapRawAesDataKey(wrapping, dataKey);
  expect(encrypted.providerId).toBe('sallyport');
  const info = Buffer.from(encrypted.providerInfo);
  expect(info.subarray(0, 6).toString()).toBe('ring/1');
  expect(info.readUInt32BE(6)).toBe(128);
  expect(info.readUInt32BE(10)).toBe(12);
  expect(info).toHaveLength(6 + 4 + 4 + 12);
  const opened = openAead(
    { key: wrapping.wrappingKey, nonce: info.subarray(14), aad: serializeEncryptionContext(context) },
    { ciphertext: encrypted.ciphertext.subarray(0, 32), tag: encrypted.ciphertext.subarray(32) },
  );
  expect(opened?.equals(dataKey.export())).toBe(true);
});

test('it unwraps to the same key, for any order of the pairs and no pairs at all', () => {
  const encrypted = wrapRawAesDataKey(wrapping, dataKey);
  const reversed = Object.fromEntries(Object.entries(context).toReversed());
  expect(unwrapRawAesDataKey({ ...wrapping, encryptionContext: reversed }, encrypted)?.equals(dataKey)).toBe(
    true,
  );
  const bare = { ...wrapping, encryptionContext: {} };
  expect(unwrapRawAesDataKey(bare, wrapRawAesDataKey(bare, dataKey))?.equals(dataKey)).toBe(true);
});

test('no two wraps share a nonce', () => {
  const infos = new Set<string>();
  for (let count = 0; count < 500; count += 1)
    infos.add(Buffer.from(wrapRawAesDataKey(wrapping, dataKey).providerInfo).toString('hex'));
  expect(infos.size).toBe(500);
});

test("another key's data key is nobody's business: null, no error", () => {
  const encrypted = wrapRawAesDataKey(wrapping, dataKey);
  for (const changes of [
    { namespace: 'other' },
    { name: 'ring/2' },
    // A name that begins ours, and one that ours begins.
    { name: 'ring/' },
    { name: 'ring/12' },
  ])
    expect(unwrapRawAesDataKey({ ...wrapping, ...changes }, encrypted)).toBeNull();
  expect(unwrapRawAesDataKey(wrapping, { ...encrypted, providerId: 'aws-kms' })).toBeNull();
  expect(unwrapRawAesDataKey(wrapping, { ...encrypted, providerInfo: Buffer.alloc(0) })).toBeNull();
});

describe('ours, yet it does not open', () => {
  const encrypted = wrapRawAesDataKey(wrapping, dataKey);

  test('for another context', () => {
    for (const encryptionContext of [{}, { ...context, 'sallyport:version': '2' }, { ...context, more: 'x' }])
      expectRejected(thrownBy(() => unwrapRawAesDataKey({ ...wrapping, encryptionContext }, encrypted)));
    const reserved = { ...context, 'aws-crypto-x': 'x' };
    expectRejected(
      thrownBy(() => unwrapRawAesDataKey({ ...wrapping, encryptionContext: reserved }, encrypted)),
    );
  });

  test('under another key of the same name', () => {
    const wrappingKey = createSecretKey(Buffer.alloc(32, 0x34));
    expectRejected(thrownBy(() => unwrapRawAesDataKey({ ...wrapping, wrappingKey }, encrypted)));
  });

  test('after any flipped bit of lengths, nonce, key or tag', () => {
    const info = Buffer.from(encrypted.providerInfo);
    for (let bit = 6 * 8; bit < info.length * 8; bit += 1) {
      const providerInfo = Buffer.from(info);
      providerInfo[bit >> 3]! ^= 1 << (bit & 7);
      expectRejected(thrownBy(() => unwrapRawAesDataKey(wrapping, { ...encrypted, providerInfo })));
    }
    for (let bit = 0; bit < encrypted.ciphertext.length * 8; bit += 1) {
      const ciphertext = Buffer.from(encrypted.ciphertext);
      ciphertext[bit >> 3]! ^= 1 << (bit & 7);
      expectRejected(thrownBy(() => unwrapRawAesDataKey(wrapping, { ...encrypted, ciphertext })));
    }
  });

  test('cut short or longer', () => {
    for (const ciphertext of [
      Buffer.alloc(0),
      encrypted.ciphertext.subarray(0, 47),
      Buffer.concat([encrypted.ciphertext, Buffer.alloc(1)]),
    ])
      expectRejected(thrownBy(() => unwrapRawAesDataKey(wrapping, { ...encrypted, ciphertext })));
  });
});

test('the provider id of KMS, keys of another size and reserved context keys are not wrapped with', () => {
  expect(thrownBy(() => wrapRawAesDataKey({ ...wrapping, namespace: 'aws-kms' }, dataKey))).toMatchObject({
    code: 'internal',
  });
  expect(thrownBy(() => wrapRawAesDataKey(wrapping, createSecretKey(Buffer.alloc(16))))).toMatchObject({
    code: 'internal',
  });
  const encryptionContext = { 'aws-crypto-x': 'x' };
  expect(thrownBy(() => wrapRawAesDataKey({ ...wrapping, encryptionContext }, dataKey))).toMatchObject({
    code: 'invalid-encryption-context',
  });
});
