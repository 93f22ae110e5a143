// Lookups of secrets by the references that callers give, failing as the API says.
import { AppError, isAppError, parseSecretReference } from '@sallyport/core';
import type { EffectiveScope, SecretReference } from '@sallyport/core';
import type { Tables } from '../storage/store.ts';
import { chooseToSee, noSecret } from './choose-secret.ts';
import type { SecretAsker } from './secret-asker.ts';
import type { FoundSecret } from './secret-store.ts';

/** @throws {invalid-name} {invalid-request} when it is malformed or names a version */
export function parseUnversioned(text: string): SecretReference {
  const reference = parseSecretReference(text);
  if (reference.version === null) return reference;
  throw new AppError('invalid-request', { publicMessage: 'Name the secret without a version here.' });
}

/** For paths: what no secret can be named does not exist. @throws {not-found} {invalid-request} */
export function parseExisting(text: string, parse = parseUnversioned): SecretReference {
  try {
    return parse(text);
  } catch (thrown) {
    throw isAppError(thrown, 'invalid-name') ? noSecret() : thrown;
  }
}

/** One that the asker may know of, without its envelope. @throws {not-found} {ambiguous-name} */
export async function requireVisible(
  tables: Tables,
  reference: SecretReference,
  asker: SecretAsker,
): Promise<FoundSecret> {
  const [candidates = []] = await tables.secrets.findMany([reference]);
  return chooseToSee(reference, candidates, asker);
}

/** One that the asker may change. @throws {not-found} {ambiguous-name} {forbidden} */
export async function requireChangeable(
  tables: Tables,
  reference: SecretReference,
  asker: SecretAsker,
): Promise<FoundSecret> {
  const found = await requireVisible(tables, reference, asker);
  requireChange(found, asker);
  return found;
}

/** @throws {forbidden} */
export function requireChange(
  { secret, scope }: { secret: { name: string }; scope: EffectiveScope },
  asker: SecretAsker,
): void {
  if (asker.changes(scope)) return;
  throw new AppError('forbidden', {
    publicMessage: `You may not change "${secret.name}": that needs the account permission "manage-secrets"${scope.type === 'account' ? '' : ' and the action "update" throughout its usage scope'}.`,
    data: { permission: 'manage-secrets' },
  });
}
