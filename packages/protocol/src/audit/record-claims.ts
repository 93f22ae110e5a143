// What a record of the audit trail claims about itself and about the one before it: texts, and the SHA-256 that each has to have. Pure text,
// without a hash function: Node computes one at once (chain.ts), a browser later (../audit-web). The formula is explained in
// docs/adr/0011-audit-checkpoints.md.
import type { AuditActorKind, AuditRecord } from '../api/audit.ts';
import { canonicalJson } from './canonical-json.ts';

/** A record of a chain, as far as the next one depends on it. */
export type AuditChainHead = {
  /** 0 before the first record. */
  sequence: number;
  /** 64 hex digits. */
  hash: string;
};

/** A record whose action may be one that this version does not know. */
export type AnyAuditRecord = Omit<AuditRecord, 'action'> & { action: string };

/** What the content hash of a record is over. */
export type SaidInRecord = Omit<AnyAuditRecord, 'chainVersion' | 'contentHash' | 'hash'>;

/** That the SHA-256 of a text, in hex, is this one. */
export type HashClaim = {
  text: string;
  hash: string | null;
  /** One sentence about what is wrong when it is not. */
  otherwise: string;
};

/** What is wrong first. */
export type TrailProblem = {
  /** The record that is wrong or missing. */
  sequence: number;
  /** When it was written, as far as it says; null: it is not there. */
  atMs: number | null;
  /** One sentence. */
  what: string;
};

/** The text whose hash is a record's: the hash before it and its content hash, each as 64 hex digits. */
export function linkText(previousHash: string, contentHash: string): string {
  return previousHash + contentHash;
}

/**
 * What has to hold for `record` to follow `head` and to be what it was when it was written.
 * @returns claims, in the order in which they are to be looked at; or what is wrong whatever its hashes are, in one sentence
 */
export function claimsOf(head: AuditChainHead, record: AnyAuditRecord): readonly HashClaim[] | string {
  const { sequence } = record;
  if (sequence <= head.sequence)
    return `Audit record ${sequence} is out of order: it comes after ${head.sequence}.`;
  if (sequence !== head.sequence + 1) {
    return `Audit record ${head.sequence + 1} is missing: after ${head.sequence} comes ${sequence}.`;
  }
  const wasChanged = `Audit record ${sequence} was changed after it was written.`;
  if (record.chainVersion === 1) {
    const text = firstVersionText(record);
    const otherwise = `Audit record ${sequence} was changed after it was written, or the record before it was replaced.`;
    return text === null ? wasChanged : [{ text: head.hash + text, hash: record.hash, otherwise }];
  }
  if (record.contentHash === null) return wasChanged;
  return [
    {
      text: contentJson(record, canonicalJson(record.details)),
      hash: record.contentHash,
      otherwise: wasChanged,
    },
    {
      text: linkText(head.hash, record.contentHash),
      hash: record.hash,
      otherwise: `Audit record ${sequence} does not continue the record before it: one of the two was replaced.`,
    },
  ];
}

/**
 * Checks what `claimsOf` says with this hash function.
 * @returns what is wrong, and the record that is to blame: where one is missing, that is not the one after it; null when nothing is
 */
export function findProblemBy(
  sha256Hex: (text: string) => string,
  head: AuditChainHead,
  record: AnyAuditRecord,
): TrailProblem | null {
  const claims = claimsOf(head, record);
  const what =
    typeof claims === 'string'
      ? claims
      : (claims.find(({ text, hash }) => sha256Hex(text) !== hash)?.otherwise ?? null);
  if (what === null) return null;
  const isMissing = record.sequence > head.sequence + 1;
  return isMissing
    ? { sequence: head.sequence + 1, atMs: null, what }
    : { sequence: record.sequence, atMs: record.atMs, what };
}

/** What kind of actor an id stands for, where nobody has said it. */
export function actorKindOf(actor: string): AuditActorKind {
  if (actor === 'server') return 'server';
  if (actor.startsWith('dlg_')) return 'delegate';
  if (actor.startsWith('key_')) return 'api-key';
  return actor.startsWith('usr_') ? 'user' : 'anybody';
}

/** Canonical JSON put together by hand, since it is made for every record of every read. A test keeps it equal to `canonicalJson`. */
export function contentJson(record: SaidInRecord, detailsJson: string): string {
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
 * hashed then, so they may say nothing of their own: null when they do.
 */
function firstVersionText(record: AnyAuditRecord): string | null {
  const { sequence, atMs, actor, actorName, action, resource, resourceName, requestId, details } = record;
  const said = { sequence, atMs, actor, actorName, action, resource, resourceName, requestId, details };
  const added = [record.applicationId, record.environmentId, record.purpose, record.contentHash];
  const isFirst = added.every((field) => field === null) && record.actorKind === actorKindOf(actor);
  return isFirst ? canonicalJson(said) : null;
}
