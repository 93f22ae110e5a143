// One row of the matrix of rights as a table of tests: what somebody wants, and under which conditions it is permitted or refused.
import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '@sallyport/core';
import { outcomeOf } from './access-question.ts';
import { actor } from './rbac-world.ts';
import type { Actor, Who, World } from './rbac-world.ts';
import type { Answer } from './test-server.ts';

export type Attempt = (as: Actor) => Promise<Answer>;
/** `permitted`, or the error code of the refusal. */
export type Case = [outcome: 'permitted' | ErrorCode, condition: string, who: Who, attempt: Attempt];

/** @param world the account in which it is tried, started before the tests run */
export function row(wanted: string, world: () => World, cases: readonly Case[]): void {
  describe(wanted, () => {
    test.each(cases)('%s: %s', async (outcome, _, who, attempt) => {
      const answer = await attempt(await actor(world(), who));
      expect(outcomeOf(answer), JSON.stringify(answer.body)).toBe(outcome === 'permitted' ? 'ok' : outcome);
    });

    test('has a case on both sides', () => {
      const outcomes = cases.map(([outcome]) => outcome === 'permitted');
      expect(new Set(outcomes)).toEqual(new Set([true, false]));
    });
  });
}
