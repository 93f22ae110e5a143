// Lookups of secrets by the references that callers give, failing as the API says.
import { AppError, isAppError, parseSecretReference } from '@sallyport/core';
import type { SecretReference } from '@sallyport/core';
import type { Tables } from '../storage/store.ts';
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

/** Without its envelope. @throws {not-found} */
export async function requireSecret(tables: Tables, reference: SecretReference): Promise<FoundSecret> {
  const [found] = await tables.secrets.findMany([reference], { envelopes: false });
  if (!found) throw noSecret();
  return found;
}

export function noSecret(): AppError {
  return new AppError('not-found', { publicMessage: 'There is no such secret, or no such version of it.' });
}
