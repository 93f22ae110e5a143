// Checkpoints of the audit trail: what a delegate signs, and how anybody checks it. The server relays and stores checkpoints and can
// make none by itself.
import { verify } from 'node:crypto';
import type { AuditCheckpoint } from '../api/audit.ts';
import { decodeBase64url, lengthPrefixed, utf8 } from '../sealing/encoding.ts';
import { publicKeyFromRaw, RAW_PUBLIC_KEY_BYTES } from '../sealing/raw-key.ts';
import type { AuditChainHead } from './chain.ts';

const LABEL = 'sallyport audit checkpoint v1';
const SIGNATURE_BYTES = 64;
const NOTHING = new Uint8Array(0);

/** A checkpoint before it is signed. */
export type UnsignedCheckpoint = Omit<AuditCheckpoint, 'signature'>;

/**
 * The bytes to sign: label, identity key, account id, sequence (u64 big endian), hash (32 bytes), sequence and hash of what the delegate
 * signed before (both empty if nothing), time (u64 big endian, milliseconds); each with its length in front.
 */
export function checkpointBytes(checkpoint: UnsignedCheckpoint): Buffer {
  const { identityKey, accountId, sequence, hash, since, signedAtMs } = checkpoint;
  return lengthPrefixed([
    utf8(LABEL),
    Buffer.from(identityKey, 'base64url'),
    utf8(accountId),
    u64(sequence),
    Buffer.from(hash, 'hex'),
    since === null ? NOTHING : u64(since.sequence),
    since === null ? NOTHING : Buffer.from(since.hash, 'hex'),
    u64(signedAtMs),
  ]);
}

/** Whether the checkpoint was signed with the identity key that it names. Whose key that is, its fingerprint says. */
export function isSignedCheckpoint(checkpoint: AuditCheckpoint): boolean {
  const raw = decodeBase64url(checkpoint.identityKey, RAW_PUBLIC_KEY_BYTES);
  const signature = decodeBase64url(checkpoint.signature, SIGNATURE_BYTES);
  if (raw === null || signature === null) return false;
  const key = publicKeyFromRaw('ed25519', raw);
  if (key === null) return false;
  try {
    return verify(null, checkpointBytes(checkpoint), key, signature);
  } catch {
    // Not a point on the curve.
    return false;
  }
}

/** The record that a checkpoint is about. */
export function headOf(checkpoint: AuditChainHead): AuditChainHead {
  return { sequence: checkpoint.sequence, hash: checkpoint.hash };
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
