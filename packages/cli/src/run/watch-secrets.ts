// Notices that a secret has a new version, or that there are others, from names and versions alone; values are read only then. A server
// that is away changes nothing: what runs goes on with what it has.
import { setTimeout as pause } from 'node:timers/promises';
import { isAppError } from '@sallyport/core';
import type { Client } from '@sallyport/sdk';
import { planSecrets } from './plan-secrets.ts';
import type { SecretPlan } from './plan-secrets.ts';
import type { Selection } from './run-options.ts';

const JITTER = 0.1;
const ITEMS_AT_ONCE = 1000;

export type Watching = {
  client: Client;
  selection: Selection;
  intervalMs: number;
  signal: AbortSignal;
  note: (text: string) => void;
};

/**
 * Yields each time that something has changed since `known`, or since what it yielded last and was told of that it is in use: what could not
 * be put to use is yielded again. Ends when the signal is aborted.
 */
export async function* watchSecrets(
  watching: Watching,
  known: string,
): AsyncGenerator<{ plan: SecretPlan; versions: string }, void, boolean> {
  const { client, selection, intervalMs, signal, note } = watching;
  let last = known;
  let isAway = false;
  for (;;) {
    const waitMs = intervalMs * (1 - JITTER + 2 * JITTER * Math.random());
    await pause(waitMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    try {
      const plan = await planSecrets(client, selection);
      const versions = await versionsOf(client, plan);
      if (isAway) note('note: secrets can be looked up again.');
      isAway = false;
      if (versions === last) continue;
      const isInUse = yield { plan, versions };
      if (isInUse) last = versions;
    } catch (error) {
      if (!isAppError(error)) throw error;
      if (!isAway) {
        note(
          `note: secrets cannot be looked up at the moment, so the program goes on with what it has: ${error.publicMessage}`,
        );
      }
      isAway = true;
    }
  }
}

/** Which version of which secret a plan comes to now, as one text to compare. */
export async function versionsOf(client: Client, { plain, variables, files }: SecretPlan): Promise<string> {
  const wanted = [...variables, ...files].map(({ variable, reference }) => `${variable ?? ''} ${reference}`);
  const references = [...new Set([...variables, ...files].map(({ reference }) => reference))];
  const versions: string[] = [];
  for (let from = 0; from < references.length; from += ITEMS_AT_ONCE) {
    const { secrets, unreadable } = await client.usable({
      items: references.slice(from, from + ITEMS_AT_ONCE),
    });
    const [missing] = unreadable;
    if (missing !== undefined) throw missing.error;
    versions.push(
      ...secrets.map(({ reference, secretId, version }) => `${reference} ${secretId}@${version}`),
    );
  }
  return JSON.stringify([wanted.toSorted(), versions.toSorted(), [...plain.keys()]]);
}
