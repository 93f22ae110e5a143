// The audit trail's hash chain and its checkpoints: one spelling per value, no change that goes unseen, and nothing that passes for a
// signature.
import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AuditCheckpoint, AuditRecord } from '../src/index.ts';
import {
  actorKindOf,
  AUDIT_CHAIN_START,
  canonicalJson,
  chainRecord,
  checkAuditRecord,
  checkpointBytes,
  contentHashOf,
  extendHead,
  headOf,
  isSignedCheckpoint,
  linkHash,
} from '../src/audit/index.ts';
import type { AuditChainHead } from '../src/audit/index.ts';
import { ACCOUNT_ID, content, firstVersionRecord, NOW_MS, signer, trail } from './audit-trail-fixture.ts';

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
  const [first, second] = trail(2) as [AuditRecord, AuditRecord];

  test('begins with zeros and follows the published recipe', () => {
    const where = { applicationId: 'app_1', environmentId: 'env_1', purpose: 'deploy "42"' };
    const { record, detailsJson } = chainRecord(
      { sequence: 1, hash: first.hash },
      content({ ...where, action: 'secret.deleted', details: { b: 1, a: [2] } }),
    );
    const text =
      '{"action":"secret.deleted","actor":"key_1","actorKind":"api-key","actorName":"ci","applicationId":"app_1",' +
      '"atMs":1790000000000,"details":{"a":[2],"b":1},"environmentId":"env_1","purpose":"deploy \\"42\\"",' +
      '"requestId":null,"resource":"sec_1","resourceName":"db-password","sequence":2}';
    const contentHash = createHash('sha256').update(text).digest('hex');
    expect(detailsJson).toBe('{"a":[2],"b":1}');
    expect(record.contentHash).toBe(contentHash);
    expect(record.hash).toBe(createHash('sha256').update(first.hash).update(contentHash).digest('hex'));
    expect(first.hash).toBe(linkHash('0'.repeat(64), first.contentHash ?? ''));
  });

  test('hashes what canonical JSON says, whatever the texts', () => {
    const characters = [
      'a',
      '"',
      '\\',
      '\n',
      '\ud800',
      '\udc00',
      'é',
      '🗝️',
      '\u2028',
      '\u0000',
      '\u007f',
      '/',
    ];
    const text = fc.string({ unit: fc.constantFrom(...characters) });
    const maybe = fc.option(text);
    fc.assert(
      fc.property(
        fc.record({
          actor: text,
          actorName: text,
          resource: text,
          resourceName: maybe,
          applicationId: maybe,
          environmentId: maybe,
          purpose: maybe,
          requestId: maybe,
          details: fc.dictionary(text, fc.jsonValue()),
        }),
        (fields) => {
          const { record } = chainRecord(AUDIT_CHAIN_START, content(fields as never));
          const { chainVersion: _version, contentHash, hash: _hash, ...said } = record;
          expect(contentHash).toBe(createHash('sha256').update(canonicalJson(said)).digest('hex'));
          expect(contentHashOf(record)).toBe(contentHash);
          expect(
            checkAuditRecord(AUDIT_CHAIN_START, JSON.parse(JSON.stringify(record)) as AuditRecord),
          ).toBeNull();
        },
      ),
    );
  });

  test('holds when nothing was changed', () => {
    expect(checkAuditRecord(AUDIT_CHAIN_START, first)).toBeNull();
    expect(checkAuditRecord(first, second)).toBeNull();
  });

  test('shows a change of any single field', () => {
    const changes = {
      sequence: 3,
      chainVersion: 1,
      atMs: second.atMs + 1,
      actor: 'key_2',
      actorKind: 'workload',
      actorName: 'CI',
      action: 'secret.created',
      resource: 'sec_2',
      resourceName: null,
      applicationId: 'app_1',
      environmentId: 'env_1',
      purpose: 'none',
      requestId: 'req_1',
      details: { version: '1' },
      contentHash: 'f'.repeat(64),
      hash: 'f'.repeat(64),
    } satisfies Record<keyof AuditRecord, unknown>;
    for (const [field, value] of Object.entries(changes)) {
      expect(checkAuditRecord(first, { ...second, [field]: value }), field).not.toBeNull();
    }
  });

  test('shows a record that was left out, two that changed places, and one whose hashes were made anew', () => {
    const [third] = trail(1, second) as [AuditRecord];
    expect(checkAuditRecord(first, third)).toBe('Audit record 2 is missing: after 1 comes 3.');
    expect(checkAuditRecord(second, first)).toBe('Audit record 1 is out of order: it comes after 2.');
    expect(checkAuditRecord(first, { ...third, sequence: 2 })).toBe(
      'Audit record 2 was changed after it was written.',
    );
    const said = { ...second, actorName: 'somebody else' };
    const contentHash = contentHashOf(said);
    const forged = { ...said, contentHash, hash: linkHash(first.hash, contentHash) };
    expect(checkAuditRecord(first, { ...forged, hash: second.hash })).toMatch(/record 2 does not continue/);
    expect(checkAuditRecord(first, forged)).toBeNull();
    expect(checkAuditRecord(forged, third)).toMatch(/record 3 does not continue the record before it/);
  });

  test('makes texts well-formed before it hashes them, since UTF-8 cannot store a lone surrogate', () => {
    const { record } = chainRecord(
      AUDIT_CHAIN_START,
      content({ resourceName: 'a\ud800b', purpose: '\udfff' }),
    );
    expect([record.resourceName, record.purpose]).toEqual(['a\ufffdb', '\ufffd']);
    expect(checkAuditRecord(AUDIT_CHAIN_START, record)).toBeNull();
  });

  test('goes on from records of its first version, which may say nothing that was not hashed then', () => {
    const old = firstVersionRecord(AUDIT_CHAIN_START);
    expect(checkAuditRecord(AUDIT_CHAIN_START, old)).toBeNull();
    const [next] = trail(1, old) as [AuditRecord];
    expect(checkAuditRecord(old, next)).toBeNull();
    const lies = [
      { purpose: 'x' },
      { applicationId: 'app_1' },
      { environmentId: 'env_1' },
      { actorKind: 'user' },
    ];
    const changes = [
      ...lies,
      { contentHash: old.hash },
      { actorName: 'other' },
      { hash: 'f'.repeat(64) },
      { chainVersion: 2 },
    ];
    for (const change of changes) {
      const problem = checkAuditRecord(AUDIT_CHAIN_START, { ...old, ...change } as AuditRecord);
      expect(problem, JSON.stringify(change)).toMatch(/was changed after it was written/);
    }
  });

  test('an actor is what its id says', () => {
    const kinds = ['server', 'dlg_1', 'key_1', 'usr_1', 'dlgx', ''].map(actorKindOf);
    expect(kinds).toEqual(['server', 'delegate', 'api-key', 'user', 'anybody', 'anybody']);
  });
});

