// The one module that touches AES-GCM: round trip, and the traps it exists to close.
import { createSecretKey, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { openAead, sealAead } from '@sallyport/core/aead';

const key = createSecretKey(randomBytes(32));
const nonce = randomBytes(12);
const aad = Buffer.from('bound to this');

test('what was sealed opens, with the same key, nonce and additional data only', () => {
  const sealed = sealAead({ key, nonce, aad }, Buffer.from('value'));
  expect(sealed.tag).toHaveLength(16);
  expect(openAead({ key, nonce, aad }, sealed)?.toString()).toBe('value');
  expect(openAead({ key, nonce, aad: Buffer.from('other') }, sealed)).toBeNull();
  expect(openAead({ key, nonce: randomBytes(12), aad }, sealed)).toBeNull();
  expect(openAead({ key: createSecretKey(randomBytes(32)), nonce, aad }, sealed)).toBeNull();
});

test('a shortened tag does not open, though four bytes of it are right', () => {
  // Attack: without a fixed tag length, Node takes a four-byte tag, which can be guessed.
  const sealed = sealAead({ key, nonce, aad }, Buffer.from('value'));
  for (const length of [0, 4, 8, 12, 15]) {
    expect(openAead({ key, nonce, aad }, { ...sealed, tag: sealed.tag.subarray(0, length) })).toBeNull();
  }
});
