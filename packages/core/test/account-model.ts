// Accounts for property tests of access: generated applications and environments, regions and authorities over them, and the plain way
// to decide, by writing out every place there is. An account is extended by applications and environments that nobody has named, which
// stand for all that may be created later.
import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { ACCOUNT_PERMISSIONS, APPLICATION_ACTIONS, ENVIRONMENT_TYPES, makeId } from '@sallyport/core';
import type {
  AccountPermission,
  ApplicationAction,
  ApplicationId,
  Authority,
  Catalogue,
  EnvironmentId,
  EnvironmentType,
  Id,
  IdKind,
  Place,
  Region,
  RegionRow,
  Rights,
} from '@sallyport/core';

/** Every environment with its application; applications without any are in `applications` alone. */
export type Account = { applications: ApplicationId[]; places: Place[] };

export function freshId<K extends IdKind>(kind: K): Id<K> {
  return makeId(kind, { nowMs: 1_790_000_000_000, random: randomBytes(10) });
}

export function environmentOf(applicationId: ApplicationId, environmentType: EnvironmentType): Place {
  return { applicationId, environmentId: freshId('environment'), environmentType };
}

export function catalogueOf({ places }: Account): Catalogue {
  const facts = new Map(
    places.map((place) => [
      place.environmentId,
      { applicationId: place.applicationId, type: place.environmentType },
    ]),
  );
  return { environment: (id) => facts.get(id) ?? null };
}

/** The account with environments of both types added to each application, and two new applications that have both types too. */
export function extended({ applications, places }: Account): Account {
  const more = [...applications, freshId('application'), freshId('application')];
  return {
    applications: more,
    places: [...places, ...more.flatMap((id) => ENVIRONMENT_TYPES.map((type) => environmentOf(id, type)))],
  };
}

/** One to four applications with up to three environments each. */
export const accounts: fc.Arbitrary<Account> = fc
  .array(fc.array(fc.constantFrom(...ENVIRONMENT_TYPES), { maxLength: 3 }), { minLength: 1, maxLength: 4 })
  .map((types) => {
    const applications = types.map(() => freshId('application'));
    const places = types.flatMap((ofOne, index) =>
      ofOne.map((type) => environmentOf(applications[index] as ApplicationId, type)),
    );
    return { applications, places };
  });

function rowsOf({ applications, places }: Account): fc.Arbitrary<RegionRow> {
  const chosen = fc.subarray(applications, { minLength: 1 });
  const types = fc.constantFrom('all' as const, ...ENVIRONMENT_TYPES);
  const open = fc.record({
    applications: fc.oneof(fc.constant('all' as const), chosen),
    environments: types,
  });
  const closed = chosen.chain((apps): fc.Arbitrary<RegionRow> => {
    const ids = places.filter((one) => apps.includes(one.applicationId)).map((one) => one.environmentId);
    const environments = ids.length === 0 ? types : fc.subarray(ids, { minLength: 1 });
    return fc.record({ applications: fc.constant(apps), environments });
  });
  return fc.oneof(open, closed);
}

/** Regions that may be saved in this account. */
export function regionsOf(account: Account, constraints: fc.ArrayConstraints = { maxLength: 3 }) {
  return fc.array(rowsOf(account), constraints) as fc.Arbitrary<Region>;
}

function rightsOf(account: Account): fc.Arbitrary<Rights> {
  const actions = fc.oneof(
    fc.constant(APPLICATION_ACTIONS),
    fc.subarray([...APPLICATION_ACTIONS], { minLength: 1 }),
  );
  const where = fc.oneof(
    { weight: 4, arbitrary: regionsOf(account) },
    { weight: 1, arbitrary: fc.constant<Region>([{ applications: 'all', environments: 'all' }]) },
  );
  return fc.record({
    account: fc.subarray<AccountPermission>([...ACCOUNT_PERMISSIONS]),
    grants: fc.array(fc.record({ where, actions }), { maxLength: 3 }),
  });
}

/** Authorities of one layer, as users have, or two, as restricted API keys. */
export function authoritiesOf(account: Account): fc.Arbitrary<Authority> {
  return fc.record({ layers: fc.array(rightsOf(account), { minLength: 1, maxLength: 2 }) });
}

/** The places of a region out of all, row by row, application by application. */
export function expand(region: Region, { applications, places }: Account): Set<EnvironmentId> {
  const found = new Set<EnvironmentId>();
  for (const row of region) {
    const apps = row.applications === 'all' ? applications : row.applications;
    for (const application of apps) {
      for (const { applicationId, environmentId, environmentType } of places) {
        if (applicationId !== application) continue;
        const filter = row.environments;
        const fits =
          typeof filter === 'string'
            ? filter === 'all' || filter === environmentType
            : filter.includes(environmentId);
        if (fits) found.add(environmentId);
      }
    }
  }
  return found;
}

/** The places where every layer allows the action. */
export function expandRight(
  { layers }: Authority,
  action: ApplicationAction,
  account: Account,
): Set<EnvironmentId> {
  const ofLayers = layers.map((layer) => {
    const where = layer.grants.filter(({ actions }) => actions.includes(action)).flatMap((one) => one.where);
    return expand(where, account);
  });
  return ofLayers.reduce((both, next) => both.intersection(next));
}

export function holds({ layers }: Authority, permission: AccountPermission): boolean {
  return layers.every(({ account }) => account.includes(permission));
}

/** How often a law is tried. */
export const RUNS = { numRuns: 1000 };
