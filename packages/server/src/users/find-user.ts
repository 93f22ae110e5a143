// Finds the user that an operation is about, and whether the caller may change them. Nobody gets hold of rights that they lack by way of a
// user who has them: a reset link for an administrator would be a way to become one.
import { AppError, authorityContains, may } from '@sallyport/core';
import type { Principal } from '../access/principal.ts';
import { readCatalogue } from '../applications/account-catalogue.ts';
import { readRightsOfUser } from '../groups/rights-directory.ts';
import type { Tables } from '../storage/store.ts';
import type { UserRow } from './user-store.ts';

/** @throws {not-found} */
export async function findUser({ users }: Pick<Tables, 'users'>, reference: string): Promise<UserRow> {
  const user = await users.find(reference);
  if (user === null) throw new AppError('not-found', { publicMessage: 'There is no such user.' });
  return user;
}

/**
 * A user whom the caller may change: one who may do nothing that the caller may not.
 * @throws {not-found} {forbidden}
 */
export async function findManageable(
  tables: Tables,
  reference: string,
  principal: Principal,
): Promise<UserRow> {
  const user = await findUser(tables, reference);
  if (may(principal.authority, 'administer')) return user;
  const { rights } = await readRightsOfUser(tables, user.id);
  const catalogue = await readCatalogue(tables);
  if (authorityContains(principal.authority, { layers: [rights] }, catalogue)) return user;
  throw new AppError('forbidden', {
    publicMessage: `${user.name} may do things that ${principal.name} may not, and so can be changed only by somebody who may do them too.`,
  });
}
