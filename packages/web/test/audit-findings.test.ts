// What a verified trail is said to prove.
import { describe, expect, test } from 'vitest';
import { rememberHead, seenHeadOf } from '../src/audit/seen-heads.ts';
import { sayFindings } from '../src/audit/say-findings.ts';

type Verdict = Parameters<typeof sayFindings>[0];

const hash = 'a'.repeat(64);
const key = 'SHA256:key';

function said(over: { report?: Partial<Verdict['report']>; seen?: Verdict['seen'] }): Record<string, string> {
  const report = { records: 20, last: null, checkpoints: 0, signers: [], coveredTo: null, restarts: [] };
  const verdict: Verdict = {
    accountId: 'acc_1',
    floor: 10,
    names: new Map([[key, 'prod-1']]),
    seen: over.seen ?? null,
    problem: null,
    head: { sequence: 30, hash },
    report: { ...report, ...over.report },
  };
  const findings = sayFindings(verdict, (atMs) => `time ${atMs}`);
  return Object.fromEntries(
    findings.map(({ about, holds, text }) => [about, `${holds ? '+' : '-'} ${text}`]),
  );
}

const signers = [{ fingerprint: key, trusted: true, checkpoints: 1, sequence: 25 }];

describe('findings', () => {
  test('without a signature nobody but the server vouches, and nothing was seen before', () => {
    const { chain, witness, seen } = said({});
    expect(chain).toMatch(/^\+ Records 11 to 30 are an unbroken chain/);
    expect(witness).toMatch(/^- No delegate has signed/);
    expect(seen).toMatch(/^- This browser had not verified/);
  });

  test('with one it is said how far it reaches, and what has no witness yet', () => {
    const coveredTo = { sequence: 25, signedAtMs: 7, fingerprint: key };
    const { signatures, witness, seen } = said({
      report: { checkpoints: 1, signers, coveredTo },
      seen: { sequence: 12, hash, seenAtMs: 5 },
    });
    expect(signatures).toBe('+ 1 signature of 1 delegate holds.');
    expect(witness).toMatch(
      /^\+ prod-1, which this browser knows.*record 25, on time 7.*5 records after it have no witness/,
    );
    expect(seen).toMatch(/^\+ Record 12, .* on time 5, is still there/);
  });

  test('one by a delegate that this browser does not know proves nothing, and its fingerprint is shown', () => {
    const { witness, restart } = said({
      report: { checkpoints: 1, signers, restarts: [{ fingerprint: key, sequence: 25, signedAtMs: 1 }] },
    });
    expect(witness).toMatch(/^- This browser knows none .*prod-1 \(SHA256:key\)/);
    expect(restart).toMatch(/^- prod-1 began anew at record 25/);
  });
});

describe('heads that were seen', () => {
  test('are kept by account; damaged ones are as if there were none', () => {
    const kept = new Map<string, string>();
    const storage = {
      getItem: (name: string) => kept.get(name) ?? null,
      setItem: (name: string, value: string) => void kept.set(name, value),
    };
    const head = { sequence: 3, hash, seenAtMs: 9 };
    rememberHead('acc_1', head, storage);
    expect(seenHeadOf('acc_1', storage)).toEqual(head);
    expect(seenHeadOf('acc_2', storage)).toBeNull();
    for (const text of ['{', '[]', '{"sequence":"3"}', JSON.stringify({ ...head, hash: 'x' })]) {
      kept.set('sallyport.audit-head.acc_3', text);
      expect(seenHeadOf('acc_3', storage), text).toBeNull();
    }
    const full = { ...storage, setItem: () => expect.unreachable.call(null, 'full') };
    expect(() => rememberHead('acc_1', head, full)).not.toThrow();
  });
});
