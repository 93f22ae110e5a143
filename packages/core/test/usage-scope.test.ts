// Laws of usage scopes: who may use, see and change what, compared with writing out every place; and which scopes are refused.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  APPLICATION_ACTIONS,
  checkRegion,
  effectiveScope,
  ENVIRONMENT_TYPES,
  EVERYWHERE,
  fitsUnder,
  isUsableAt,
  mayChangeManager,
  mayChangeSecret,
  maySeeManager,
  maySeeSecret,
  mayUseAt,
  mayUseSomewhere,
  SCOPE_LIMITS,
  scopesClash,
} from '@sallyport/core';
import type {
  ApplicationAction,
  AppError,
  Authority,
  EffectiveScope,
  EnvironmentId,
  KnownPlaces,
  Place,
  Region,
  UsageScope,
} from '@sallyport/core';
import {
  accounts,
  authoritiesOf,
  catalogueOf,
  environmentOf,
  expand,
  expandRight,
  extended,
  freshId,
  holds,
  regionsOf,
  RUNS,
} from './account-model.ts';
import type { Account } from './account-model.ts';

function scopesOf(account: Account): fc.Arbitrary<UsageScope> {
  return fc.oneof(
    { weight: 1, arbitrary: fc.constant<UsageScope>({ type: 'inherit' }) },
    { weight: 1, arbitrary: fc.constant<UsageScope>({ type: 'account' }) },
    { weight: 5, arbitrary: regionsOf(account).map((rows): UsageScope => ({ type: 'rows', rows })) },
  );
}

type Case = {
  account: Account;
  authority: Authority;
  /** Of the secrets manager. */
  region: Region;
  more: Region;
  scope: UsageScope;
  other: UsageScope;
};

const cases: fc.Arbitrary<Case> = accounts.chain((account) =>
  fc.record({
    account: fc.constant(account),
    authority: authoritiesOf(account),
    region: regionsOf(account),
    more: regionsOf(account),
    scope: scopesOf(account),
    other: scopesOf(account),
  }),
);

function check(law: (one: Case) => void): void {
  fc.assert(fc.property(cases, law), RUNS);
}

/** Who asks, with every place that there is or may be written out: the decisions of docs/guide/scopes.md in the plain way. */
class Model {
  readonly #account: Account;
  readonly #authority: Authority;

  constructor(account: Account, authority: Authority) {
    this.#account = account;
    this.#authority = authority;
  }

