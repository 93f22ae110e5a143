// Verifying an exported audit trail: what is found, what is named first, and which lines of a file are understood.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AuditRecord } from '../src/index.ts';
import {
  AUDIT_CHAIN_START,
  canonicalJson,
  headOf,
  NODE_PROOF,
  parseExportLine,
  parseKeptCheckpoint,
  TrailVerifier,
} from '../src/audit/index.ts';
import type {
  AuditChainHead,
  CheckpointToVerify,
  Trail,
  TrailProblem,
  TrailReport,
} from '../src/audit/index.ts';
import { WebTrailVerifier } from '../src/audit-web/index.ts';
import { ACCOUNT_ID, NOW_MS, signer, trail } from './audit-trail-fixture.ts';

/** What verified, or what is wrong first. */
type Verdict = { report(): TrailReport } | TrailProblem;

async function inNode(trailOf: Trail, records: readonly AuditRecord[]): Promise<Verdict> {
  const verifier = new TrailVerifier(trailOf, NODE_PROOF);
  let problem = verifier.begin();
  for (const record of records) problem ??= verifier.add(record);
  return problem ?? verifier.end() ?? verifier;
}

/** By pages, as they come from the server. */
async function inBrowser(trailOf: Trail, records: readonly AuditRecord[]): Promise<Verdict> {
  const verifier = await WebTrailVerifier.of(trailOf);
  let problem = verifier.begin();
  for (let from = 0; from < records.length; from += 7) {
    problem ??= await verifier.add(records.slice(from, from + 7));
  }
  return problem ?? verifier.end() ?? verifier;
}

const holds = (verdict: Verdict): boolean => 'report' in verdict;

