// Executes `open-data-keys`: finds out whether data keys of existing secrets still open with other settings, before those are
// saved. Counts only; no key leaves the delegate, none is cached.
import type { DataKey, KeyProvider } from '@sallyport/core';
import type { TaskOf, TaskResultOf, WireError } from '@sallyport/protocol';
import { checkAccess } from '../key-providers/check-access.ts';
import { mapBounded } from './bounded-parallel.ts';
import type { TaskRun } from './task-services.ts';

const PARALLEL_SAMPLES = 8;

type Sample = TaskOf<'open-data-keys'>['samples'][number];

/**
 * @throws {delegate-refused} when the guard file does not allow these settings
 * @throws what `checkAccess` throws
 */
export async function executeOpenDataKeys(
  task: TaskOf<'open-data-keys'>,
  run: TaskRun,
): Promise<TaskResultOf<'open-data-keys'>> {
  const { guard, managers } = run.services;
  const { secretsManagerId, access, samples } = task;
  checkAccess(access);
  guard.requireSettings(access.settings);
  const failures = await managers.withOwnProvider({ secretsManagerId, access }, (provider) =>
    mapBounded(samples, PARALLEL_SAMPLES, (sample) => failureOf(sample, { provider, run })),
  );
  const firstFailure = failures.find((failure) => failure !== null) ?? null;
  return {
    kind: 'open-data-keys',
    opened: failures.filter((failure) => failure === null).length,
    firstFailure,
  };
}

/** Why a sample does not open; `null` when it does. */
async function failureOf(
  sample: Sample,
  { provider, run }: { provider: KeyProvider; run: TaskRun },
): Promise<WireError | null> {
  const { guard, keys, toError } = run.services;
  try {
    const encrypted = sample.encrypted.map(decodeDataKey);
    keys.requireAllowedKeys(encrypted);
    guard.countDecrypt();
    await provider.unwrapDataKey({ encrypted, context: sample.context, signal: run.signal });
    return null;
  } catch (thrown) {
    run.signal.throwIfAborted();
    return toError(thrown);
  }
}

function decodeDataKey(encrypted: Sample['encrypted'][number]): DataKey['encrypted'] {
  return {
    providerId: encrypted.providerId,
    providerInfo: Buffer.from(encrypted.providerInfo, 'base64'),
    ciphertext: Buffer.from(encrypted.ciphertext, 'base64'),
  };
}
