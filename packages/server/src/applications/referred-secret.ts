// Finds the secret that a config entry is to refer to, among those that the caller may see.
import { AppError, regionsOverlap } from '@sallyport/core';
import type { EffectiveScope } from '@sallyport/core';
import { chooseToSee } from '../secrets/choose-secret.ts';
import { parseExisting } from '../secrets/find-secret.ts';
import { SecretAsker } from '../secrets/secret-asker.ts';
import type { FoundSecret } from '../secrets/secret-store.ts';
import type { ApplicationRow, EnvironmentRow } from './application-store.ts';
import { unusableIn } from './config-entry-places.ts';
import type { StructureChange } from './structure-change.ts';
import { throughout } from './structure-rights.ts';

/** Where the entry counts. */
export type EntryPlaces = { application: ApplicationRow; environments: readonly EnvironmentRow[] };

/**
 * By name or id, without a version. Of several secrets of one name it is the one that may be used everywhere where the entry counts.
 * @throws {not-found} {ambiguous-name}
 * @throws {scope-too-wide} with `data.environments`, when the entry counts where the secret may not be used
 */
export async function requireReferredSecret(
  reference: string,
  at: EntryPlaces,
  change: StructureChange,
): Promise<FoundSecret> {
  const parsed = parseExisting(reference);
  const asker = new SecretAsker(change.principal, change.places.catalogue);
  const [candidates = []] = await change.tables.secrets.findMany([parsed]);
  const fitting = candidates.filter(
    ({ scope }) => parsed.place === null && asker.sees(scope) && problemOf(scope, at, change) === null,
  );
  const found = chooseToSee(parsed, fitting.length > 0 ? fitting : candidates, asker);
  const problem = problemOf(found.scope, at, change);
  if (problem !== null) throw problem;
  return found;
}

/** null: a secret of this scope may be used wherever the entry counts. */
function problemOf(
  scope: EffectiveScope,
  { application, environments }: EntryPlaces,
  { places: { catalogue } }: StructureChange,
): AppError | null {
  const outside = unusableIn(scope, environments).map(({ name }) => name);
  if (outside.length > 0) {
    const where = `${outside.length === 1 ? 'environment' : 'environments'} ${outside.join(', ')}`;
    return tooWide(`The secret may not be used in the ${where} of ${application.name}.`, outside);
  }
  const hasPlace = scope.type === 'rows' && regionsOverlap(scope.rows, throughout(application), catalogue);
  return hasPlace ? null : tooWide(`The secret may not be used in ${application.name}.`, []);
}

function tooWide(publicMessage: string, environments: readonly string[]): AppError {
  return new AppError('scope-too-wide', { publicMessage, data: { environments } });
}
