// Reads the values of an export: all that may be used at a place, or those that are named. All or nothing.
import { AppError, parseSecretReference } from '@sallyport/core';
import type { PlaceReference } from '@sallyport/core';
import type { Client } from '@sallyport/sdk';
import { leaveOut } from '../input/leave-out.ts';
import type { NamedValue } from './value-formats.ts';

/** @throws the error of the first one that cannot be read */
export async function readValues(
  client: Client,
  from: { references: readonly string[] } | { place: PlaceReference; excluded: readonly string[] },
): Promise<NamedValue[]> {
  const references = 'place' in from ? await usableAt(client, from) : [...new Set(from.references)];
  if (references.length === 0) return [];
  const values: NamedValue[] = [];
  for (const outcome of await client.resolveEach(references)) {
    if ('value' in outcome) {
      values.push({ name: outcome.name, bytes: outcome.value.bytes() });
      continue;
    }
    const { error, reference } = outcome;
    if (error.code !== 'value-too-large') {
      const { publicMessage, code, data } = error;
      throw new AppError(code, { publicMessage: `${reference}: ${publicMessage}`, data });
    }
    const download = await client.download(reference);
    values.push({ name: download.name, bytes: Buffer.concat(await Array.fromAsync(download)) });
  }
  return values.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

async function usableAt(
  client: Client,
  { place, excluded }: { place: PlaceReference; excluded: readonly string[] },
): Promise<string[]> {
  const { secrets, unreadable } = await client.usable({ place });
  const named = [...secrets, ...unreadable].map((one) => ({ ...one, name: nameIn(one.reference) }));
  const wanted = leaveOut(named, excluded, place);
  const failed = wanted.find((one) => 'error' in one);
  if (failed !== undefined && 'error' in failed) throw failed.error;
  return wanted.map(({ reference }) => reference);
}

function nameIn(reference: string): string {
  const parsed = parseSecretReference(reference);
  return parsed.by === 'name' ? parsed.name : parsed.id;
}
