// Everything that the caller may have at one place, without values: one request, whatever their number. What it learns is remembered, so
// that reading the values right afterwards asks for no delegates again.
import { AppError, parseSecretReference } from '@sallyport/core';
import type { PlaceReference, SecretId, SecretKind } from '@sallyport/core';
import { fromWireError } from '@sallyport/protocol/client';
import type { Wiring } from '../client/wiring.ts';
import type { UnreadSecret } from './resolve-secrets.ts';

/** A secret that can be read, as the server describes it. Nothing of it is proven before the value is read. */
export type UsableSecret = {
  /** What to read it by. */
  reference: string;
  secretId: SecretId;
  /** The newest version, which would be read. */
  version: number;
  kind: SecretKind;
  valueBytes: number;
};

/** `unreadable`: those that no connected delegate could decrypt. */
export type UsableSecrets = { secrets: UsableSecret[]; unreadable: UnreadSecret[] };

/** By references, at most `RESOLVE_MAX_ITEMS`, or all of a place. */
export type UsableQuery = { items: readonly string[] } | { place: PlaceReference };

/** @throws {not-found} when there is no such place; {no-delegate} when nothing could be decrypted at all; {value-too-large} */
export async function usableSecrets(
  wiring: Wiring,
  query: UsableQuery,
  signal: AbortSignal | null,
): Promise<UsableSecrets> {
  const offers = await wiring.call('offersToRead', {
    body: 'place' in query ? { place: query.place } : { items: [...query.items] },
    ...(signal === null ? {} : { signal }),
  });
  for (const { items } of offers.groups) {
    for (const { reference } of items) requireAskedFor(reference, query);
  }
  wiring.readOffers.remember(offers.groups);
  return {
    secrets: offers.groups.flatMap(({ items }) => items),
    unreadable: offers.unresolved.map(({ reference, error }) => ({ reference, error: fromWireError(error) })),
  };
}

/** What is read next goes by these references: a server must not slip in others, from elsewhere. */
function requireAskedFor(reference: string, query: UsableQuery): void {
  if ('items' in query) {
    if (query.items.includes(reference)) return;
  } else {
    const { by, version, place } = parseSecretReference(reference);
    const { application, environment } = query.place;
    const isThere = place?.application === application && place.environment === environment;
    if (by === 'name' && version === null && isThere) return;
  }
  throw new AppError('answer-mismatch', {
    publicMessage: 'The server offers a secret that was not asked for. Nothing of its answer was used.',
  });
}
