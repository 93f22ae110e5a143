// The audit trail's hash chain: one spelling per value, and no change that goes unseen.
import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  AUDIT_CHAIN_START,
  canonicalJson,
  chainAuditEntry,
  checkAuditRecord,
  hashAuditRecord,
} from '../src/audit/audit-chain.ts';
import { auditEntry } from './storage-rows.ts';

/** The same value with the keys of every object in the opposite order. */
function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]) => [key, reordered(inner)] as const)
      .reverse(),
  );
}

describe('canonical JSON', () => {
  test('sorts keys by UTF-16 code units and leaves nothing else to choose (example of RFC 8785 §3.2.3)', () => {
    const value = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    };
    const keys = Object.keys(JSON.parse(canonicalJson(value)) as object);
    expect(canonicalJson(value).startsWith('{"\\r":"Carriage Return","1":"One",')).toBe(true);
    expect(keys.toSorted()).toEqual(['\r', '1', '\u0080', 'ö', '€', '\ud83d\ude00', '\ufb33']);
    expect(canonicalJson({ b: [1e30, 4.5, 0.002, 1e-27, true], a: { d: undefined, c: null } })).toBe(
      '{"a":{"c":null},"b":[1e+30,4.5,0.002,1e-27,true]}',
    );
  });

  test('says the same about equal values and survives a round trip', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(reordered(value))).toBe(text);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
    );
  });

  test('refuses what JSON cannot say instead of writing something else', () => {
    for (const value of [NaN, Infinity, 1n, () => 1, Symbol('x'), [undefined], new Date(0), new Map()]) {
      expect(() => canonicalJson({ value })).toThrow(expect.objectContaining({ code: 'internal' }));
    }
  });
});

describe('the chain', () => {
  const first = chainAuditEntry(AUDIT_CHAIN_START, auditEntry());
  const second = chainAuditEntry(first, auditEntry({ action: 'secret.deleted', details: { b: 1, a: [2] } }));

  test('begins with zeros and follows the published recipe', () => {
    const content =
      '{"action":"secret.deleted","actor":"key_1","actorName":"ci","atMs":1790000000000,"details":{"a":[2],"b":1},' +
      '"requestId":null,"resource":"sec_1","resourceName":"db-password","sequence":2}';
    expect(first.previousHash).toBe('0'.repeat(64));
    expect(second.previousHash).toBe(first.hash);
    expect(second.hash).toBe(createHash('sha256').update(first.hash).update(content).digest('hex'));
  });

  test('holds when nothing was changed', () => {
    expect(checkAuditRecord(AUDIT_CHAIN_START, first)).toBeNull();
    expect(checkAuditRecord(first, second)).toBeNull();
  });

  test('shows a change of any single field', () => {
    const changes = {
      sequence: 3,
      atMs: second.atMs + 1,
      actor: 'key_2',
      actorName: 'CI',
      action: 'secret.created',
      resource: 'sec_2',
      resourceName: null,
      requestId: 'req_1',
      details: { a: [2], b: '1' },
      previousHash: 'f'.repeat(64),
      hash: 'f'.repeat(64),
    } satisfies Record<keyof typeof second, unknown>;
    for (const [field, value] of Object.entries(changes)) {
      expect(checkAuditRecord(first, { ...second, [field]: value }), field).not.toBeNull();
    }
  });

  test('shows a record that was left out, and one whose hash was made anew', () => {
    const third = chainAuditEntry(second, auditEntry());
    const forged = { ...second, actorName: 'somebody else' };
    expect(checkAuditRecord(first, third)).toBe('Audit record 2 is missing: after 1 comes 3.');
    forged.hash = hashAuditRecord(forged);
    expect(checkAuditRecord(first, forged)).toBeNull();
    expect(checkAuditRecord(forged, third)).toBe('Audit record 3 does not continue the record before it.');
  });

  test('makes texts well-formed before it hashes them, since UTF-8 cannot store a lone surrogate', () => {
    const record = chainAuditEntry(AUDIT_CHAIN_START, auditEntry({ resourceName: 'a\ud800b' }));
    expect(record.resourceName).toBe('a\ufffdb');
    expect(checkAuditRecord(AUDIT_CHAIN_START, record)).toBeNull();
  });
});
