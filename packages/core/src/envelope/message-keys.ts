// From a data key to the two values that one message needs: the key that encrypts its content, and the commitment that ties the
// message to this data key, so that nobody can make one message which opens differently under two keys.
import { createSecretKey, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { COMMITMENT_BYTES, DATA_KEY_BYTES, SUITE_ID } from './message-format.ts';

const CONTENT_KEY_INFO = Buffer.concat([
  Buffer.from([SUITE_ID >> 8, SUITE_ID & 0xff]),
  Buffer.from('DERIVEKEY'),
]);
const COMMITMENT_INFO = Buffer.from('COMMITKEY');

export type MessageKeys = { contentKey: KeyObject; commitment: Buffer };

/** Whether `key` can be a data key: a secret key of 256 bits. */
export function isDataKey(key: KeyObject): boolean {
  return key.type === 'secret' && key.symmetricKeySize === DATA_KEY_BYTES;
}

/** HKDF-SHA512 with the message id as salt (AWS Encryption SDK specification, framework/algorithm-suites, "Commit Key"). */
export function deriveMessageKeys(dataKey: KeyObject, messageId: Uint8Array): MessageKeys {
  // Two full derivations repeat the extraction, and are still faster than one extraction and two HMACs by hand.
  const contentKeyBytes = Buffer.from(
    hkdfSync('sha512', dataKey, messageId, CONTENT_KEY_INFO, DATA_KEY_BYTES),
  );
  const commitment = Buffer.from(hkdfSync('sha512', dataKey, messageId, COMMITMENT_INFO, COMMITMENT_BYTES));
  const contentKey = createSecretKey(contentKeyBytes);
  contentKeyBytes.fill(0);
  return { contentKey, commitment };
}

type Derived = { messageId: Buffer; keys: MessageKeys };
const lastDerived = new WeakMap<KeyObject, Derived>();

/**
 * `deriveMessageKeys` for opening, where the same message comes again and again: the keys last derived from a data key are kept for
 * as long as the data key itself is (a cache that drops it drops both), which spares a hot secret a third of the work.
 */
export function deriveMessageKeysAgain(dataKey: KeyObject, messageId: Uint8Array): MessageKeys {
  const last = lastDerived.get(dataKey);
  if (last !== undefined && last.messageId.equals(messageId)) return last.keys;
  const keys = deriveMessageKeys(dataKey, messageId);
  lastDerived.set(dataKey, { messageId: Buffer.from(messageId), keys });
  return keys;
}

/** Compares two commitments in constant time. */
export function isSameCommitment(pair: { derived: Uint8Array; stored: Uint8Array }): boolean {
  return pair.derived.length === pair.stored.length && timingSafeEqual(pair.derived, pair.stored);
}
