// Keeps names unequivocal: no two secrets that could be meant at one place have the same name or alias. Judged inside the transaction
// that makes a name or widens a scope, so that of two who race one is refused.
import { AppError, scopesClash } from '@sallyport/core';
import type { Catalogue, EffectiveScope, SecretId } from '@sallyport/core';
import type { Tables } from '../storage/store.ts';

/** Names, own one and aliases, with the scope for which each is to be the only one of its kind. */
export type Naming = {
  names: readonly string[];
  scope: EffectiveScope;
  /** The secret that gets it; null: one that is not there yet. */
  of: SecretId | null;
};

/** @throws {name-taken} */
export async function requireNoNamesake(tables: Tables, naming: Naming, catalogue: Catalogue): Promise<void> {
  const { names, scope, of } = naming;
  const candidates = await tables.secrets.findMany(
    names.map((name) => ({ by: 'name', name, version: null, place: null })),
  );
  const clash = candidates
    .flat()
    .find((other) => other.secret.id !== of && scopesClash(other.scope, scope, catalogue));
  if (clash === undefined) return;
  throw new AppError('name-taken', {
    publicMessage: `There is another secret named "${clash.foundAs}" that could be meant at the same places. Names that differ only in letter case count as one.`,
    data: { hint: 'Choose another name, or scopes that do not overlap.' },
  });
}
