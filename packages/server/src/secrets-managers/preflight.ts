// Tries settings on every eligible delegate, all at once, and judges the outcome. Saving is somebody else's business.
import { AppError, parseKeyArn } from '@sallyport/core';
import type { ErrorData, SecretsManagerId, SecretsManagerSettings } from '@sallyport/core';
import { toWireError } from '@sallyport/protocol';
import type {
  DelegatePreflight,
  PreflightEvent,
  PreflightOutcome,
  PreflightStage,
  PreflightStep,
  SecretsManagerAccess,
} from '@sallyport/protocol';
import type { DelegateConnection } from '../fleet/delegate-connection.ts';
import { delegateWireError } from '../fleet/delegate-failure.ts';
import type { WatchedBy } from '../http/operation.ts';
import type { Services } from '../services.ts';

/** A preflight makes several calls to AWS, each with time-outs of its own. */
const PREFLIGHT_MIN_MS = 90_000;

/** A delegate that says nothing for so long is said to be silent, and again after the same time. */
const SILENT_SECONDS = 5;

export type PreflightSubject = { id: SecretsManagerId; access: SecretsManagerAccess };

type PreflightServices = Pick<Services, 'fleet' | 'dispatcher' | 'config' | 'clock'>;

/**
 * Runs the preflight on each eligible delegate, and tells whoever watches how far each one is.
 * @throws {no-delegate} when there is none
 * @throws the reason of `watch.signal` when it aborts; the delegates have been told to stop
 */
export async function runPreflight(
  subject: PreflightSubject,
  services: PreflightServices,
  watch: WatchedBy<PreflightEvent>,
): Promise<PreflightOutcome> {
  const delegates = await services.fleet.requireEligible([subject.access.settings]);
  watch.progress({ is: 'asked', delegates: delegates.map((delegate) => identify(delegate)) });
  const reports = await Promise.all(
    delegates.map(async (delegate) => {
      const silence = new Silence(delegate, services, watch);
      const report = await tryOn(delegate, { subject, watch, silence }, services).finally(() =>
        silence.end(),
      );
      watch.progress({ is: 'finished', delegate: report });
      return report;
    }),
  );
  return { ok: reports.some((one) => one.report?.ok === true), delegates: reports };
}

/** Counts how long a delegate has said nothing, and tells. */
class Silence {
  readonly #start: () => () => void;
  #cancel: () => void;

  constructor(
    { id }: DelegateConnection,
    { clock }: Pick<Services, 'clock'>,
    { progress }: WatchedBy<PreflightEvent>,
  ) {
    this.#start = () => {
      let seconds = 0;
      const tell = (): void => {
        seconds += SILENT_SECONDS;
        progress({ is: 'silent', delegateId: id, seconds });
        this.#cancel = clock.after(SILENT_SECONDS * 1000, tell);
      };
      return clock.after(SILENT_SECONDS * 1000, tell);
    };
    this.#cancel = this.#start();
  }

  /** There was a word: the time starts over. */
  broken(): void {
    this.#cancel();
    this.#cancel = this.#start();
  }

  end(): void {
    this.#cancel();
  }
}

function identify(delegate: DelegateConnection): Pick<DelegatePreflight, 'delegateId' | 'delegateName'> {
  return { delegateId: delegate.id, delegateName: delegate.name };
}

async function tryOn(
  delegate: DelegateConnection,
  {
    subject,
    watch,
    silence,
  }: { subject: PreflightSubject; watch: WatchedBy<PreflightEvent>; silence: Silence },
  services: PreflightServices,
): Promise<DelegatePreflight> {
  const who = identify(delegate);
  const timeoutMs = Math.max(PREFLIGHT_MIN_MS, services.config.taskTimeoutSeconds * 1000);
  try {
    const { report } = await services.dispatcher.run<'preflight'>(
      delegate,
      { kind: 'preflight', secretsManagerId: subject.id, access: subject.access },
      {
        timeoutMs,
        signal: watch.signal,
        onProgress: (told) => {
          silence.broken();
          const steps = told.map((step) => withDelegate(step, delegate.name));
          watch.progress({ is: 'steps', delegateId: delegate.id, steps });
        },
      },
    );
    const stages = report.stages.map((stage) => withDelegate(stage, delegate.name));
    return { ...who, report: { ...report, stages } };
  } catch (thrown) {
    watch.signal.throwIfAborted();
    if (!(thrown instanceof AppError)) throw thrown;
    return { ...who, report: null, error: toWireError(thrown) };
  }
}

