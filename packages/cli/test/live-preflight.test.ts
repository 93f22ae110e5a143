// What somebody sees of a preflight that is under way: who tries it, each step as it is done, who is slow and who is lost.
import { PassThrough, Writable } from 'node:stream';
import { expect, test } from 'vitest';
import type { DelegateId } from '@sallyport/core';
import type { PreflightEvent } from '@sallyport/protocol';
import { watchPreflight } from '../src/output/live-preflight.ts';

const NEAR = 'dlg_01m8ar5018n3jr5r6cp00pqkc8' as DelegateId;
const FAR = 'dlg_01m8ar5018n3jr5r6cp00pqkc9' as DelegateId;
const KEY = { stage: 'key', action: 'kms:DescribeKey' } as const;
const DENIED = { code: 'access-denied', message: 'AWS refused kms:Decrypt.', retryable: false } as const;

/** What is written for these events. */
function shown(events: PreflightEvent[], { isTTY = true } = {}): string {
  let written = '';
  const sink = new Writable({
    write: (chunk, _, taken) => {
      written += String(chunk);
      taken();
    },
  });
  const stderr = Object.assign(sink, { isTTY });
  const terminal = { stdin: new PassThrough(), stdout: new PassThrough(), stderr, noColour: true };
  const { onProgress } = watchPreflight(terminal);
  for (const event of events) onProgress?.(event);
  return written;
}

const asked: PreflightEvent = {
  is: 'asked',
  delegates: [
    { delegateId: NEAR, delegateName: 'near' },
    { delegateId: FAR, delegateName: 'far-1' },
  ],
};
const step = (delegateId: DelegateId, outcome: 'waiting' | 'running' | 'passed'): PreflightEvent => ({
  is: 'steps',
  delegateId,
  steps: [{ ...KEY, outcome, elapsedMs: outcome === 'passed' ? 12.4 : 0 }],
});

test('a line for each step that is done, as it happens, and one for each delegate that is through', () => {
  const report = { ok: true, identityArn: null, pinnedKeyArn: null, stages: [], warnings: [] };
  const text = shown([
    asked,
    step(NEAR, 'waiting'),
    step(NEAR, 'running'),
    step(NEAR, 'passed'),
    step(FAR, 'running'),
    { is: 'silent', delegateId: FAR, seconds: 5 },
    { is: 'finished', delegate: { delegateId: NEAR, delegateName: 'near', report } },
    {
      is: 'steps',
      delegateId: FAR,
      steps: [{ stage: 'permission', action: 'kms:Decrypt', outcome: 'failed', elapsedMs: 3, error: DENIED }],
    },
    {
      is: 'finished',
      delegate: {
        delegateId: FAR,
        delegateName: 'far-1',
        report: null,
        error: { code: 'delegate-lost', message: 'Delegate far-1 went away.', retryable: true },
      },
    },
  ]);
  expect(text.split('\n')).toEqual([
    'Trying on 2 delegates: near, far-1',
    'near   passed  kms:DescribeKey  12 ms',
    'far-1  no word for 5 s, trying kms:DescribeKey',
    'near   can use the key',
    'far-1  failed  kms:Decrypt  AWS refused kms:Decrypt.',
    'far-1  cannot use the key: Delegate far-1 went away.',
    '',
  ]);
});

test('names of delegates cannot write over the terminal', () => {
  const name = 'near\u001B[2J\rroot';
  const text = shown([{ is: 'asked', delegates: [{ delegateId: NEAR, delegateName: name }] }]);
  expect(text).not.toContain('\u001B');
  expect(text).not.toContain('\r');
});

test('nothing is told where nobody looks: in pipes there is the report alone', () => {
  expect(shown([asked], { isTTY: false })).toBe('');
});
