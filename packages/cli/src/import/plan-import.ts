// What an import would do with each row, before anything is written. The server cannot compare values; whoever may read them can have
// them compared here.
import { isAppError, nameKey, printSecretReference } from '@sallyport/core';
import type { PlaceReference, SecretKind } from '@sallyport/core';
import type { SecretListing } from '@sallyport/protocol';
import type { Client } from '@sallyport/sdk';
import type { NamedRow } from './name-rows.ts';

/** `create` and `update` write; the others do not. */
export type Action = 'create' | 'update' | 'unchanged' | 'skip' | 'conflict' | 'invalid' | 'unreadable';

export type PlannedRow = NamedRow & {
  action: Action;
  /** Why, where that is not plain; nothing of the value. */
  reason: string | null;
  /** What it is written by. */
  reference: string;
  /** Newest version as it is now; 0: none. Written only if that is still so. */
  expectedVersion: number;
};

export type PlanOptions = {
  /** Where the secrets are used; null: no place in their references. */
  place: PlaceReference | null;
  /** What to do about secrets that are there: write a version, leave them alone, or write a version if the value differs. */
  existing: 'update' | 'skip' | 'compare';
};

export async function planImport(
  client: Client,
  rows: readonly NamedRow[],
  { place, existing }: PlanOptions,
): Promise<PlannedRow[]> {
  const there = await existingAt(client, place);
  const plan = rows.map((row): PlannedRow => {
    const reference = referenceTo(row.name, place, row.problem !== null || row.absence !== null);
    const planned = { ...row, reference, expectedVersion: 0 };
    if (row.absence !== null) return { ...planned, ...row.absence };
    if (row.problem !== null) return { ...planned, action: 'invalid', reason: row.problem };
    const [found, ...namesakes] = there.get(nameKey(row.name)) ?? [];
    if (found === undefined) return { ...planned, action: 'create', reason: null };
    if (namesakes.length > 0) {
      const reason = 'several secrets have this name; say which one by --app and --env';
      return { ...planned, action: 'conflict', reason };
    }
    if (existing === 'skip') return { ...planned, action: 'skip', reason: 'it is there' };
    if (row.kind === 'file' && found.kind === 'text') {
      const reason = 'there is a text secret of this name, and the value is no text of at most 1 MiB';
      return { ...planned, action: 'conflict', reason };
    }
    const kind: SecretKind = found.kind;
    return { ...planned, kind, action: 'update', reason: null, expectedVersion: found.version };
  });
  return existing === 'compare' ? compared(client, plan) : plan;
}

/** By name; those at the place, or all that may be seen. */
async function existingAt(
  client: Client,
  place: PlaceReference | null,
): Promise<Map<string, SecretListing[]>> {
  const found = new Map<string, SecretListing[]>();
  for await (const secret of client.list(place ?? {})) {
    const key = nameKey(secret.name);
    found.set(key, [...(found.get(key) ?? []), secret]);
  }
  return found;
}

function referenceTo(name: string, place: PlaceReference | null, isInvalid: boolean): string {
  if (place === null || isInvalid) return name;
  return printSecretReference({ by: 'name', name, version: null, place });
}

/** Reads those that would be updated. What cannot be read, or is too large for it, is updated. */
async function compared(client: Client, plan: readonly PlannedRow[]): Promise<PlannedRow[]> {
  const references = plan.filter(({ action }) => action === 'update').map(({ reference }) => reference);
  const outcomes = references.length === 0 ? [] : await client.resolveEach(references);
  const values = new Map(outcomes.map((outcome) => [outcome.reference, outcome]));
  return plan.map((row) => {
    const outcome = row.action === 'update' ? values.get(row.reference) : undefined;
    if (outcome === undefined) return row;
    if ('value' in outcome) {
      const isSame = Buffer.compare(outcome.value.bytes(), row.value) === 0;
      return isSame ? { ...row, action: 'unchanged', reason: 'the value is the same' } : row;
    }
    const isLarge = isAppError(outcome.error, 'value-too-large');
    const reason = isLarge ? 'too large to be compared' : `not compared: ${outcome.error.publicMessage}`;
    return { ...row, reason };
  });
}
