// What a delegate signs of the audit trail, byte for byte, in Node and in browsers.
import type { AuditCheckpoint } from '../api/audit.ts';
import { utf8 } from '../sealing/encoding.ts';
import { bytesOfBase64url, lengthPrefixedFields, u64 } from '../sealing-web/web-bytes.ts';
import type { Bytes } from '../sealing-web/web-bytes.ts';

const LABEL = 'sallyport audit checkpoint v1';
const NOTHING = new Uint8Array(0);

/** A checkpoint before it is signed. */
export type UnsignedCheckpoint = Omit<AuditCheckpoint, 'signature'>;

/**
 * The bytes to sign: label, identity key, account id, sequence (u64 big endian), hash (32 bytes), sequence and hash of what the delegate
 * signed before (both empty if nothing), time (u64 big endian, milliseconds); each with its length in front.
 */
export function checkpointBytes(checkpoint: UnsignedCheckpoint): Bytes {
  const { identityKey, accountId, sequence, hash, since, signedAtMs } = checkpoint;
  return lengthPrefixedFields([
    utf8(LABEL),
    bytesOfBase64url(identityKey) ?? NOTHING,
    utf8(accountId),
    u64(sequence),
    bytesOfHex(hash),
    since === null ? NOTHING : u64(since.sequence),
    since === null ? NOTHING : bytesOfHex(since.hash),
    u64(signedAtMs),
  ]);
}

/** Empty for what is not hex: a signature over that does not hold. */
function bytesOfHex(text: string): Uint8Array {
  const pairs = /^(?:[0-9a-f]{2})*$/.test(text) ? (text.match(/../g) ?? []) : [];
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16));
}
