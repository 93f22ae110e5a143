// Runs one start-up profile on one delegate: finds its secrets, hands it over, records the start before the delegate may begin, and keeps
// the end of its masked output.
import { AppError, parseSelectors } from '@sallyport/core';
import { decodeContent, HEARTBEAT, PROFILE_OUTPUT_KEPT_BYTES, SealedScriptEvent } from '@sallyport/protocol';
import type { ScriptEnd } from '@sallyport/protocol';
import { SCRIPT_DEFAULT_SECONDS } from '@sallyport/protocol';
import type { DelegateConnection } from '../fleet/delegate-connection.ts';
import { explainEligibility } from '../fleet/eligibility.ts';
import type { DelegateNeed } from '../fleet/eligibility.ts';
import type { StreamedTask } from '../fleet/open-task.ts';
import type { SecretsManagerRow } from '../secrets-managers/secrets-manager-store.ts';
import { loadEnvelopes, managersOf } from '../secrets/find-readable.ts';
import type { FoundItem } from '../secrets/find-readable.ts';
import { taskItem } from '../secrets/resolve-secrets.ts';
import type { Services } from '../services.ts';
import { OutputTail } from './output-tail.ts';
import type { ProfileRecord } from './profile-record.ts';
import { findScriptSecrets, referencesIn } from './profile-script.ts';
import type { DelegateProfileRow, ProfileRunRow } from './profile-store.ts';

/** Beyond the script's own time: for opening its secrets, and for ending what it left. */
const BEYOND_MS = 60_000;

export type RunServices = Pick<Services, 'store' | 'catalogue' | 'directory' | 'dispatcher'> & {
  record: ProfileRecord;
};
type Work = {
  profile: DelegateProfileRow;
  delegate: DelegateConnection;
  before: ProfileRunRow | null;
  /** Ends the run, with its reason, an `AppError`. */
  signal: AbortSignal;
};
type ProfileTask = StreamedTask<'run-profile'>;
type Events = AsyncGenerator<Uint8Array, void, undefined>;

/**
 * Resolves when it has ended, and that is kept, however it ended.
 * @param work.before what is kept of an earlier attempt with this revision
 * @param onStart told of the run just before it begins
 * @returns whether it had begun
 * @throws {storage-unavailable}
 */
export async function runProfile(
  work: Work,
  services: RunServices,
  onStart: (run: ProfileRunRow) => void,
): Promise<boolean> {
  const { profile, delegate, before } = work;
  const { record } = services;
  let task: ProfileTask | null = null;
  let run: ProfileRunRow;
  let events: Events;
  try {
    const { items, managers } = await prepare(work, services);
    task = handOver(work, { items, managers, services });
    cancelWith(work.signal, task);
    events = task.stream.receive();
    const ready = readEvent(await events.next());
    if (ready?.event.is !== 'ready') throw brokenOff();
    const unmasked = ready.event.unmasked.map(({ reference }) => reference);
    run = { ...record.newRun({ profile, delegate }), unmasked };
    onStart(run);
    await record.started({ profile, delegate }, run, items);
  } catch (thrown) {
    const error = asAppError(thrown);
    task?.cancel(error);
    await record.refused({ profile, delegate }, error, before);
    return false;
  }
  const output = new OutputTail(PROFILE_OUTPUT_KEPT_BYTES);
  try {
    const end = await follow(task, events, output);
    await record.ended({ profile, delegate }, run, { end, output: output.bytes() });
  } catch (thrown) {
    const error = asAppError(thrown);
    task.cancel(error);
    await record.interrupted({ profile, delegate }, run, { error, output: output.bytes() });
  }
  return true;
}

/** The delegate ends the script and all that it has started, as at its time limit. */
function cancelWith(signal: AbortSignal, task: ProfileTask): void {
  const cancel = (): void => task.cancel(asAppError(signal.reason));
  if (signal.aborted) cancel();
  else signal.addEventListener('abort', cancel, { once: true });
}

/** @throws what the profile is refused with before the delegate is asked */
async function prepare(
  { profile, delegate }: Work,
  { store, catalogue, directory }: RunServices,
): Promise<{ items: FoundItem[]; managers: SecretsManagerRow[] }> {
  const options = { catalogue: await catalogue.current(), asker: null };
  const script: DelegateNeed = { kind: 'script', selectors: parseSelectors(profile.selectors) };
  requireEligible(delegate, [script]);
  const items = await store.read(async (tables) => {
    const found = await findScriptSecrets(tables, referencesIn(profile.script), options);
    await loadEnvelopes(tables, found);
    return found;
  });
  const managers = [...(await managersOf(items, directory)).values()];
  requireEligible(delegate, [script, ...managers.map(({ settings }) => settings)]);
  return { items, managers };
}

/** @throws {delegate-not-eligible} */
function requireEligible(delegate: DelegateConnection, needs: readonly DelegateNeed[]): void {
  const reasons = explainEligibility(delegate, needs);
  if (reasons.length === 0) return;
  throw new AppError('delegate-not-eligible', {
    publicMessage: `Delegate ${delegate.name} may not run it: it ${reasons.join(' and ')}.`,
  });
}

function handOver(
  { profile, delegate }: Work,
  by: { items: readonly FoundItem[]; managers: readonly SecretsManagerRow[]; services: RunServices },
): ProfileTask {
  const { id, name, revision, script, maxSeconds } = profile;
  return by.services.dispatcher.stream<'run-profile'>(
    delegate,
    {
      kind: 'run-profile',
      profile: { profileId: id, revision, name },
      script,
      maxSeconds,
      items: by.items.map(taskItem),
    },
    {
      managers: by.managers,
      timeoutMs: (maxSeconds ?? SCRIPT_DEFAULT_SECONDS) * 1000 + BEYOND_MS,
      // Delegates give a sign of life more often than that, however silent the script is.
      leaseMs: HEARTBEAT.lostAfterSeconds * 1000,
    },
  );
}

/** @throws what the task fails with */
async function follow(task: ProfileTask, events: Events, output: OutputTail): Promise<ScriptEnd> {
  await task.stream.send(new Uint8Array(), { last: true });
  for await (const chunk of events) {
    const read = readEvent({ done: false, value: chunk });
    if (read === null) throw brokenOff();
    if (read.event.is === 'output') for (const bytes of read.values) output.take(bytes);
  }
  return (await task.result).end;
}

/** null: there is none, or it is not of the agreed form. */
function readEvent(
  next: IteratorResult<Uint8Array, void>,
): { event: SealedScriptEvent; values: Uint8Array[] } | null {
  if (next.done === true) return null;
  const { header, values } = decodeContent(next.value);
  const parsed = SealedScriptEvent.safeParse(header);
  return parsed.success ? { event: parsed.data, values } : null;
}

function brokenOff(): AppError {
  return new AppError('delegate-lost', { publicMessage: 'The delegate ended the task without an answer.' });
}

function asAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  return new AppError('internal', { publicMessage: 'An internal error occurred.', cause: thrown });
}
