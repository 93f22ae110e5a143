// Checkpoints of the audit trail, and how anybody checks who has signed them. The server relays and stores checkpoints and can make none by
// itself. The same check in a browser is ../audit-web/web-trail-verifier.ts.
import { verify } from 'node:crypto';
import type { AuditCheckpoint } from '../api/audit.ts';
import { decodeBase64url } from '../sealing/encoding.ts';
import { publicKeyFromRaw, RAW_PUBLIC_KEY_BYTES } from '../sealing/raw-key.ts';
import { fingerprintOf } from '../sealing/sealing-offer.ts';
import { sha256Hex } from './chain.ts';
import { checkpointBytes } from './checkpoint-bytes.ts';
import type { TrailProof } from './verify-trail.ts';

const SIGNATURE_BYTES = 64;

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

/** How Node proves hashes and signatures; for `TrailVerifier`. */
export const NODE_PROOF: TrailProof = {
  sha256Hex,
  isSigned: isSignedCheckpoint,
  fingerprintOf: (identityKey) => fingerprintOf(Buffer.from(identityKey, 'base64url')),
};
