// Verifies a trail in a browser. What has to hold, and in which words it does not, is the code that Node runs; here its hashes and signatures
// are only computed beforehand, because WebCrypto answers later.
import type { AuditCheckpoint } from '../api/audit.ts';
import { checkpointBytes } from '../audit/checkpoint-bytes.ts';
import { claimsOf } from '../audit/record-claims.ts';
import type { AnyAuditRecord, TrailProblem } from '../audit/record-claims.ts';
import { TrailVerifier } from '../audit/verify-trail.ts';
import type { Trail, TrailProof, TrailReport } from '../audit/verify-trail.ts';
import { bytesOfBase64url } from '../sealing-web/web-bytes.ts';
import type { Bytes } from '../sealing-web/web-bytes.ts';
import { isWebSignature, webFingerprintOf } from '../sealing-web/web-offer.ts';

const PUBLIC_KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
/** As Node does: what is not well-formed, a hostile server's only, is hashed as if it were. */
const encoder = new TextEncoder();

export class WebTrailVerifier {
  readonly #verifier: TrailVerifier;
  /** Of the records that are looked at now, by text. */
  readonly #hashes: Map<string, string>;

  private constructor(verifier: TrailVerifier, hashes: Map<string, string>) {
    this.#verifier = verifier;
    this.#hashes = hashes;
  }

  /** Checks the signatures of all checkpoints; what comes of it, `begin` says. */
  static async of(trail: Trail): Promise<WebTrailVerifier> {
    const hashes = new Map<string, string>();
    const signed = new Set<AuditCheckpoint>();
    const fingerprints = new Map<string, string>();
    await Promise.all(
      trail.checkpoints.map(async (checkpoint) => {
        const key = bytesOfBase64url(checkpoint.identityKey, PUBLIC_KEY_BYTES);
        if (key === null) return;
        fingerprints.set(checkpoint.identityKey, await webFingerprintOf(key));
        if (await isSigned(checkpoint, key)) signed.add(checkpoint);
      }),
    );
    const proof: TrailProof = {
      sha256Hex: (text) => hashes.get(text) ?? '',
      isSigned: (checkpoint) => signed.has(checkpoint),
      fingerprintOf: (identityKey) => fingerprints.get(identityKey) ?? '',
    };
    return new WebTrailVerifier(new TrailVerifier(trail, proof), hashes);
  }

  /** Before the first record. @returns what is wrong with the checkpoints themselves, or with where the trail begins */
  begin(): TrailProblem | null {
    return this.#verifier.begin();
  }

  /** The next records. After a problem nothing that follows means anything. */
  async add(records: readonly AnyAuditRecord[]): Promise<TrailProblem | null> {
    await this.#hash(records);
    for (const record of records) {
      const problem = this.#verifier.add(record);
      if (problem !== null) return problem;
    }
    return null;
  }

  /** After the last record. */
  end(): TrailProblem | null {
    return this.#verifier.end();
  }

  /** What was found, when nothing was wrong. */
  report(): TrailReport {
    return this.#verifier.report();
  }

  /** The newest record so far. */
  get head(): TrailVerifier['head'] {
    return this.#verifier.head;
  }

  /** Hashes whatever the verdicts about these records will ask for: each is held against the one before it, as that says of itself. */
  async #hash(records: readonly AnyAuditRecord[]): Promise<void> {
    this.#hashes.clear();
    let { head } = this;
    const texts: string[] = [];
    for (const record of records) {
      const claims = claimsOf(head, record);
      if (typeof claims !== 'string') texts.push(...claims.map(({ text }) => text));
      head = record;
    }
    await Promise.all(
      texts.map(async (text) => {
        const digest = await crypto.subtle.digest('SHA-256', encoder.encode(text));
        this.#hashes.set(text, hexOf(new Uint8Array(digest)));
      }),
    );
  }
}

async function isSigned(checkpoint: AuditCheckpoint, key: Bytes): Promise<boolean> {
  const signature = bytesOfBase64url(checkpoint.signature, SIGNATURE_BYTES);
  try {
    return signature !== null && (await isWebSignature(key, signature, checkpointBytes(checkpoint)));
  } catch {
    // Numbers that have no place in eight bytes.
    return false;
  }
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
