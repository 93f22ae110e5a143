// Lookups of secrets managers that fail as the API says: what the asker may not know of is not there.
import { AppError, isId, mayChangeManager, maySeeManager, nameKey } from '@sallyport/core';
import type { Region } from '@sallyport/core';
import type { Principal } from '../access/principal.ts';
import type { AccountCatalogue } from '../applications/account-catalogue.ts';
import { VisiblePlaces } from '../applications/visible-places.ts';
import type { Services } from '../services.ts';
import type { Store, Tables } from '../storage/store.ts';
import type { SecretsManagerRow } from './secrets-manager-store.ts';

/** Who asks, and the account as it is now. */
export type ManagerAsker = { principal: Principal; catalogue: AccountCatalogue; places: VisiblePlaces };

export function managerAsker(principal: Principal, catalogue: AccountCatalogue): ManagerAsker {
  const places = new VisiblePlaces({ authority: principal.authority, catalogue });
  return { principal, catalogue, places };
}

/** Who sends this request. */
export async function managerAskerOf(
  { principal }: { principal: Principal },
  services: Pick<Services, 'catalogue'>,
): Promise<ManagerAsker> {
  return managerAsker(principal, await services.catalogue.current());
}

/** A row with the number of secrets that have a version under it. */
export type CountedRow = SecretsManagerRow & { secretCount: number };

export function seesManager({ principal, catalogue }: ManagerAsker, row: { usageScope: Region }): boolean {
  return maySeeManager({ authority: principal.authority, catalogue }, row.usageScope);
}

/** One that the asker may know of. @throws {not-found} */
export async function findCounted(store: Store, reference: string, asker: ManagerAsker): Promise<CountedRow> {
  const rows = await store.read(async ({ secretsManagers }) => secretsManagers.list());
  const row = isId('secretsManager', reference)
    ? rows.find(({ id }) => id === reference)
    : rows.find(({ name }) => nameKey(name) === nameKey(reference));
  if (row === undefined || !seesManager(asker, row)) throw noSecretsManager();
  return row;
}

/**
 * @param reference id or name of one that the asker may know of; null: the default one
 * @throws {not-found} {no-default-secrets-manager}
 */
export async function findOrDefault(
  tables: Tables,
  reference: string | null,
  asker: ManagerAsker,
): Promise<SecretsManagerRow> {
  const row = await managerForSecrets(tables, { named: reference, kept: null }, asker);
  if (!seesManager(asker, row)) throw noDefault();
  return row;
}

/**
 * The secrets manager for a secret: the one that the asker names, else the one that it has, else the default.
 * @throws {not-found} {no-default-secrets-manager}
 */
export async function managerForSecrets(
  { secretsManagers }: Tables,
  choice: { named: string | null; kept: string | null },
  asker: ManagerAsker,
): Promise<SecretsManagerRow> {
  const { named, kept } = choice;
  if (named !== null) {
    const row = await secretsManagers.find(named);
    if (row !== null && seesManager(asker, row)) return row;
    throw noSecretsManager();
  }
  const row = kept === null ? await secretsManagers.findDefault() : await secretsManagers.find(kept);
  if (row !== null) return row;
  throw kept === null ? noDefault() : noSecretsManager();
}

/** @throws {forbidden} when the asker may not change a secrets manager of this scope */
export function requireManagerChange(
  { principal, catalogue }: ManagerAsker,
  manager: { name: string; usageScope: Region },
): void {
  if (mayChangeManager({ authority: principal.authority, catalogue }, manager.usageScope)) return;
  throw new AppError('forbidden', {
    publicMessage: `To change "${manager.name}" you need the action "update" throughout its usage scope.`,
  });
}

export function noSecretsManager(): AppError {
  return new AppError('not-found', { publicMessage: 'There is no such secrets manager.' });
}

export function noDefault(): AppError {
  return new AppError('no-default-secrets-manager', {
    publicMessage: 'No secrets manager was named and none is the default.',
  });
}
