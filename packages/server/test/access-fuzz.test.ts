// Random accounts, random people and random requests: every decision of the HTTP API against the brute-force model of access-model.ts,
// and no answer with the name of anything that its caller may not know of. SALLYPORT_ACCESS_CASES sets how many decisions are compared,
// SALLYPORT_ACCESS_SEED repeats a run; `npm run test:slow` makes a long one.
import { expect, test } from 'vitest';
import { ACCOUNT_PERMISSIONS, APPLICATION_ACTIONS } from '@sallyport/core';
import type { AccountPermission } from '@sallyport/core';
import { ACCOUNT_CHANGES } from './access-account-changes.ts';
import { ACCOUNT_QUESTIONS } from './access-account-questions.ts';
import { ENTRY_CHANGES } from './access-entry-changes.ts';
import { ACTIONS } from './access-model.ts';
import type { ModelKey } from './access-model.ts';
import { PEOPLE_CHANGES } from './access-people-changes.ts';
import { PERMISSIONS } from './access-random.ts';
import { ask, expectAllSides, expectBothSides } from './access-question.ts';
import type { Question, Tally } from './access-question.ts';
import { SECRET_CHANGES } from './access-secret-changes.ts';
import { SECRET_QUESTIONS } from './access-secret-questions.ts';
import { askerOf, startWorld } from './access-world.ts';
import type { World } from './access-world.ts';
import { SeededRandom } from './seeded-random.ts';

const CASES = Number(process.env['SALLYPORT_ACCESS_CASES'] ?? 10_000);
const SEED = Number(process.env['SALLYPORT_ACCESS_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
/** Then another account is tried. */
const CASES_PER_ACCOUNT = 1250;
const QUESTIONS_AT_ONCE = 12;
const CHANGES_BETWEEN = 3;

test(
  'the API and the brute-force model decide alike on random accounts',
  async () => {
    const tally: Tally = new Map();
    let decisions = 0;
    for (let round = 0; decisions < CASES; round += 1) {
      const limit = Math.min(CASES - decisions, CASES_PER_ACCOUNT);
      decisions += await tryAccount({ seed: SEED + round, tally, limit });
    }
    expect(decisions).toBeGreaterThanOrEqual(CASES);
    if (CASES >= 10_000) expectAllSides(tally, 10);
    if (CASES >= 100_000) expectBothSides(tally);
  },
  Math.max(120_000, CASES * 30),
);

test('the model knows every permission and every action that there is', () => {
  expect(PERMISSIONS).toEqual(ACCOUNT_PERMISSIONS);
  expect(ACTIONS).toEqual(APPLICATION_ACTIONS);
});

/** Gives how many decisions were compared; a failure says how to repeat it. */
async function tryAccount(of: { seed: number; tally: Tally; limit: number }): Promise<number> {
  let on: World | null = null;
  try {
    on = await startWorld(new SeededRandom(of.seed));
    return await askMuch(on, of);
  } catch (thrown) {
    const repeat = `SALLYPORT_ACCESS_SEED=${of.seed} SALLYPORT_ACCESS_CASES=${CASES_PER_ACCOUNT}`;
    throw new Error(`With ${repeat}: ${thrown instanceof Error ? thrown.message : String(thrown)}`, {
      cause: thrown,
    });
  } finally {
    await on?.end();
  }
}

async function askMuch(on: World, { tally, limit }: { tally: Tally; limit: number }): Promise<number> {
  let decisions = 0;
  const judge = async (question: Question): Promise<number> => {
    const { answer, disagreement, outcomes, ...verdict } = await ask(on, question);
    if (disagreement !== null) expect.fail(`after ${decisions} decisions: ${disagreement}`);
    count(tally, question.kind, outcomes);
    if (answer.status < 300) question.apply?.(answer);
    const next = question.next?.(answer) ?? null;
    return verdict.decisions + (next === null ? 0 : await judge(next));
  };
  while (decisions < limit) {
    // Nothing changes between these, so they may all be asked at once.
    const questions = Array.from({ length: QUESTIONS_AT_ONCE }, () => {
      const [needs, question] = on.random.pick(on.random.chance(0.6) ? SECRET_QUESTIONS : ACCOUNT_QUESTIONS);
      return question(on, somebody(on, needs));
    });
    for (const judged of await Promise.all(questions.map(judge))) decisions += judged;
    for (let left = CHANGES_BETWEEN; left > 0; left -= 1) {
      const from = on.random.weighted(
        [4, () => SECRET_CHANGES],
        [3, () => ACCOUNT_CHANGES],
        [1, () => ENTRY_CHANGES],
        [2, () => PEOPLE_CHANGES],
      );
      const [needs, question] = on.random.pick(from);
      decisions += await judge(question(on, somebody(on, needs)));
    }
  }
  return decisions;
}

/** The administrator now and then, so that the account goes on changing. */
function somebody(on: World, needs: AccountPermission | null): ModelKey {
  const { random, account, admin } = on;
  const active = account.keys.filter(({ revoked, value }) => !revoked && value !== '');
  const fit = (key: ModelKey): boolean => needs !== null && askerOf(on, key).holds(needs);
  return random.chance(0.1) ? admin : (random.pickLiked(active, fit) ?? admin);
}

function count(tally: Tally, kind: string, outcomes: readonly string[]): void {
  const ofKind = tally.get(kind) ?? new Map<string, number>();
  tally.set(kind, ofKind);
  for (const outcome of outcomes) ofKind.set(outcome, (ofKind.get(outcome) ?? 0) + 1);
}
