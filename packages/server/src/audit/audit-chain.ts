// The hash chain of the audit trail: pure functions that make the next record and check a given one. No storage and no clock, so
// that a trail that was exported can be verified without a server.
import { hash } from 'node:crypto';
import { AppError } from '@sallyport/core';
import type { AuditRecord } from '@sallyport/protocol';
import type { AuditEntry } from './audit-log.ts';

/** The newest record of a chain, as far as the next one depends on it. */
export type AuditChainHead = {
  /** 0 before the first record. */
  sequence: number;
  /** Hex SHA-256 of that record. */
  hash: string;
};

/** What the first record follows: sequence 0 and a hash of zeros. */
export const AUDIT_CHAIN_START: AuditChainHead = { sequence: 0, hash: '0'.repeat(64) };

/**
 * JSON with one spelling per value: keys sorted by UTF-16 code units, no blanks, numbers and strings as ECMAScript prints them
 * (RFC 8785). Properties that are undefined are left out, as `JSON.stringify` does.
 * @throws {internal} for what JSON cannot say: NaN, infinities, undefined, functions, symbols, big integers
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && isPlain(value)) return canonicalObject(value as Record<string, unknown>);
  throw new AppError('internal', {
    publicMessage: 'An internal error occurred.',
    message: `A ${typeof value} has no canonical JSON.`,
  });
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function canonicalObject(value: Record<string, unknown>): string {
  let text = '';
  for (const key of Object.keys(value).sort()) {
    const inner = value[key];
    if (inner === undefined) continue;
    text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(inner)}`;
  }
  return `{${text}}`;
}

/**
 * Hash of a record: SHA-256, in hex, over the previous record's hash (its 64 hex digits) followed by the canonical JSON of all
 * fields except `previousHash` and `hash`.
 */
export function hashAuditRecord(record: Omit<AuditRecord, 'hash'>): string {
  const { sequence, atMs, actor, actorName, action, resource, resourceName, requestId, details } = record;
  const content = {
    sequence,
    atMs,
    actor,
    actorName,
    action,
    resource,
    resourceName,
    requestId,
    details,
  } satisfies Omit<AuditRecord, 'hash' | 'previousHash'>;
  return hash('sha256', record.previousHash + canonicalJson(content), 'hex');
}

/**
 * Makes the record that follows `head`. Texts are made well-formed first: a lone surrogate has no UTF-8 form, so a database would
 * give back another text than the one that was hashed.
 * @throws {internal} when the details are not JSON
 */
export function chainAuditEntry(head: AuditChainHead, entry: AuditEntry): AuditRecord {
  const unhashed = {
    sequence: head.sequence + 1,
    atMs: entry.atMs,
    actor: entry.actor.id.toWellFormed(),
    actorName: entry.actor.name.toWellFormed(),
    action: entry.action,
    resource: entry.resource.toWellFormed(),
    resourceName: entry.resourceName?.toWellFormed() ?? null,
    requestId: entry.requestId?.toWellFormed() ?? null,
    details: entry.details,
    previousHash: head.hash,
  };
  return { ...unhashed, hash: hashAuditRecord(unhashed) };
}

/**
 * Checks that `record` follows `head` and that its hash is its own.
 * @returns what is wrong, in one sentence; null when nothing is
 */
export function checkAuditRecord(head: AuditChainHead, record: AuditRecord): string | null {
  if (record.sequence !== head.sequence + 1) {
    return `Audit record ${head.sequence + 1} is missing: after ${head.sequence} comes ${record.sequence}.`;
  }
  if (record.previousHash !== head.hash) {
    return `Audit record ${record.sequence} does not continue the record before it.`;
  }
  if (hashAuditRecord(record) !== record.hash) {
    return `Audit record ${record.sequence} was changed after it was written.`;
  }
  return null;
}
