// Guards secrets that exist when the settings of their secrets manager change: what was encrypted must still open.
import { AppError } from '@sallyport/core';
import type { SecretsManagerSettings } from '@sallyport/core';
import type { TaskResultOf } from '@sallyport/protocol';
import type { DelegateConnection } from '../fleet/delegate-connection.ts';
import type { Services } from '../services.ts';
import { collectDataKeySamples } from './data-key-samples.ts';
import type { DataKeySample } from './data-key-samples.ts';
import type { PreflightSubject } from './preflight.ts';
import { givenSettings } from './settings-input.ts';
import type { SecretsManagerRow } from './secrets-manager-store.ts';

/** Per data key of the sample; each may cost a call to KMS. */
const OPEN_MS_PER_KEY = 250;
const OPEN_MIN_MS = 60_000;

/** Names of the settings that differ, for the audit trail and to decide what has to be tried. */
export function changedSettings(before: SecretsManagerSettings, after: SecretsManagerSettings): string[] {
  const [old, changed] = [givenSettings(before), givenSettings(after)];
  return Object.keys(changed).filter((field) => canonical(old[field]) !== canonical(changed[field]));
}

/** @throws {key-change-refused} when the fixed context of a secrets manager with secrets would change */
export function refuseContextChange(
  row: SecretsManagerRow & { secretCount: number },
  changed: string[],
): void {
  if (row.secretCount === 0 || !changed.includes('context')) return;
  throw new AppError('key-change-refused', {
    publicMessage: `The fixed context of "${row.name}" cannot change: it is part of what ${row.secretCount} ${row.secretCount === 1 ? 'secret is' : 'secrets are'} encrypted with, and none of them would open any more. Create a second secrets manager instead.`,
    data: { secretCount: row.secretCount, hint: 'Create a second secrets manager with the new context.' },
  });
}

/** Settings with the keys that protected secrets before added to those that may be asked to unwrap. */
export function withFormerKeys(
  before: SecretsManagerSettings,
  after: SecretsManagerSettings,
  holdsSecrets: boolean,
): SecretsManagerSettings {
  if (before.kind === 'built-in' || after.kind === 'built-in' || !holdsSecrets) return after;
  const former = new Set([...before.formerKeyArns, before.pinnedKeyArn]);
  former.delete(after.pinnedKeyArn);
  return { ...after, formerKeyArns: [...former] };
}

/**
 * Lets a delegate open the data keys that exist with the new settings; nothing of them leaves it.
 * @throws {key-change-refused} when no delegate opens all of them, with how many do not open
 * @throws {no-delegate} when none answered
 */
export async function requireDataKeysOpen(
  row: SecretsManagerRow,
  subject: PreflightSubject,
  services: Pick<Services, 'store' | 'fleet' | 'dispatcher'>,
): Promise<void> {
  const samples = await collectDataKeySamples(services.store, row);
  if (samples.length === 0) return;
  const delegates = await services.fleet.requireEligible([subject.access.settings]);
  let best: TaskResultOf<'open-data-keys'> | null = null;
  for (const delegate of delegates) {
    const result = await tryToOpen(delegate, samples, { subject, services });
    if (result?.opened === samples.length) return;
    if (result !== null && result.opened >= (best?.opened ?? 0)) best = result;
  }
  if (best === null) throw await services.fleet.noDelegate([subject.access.settings]);
  throw keysDoNotOpen(row, samples.length, best);
}

/** null: the delegate did not answer, so another one is asked. */
async function tryToOpen(
  delegate: DelegateConnection,
  samples: DataKeySample[],
  using: { subject: PreflightSubject; services: Pick<Services, 'dispatcher'> },
): Promise<TaskResultOf<'open-data-keys'> | null> {
  const { id, access } = using.subject;
  const timeoutMs = OPEN_MIN_MS + samples.length * OPEN_MS_PER_KEY;
  try {
    return await using.services.dispatcher.run<'open-data-keys'>(
      delegate,
      { kind: 'open-data-keys', secretsManagerId: id, access, samples },
      { timeoutMs },
    );
  } catch (thrown) {
    if (thrown instanceof AppError) return null;
    throw thrown;
  }
}

function keysDoNotOpen(
  row: SecretsManagerRow,
  tried: number,
  result: TaskResultOf<'open-data-keys'>,
): AppError {
  const failed = tried - result.opened;
  const why =
    result.firstFailure === null ? '' : ` The first one failed with: ${result.firstFailure.message}`;
  return new AppError('key-change-refused', {
    publicMessage:
      `${failed} of ${tried} data keys of "${row.name}" would not open with the new settings.${why}`.slice(
        0,
        4000,
      ),
    data: { ...result.firstFailure?.data, tried, failed },
  });
}

/** Order of keys does not matter; order of selectors does not matter either, but they come normalised and rarely move. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
