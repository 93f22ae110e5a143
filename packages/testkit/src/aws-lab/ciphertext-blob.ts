// The lab's KMS ciphertext: AES-256-GCM under a backing key, with the header and the encryption context authenticated. 152 bytes
// longer than its plaintext, so 184 for a 32-byte key, as long as the real thing. It says in clear that it is not AWS's.
//
//   4 magic and format | 1 kind of key id | 16 key id | 12 account id | 32 key material id | 59 notice | 12 nonce | ciphertext | 16 tag
import { randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { openAead, sealAead } from '@sallyport/core/aead';

/** What the header of a blob names. */
export type BlobHeader = {
  /** A UUID, or `mrk-` and 32 hex digits. */
  keyId: string;
  accountId: string;
  /** 64 hex digits. */
  keyMaterialId: string;
};

/** Bytes that a ciphertext is longer than its plaintext. */
export const BLOB_OVERHEAD_BYTES = 152;

const MAGIC = Buffer.from([0x01, 0x4c, 0x41, 0x42]);
const NOTICE = Buffer.from('Made by the Sallyport lab. This is not an AWS ciphertext.  ');
const HEADER_BYTES = MAGIC.length + 1 + 16 + 12 + 32 + NOTICE.length;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Encrypts under `key`. */
export function sealBlob(
  sealing: { header: BlobHeader; key: KeyObject; encryptionContext: Readonly<Record<string, string>> },
  plaintext: Uint8Array,
): Buffer {
  const header = encodeHeader(sealing.header);
  const nonce = randomBytes(NONCE_BYTES);
  const aad = Buffer.concat([header, encodeContext(sealing.encryptionContext)]);
  const sealed = sealAead({ key: sealing.key, nonce, aad }, plaintext);
  return Buffer.concat([header, nonce, sealed.ciphertext, sealed.tag]);
}

/** Reads the header; `null` when this is not a blob of a lab. Nothing is verified yet. */
export function readBlobHeader(blob: Uint8Array): BlobHeader | null {
  const bytes = Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength);
  if (bytes.length <= BLOB_OVERHEAD_BYTES || !bytes.subarray(0, 4).equals(MAGIC)) return null;
  const isMultiRegion = bytes[4] === 1;
  if (!isMultiRegion && bytes[4] !== 0) return null;
  const hex = bytes.toString('hex', 5, 21);
  return {
    keyId: isMultiRegion ? `mrk-${hex}` : hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
    accountId: bytes.toString('latin1', 21, 33),
    keyMaterialId: bytes.toString('hex', 33, 65),
  };
}

/** Decrypts; `null` when key, context or any bit of the blob is not right. */
export function openBlob(
  opening: { key: KeyObject; encryptionContext: Readonly<Record<string, string>> },
  blob: Uint8Array,
): Buffer | null {
  if (blob.length <= BLOB_OVERHEAD_BYTES) return null;
  const header = blob.subarray(0, HEADER_BYTES);
  const aad = Buffer.concat([header, encodeContext(opening.encryptionContext)]);
  const tagAt = blob.length - TAG_BYTES;
  return openAead(
    { key: opening.key, nonce: blob.subarray(HEADER_BYTES, HEADER_BYTES + NONCE_BYTES), aad },
    { ciphertext: blob.subarray(HEADER_BYTES + NONCE_BYTES, tagAt), tag: blob.subarray(tagAt) },
  );
}

function encodeHeader(header: BlobHeader): Buffer {
  const isMultiRegion = header.keyId.startsWith('mrk-');
  const keyId = Buffer.from(header.keyId.replace('mrk-', '').replaceAll('-', ''), 'hex');
  return Buffer.concat([
    MAGIC,
    Buffer.from([isMultiRegion ? 1 : 0]),
    keyId,
    Buffer.from(header.accountId, 'latin1'),
    Buffer.from(header.keyMaterialId, 'hex'),
    NOTICE,
  ]);
}

/**
 * The context as bytes: pairs sorted by the bytes of their keys, each text with its length before it. So no two contexts share an
 * encoding, which plain concatenation would allow.
 */
export function encodeContext(context: Readonly<Record<string, string>>): Buffer {
  const pairs = Object.entries(context).map(
    ([key, value]) => [Buffer.from(key), Buffer.from(value)] as const,
  );
  pairs.sort(([a], [b]) => Buffer.compare(a, b));
  const parts: Buffer[] = [];
  for (const text of pairs.flat()) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(text.length);
    parts.push(length, text);
  }
  return Buffer.concat(parts);
}
