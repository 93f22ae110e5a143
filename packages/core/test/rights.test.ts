// Laws of rights: additive, denied unless given, narrowed by each layer, and decided alike for what exists and for what is to come.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ACCOUNT_PERMISSIONS,
  addRights,
  ALL_RIGHTS,
  APPLICATION_ACTIONS,
  authorityContains,
  EVERYWHERE,
  may,
  mayAt,
  maySomewhere,
  mayThroughout,
  NO_AUTHORITY,
} from '@sallyport/core';
import type { ApplicationAction, Authority, Region } from '@sallyport/core';
import {
  accounts,
  authoritiesOf,
  catalogueOf,
  expand,
  expandRight,
  extended,
  holds,
  regionsOf,
  RUNS,
} from './account-model.ts';
import type { Account } from './account-model.ts';

type Case = {
  account: Account;
  authority: Authority;
  other: Authority;
  region: Region;
  action: ApplicationAction;
};

const cases: fc.Arbitrary<Case> = accounts.chain((account) =>
  fc.record({
    account: fc.constant(account),
    authority: authoritiesOf(account),
    other: authoritiesOf(account),
    region: regionsOf(account),
    action: fc.constantFrom(...APPLICATION_ACTIONS),
  }),
);

function check(law: (one: Case) => void): void {
  fc.assert(fc.property(cases, law), RUNS);
}

/** Counts both outcomes, so that a law that never came to the point fails. */
class Outcomes {
  readonly #seen = { true: 0, false: 0 };

  note(outcome: boolean): boolean {
    this.#seen[`${outcome}`] += 1;
    return outcome;
  }

