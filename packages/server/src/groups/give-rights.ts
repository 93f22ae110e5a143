// Nobody gives others more than they have, or meddles with what is stronger than they are. Whoever changes a group, puts somebody into one
// or takes them out, makes an API key or lets workloads in has to have what it allows; who may administer the account is free.
import { ACCOUNT_PERMISSIONS, APPLICATION_ACTIONS, AppError, authorityContains, may } from '@sallyport/core';
import type { AccountPermission, ApplicationAction, Authority, Catalogue } from '@sallyport/core';
import type { Principal } from '../access/principal.ts';
import type { GroupRow } from './group-store.ts';

/** What somebody would have afterwards. */
export type Given = { authority: Authority; catalogue: Catalogue };

/**
 * @throws {forbidden} with `data.missing`: the account permissions and the actions at applications that the caller lacks
 */
export function requireMayGive(principal: Principal, given: Given): void {
  if (!may(principal.authority, 'administer')) requireAllOf(principal, given);
}

/**
 * The same without an exception: for what would outlive or outdo the very key that asks for it.
 * @throws {forbidden} as `requireMayGive`
 */
export function requireAllOf(principal: Principal, { authority, catalogue }: Given): void {
  if (authorityContains(principal.authority, authority, catalogue)) return;
  const missing = missingOf(principal.authority, authority, catalogue);
  const lacks = [
    ...missing.account.map((permission) => `the account permission "${permission}"`),
    ...(missing.actions.length === 0 ? [] : [`${missing.actions.join(', ')} at some of the applications`]),
  ];
  throw new AppError('forbidden', {
    publicMessage: `Nobody gives others more than they have. ${principal.name} lacks ${lacks.join(', ')}.`,
    data: { missing },
  });
}

/**
 * For changing a group as it is, its members, or deleting it.
 * @throws {forbidden} with `data.missing`, as `requireMayGive`
 */
export function requireMayChange(principal: Principal, group: GroupRow, catalogue: Catalogue): void {
  const own = principal.authority;
  const authority = { layers: [group] };
  if (may(own, 'administer') || authorityContains(own, authority, catalogue)) return;
  throw new AppError('forbidden', {
    publicMessage: `"${group.name}" allows what ${principal.name} may not do, and so can be changed only by somebody who may do it too.`,
    data: { missing: missingOf(own, authority, catalogue) },
  });
}

function missingOf(
  own: Authority,
  wanted: Authority,
  catalogue: Catalogue,
): { account: AccountPermission[]; actions: ApplicationAction[] } {
  return {
    account: ACCOUNT_PERMISSIONS.filter((permission) => may(wanted, permission) && !may(own, permission)),
    actions: APPLICATION_ACTIONS.filter((action) => {
      const layers = wanted.layers.map(({ grants }) => ({
        account: [],
        grants: grants
          .filter(({ actions }) => actions.includes(action))
          .map(({ where }) => ({ where, actions: [action] })),
      }));
      return !authorityContains(own, { layers }, catalogue);
    }),
  };
}
