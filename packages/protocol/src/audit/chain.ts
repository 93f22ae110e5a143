// The hash chain of the audit trail: pure functions that make the next record and check a given one. No storage and no clock, so
// that the server, a delegate and a command without a server all come to the same verdict. The formula is explained in
// docs/adr/0011-audit-checkpoints.md.
import { hash } from 'node:crypto';
import type { AuditActorKind, AuditRecord } from '../api/audit.ts';
import { canonicalJson } from './canonical-json.ts';

/** A record of a chain, as far as the next one depends on it. */
export type AuditChainHead = {
  /** 0 before the first record. */
  sequence: number;
  /** 64 hex digits. */
  hash: string;
};

/** What the first record follows: sequence 0 and a hash of zeros. */
export const AUDIT_CHAIN_START: AuditChainHead = { sequence: 0, hash: '0'.repeat(64) };

/** Length of a hash in binary, in bytes. */
export const AUDIT_HASH_BYTES = 32;

/** What a record says, without its place in a chain. */
export type AuditContent = Omit<AuditRecord, 'sequence' | 'chainVersion' | 'contentHash' | 'hash'>;

/** A record whose action may be one that this version does not know. */
export type AnyAuditRecord = Omit<AuditRecord, 'action'> & { action: string };

/** The hash of a record: SHA-256, in hex, over the hash before it and its content hash, each as 64 hex digits. */
export function linkHash(previousHash: string, contentHash: string): string {
  return hash('sha256', previousHash + contentHash, 'hex');
}

/** SHA-256, in hex, over the canonical JSON of everything that a record says, its sequence included. */
export function contentHashOf(record: Omit<AnyAuditRecord, 'chainVersion' | 'contentHash' | 'hash'>): string {
  return hash('sha256', contentJson(record, canonicalJson(record.details)), 'hex');
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
  const contentHash = hash('sha256', contentJson(said, detailsJson), 'hex');
  const record = { ...said, chainVersion: 2 as const, contentHash, hash: linkHash(head.hash, contentHash) };
  return { record, detailsJson };
}

/**
 * Checks that `record` follows `head` and is what it was when it was written.
 * @returns what is wrong, in one sentence; null when nothing is
 */
export function checkAuditRecord(head: AuditChainHead, record: AnyAuditRecord): string | null {
  const { sequence } = record;
  if (sequence <= head.sequence)
    return `Audit record ${sequence} is out of order: it comes after ${head.sequence}.`;
  if (sequence !== head.sequence + 1) {
    return `Audit record ${head.sequence + 1} is missing: after ${head.sequence} comes ${sequence}.`;
  }
  if (record.chainVersion === 1) return checkFirstVersion(head, record);
  if (record.contentHash === null || contentHashOf(record) !== record.contentHash) {
    return `Audit record ${sequence} was changed after it was written.`;
  }
  if (linkHash(head.hash, record.contentHash) !== record.hash) {
    return `Audit record ${sequence} does not continue the record before it: one of the two was replaced.`;
  }
  return null;
}

/** What is wrong first. */
export type TrailProblem = {
  /** The record that is wrong or missing. */
  sequence: number;
  /** When it was written, as far as it says; null: it is not there. */
  atMs: number | null;
  /** One sentence. */
  what: string;
};

/** As `checkAuditRecord`, with the record that is to blame: where one is missing, that is not the one after it. */
export function findTrailProblem(head: AuditChainHead, record: AnyAuditRecord): TrailProblem | null {
  const what = checkAuditRecord(head, record);
  if (what === null) return null;
  const isMissing = record.sequence > head.sequence + 1;
  return isMissing
    ? { sequence: head.sequence + 1, atMs: null, what }
    : { sequence: record.sequence, atMs: record.atMs, what };
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

/** What kind of actor an id stands for, where nobody has said it. */
export function actorKindOf(actor: string): AuditActorKind {
  if (actor === 'server') return 'server';
  if (actor.startsWith('dlg_')) return 'delegate';
  if (actor.startsWith('key_')) return 'api-key';
  return actor.startsWith('usr_') ? 'user' : 'anybody';
}

/** Canonical JSON put together by hand, since it is made for every record of every read. A test keeps it equal to `canonicalJson`. */
function contentJson(
  record: Omit<AnyAuditRecord, 'chainVersion' | 'contentHash' | 'hash'>,
  detailsJson: string,
): string {
  const { action, actor, actorKind, actorName, applicationId, atMs, environmentId } = record;
  const { purpose, requestId, resource, resourceName, sequence } = record;
  return (
    `{"action":${JSON.stringify(action)},"actor":${JSON.stringify(actor)},"actorKind":${JSON.stringify(actorKind)},` +
    `"actorName":${JSON.stringify(actorName)},"applicationId":${JSON.stringify(applicationId)},"atMs":${atMs},` +
    `"details":${detailsJson},"environmentId":${JSON.stringify(environmentId)},"purpose":${JSON.stringify(purpose)},` +
    `"requestId":${JSON.stringify(requestId)},"resource":${JSON.stringify(resource)},` +
    `"resourceName":${JSON.stringify(resourceName)},"sequence":${sequence}}`
  );
}

/**
 * Records from before content hashes: one SHA-256 over the previous hash and the canonical JSON of nine fields. The others were not
 * hashed then, so they may say nothing of their own.
 */
function checkFirstVersion(head: AuditChainHead, record: AnyAuditRecord): string | null {
  const { sequence, atMs, actor, actorName, action, resource, resourceName, requestId, details } = record;
  const said = { sequence, atMs, actor, actorName, action, resource, resourceName, requestId, details };
  const added = [record.applicationId, record.environmentId, record.purpose, record.contentHash];
  if (added.some((field) => field !== null) || record.actorKind !== actorKindOf(actor)) {
    return `Audit record ${sequence} was changed after it was written.`;
  }
  if (hash('sha256', head.hash + canonicalJson(said), 'hex') === record.hash) return null;
  return `Audit record ${sequence} was changed after it was written, or the record before it was replaced.`;
}
