// From rights as callers write them to rights as they are stored, and to the short form that audit records have.
import { ACCOUNT_PERMISSIONS, APPLICATION_ACTIONS, AppError } from '@sallyport/core';
import type { AccountPermission, Grant, Rights } from '@sallyport/core';
import type { GrantInput } from '@sallyport/protocol';
import { parseRegion } from '../applications/region-input.ts';
import { printRegion } from '../applications/region-view.ts';
import type { VisiblePlaces } from '../applications/visible-places.ts';

/** Comparing rights takes time that grows with the square of the ids in them. */
const LIMITS = { grants: 64, rows: 256, ids: 1024 } as const;

export type RightsInput = { account: readonly AccountPermission[]; grants: readonly GrantInput[] };

/**
 * @param context.kept what was granted until now: ids of what was deleted since, or is not to be known, may stay
 * @throws {invalid-scope}
 */
export function parseRights(
  input: RightsInput,
  context: { places: VisiblePlaces; kept?: readonly Grant[] },
): Rights {
  requireWithinLimits(input.grants);
  const kept = (context.kept ?? []).flatMap(({ where }) => where);
  return {
    account: ACCOUNT_PERMISSIONS.filter((permission) => input.account.includes(permission)),
    grants: input.grants.map(({ where, actions }) => ({
      where: parseRegion(where, { places: context.places, kept }),
      actions: APPLICATION_ACTIONS.filter((action) => actions.includes(action)),
    })),
  };
}

function requireWithinLimits(grants: readonly GrantInput[]): void {
  const rows = grants.flatMap(({ where }) => where);
  const ids = rows.reduce((sum, row) => sum + lengthOf(row.applications) + lengthOf(row.environments), 0);
  if (grants.length <= LIMITS.grants && rows.length <= LIMITS.rows && ids <= LIMITS.ids) return;
  throw new AppError('invalid-scope', {
    publicMessage: `There are at most ${LIMITS.grants} grants, with at most ${LIMITS.rows} rows and ${LIMITS.ids} applications and environments in all.`,
  });
}

function lengthOf(filter: string | readonly string[]): number {
  return typeof filter === 'string' ? 0 : filter.length;
}

/** For audit records: by ids, since names may change. */
export function printGrants(grants: readonly Grant[]): string[] {
  return grants.map(({ where, actions }) => `${printActions(actions)} at ${printRegion(where)}`);
}

function printActions(actions: Grant['actions']): string {
  return actions.length === APPLICATION_ACTIONS.length ? 'all' : actions.join(',');
}

/** The whole of it, for audit records. */
export function printRights({ account, grants }: Rights): { account: AccountPermission[]; grants: string[] } {
  return { account: [...account], grants: printGrants(grants) };
}
