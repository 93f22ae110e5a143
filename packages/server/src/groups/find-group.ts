// Lookups of user groups that fail as the API says: a group that the caller is not in and does not manage is not there.
import { AppError, may } from '@sallyport/core';
import type { Principal } from '../access/principal.ts';
import type { Tables } from '../storage/store.ts';
import type { GroupRow } from './group-store.ts';

/** @throws {not-found} */
export async function findGroup({ groups }: Pick<Tables, 'groups'>, reference: string): Promise<GroupRow> {
  const row = await groups.find(reference);
  if (row === null) throw noGroup();
  return row;
}

/** @throws {not-found} */
export async function findVisibleGroup(
  tables: Pick<Tables, 'groups'>,
  reference: string,
  principal: Principal,
): Promise<GroupRow> {
  const row = await findGroup(tables, reference);
  if (managesGroups(principal) || principal.groupIds.includes(row.id)) return row;
  throw noGroup();
}

export function managesGroups(principal: Principal): boolean {
  return may(principal.authority, 'manage-users-and-groups');
}

export function noGroup(): AppError {
  return new AppError('not-found', { publicMessage: 'There is no such user group.' });
}
