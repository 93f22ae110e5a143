// What the signed-in person may do, as far as it decides what a page shows. The server decides in the end: this only hides what it would
// refuse.
import type { AccountPermission, ApplicationAction } from '@sallyport/core';
import type { WhoAmI } from '@sallyport/protocol';

export type Rights = Pick<WhoAmI, 'permissions' | 'grants'>;

/** Whether they have a permission over the account. */
export function may(me: Rights, permission: AccountPermission): boolean {
  return me.permissions.includes(permission);
}

/** Whether they may do this at some application or environment: each list of grants has to allow it somewhere. */
export function maySomewhere(me: Rights, action: ApplicationAction): boolean {
  return (
    me.grants.length > 0 &&
    me.grants.every((layer) =>
      layer.some(({ where, actions }) => where.length > 0 && actions.includes(action)),
    )
  );
}

/** Whether they may do this at every application and environment, those that are created later included. */
export function mayEverywhere(me: Rights, action: ApplicationAction): boolean {
  return (
    me.grants.length > 0 &&
    me.grants.every((layer) =>
      layer.some(
        ({ where, actions }) =>
          actions.includes(action) &&
          where.some((row) => row.applications === 'all' && row.environments === 'all'),
      ),
    )
  );
}
