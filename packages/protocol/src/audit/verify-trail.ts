// Verifies a whole trail, record by record, against what delegates have signed. Knows no files and no server: whoever has the records
// feeds them in, in their order. Knows no cryptography either: Node and browsers have their own.
import type { AuditCheckpoint } from '../api/audit.ts';
import { findProblemBy } from './record-claims.ts';
import type { AnyAuditRecord, AuditChainHead, TrailProblem } from './record-claims.ts';

/** The port to hashes and signatures. */
export type TrailProof = {
  /** SHA-256 of the text in UTF-8, in hex. */
  sha256Hex(text: string): string;
  /** Whether the checkpoint was signed with the identity key that it names. */
  isSigned(checkpoint: AuditCheckpoint): boolean;
  /** `SHA256:…` of an identity key in base64url; what people compare. */
  fingerprintOf(identityKey: string): string;
};

/** What a trail is held against. */
export type Trail = {
  accountId: string;
  /** What the first record follows. */
  floor: AuditChainHead;
  checkpoints: readonly CheckpointToVerify[];
  /** Heads that were seen at some time, without a signature: the trail has to have these records. None before the floor. */
  heads?: readonly (AuditChainHead & { words: string })[];
  isTrusted: (fingerprint: string) => boolean;
};

/** A checkpoint to hold against the trail. */
export type CheckpointToVerify = AuditCheckpoint & {
  /** How people call it, e.g. `the checkpoint of delegate prod-1`. */
  words: string;
};

export type Signer = {
  fingerprint: string;
  trusted: boolean;
  checkpoints: number;
  /** Newest record that it has signed. */
  sequence: number;
};

export type TrailReport = {
  records: number;
  /** null: there are none. */
  last: { sequence: number; atMs: number } | null;
  checkpoints: number;
  /** By fingerprint. */
  signers: Signer[];
  /** The newest record that a trusted delegate has signed; whatever comes after is a chain without a witness. null: there is none. */
  coveredTo: { sequence: number; signedAtMs: number; fingerprint: string } | null;
  /** Where a delegate that had signed before began anew, believing what it was shown. */
  restarts: { fingerprint: string; sequence: number; signedAtMs: number }[];
};

type Anchor = AuditChainHead & { words: string };

export class TrailVerifier {
  readonly #floor: AuditChainHead;
  readonly #checkpoints: readonly CheckpointToVerify[];
  readonly #isTrusted: (fingerprint: string) => boolean;
  readonly #proof: TrailProof;
  readonly #anchors = new Map<number, Anchor[]>();
  readonly #early: TrailProblem | null;
  #head: AuditChainHead;
  /** The newest record up to which some checkpoint was found to hold. */
  #held: number;
  #records = 0;
  #lastAtMs: number | null = null;
  #highest: Anchor | null = null;

  constructor(trail: Trail, proof: TrailProof) {
    this.#floor = trail.floor;
    this.#head = trail.floor;
    this.#held = trail.floor.sequence;
    this.#checkpoints = trail.checkpoints;
    this.#isTrusted = trail.isTrusted;
    this.#proof = proof;
    this.#early = this.#firstUnusable(trail.accountId);
    for (const { words, since, ...point } of trail.checkpoints) {
      this.#addAnchor({ ...headOf(point), words });
      if (since !== null) this.#addAnchor({ ...since, words });
    }
    for (const head of trail.heads ?? []) this.#addAnchor(head);
  }

  /** The newest record so far; the next one has to follow it. */
  get head(): AuditChainHead {
    return this.#head;
  }

  /** Before the first record. @returns what is wrong with the checkpoints themselves, or with where the trail begins */
  begin(): TrailProblem | null {
    return this.#early ?? this.#holdsAnchors(this.#floor, null);
  }