describe('a proof that one head extends another', () => {
  const records = trail(40);
  const proof = (from: number, to: number): Buffer =>
    Buffer.from(
      records
        .slice(from, to)
        .map(({ contentHash }) => contentHash)
        .join(''),
      'hex',
    );
  const headAt = (sequence: number): AuditChainHead =>
    sequence === 0 ? AUDIT_CHAIN_START : headOf(records[sequence - 1] as AuditRecord);

  test('leads from any record to any later one, and from no other', () => {
    const place = fc.integer({ min: 0, max: 40 });
    fc.assert(
      fc.property(place, place, fc.nat(1280), (a, b, at) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        expect(extendHead(headAt(from), proof(from, to))).toEqual(headAt(to));
        if (from === to) return;
        expect(extendHead(headAt(from), proof(from, to - 1))).not.toEqual(headAt(to));
        const flipped = proof(from, to);
        const index = at % flipped.length;
        flipped[index] = (flipped[index] ?? 0) ^ 1;
        expect(extendHead(headAt(from), flipped).hash).not.toBe(headAt(to).hash);
        expect(extendHead({ sequence: from, hash: 'f'.repeat(64) }, proof(from, to)).hash).not.toBe(
          headAt(to).hash,
        );
      }),
    );
  });
});

describe('a checkpoint', () => {
  const [record] = trail(1) as [AuditRecord];
  const delegate = signer();
  const checkpoint = delegate.signs(record, { since: { sequence: 0, hash: '0'.repeat(64) } });

  test('is accepted as it was signed', () => {
    expect(isSignedCheckpoint(checkpoint)).toBe(true);
    expect(isSignedCheckpoint(delegate.signs(record))).toBe(true);
  });

  test('shows a change of any single field, and a signature that is none', () => {
    const changes = {
      accountId: `acc_${'b'.repeat(32)}`,
      sequence: 2,
      hash: 'f'.repeat(64),
      since: null,
      signedAtMs: NOW_MS + 1,
      identityKey: signer().signs(record).identityKey,
      signature: 'A'.repeat(86),
    } satisfies Record<keyof AuditCheckpoint, unknown>;
    for (const [field, value] of Object.entries(changes)) {
      expect(isSignedCheckpoint({ ...checkpoint, [field]: value }), field).toBe(false);
    }
    for (const signature of ['', checkpoint.signature.slice(1), `${checkpoint.signature}A`, '!']) {
      expect(isSignedCheckpoint({ ...checkpoint, signature })).toBe(false);
    }
    expect(isSignedCheckpoint({ ...checkpoint, identityKey: 'AAAA' })).toBe(false);
  });

  test('no two of them have the same bytes', () => {
    const sequence = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    const hash = fc
      .uint8Array({ minLength: 32, maxLength: 32 })
      .map((bytes) => Buffer.from(bytes).toString('hex'));
    const some = fc.record({
      accountId: fc.constantFrom(ACCOUNT_ID, `acc_${'b'.repeat(32)}`),
      sequence,
      hash,
      since: fc.option(fc.record({ sequence, hash })),
      signedAtMs: sequence,
      identityKey: hash.map((hex) => Buffer.from(hex, 'hex').toString('base64url')),
    });
    fc.assert(
      fc.property(some, some, (a, b) => {
        const same = canonicalJson(a) === canonicalJson(b);
        expect(Buffer.from(checkpointBytes(a)).equals(checkpointBytes(b))).toBe(same);
      }),
    );
  });
});
