// Secrets of a place without those that --exclude names.
import { nameKey } from '@sallyport/core';
import type { PlaceReference } from '@sallyport/core';
import { usageError } from '../command-line/usage-error.ts';

/** @throws {invalid-request} for a name that is not there: a misspelt one would let through what was to be left out */
export function leaveOut<Named extends { name: string }>(
  found: readonly Named[],
  excluded: readonly string[],
  { application, environment }: PlaceReference,
): Named[] {
  const keys = new Set(excluded.map((name) => nameKey(name)));
  const there = new Set(found.map(({ name }) => nameKey(name)));
  const unknown = excluded.find((name) => !there.has(nameKey(name)));
  if (unknown !== undefined) {
    throw usageError(`--exclude names "${unknown}", which is not in ${application}/${environment}.`);
  }
  return found.filter(({ name }) => !keys.has(nameKey(name)));
}
