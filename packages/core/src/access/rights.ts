// Rights: what somebody may do. Additive over the groups that give them, and denied unless given. Pure: who somebody is, and which groups
// that makes theirs, is found out elsewhere.
import { alternativesOf, cellsOf, EVERYWHERE, regionCovers } from './region.ts';
import type { Catalogue, Cell, Place, Region } from './region.ts';

export const ACCOUNT_PERMISSIONS = [
  'manage-secrets-managers',
  'manage-secrets',
  'manage-delegates',
  'manage-applications',
  'manage-users-and-groups',
  'manage-api-keys',
  'view-audit-trail',
  'force-delete-secrets',
  'run-scripts',
  'administer',
] as const;
/** A right over the account as a whole. `administer` covers settings and bypasses only the rule that nobody gives what they lack. */
export type AccountPermission = (typeof ACCOUNT_PERMISSIONS)[number];

export const APPLICATION_ACTIONS = ['create', 'read', 'update', 'delete', 'use'] as const;
/** What can be allowed at a place. `use`: have the values of secrets that are usable there. */
export type ApplicationAction = (typeof APPLICATION_ACTIONS)[number];

/** These actions at these places. */
export type Grant = { where: Region; actions: readonly ApplicationAction[] };

export type Rights = { account: readonly AccountPermission[]; grants: readonly Grant[] };

/** Everything. */
export const ALL_RIGHTS: Rights = {
  account: ACCOUNT_PERMISSIONS,
  grants: [{ where: EVERYWHERE, actions: APPLICATION_ACTIONS }],
};

/** What somebody may do as a whole: each layer has to allow it, e.g. a user's own rights and the restriction of an API key. */
export type Authority = { readonly layers: readonly Rights[] };

/** Nothing. */
export const NO_AUTHORITY: Authority = { layers: [{ account: [], grants: [] }] };

/** The rights of all of these together. */
export function addRights(all: readonly Rights[]): Rights {
  return {
    account: ACCOUNT_PERMISSIONS.filter((permission) => all.some((one) => one.account.includes(permission))),
    grants: all.flatMap((one) => one.grants),
  };
}

export function may(authority: Authority, permission: AccountPermission): boolean {
  return authority.layers.every((layer) => layer.account.includes(permission));
}

/** Whether the action is allowed at this place. */
export function mayAt(authority: Authority, action: ApplicationAction, place: Place | Cell): boolean {
  return authority.layers.every((layer) =>
    layer.grants.some((grant) => grant.actions.includes(action) && regionCovers(grant.where, place)),
  );
}

/** Whether the action is allowed at every place of the region, now and ever. An empty region: yes. */
export function mayThroughout(
  authority: Authority,
  action: ApplicationAction,
  where: { region: Region; catalogue: Catalogue },
): boolean {
  const { region, catalogue } = where;
  return cellsOf([region], catalogue).every(
    (cell) => !regionCovers(region, cell) || mayAt(authority, action, cell),
  );
}

/**
 * Whether the action is allowed at some place of the region, now or ever. An empty region: no. An environment that the catalogue does not
 * know counts only if the action is allowed whatever it turns out to be.
 */
export function maySomewhere(
  authority: Authority,
  action: ApplicationAction,
  where: { region: Region; catalogue: Catalogue },
): boolean {
  const { region, catalogue } = where;
  const places = alternativesOf([region, ...regionsOf(authority)], { catalogue, within: region });
  return places.some((cells) =>
    cells.every((cell) => regionCovers(region, cell) && mayAt(authority, action, cell)),
  );
}

/** Whether everything that `inner` allows, `outer` allows too: nobody may give others more than that. */
export function authorityContains(outer: Authority, inner: Authority, catalogue: Catalogue): boolean {
  const cells = cellsOf(regionsOf(inner), catalogue);
  return (
    ACCOUNT_PERMISSIONS.every((permission) => !may(inner, permission) || may(outer, permission)) &&
    APPLICATION_ACTIONS.every((action) =>
      cells.every((cell) => !mayAt(inner, action, cell) || mayAt(outer, action, cell)),
    )
  );
}

function regionsOf(authority: Authority): Region[] {
  return authority.layers.flatMap((layer) => layer.grants.map((grant) => grant.where));
}
