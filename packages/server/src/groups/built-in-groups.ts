// The groups that every account has. Their ids are the same everywhere, and what they allow is written here and not in the database, so
// that a version which knows more permissions gives them to administrators by itself. Only their members change.
import { ALL_RIGHTS, APPLICATION_ACTIONS } from '@sallyport/core';
import type { EnvironmentType, GroupId, Rights } from '@sallyport/core';

/** Everything. */
export const ACCOUNT_ADMINISTRATOR = 'grp_00000000000000000000000001' as GroupId;
/** Everything in production environments, nothing of the account. */
export const PRODUCTION_SUPPORT = 'grp_00000000000000000000000002' as GroupId;
/** Everything in non-production environments, nothing of the account. */
export const NON_PRODUCTION_SUPPORT = 'grp_00000000000000000000000003' as GroupId;

/** In the order in which they are created. */
export const BUILT_IN_GROUPS: readonly { id: GroupId; name: string; rights: Rights }[] = [
  { id: ACCOUNT_ADMINISTRATOR, name: 'Account Administrator', rights: ALL_RIGHTS },
  { id: PRODUCTION_SUPPORT, name: 'Production Support', rights: everythingIn('production') },
  { id: NON_PRODUCTION_SUPPORT, name: 'Non-Production Support', rights: everythingIn('non-production') },
];

/** null: not a built-in group. */
export function builtInRights(id: GroupId): Rights | null {
  return BUILT_IN_GROUPS.find((group) => group.id === id)?.rights ?? null;
}

function everythingIn(environments: EnvironmentType): Rights {
  return {
    account: [],
    grants: [{ where: [{ applications: 'all', environments }], actions: APPLICATION_ACTIONS }],
  };
}
