// A test that is under way: what is shown of it after each thing that is told.
import { expect, test } from 'vitest';
import type { DelegateId } from '@sallyport/core';
import type { PreflightEvent, PreflightStep } from '@sallyport/protocol';
import { BEGINNING, stepsOf, withEvent } from '../src/secrets-managers/live-preflight.ts';
import type { LivePreflight } from '../src/secrets-managers/live-preflight.ts';

const ONE = 'dlg_01m8ar5018n3jr5r6cp00pqkc8' as DelegateId;
const TWO = 'dlg_01m8ar5018n3jr5r6cp00pqkc9' as DelegateId;
const DENIED = { code: 'access-denied', message: 'AWS refused it.', retryable: false } as const;

const asked: PreflightEvent = {
  is: 'asked',
  delegates: [
    { delegateId: ONE, delegateName: 'one' },
    { delegateId: TWO, delegateName: 'two' },
  ],
};

function step(
  action: string,
  outcome: PreflightStep['outcome'],
  part: Partial<PreflightStep> = {},
): PreflightEvent {
  return {
    is: 'steps',
    delegateId: ONE,
    steps: [{ stage: 'permission', action, outcome, elapsedMs: 0, ...part }],
  };
}

function after(...events: PreflightEvent[]): LivePreflight {
  return events.reduce(withEvent, BEGINNING);
}

const seen = (live: LivePreflight): string[] =>
  (live.delegates?.[0]?.steps ?? []).map(({ action, outcome }) => `${action} ${outcome}`);

test('steps stay in the order in which they were announced, each with its last word', () => {
  const live = after(
    asked,
    step('a', 'waiting'),
    step('b', 'waiting'),
    step('a', 'running'),
    step('a', 'passed'),
    step('b', 'failed'),
    step('b', 'failed', { error: DENIED }),
  );
  expect(seen(live)).toEqual(['a passed', 'b failed']);
  expect(live.delegates?.[0]?.steps[1]?.error).toEqual(DENIED);
  expect(live.delegates?.[1]?.steps).toEqual([]);
});

test('silence is over with the next word', () => {
  const silent = after(asked, { is: 'silent', delegateId: ONE, seconds: 10 });
  expect(silent.delegates?.[0]?.silentSeconds).toBe(10);
  expect(silent.news).toBe('one: no word for 10 seconds.');
  expect(withEvent(silent, step('a', 'running')).delegates?.[0]?.silentSeconds).toBe(0);
});

test('only what has come to an end is news', () => {
  const begun = after(asked);
  expect(begun.news).toBe('Testing on one, two.');
  expect(withEvent(begun, step('a', 'running')).news).toBe('Testing on one, two.');
  expect(withEvent(begun, step('a', 'passed')).news).toBe('one: a passed.');
});

test('of a delegate that is through, its report counts; of one that is lost, what it had told', () => {
  const report = { ok: true, identityArn: null, pinnedKeyArn: null, stages: [], warnings: [] };
  const told = after(asked, step('a', 'running'));
  const done = withEvent(told, {
    is: 'finished',
    delegate: { delegateId: ONE, delegateName: 'one', report },
  });
  expect(done.delegates?.map(stepsOf)).toEqual([[], []]);
  const lost = withEvent(told, {
    is: 'finished',
    delegate: { delegateId: ONE, delegateName: 'one', report: null, error: DENIED },
  });
  expect(lost.news).toBe('one has failed.');
  expect(lost.delegates?.map((one) => stepsOf(one).map(({ outcome }) => outcome))).toEqual([['failed'], []]);
});

test('events of an unknown kind, and of a delegate that was not asked, change nothing', () => {
  const live = after(asked);
  expect(withEvent(live, { is: 'weather' } as unknown as PreflightEvent)).toEqual(live);
  const other = { is: 'silent', delegateId: 'dlg_other' as DelegateId, seconds: 5 } as const;
  expect(withEvent(live, other)).toEqual(live);
});
