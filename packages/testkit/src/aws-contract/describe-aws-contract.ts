// The AWS contract: guarantees of KMS and STS that the product relies on, tested with the vendor's SDK against any implementation: the
// lab, moto, and real AWS if somebody has an account to spend. What an implementation gets wrong is skipped by name, with the reason.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ContractCase } from './contract-case.ts';
import { DATA_KEY_CASES } from './data-key-cases.ts';
import { KEY_CASES } from './key-cases.ts';
import { STS_CASES } from './sts-cases.ts';
import { makeFixture } from './target.ts';
import type { ContractFixture, ContractTarget } from './target.ts';

const CASES = [...DATA_KEY_CASES, ...KEY_CASES, ...STS_CASES] as const;

/** Name of a guarantee. */
export type ContractCaseId = (typeof CASES)[number]['id'];

export type AwsContractOptions = {
  /** The implementation, as it appears in the test's name. */
  name: string;
  start: () => Promise<ContractTarget>;
  /** Guarantees that the implementation does not keep, each with what it does instead. */
  skips?: Readonly<Partial<Record<ContractCaseId, string>>>;
};

/** Declares the suite for one implementation. */
export function describeAwsContract(options: AwsContractOptions): void {
  const skips: Readonly<Partial<Record<string, string>>> = options.skips ?? {};
  describe(`AWS contract: ${options.name}`, () => {
    let fixture: ContractFixture | null = null;
    beforeAll(async () => {
      fixture = makeFixture(await options.start());
    }, 90_000);
    afterAll(async () => {
      fixture?.destroy();
      await fixture?.target.stop();
    });

    test('no two guarantees share a name, and more are tested than skipped', () => {
      const ids = CASES.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      expect(Object.keys(skips).length).toBeLessThan(ids.length / 2 + 1);
    });

    const cases: readonly ContractCase[] = CASES;
    for (const { id, guarantee, run } of cases) {
      const reason = skips[id];
      if (reason === undefined) {
        test(guarantee, async () => {
          if (fixture === null) throw new Error('the implementation did not start');
          await run(fixture);
        });
      } else {
        test.skip(`${guarantee} (${options.name}: ${reason})`, () => {});
      }
    }
  });
}