  /** The next record. After a problem nothing that follows means anything. */
  add(record: AnyAuditRecord): TrailProblem | null {
    const problem = findProblemBy((text) => this.#proof.sha256Hex(text), this.#head, record);
    if (problem !== null) return problem;
    this.#head = { sequence: record.sequence, hash: record.hash };
    this.#records += 1;
    this.#lastAtMs = record.atMs;
    return this.#holdsAnchors(this.#head, record.atMs);
  }

  /** After the last record. */
  end(): TrailProblem | null {
    const highest = this.#highest;
    const { sequence } = this.#head;
    if (highest === null || highest.sequence <= sequence) return null;
    const range =
      highest.sequence === sequence + 1
        ? `record ${highest.sequence} is missing`
        : `records ${sequence + 1} to ${highest.sequence} are missing`;
    return {
      sequence: sequence + 1,
      atMs: null,
      what: `The trail ends with record ${sequence}, but ${highest.words} is about record ${highest.sequence}: ${range}.`,
    };
  }

  /** What was found, when nothing was wrong. */
  report(): TrailReport {
    const signers = new Map<string, Signer>();
    const restarts: TrailReport['restarts'] = [];
    let coveredTo: TrailReport['coveredTo'] = null;
    for (const checkpoint of this.#checkpoints.toSorted((a, b) => a.sequence - b.sequence)) {
      const { sequence, signedAtMs, since } = checkpoint;
      const fingerprint = this.#proof.fingerprintOf(checkpoint.identityKey);
      const trusted = this.#isTrusted(fingerprint);
      if (since === null && (signers.get(fingerprint)?.sequence ?? sequence) < sequence) {
        restarts.push({ fingerprint, sequence, signedAtMs });
      }
      const known = signers.get(fingerprint) ?? { fingerprint, trusted, checkpoints: 0, sequence: 0 };
      known.checkpoints += 1;
      known.sequence = Math.max(known.sequence, sequence);
      signers.set(fingerprint, known);
      if (trusted && sequence > (coveredTo?.sequence ?? 0)) coveredTo = { sequence, signedAtMs, fingerprint };
    }
    return {
      records: this.#records,
      last: this.#lastAtMs === null ? null : { sequence: this.#head.sequence, atMs: this.#lastAtMs },
      checkpoints: this.#checkpoints.length,
      signers: [...signers.values()].sort((a, b) => a.fingerprint.localeCompare(b.fingerprint)),
      coveredTo,
      restarts,
    };
  }

  #firstUnusable(accountId: string): TrailProblem | null {
    for (const checkpoint of this.#checkpoints) {
      const { sequence, words } = checkpoint;
      const at = { sequence, atMs: null };
      if (checkpoint.accountId !== accountId) {
        const what = `This is the trail of account ${accountId}, but ${words} is about account ${checkpoint.accountId}.`;
        return { ...at, what };
      }
      if (!this.#proof.isSigned(checkpoint)) {
        return {
          ...at,
          what: `The signature of ${words} for record ${sequence} does not hold: it was changed or forged.`,
        };
      }
      if (sequence < this.#floor.sequence) {
        const what = `The trail begins after record ${this.#floor.sequence}, so ${words} for record ${sequence} cannot be held against it. Take a newer one.`;
        return { ...at, what };
      }
    }
    return null;
  }

  #addAnchor(anchor: Anchor): void {
    const { sequence, hash } = anchor;
    if (sequence < this.#floor.sequence) return;
    const known = this.#anchors.get(sequence);
    if (known === undefined) this.#anchors.set(sequence, [anchor]);
    // A checkpoint that is repeated, in the export and kept elsewhere, need not be compared twice.
    else if (known.every((other) => other.hash !== hash)) known.push(anchor);
    if (sequence > (this.#highest?.sequence ?? 0)) this.#highest = anchor;
  }

  #holdsAnchors(head: AuditChainHead, atMs: number | null): TrailProblem | null {
    const anchors = this.#anchors.get(head.sequence);
    if (anchors === undefined) return null;
    const broken = anchors.find(({ hash }) => hash !== head.hash);
    if (broken === undefined) {
      this.#held = head.sequence;
      return null;
    }
    const first = this.#held + 1;
    const where =
      first >= head.sequence ? '' : ` What was changed lies between records ${first} and ${head.sequence}.`;
    return {
      sequence: head.sequence,
      atMs,
      what: `Audit record ${head.sequence} is not the one that ${broken.words} is about: the trail was rewritten.${where}`,
    };
  }
}

/** The record that a checkpoint is about. */
export function headOf(checkpoint: AuditChainHead): AuditChainHead {
  return { sequence: checkpoint.sequence, hash: checkpoint.hash };
}
