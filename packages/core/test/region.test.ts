// Laws of regions: what contains what, what overlaps, and that both hold for what is created later.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ENVIRONMENT_TYPES, EVERYWHERE, regionContains, regionCovers, regionsOverlap } from '@sallyport/core';
import type { Region } from '@sallyport/core';
import {
  accounts,
  catalogueOf,
  environmentOf,
  expand,
  extended,
  freshId,
  regionsOf,
  RUNS,
} from './account-model.ts';
import type { Account } from './account-model.ts';

/** An account and so many regions in it. */
function accountAnd(count: number): fc.Arbitrary<{ account: Account; regions: Region[] }> {
  return accounts.chain((account) =>
    fc.record({
      account: fc.constant(account),
      regions: fc.array(regionsOf(account), { minLength: count, maxLength: count }),
    }),
  );
}

function check(count: number, law: (account: Account, ...regions: Region[]) => void): void {
  fc.assert(
    fc.property(accountAnd(count), ({ account, regions }) => {
      law(account, ...regions);
    }),
    RUNS,
  );
}

const NOWHERE: Region = [];

describe('containment of regions', () => {
  test('is reflexive, has everywhere at the top and nowhere at the bottom', () => {
    check(1, (account, region = []) => {
      const catalogue = catalogueOf(account);
      expect(regionContains(region, region, catalogue)).toBe(true);
      expect(regionContains(EVERYWHERE, region, catalogue)).toBe(true);
      expect(regionContains(region, NOWHERE, catalogue)).toBe(true);
      expect(regionContains(NOWHERE, region, catalogue)).toBe(region.length === 0);
    });
  });

  test('is transitive', () => {
    let held = 0;
    check(3, (account, a = [], b = [], c = []) => {
      const catalogue = catalogueOf(account);
      const contains = (outer: Region, inner: Region): boolean => regionContains(outer, inner, catalogue);
      // Widened step by step as well, so that the premise holds often.
      for (const [x, y, z] of [
        [a, b, c],
        [[...a, ...b, ...c], [...b, ...c], c],
      ] as const) {
        if (!contains(x, y) || !contains(y, z)) continue;
        held += 1;
        expect(contains(x, z)).toBe(true);
      }
    });
    expect(held).toBeGreaterThan(RUNS.numRuns);
  });

  test('survives a wider parent and a narrower child', () => {
    check(3, (account, parent = [], child = [], more = []) => {
      const catalogue = catalogueOf(account);
      if (regionContains(parent, child, catalogue)) {
        expect(regionContains([...parent, ...more], child, catalogue)).toBe(true);
        expect(regionContains(parent, child.slice(1), catalogue)).toBe(true);
      }
      expect(regionContains([...child, ...more], child, catalogue)).toBe(true);
    });
  });

  test('both ways means that the regions cover the same', () => {
    check(2, (account, a = [], b = []) => {
      const catalogue = catalogueOf(account);
      const same = regionContains(a, b, catalogue) && regionContains(b, a, catalogue);
      const future = extended(account);
      expect(same).toBe(expand(a, future).symmetricDifference(expand(b, future)).size === 0);
    });
  });

  test('equals writing out every place that there is or may be', () => {
    const seen = { true: 0, false: 0 };
    check(2, (account, outer = [], inner = []) => {
      const future = extended(account);
      for (const [x, y] of [
        [outer, inner],
        [outer, inner.slice(0, 1)],
      ] as const) {
        const contained = expand(y, future).isSubsetOf(expand(x, future));
        expect(regionContains(x, y, catalogueOf(account))).toBe(contained);
        seen[`${contained}`] += 1;
      }
    });
    expect(Math.min(seen.true, seen.false)).toBeGreaterThan(RUNS.numRuns / 10);
  });
});

describe('overlap of regions', () => {
  test('is symmetric, and equals writing out every place that there is or may be', () => {
    const seen = { true: 0, false: 0 };
    check(2, (account, a = [], b = []) => {
      const catalogue = catalogueOf(account);
      const future = extended(account);
      const common = !expand(a, future).isDisjointFrom(expand(b, future));
      expect(regionsOverlap(a, b, catalogue)).toBe(common);
      expect(regionsOverlap(b, a, catalogue)).toBe(common);
      seen[`${common}`] += 1;
    });
    expect(Math.min(seen.true, seen.false)).toBeGreaterThan(RUNS.numRuns / 10);
  });
});

describe('a place', () => {
  test('is covered exactly when it is among those of a row', () => {
    check(1, (account, region = []) => {
      const future = extended(account);
      const covered = expand(region, future);
      for (const place of future.places) {
        expect(regionCovers(region, place)).toBe(covered.has(place.environmentId));
      }
    });
  });
});

describe('what is created later', () => {
  test('is covered by rows that say all or a type, and never by chosen ids', () => {
    check(1, (account, region = []) => {
      const newApplication = freshId('application');
      for (const environmentType of ENVIRONMENT_TYPES) {
        const inNew = environmentOf(newApplication, environmentType);
        const fitsType = (filter: Region[number]['environments']): boolean =>
          filter === 'all' || filter === environmentType;
        expect(regionCovers(region, inNew)).toBe(
          region.some(({ applications, environments }) => applications === 'all' && fitsType(environments)),
        );
        for (const application of account.applications) {
          expect(regionCovers(region, environmentOf(application, environmentType))).toBe(
            region.some(
              ({ applications, environments }) =>
                (applications === 'all' || applications.includes(application)) && fitsType(environments),
            ),
          );
        }
      }
    });
  });

  test('changes no decision about regions that were there before', () => {
    check(2, (account, a = [], b = []) => {
      const [before, after] = [catalogueOf(account), catalogueOf(extended(account))];
      expect(regionContains(a, b, after)).toBe(regionContains(a, b, before));
      expect(regionsOverlap(a, b, after)).toBe(regionsOverlap(a, b, before));
    });
  });
});

describe('an environment that is not known yet', () => {
  // A catalogue may be a moment old: an environment that somebody else has just created is in a region, but not in the catalogue.
  test('is decided on as if it were the worse of both types', () => {
    check(2, (account, a = [], b = []) => {
      const full = catalogueOf(account);
      const [first] = account.places;
      const old = catalogueOf({ ...account, places: account.places.slice(1) });
      if (first !== undefined) expect(old.environment(first.environmentId)).toBeNull();
      if (regionContains(a, b, old)) expect(regionContains(a, b, full)).toBe(true);
      if (regionsOverlap(a, b, full)) expect(regionsOverlap(a, b, old)).toBe(true);
    });
  });
});