  places(region: Region): Set<EnvironmentId> {
    return expand(region, this.#account);
  }

  allowed(action: ApplicationAction): Set<EnvironmentId> {
    return expandRight(this.#authority, action, this.#account);
  }

  somewhere(action: ApplicationAction, region: Region): boolean {
    return !this.places(region).isDisjointFrom(this.allowed(action));
  }

  throughout(action: ApplicationAction, region: Region): boolean {
    return this.places(region).isSubsetOf(this.allowed(action));
  }

  managesForAccount(): boolean {
    const everything = APPLICATION_ACTIONS.every((action) => this.throughout(action, EVERYWHERE));
    return holds(this.#authority, 'manage-secrets') || everything;
  }

  seesSecret(scope: EffectiveScope): boolean {
    if (scope.type === 'account') return this.managesForAccount();
    if (scope.rows.length === 0) return holds(this.#authority, 'manage-secrets');
    return this.somewhere('read', scope.rows) || this.somewhere('update', scope.rows);
  }

  changesSecret(scope: EffectiveScope): boolean {
    if (scope.type === 'account') return this.managesForAccount();
    return holds(this.#authority, 'manage-secrets') && this.throughout('update', scope.rows);
  }

  seesManager(region: Region): boolean {
    const everybodys = region.some(
      ({ applications, environments }) => applications === 'all' && environments === 'all',
    );
    return holds(this.#authority, 'manage-secrets-managers') || everybodys || this.somewhere('read', region);
  }

  changesManager(region: Region): boolean {
    return holds(this.#authority, 'manage-secrets-managers') && this.throughout('update', region);
  }
}

describe('a decision about a secret or a secrets manager', () => {
  test('to use it at a place equals being in its scope and in a grant there', () => {
    const seen = { true: 0, false: 0 };
    check(({ account, authority, scope, region }) => {
      const future = extended(account);
      const effective = effectiveScope(scope, region);
      const model = new Model(future, authority);
      const usable = effective.type === 'account' ? new Set() : model.places(effective.rows);
      const asker = { authority, catalogue: catalogueOf(account) };
      for (const place of future.places) {
        const { environmentId } = place;
        const expected = usable.has(environmentId) && model.allowed('use').has(environmentId);
        expect(isUsableAt(effective, place)).toBe(usable.has(environmentId));
        expect(mayUseAt(asker, effective, place)).toBe(expected);
        seen[`${expected}`] += 1;
      }
    });
    expect(Math.min(seen.true, seen.false)).toBeGreaterThan(RUNS.numRuns);
  });

  test('to use it without a place, to see it and to change it equals writing out every place', () => {
    const seen: Record<string, number> = {};
    check(({ account, authority, scope, region }) => {
      const effective = effectiveScope(scope, region);
      const model = new Model(extended(account), authority);
      const asker = { authority, catalogue: catalogueOf(account) };
      const decisions = {
        use: [
          mayUseSomewhere(asker, effective),
          effective.type === 'account' ? model.managesForAccount() : model.somewhere('use', effective.rows),
        ],
        seeSecret: [maySeeSecret(asker, effective), model.seesSecret(effective)],
        changeSecret: [mayChangeSecret(asker, effective), model.changesSecret(effective)],
        seeManager: [maySeeManager(asker, region), model.seesManager(region)],
        changeManager: [mayChangeManager(asker, region), model.changesManager(region)],
      };
      for (const [name, [decided, expected]] of Object.entries(decisions)) {
        expect([name, decided]).toEqual([name, expected]);
        seen[`${name} ${expected}`] = (seen[`${name} ${expected}`] ?? 0) + 1;
      }
    });
    expect(Object.keys(seen).length).toBe(10);
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(RUNS.numRuns / 50);
  });
});

describe("a secret's scope under that of its secrets manager", () => {
  test('fits when it inherits, is of the account, or has no place outside', () => {
    const seen = { true: 0, false: 0 };
    check(({ account, scope, region }) => {
      const future = extended(account);
      const fits = scope.type !== 'rows' || expand(scope.rows, future).isSubsetOf(expand(region, future));
      expect(fitsUnder(scope, region, catalogueOf(account))).toBe(fits);
      seen[`${fits}`] += 1;
    });
    expect(Math.min(seen.true, seen.false)).toBeGreaterThan(RUNS.numRuns / 10);
  });

  test('never stops to fit when the secrets manager is widened', () => {
    check(({ account, scope, region, more }) => {
      const catalogue = catalogueOf(account);
      if (!fitsUnder(scope, region, catalogue)) return;
      expect(fitsUnder(scope, [...region, ...more], catalogue)).toBe(true);
    });
  });

  test('inherited, is what the secrets manager has at the time', () => {
    check(({ account, scope, region, more }) => {
      const wider = [...region, ...more];
      const [before, after] = [effectiveScope(scope, region), effectiveScope(scope, wider)];
      const usable = (effective: EffectiveScope): Place[] =>
        extended(account).places.filter((place) => isUsableAt(effective, place));
      if (scope.type === 'inherit') {
        expect(after).toEqual({ type: 'rows', rows: wider });
      } else {
        expect(after).toEqual(before);
        expect(after).toEqual(scope);
      }
      if (fitsUnder(scope, region, catalogueOf(account))) {
        const ofManager = (rows: Region): EffectiveScope => ({ type: 'rows', rows });
        for (const place of usable(before)) expect(isUsableAt(ofManager(region), place)).toBe(true);
      }
    });
  });

  test('is usable where all is allowed as soon as something is created there', () => {
    check(({ account, region }) => {
      const application = freshId('application');
      const later = ENVIRONMENT_TYPES.map((type) => environmentOf(application, type));
      for (const place of later) {
        expect(isUsableAt({ type: 'rows', rows: EVERYWHERE }, place)).toBe(true);
        const inherited = effectiveScope({ type: 'inherit' }, region);
        const isOpen = region.some(
          ({ applications, environments }) =>
            applications === 'all' && (environments === 'all' || environments === place.environmentType),
        );
        expect(isUsableAt(inherited, place)).toBe(isOpen);
      }
      expect(account.applications).not.toContain(application);
    });
  });
});

describe('two secrets of one name', () => {
  test('clash when both could be meant somewhere, or nowhere', () => {
    const seen = { true: 0, false: 0 };
    check(({ account, scope, other, region, more }) => {
      const future = extended(account);
      const a = effectiveScope(scope, region);
      const b = effectiveScope(other, more);
      const clash =
        a.type === 'account' || b.type === 'account'
          ? a.type === b.type
          : (a.rows.length === 0 && b.rows.length === 0) ||
            !expand(a.rows, future).isDisjointFrom(expand(b.rows, future));
      expect(scopesClash(a, b, catalogueOf(account))).toBe(clash);
      expect(scopesClash(b, a, catalogueOf(account))).toBe(clash);
      seen[`${clash}`] += 1;
    });
    expect(Math.min(seen.true, seen.false)).toBeGreaterThan(RUNS.numRuns / 10);
  });

  test('that do not clash are never both usable at one place, also where it is created later', () => {
    check(({ account, scope, other, region, more }) => {
      const a = effectiveScope(scope, region);
      const b = effectiveScope(other, more);
      if (scopesClash(a, b, catalogueOf(account))) return;
      const both = extended(account).places.filter((one) => isUsableAt(a, one) && isUsableAt(b, one));
      expect(both).toEqual([]);
    });
  });
});

describe('deleting applications and environments', () => {
  test('never widens: every decision stays as it was, and there are fewer places where anything can be used', () => {
    check(({ account, authority, scope, region }) => {
      // What is deleted is still in the catalogue, but no place any more.
      const catalogue = catalogueOf(account);
      const [gone] = account.applications;
      const left = account.places.slice(1).filter((place) => place.applicationId !== gone);
      const asker = { authority, catalogue };
      const effective = effectiveScope(scope, region);
      const usable = (places: readonly Place[]): Place[] =>
        places.filter((place) => mayUseAt(asker, effective, place));
      const before = usable(account.places);
      for (const place of usable(left)) expect(before).toContain(place);
      // A scope that named nothing but what is gone has no place among the rest, and none of those that come after.
      const onlyGone: Region = gone === undefined ? [] : [{ applications: [gone], environments: 'all' }];
      for (const place of [
        ...left,
        ...extended({ applications: account.applications.slice(1), places: left }).places,
      ]) {
        expect(isUsableAt({ type: 'rows', rows: onlyGone }, place)).toBe(false);
      }
    });
  });

  test('gives nothing to an application that is created under the old name, since scopes name ids', () => {
    check(({ account, region }) => {
      const named = region.filter((row) => row.applications !== 'all');
      const again = freshId('application');
      for (const type of ENVIRONMENT_TYPES) {
        expect(isUsableAt({ type: 'rows', rows: named }, environmentOf(again, type))).toBe(false);
      }
      expect(account.applications).not.toContain(again);
    });
  });
});

describe('rows that somebody gives', () => {
  const application = freshId('application');
  const [prod, dev] = [
    environmentOf(application, 'production'),
    environmentOf(application, 'non-production'),
  ];
  const other = environmentOf(freshId('application'), 'production');
  const known: KnownPlaces = {
    application: (id) => [application, other.applicationId].includes(id),
    environment: (id) => {
      const place = [prod, dev, other].find(({ environmentId }) => environmentId === id);
      return place === undefined ? null : { applicationId: place.applicationId, type: place.environmentType };
    },
  };
  const all = { applications: 'all', environments: 'all' } as const;
  const problemOf = (rows: unknown): string | null => {
    try {
      expect(checkRegion(rows as Region, known)).toBe(rows);
      return null;
    } catch (thrown) {
      expect(thrown).toMatchObject({ code: 'invalid-scope' });
      return (thrown as AppError).publicMessage;
    }
  };

  test('are taken as they are when every id is there and in its place', () => {
    expect(problemOf([])).toBeNull();
    expect(problemOf([all, { applications: 'all', environments: 'production' }])).toBeNull();
    expect(
      problemOf([
        { applications: [application], environments: [prod.environmentId, dev.environmentId] },
        { applications: [other.applicationId, application], environments: 'non-production' },
      ]),
    ).toBeNull();
    check(({ account, region }) => {
      const catalogue = catalogueOf(account);
      const places: KnownPlaces = {
        application: (id) => account.applications.includes(id),
        environment: (id) => catalogue.environment(id),
      };
      expect(checkRegion(region, places)).toBe(region);
    });
  });

  test('are refused, with what is wrong in words, otherwise', () => {
    const chosen = [application];
    expect(problemOf([{ applications: [], environments: 'all' }])).toContain('names no applications');
    expect(problemOf([{ applications: chosen, environments: [] }])).toContain('names no environments');
    expect(problemOf([{ applications: [freshId('application')], environments: 'all' }])).toContain(
      'not there',
    );
    expect(problemOf([{ applications: chosen, environments: [freshId('environment')] }])).toContain(
      'not there',
    );
    expect(problemOf([{ applications: chosen, environments: [other.environmentId] }])).toContain(
      'does not name',
    );
    expect(problemOf([{ applications: 'all', environments: [prod.environmentId] }])).toContain('Choose app');
    expect(problemOf([{ applications: [application, application], environments: 'all' }])).toContain('twice');
    expect(problemOf([{ applications: chosen, environments: 'staging' }])).toContain('"production"');
    expect(problemOf(Array.from({ length: SCOPE_LIMITS.rows }, () => all))).toBeNull();
    expect(problemOf(Array.from({ length: SCOPE_LIMITS.rows + 1 }, () => all))).toContain('at most 64 rows');
    const many = Array.from({ length: SCOPE_LIMITS.idsPerRow + 1 }, () => freshId('application'));
    expect(problemOf([{ applications: many, environments: 'all' }])).toContain('at most 256');
  });
});
