// Lookups of secrets managers that fail as the API says.
import { AppError, isId, nameKey } from '@sallyport/core';
import type { Store } from '../storage/store.ts';
import type { SecretsManagerRow } from './secrets-manager-store.ts';

/** A row with the number of secrets that have a version under it. */
export type CountedRow = SecretsManagerRow & { secretCount: number };

/** @throws {not-found} */
export async function findCounted(store: Store, reference: string): Promise<CountedRow> {
  const rows = await store.read(async ({ secretsManagers }) => secretsManagers.list());
  const row = isId('secretsManager', reference)
    ? rows.find(({ id }) => id === reference)
    : rows.find(({ name }) => nameKey(name) === nameKey(reference));
  if (row === undefined) throw noSecretsManager();
  return row;
}

/** @param reference id or name; null: the default one. @throws {not-found} {no-default-secrets-manager} */
export async function findOrDefault(store: Store, reference: string | null): Promise<SecretsManagerRow> {
  const row = await store.read(async ({ secretsManagers }) =>
    reference === null ? secretsManagers.findDefault() : secretsManagers.find(reference),
  );
  if (row !== null) return row;
  throw reference === null ? noDefault() : noSecretsManager();
}

export function noSecretsManager(): AppError {
  return new AppError('not-found', { publicMessage: 'There is no such secrets manager.' });
}

export function noDefault(): AppError {
  return new AppError('no-default-secrets-manager', {
    publicMessage: 'No secrets manager was named and none is the default.',
  });
}