  expectBoth(): void {
    expect(Math.min(this.#seen.true, this.#seen.false)).toBeGreaterThan(RUNS.numRuns / 50);
  }
}

const everything: Authority = { layers: [ALL_RIGHTS] };

describe('an action', () => {
  test('is allowed at a place where every layer has a grant for it, and nowhere else', () => {
    const outcomes = new Outcomes();
    check(({ account, authority, action }) => {
      const future = extended(account);
      const allowed = expandRight(authority, action, future);
      for (const place of future.places) {
        const expected = outcomes.note(allowed.has(place.environmentId));
        expect(mayAt(authority, action, place)).toBe(expected);
      }
    });
    outcomes.expectBoth();
  });

  test('is allowed throughout a region when it is at every place that there is or may be', () => {
    const outcomes = new Outcomes();
    check(({ account, authority, action, region }) => {
      const future = extended(account);
      const expected = expand(region, future).isSubsetOf(expandRight(authority, action, future));
      outcomes.note(expected);
      expect(mayThroughout(authority, action, { region, catalogue: catalogueOf(account) })).toBe(expected);
    });
    outcomes.expectBoth();
  });

  test('is allowed somewhere in a region when it is at one place that there is or may be', () => {
    const outcomes = new Outcomes();
    check(({ account, authority, action, region }) => {
      const future = extended(account);
      const expected = !expand(region, future).isDisjointFrom(expandRight(authority, action, future));
      outcomes.note(expected);
      expect(maySomewhere(authority, action, { region, catalogue: catalogueOf(account) })).toBe(expected);
    });
    outcomes.expectBoth();
  });

  test('is denied to nobody in particular, and in an empty region allowed throughout but nowhere', () => {
    check(({ account, authority, action, region }) => {
      const catalogue = catalogueOf(account);
      expect(maySomewhere(NO_AUTHORITY, action, { region, catalogue })).toBe(false);
      expect(maySomewhere(authority, action, { region: [], catalogue })).toBe(false);
      expect(mayThroughout(authority, action, { region: [], catalogue })).toBe(true);
      expect(mayThroughout(everything, action, { region: EVERYWHERE, catalogue })).toBe(true);
    });
  });
});

describe('rights', () => {
  test('of several groups are those of each, added up', () => {
    check(({ account, authority, other, action }) => {
      const future = extended(account);
      const [one, two] = [authority.layers[0] ?? ALL_RIGHTS, other.layers[0] ?? ALL_RIGHTS];
      const both: Authority = { layers: [addRights([one, two])] };
      const sum = expandRight({ layers: [one] }, action, future).union(
        expandRight({ layers: [two] }, action, future),
      );
      for (const place of future.places) {
        expect(mayAt(both, action, place)).toBe(sum.has(place.environmentId));
      }
      for (const permission of ACCOUNT_PERMISSIONS) {
        expect(may(both, permission)).toBe(
          one.account.includes(permission) || two.account.includes(permission),
        );
      }
    });
  });

  test('of a key that is restricted are never more than those of its owner', () => {
    check(({ account, authority, other }) => {
      const restricted: Authority = { layers: [...authority.layers, ...other.layers] };
      const catalogue = catalogueOf(account);
      expect(authorityContains(authority, restricted, catalogue)).toBe(true);
      expect(authorityContains(other, restricted, catalogue)).toBe(true);
    });
  });
});

describe('containment of authorities', () => {
  test('is reflexive, has everything at the top and nothing at the bottom', () => {
    check(({ account, authority }) => {
      const catalogue = catalogueOf(account);
      expect(authorityContains(authority, authority, catalogue)).toBe(true);
      expect(authorityContains(everything, authority, catalogue)).toBe(true);
      expect(authorityContains(authority, NO_AUTHORITY, catalogue)).toBe(true);
    });
  });

  test('is transitive', () => {
    check(({ account, authority, other }) => {
      const catalogue = catalogueOf(account);
      const middle: Authority = { layers: [...authority.layers, ...other.layers] };
      const [first = ALL_RIGHTS] = authority.layers;
      const inner: Authority = { layers: [...middle.layers, { ...first, grants: first.grants.slice(1) }] };
      expect(authorityContains(authority, middle, catalogue)).toBe(true);
      expect(authorityContains(middle, inner, catalogue)).toBe(true);
      expect(authorityContains(authority, inner, catalogue)).toBe(true);
    });
  });

  test('equals writing out every permission and every action at every place that there is or may be', () => {
    const outcomes = new Outcomes();
    check(({ account, authority, other }) => {
      const future = extended(account);
      const narrowed: Authority = {
        layers: authority.layers.map((layer) => ({ ...layer, grants: layer.grants.slice(0, 1) })),
      };
      for (const inner of [other, narrowed]) {
        const expected =
          ACCOUNT_PERMISSIONS.every((one) => !holds(inner, one) || holds(authority, one)) &&
          APPLICATION_ACTIONS.every((action) =>
            expandRight(inner, action, future).isSubsetOf(expandRight(authority, action, future)),
          );
        outcomes.note(expected);
        expect(authorityContains(authority, inner, catalogueOf(account))).toBe(expected);
      }
    });
    outcomes.expectBoth();
  });
});

describe('what is created later', () => {
  test('changes no decision about rights that were there before', () => {
    check(({ account, authority, other, region, action }) => {
      const before = { region, catalogue: catalogueOf(account) };
      const after = { region, catalogue: catalogueOf(extended(account)) };
      expect(mayThroughout(authority, action, after)).toBe(mayThroughout(authority, action, before));
      expect(maySomewhere(authority, action, after)).toBe(maySomewhere(authority, action, before));
      expect(authorityContains(authority, other, after.catalogue)).toBe(
        authorityContains(authority, other, before.catalogue),
      );
    });
  });

  test('and is not in the catalogue yet gives a right only if it would be given whatever it turns out to be', () => {
    const outcomes = new Outcomes();
    check(({ account, authority, other, region, action }) => {
      const full = { region, catalogue: catalogueOf(account) };
      const old = { region, catalogue: catalogueOf({ ...account, places: account.places.slice(1) }) };
      if (outcomes.note(maySomewhere(authority, action, old))) {
        expect(maySomewhere(authority, action, full)).toBe(true);
      }
      if (mayThroughout(authority, action, old)) {
        expect(mayThroughout(authority, action, full)).toBe(true);
      }
      if (authorityContains(authority, other, old.catalogue)) {
        expect(authorityContains(authority, other, full.catalogue)).toBe(true);
      }
    });
    outcomes.expectBoth();
  });
});
