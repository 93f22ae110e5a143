// Whether this browser knows a delegate, by the fingerprint that it remembers under its name.
import { nameKey } from '@sallyport/core';
import type { KnownDelegate } from '@sallyport/sdk/browser';

export type Recognition =
  | { state: 'known' }
  | { state: 'new' }
  /** Another one is known under its name. */
  | { state: 'changed'; knownFingerprints: string[] };

export function recognise(
  known: readonly KnownDelegate[],
  server: string,
  delegate: { name: string; fingerprint: string },
): Recognition {
  const knownFingerprints = known
    .filter((one) => one.server === server && nameKey(one.name) === nameKey(delegate.name))
    .map(({ fingerprint }) => fingerprint);
  if (knownFingerprints.includes(delegate.fingerprint)) return { state: 'known' };
  return knownFingerprints.length === 0 ? { state: 'new' } : { state: 'changed', knownFingerprints };
}
