// The hash chain of the audit trail: pure functions that make the next record and check a given one. No storage and no clock, so
// that the server, a delegate and a command without a server all come to the same verdict. What a record has to hold is in record-claims.ts. The formula is explained in
// docs/adr/0011-audit-checkpoints.md.
import { hash } from 'node:crypto';
import type { AuditRecord } from '../api/audit.ts';
import { canonicalJson } from './canonical-json.ts';
import { contentJson, findProblemBy, linkText } from './record-claims.ts';
import type { AnyAuditRecord, AuditChainHead, SaidInRecord, TrailProblem } from './record-claims.ts';

/** What the first record follows: sequence 0 and a hash of zeros. */
export const AUDIT_CHAIN_START: AuditChainHead = { sequence: 0, hash: '0'.repeat(64) };

/** Length of a hash in binary, in bytes. */
export const AUDIT_HASH_BYTES = 32;

/** What a record says, without its place in a chain. */
export type AuditContent = Omit<AuditRecord, 'sequence' | 'chainVersion' | 'contentHash' | 'hash'>;

/** The hash of a record: SHA-256, in hex, over the hash before it and its content hash, each as 64 hex digits. */
export function linkHash(previousHash: string, contentHash: string): string {
  return sha256Hex(linkText(previousHash, contentHash));
}

/** SHA-256, in hex, over the canonical JSON of everything that a record says, its sequence included. */
export function contentHashOf(record: SaidInRecord): string {
  return sha256Hex(contentJson(record, canonicalJson(record.details)));
}

/**
 * Makes the record that follows `head`. Texts are made well-formed first: a lone surrogate has no UTF-8 form, so a database would
 * give back another text than the one that was hashed.
 * @returns the record, and its details in canonical JSON
 * @throws {internal} when the details are not JSON
 */
export function chainRecord(
  head: AuditChainHead,
  content: AuditContent,
): { record: AuditRecord & { contentHash: string }; detailsJson: string } {
  const said = {
    sequence: head.sequence + 1,
    atMs: content.atMs,
    actor: content.actor.toWellFormed(),
    actorKind: content.actorKind,
    actorName: content.actorName.toWellFormed(),
    action: content.action,
    resource: content.resource.toWellFormed(),
    resourceName: content.resourceName?.toWellFormed() ?? null,
    applicationId: content.applicationId,
    environmentId: content.environmentId,
    purpose: content.purpose?.toWellFormed() ?? null,
    requestId: content.requestId?.toWellFormed() ?? null,
    details: content.details,
  };
  const detailsJson = canonicalJson(said.details);
  const contentHash = sha256Hex(contentJson(said, detailsJson));
  const record = { ...said, chainVersion: 2 as const, contentHash, hash: linkHash(head.hash, contentHash) };
  return { record, detailsJson };
}

/**
 * Checks that `record` follows `head` and is what it was when it was written.
 * @returns what is wrong, in one sentence; null when nothing is
 */
export function checkAuditRecord(head: AuditChainHead, record: AnyAuditRecord): string | null {
  return findTrailProblem(head, record)?.what ?? null;
}

/** As `checkAuditRecord`, with the record that is to blame: where one is missing, that is not the one after it. */
export function findTrailProblem(head: AuditChainHead, record: AnyAuditRecord): TrailProblem | null {
  return findProblemBy(sha256Hex, head, record);
}

/**
 * The head that these records lead to; what a proof that one head extends another consists of.
 * @param contentHashes content hashes of the records after `head`, 32 bytes each, in order
 */
export function extendHead(head: AuditChainHead, contentHashes: Uint8Array): AuditChainHead {
  const bytes = Buffer.from(contentHashes.buffer, contentHashes.byteOffset, contentHashes.byteLength);
  let last = head.hash;
  const count = Math.floor(bytes.length / AUDIT_HASH_BYTES);
  for (let index = 0; index < count; index++) {
    const start = index * AUDIT_HASH_BYTES;
    last = linkHash(last, bytes.toString('hex', start, start + AUDIT_HASH_BYTES));
  }
  return { sequence: head.sequence + count, hash: last };
}

/** SHA-256 of a text, in hex. */
export function sha256Hex(text: string): string {
  return hash('sha256', text, 'hex');
}