describe.each([
  ['in Node', inNode],
  ['in a browser', inBrowser],
])('verifying a trail %s', (_where, verdictOn) => {
  const records = trail(30);
  const at = (sequence: number): AuditRecord => records[sequence - 1] as AuditRecord;
  const delegate = signer();
  const stranger = signer();

  async function verify(
    list: readonly AuditRecord[],
    checkpoints: readonly CheckpointToVerify[],
    floor: AuditChainHead = AUDIT_CHAIN_START,
  ): Promise<Verdict> {
    const isTrusted = (fingerprint: string): boolean => fingerprint === delegate.fingerprint;
    return verdictOn({ accountId: ACCOUNT_ID, floor, checkpoints, isTrusted }, list);
  }

  /** The same trail from a record on, with another name in it and every hash made anew. */
  function rewritten(from: number): AuditRecord[] {
    const kept = records.slice(0, from - 1);
    return [
      ...kept,
      ...trail(30 - from + 1, kept.at(-1) ?? AUDIT_CHAIN_START, { actorName: 'somebody else' }),
    ];
  }

  test('says how far it goes, who has signed, and up to where somebody trusted has', async () => {
    const checkpoints = [
      delegate.signs(at(10)),
      stranger.signs(at(30)),
      delegate.signs(at(20), { since: headOf(at(10)), signedAtMs: NOW_MS + 5 }),
    ];
    const verified = await verify(records, checkpoints);
    if (!('report' in verified)) throw new Error(verified.what);
    expect(verified.report()).toEqual({
      records: 30,
      last: { sequence: 30, atMs: at(30).atMs },
      checkpoints: 3,
      signers: [
        { fingerprint: delegate.fingerprint, trusted: true, checkpoints: 2, sequence: 20 },
        { fingerprint: stranger.fingerprint, trusted: false, checkpoints: 1, sequence: 30 },
      ].sort((a, b) => a.fingerprint.localeCompare(b.fingerprint)),
      coveredTo: { sequence: 20, signedAtMs: NOW_MS + 5, fingerprint: delegate.fingerprint },
      restarts: [],
    });
  });

  test('says so when nobody trusted has signed, and when a signer began anew', async () => {
    const verified = await verify(records, [
      stranger.signs(at(5)),
      stranger.signs(at(9), { signedAtMs: NOW_MS + 1 }),
    ]);
    if (!('report' in verified)) throw new Error(verified.what);
    expect(verified.report()).toMatchObject({
      coveredTo: null,
      restarts: [{ fingerprint: stranger.fingerprint, sequence: 9, signedAtMs: NOW_MS + 1 }],
    });
  });

  test('begins at the floor, and takes a checkpoint for the floor itself', async () => {
    const floor = headOf(at(10));
    expect(
      holds(await verify(records.slice(10), [delegate.signs(at(10)), delegate.signs(at(12))], floor)),
    ).toBe(true);
    const other = { sequence: 10, hash: at(9).hash };
    expect(await verify(records.slice(10), [delegate.signs(other)], floor)).toMatchObject({ sequence: 10 });
    const early = await verify(records.slice(10), [delegate.signs(at(9))], floor);
    expect(early).toMatchObject({ sequence: 9, what: expect.stringContaining('Take a newer one') });
  });

  test('names the first record that was changed, is missing, or changed places', async () => {
    const changed = records.with(6, { ...at(7), purpose: 'none of your business' });
    expect(await verify(changed, [])).toEqual({
      sequence: 7,
      atMs: at(7).atMs,
      what: 'Audit record 7 was changed after it was written.',
    });
    const missing = await verify(records.toSpliced(6, 1), []);
    expect(missing).toMatchObject({ sequence: 7, atMs: null, what: expect.stringContaining('7 is missing') });
    const reordered = await verify(records.with(6, at(8)).with(7, at(7)), []);
    expect(reordered).toMatchObject({ sequence: 7 });
  });

  test('finds a tail that was cut off after it was signed', async () => {
    const cut = await verify(records.slice(0, 20), [delegate.signs(at(25))]);
    expect(cut).toEqual({
      sequence: 21,
      atMs: null,
      what: 'The trail ends with record 20, but the checkpoint of delegate prod-1 is about record 25: records 21 to 25 are missing.',
    });
    expect(await verify([], [delegate.signs(at(1))])).toMatchObject({ sequence: 1 });
  });

  test('finds a past that was rewritten and chained anew, between the checkpoints around it', async () => {
    const checkpoints = [delegate.signs(at(10)), delegate.signs(at(20)), delegate.signs(at(30))];
    expect(await verify(rewritten(14), checkpoints)).toEqual({
      sequence: 20,
      atMs: at(20).atMs,
      what: 'Audit record 20 is not the one that the checkpoint of delegate prod-1 is about: the trail was rewritten. What was changed lies between records 11 and 20.',
    });
    expect(holds(await verify(rewritten(14), []))).toBe(true);
    // The second signature alone tells what was signed before it.
    const since = delegate.signs(rewritten(14)[29] as AuditRecord, { since: headOf(at(20)) });
    expect(await verify(rewritten(14), [since])).toMatchObject({ sequence: 20 });
  });

  test('refuses checkpoints that are forged or about another account', async () => {
    const forged = { ...delegate.signs(at(10)), signedAtMs: 1 };
    expect(await verify(records, [forged])).toMatchObject({
      sequence: 10,
      what: expect.stringMatching(/signature/),
    });
    const other = delegate.signs(at(10), { accountId: `acc_${'b'.repeat(32)}` });
    expect(await verify(records, [other])).toMatchObject({
      sequence: 10,
      what: expect.stringMatching(/account/),
    });
  });

  test('finds every change of any field of any record', async () => {
    const checkpoints = [delegate.signs(at(30))];
    const field = fc.constantFrom(...(Object.keys(at(1)) as (keyof AuditRecord)[]));
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 30 }),
        field,
        fc.jsonValue(),
        async (sequence, name, value) => {
          fc.pre(canonicalJson(value) !== canonicalJson(at(sequence)[name]));
          const changed = parseExportLine(JSON.stringify({ type: 'record', ...at(sequence), [name]: value }));
          // What is not even of the form of a record is found where the file is read.
          if (changed?.type !== 'record') return;
          const { type: _, ...record } = changed;
          const found = await verify(records.with(sequence - 1, record as AuditRecord), checkpoints);
          expect(holds(found)).toBe(false);
          expect([sequence, sequence + 1]).toContain((found as TrailProblem).sequence);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('holds the trail against a head that was seen, which nobody has signed', async () => {
    const seen = (sequence: number, of = records) => ({
      ...headOf(of[sequence - 1] as AuditRecord),
      words: 'what was seen yesterday',
    });
    const verdictWith = async (list: readonly AuditRecord[], ...heads: ReturnType<typeof seen>[]) =>
      verdictOn(
        { accountId: ACCOUNT_ID, floor: AUDIT_CHAIN_START, checkpoints: [], heads, isTrusted: () => true },
        list,
      );
    expect(holds(await verdictWith(records, seen(12), seen(30)))).toBe(true);
    expect(await verdictWith(rewritten(14), seen(20))).toMatchObject({
      sequence: 20,
      what: 'Audit record 20 is not the one that what was seen yesterday is about: the trail was rewritten. What was changed lies between records 1 and 20.',
    });
    expect(await verdictWith(records.slice(0, 20), seen(25))).toMatchObject({ sequence: 21 });
  });

  test('text that no UTF-8 has is a changed record, and no fault', async () => {
    const changed = records.with(6, { ...at(7), actorName: 'a\ud800' });
    expect(await verify(changed, [])).toMatchObject({ sequence: 7 });
    const nonsense = { ...delegate.signs(at(3)), hash: 'no hash', signedAtMs: 0.5 };
    expect(await verify(records, [nonsense])).toMatchObject({ what: expect.stringContaining('signature') });
  });
});

describe('an exported file', () => {
  const [record] = trail(1) as [AuditRecord];

  test('has lines of three kinds and no others; actions of other versions are taken', () => {
    const line = { type: 'record', ...record };
    expect(parseExportLine(JSON.stringify(line))).toEqual(line);
    expect(parseExportLine(JSON.stringify({ ...line, action: 'of.tomorrow' }))).not.toBeNull();
    const others = ['', '{', 'null', '[]', JSON.stringify(record), JSON.stringify({ ...line, more: 1 })];
    for (const text of others) expect(parseExportLine(text), text).toBeNull();
  });

  test('checkpoints are understood however they were kept', () => {
    const { words: _, ...checkpoint } = signer().signs(record);
    const more = { type: 'checkpoint', number: 1, delegateName: 'prod-1', fingerprint: 'SHA256:x' };
    for (const kept of [checkpoint, { ...more, ...checkpoint }]) {
      expect(parseKeptCheckpoint(JSON.stringify(kept, null, 2))).toEqual(checkpoint);
    }
    const { signature: _signature, ...unsigned } = checkpoint;
    for (const kept of [unsigned, [checkpoint], null, 'x', { type: 'record', ...record }]) {
      expect(parseKeptCheckpoint(JSON.stringify(kept))).toBeNull();
    }
  });
});