function withDelegate<S extends PreflightStep>(stage: S, delegateName: string): S {
  return stage.error === undefined
    ? stage
    : { ...stage, error: delegateWireError(stage.error, delegateName) };
}

/**
 * The settings to save after a preflight: with the key that KMS answered with.
 * @throws {preflight-failed} with the outcome in `data.preflight`, when no delegate passed or the delegates that did disagree
 */
export function settingsAfterPreflight(
  settings: SecretsManagerSettings,
  outcome: PreflightOutcome,
): SecretsManagerSettings {
  if (!outcome.ok) throw preflightFailed(outcome, describeFailures(outcome), firstFailure(outcome));
  if (settings.kind === 'built-in') return settings;
  const passed = outcome.delegates.filter(({ report }) => report?.ok === true);
  const pinned = new Set(passed.map(({ report }) => report?.pinnedKeyArn ?? ''));
  const [pinnedKeyArn = ''] = pinned;
  if (pinned.size > 1) {
    const seen = passed.map((one) => `${one.delegateName}: ${one.report?.pinnedKeyArn ?? 'none'}`).join('; ');
    throw preflightFailed(outcome, `The delegates were answered by different keys (${seen}).`, {
      stage: 'key',
    });
  }
  if (!isPinFor(pinnedKeyArn, settings.keyArn)) {
    throw preflightFailed(outcome, 'KMS answered with another key than the one asked for.', { stage: 'key' });
  }
  return { ...settings, pinnedKeyArn };
}

/** A key ARN stands for itself; an alias for some key of its region and account. */
function isPinFor(pinnedKeyArn: string, keyArn: string): boolean {
  const asked = parseKeyArn(keyArn);
  if (asked.type === 'key') return pinnedKeyArn === keyArn;
  try {
    const pinned = parseKeyArn(pinnedKeyArn);
    return pinned.type === 'key' && pinned.region === asked.region && pinned.accountId === asked.accountId;
  } catch {
    return false;
  }
}

function describeFailures(outcome: PreflightOutcome): string {
  const failures = outcome.delegates.map((one) => {
    const failed = failedStage(one);
    if (failed !== null)
      return `${one.delegateName}, ${failed.action}: ${failed.error?.message ?? 'failed.'}`;
    return `${one.delegateName}: ${one.error?.message ?? 'failed without saying why.'}`;
  });
  return `No delegate could use the key with these settings. ${failures.join(' ')}`;
}

function failedStage(one: DelegatePreflight): PreflightStage | null {
  return one.report?.stages.find((stage) => stage.outcome === 'failed') ?? null;
}

/** Facts of the first failure, so that whoever reads only the error sees stage, AWS code and the missing statement. */
function firstFailure(outcome: PreflightOutcome): ErrorData {
  for (const one of outcome.delegates) {
    const stage = failedStage(one);
    const error = stage?.error ?? one.error;
    if (error !== undefined) return { ...(stage === null ? {} : { stage: stage.stage }), ...error.data };
  }
  return {};
}

const MESSAGE_MAX_CHARACTERS = 3900;

function preflightFailed(outcome: PreflightOutcome, message: string, facts: ErrorData): AppError {
  return new AppError('preflight-failed', {
    publicMessage: message.slice(0, MESSAGE_MAX_CHARACTERS),
    data: { ...facts, preflight: outcome },
  });
}
