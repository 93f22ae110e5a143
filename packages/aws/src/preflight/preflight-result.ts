// What a preflight found out, and the log in which its stages are written down as they happen.
import { isAppError } from '@sallyport/core';
import type { AppError, EncryptionContext, FailureStage, SecretsManagerId } from '@sallyport/core';
import type { CallerIdentity } from '../sts/caller-identity.ts';

/** One thing that was tried. */
export type PreflightStage = {
  /** Of a failure: the stage at which it failed, which may be an earlier one than what was tried. */
  stage: FailureStage;
  /** What was tried, e.g. `sts:AssumeRole`, `kms:Decrypt`. */
  action: string;
  outcome: 'passed' | 'failed' | 'skipped';
  elapsedMs: number;
  /** Of a failure: the error, with hint and missing statement in its data; the fields below repeat them. */
  error?: AppError;
  awsCode?: string;
  requestId?: string;
  /** What is wrong; of a stage that passed or was skipped, what there is to say about it. */
  message?: string;
  hint?: string;
  missingStatement?: string;
};

/** Something that works and still should be looked at. */
export type PreflightWarning = {
  code:
    | 'external-id-missing'
    | 'external-id-not-demanded'
    | 'external-id-not-checked'
    | 'own-role'
    | 'identity-unknown'
    | 'alias-retargeted'
    | 'key-expires'
    | 'key-store';
  message: string;
};

/** What a preflight is given beside the settings. */
export type PreflightOptions = {
  secretsManagerId: SecretsManagerId;
  /** Aborts the preflight; it then throws the signal's reason. */
  signal: AbortSignal;
  /** The whole encryption context of a probe: `encryptionContextOf` with a probe's secret id, version 0 and the fixed pairs. */
  context: EncryptionContext;
  /** Told of each step: that it is to come, is under way, and what came of it. The last word on an action counts. */
  onStep?: (step: PreflightStep) => void;
};

/** A step before its result is there, or with it. */
export type PreflightStep = Omit<PreflightStage, 'outcome'> & {
  outcome: PreflightStage['outcome'] | 'waiting' | 'running';
};

/** Outcome of one preflight at one delegate. */
export type PreflightResult = {
  /** Nothing has failed. */
  ok: boolean;
  /** Who the delegate is before any role is assumed; `null` when STS did not tell. */
  identity: CallerIdentity | null;
  /** The key behind `keyArn`: what to pin when the settings are saved. `null` when no key answered. */
  pinnedKeyArn: string | null;
  stages: readonly PreflightStage[];
  warnings: readonly PreflightWarning[];
};

/** What is tried, and the stage that it belongs to. */
export type Step = { stage: FailureStage; action: string };

/** Writes down stages. After the first failure everything else is skipped, except what is run with `runAnyway`. */
export class StageLog {
  readonly stages: PreflightStage[] = [];
  readonly warnings: PreflightWarning[] = [];
  readonly #signal: AbortSignal;
  readonly #onStep: (step: PreflightStep) => void;
  /** The action that was last said to be under way. */
  #begun: string | null = null;

  /** @param plan all steps in their order, as far as they are known beforehand */
  constructor(options: Pick<PreflightOptions, 'signal' | 'onStep'>, plan: readonly Step[]) {
    this.#signal = options.signal;
    this.#onStep = options.onStep ?? (() => undefined);
    for (const step of plan) this.#onStep({ ...step, outcome: 'waiting', elapsedMs: 0 });
  }

  get hasFailed(): boolean {
    return this.stages.some(({ outcome }) => outcome === 'failed');
  }

  /** Runs a step unless an earlier one has failed. @returns its result, or `null` when it failed or was skipped */
  async run<T>(step: Step, work: () => Promise<T>): Promise<T | null> {
    if (!this.hasFailed) return this.runAnyway(step, work);
    this.skip(step, 'An earlier stage failed.');
    return null;
  }

  /** Says that a step is under way whose work begins before it is known whether it counts. */
  begin(step: Step): void {
    if (this.#begun === step.action) return;
    this.#begun = step.action;
    this.#onStep({ ...step, outcome: 'running', elapsedMs: 0 });
  }

  /** Runs a step whatever failed before. @returns its result, or `null` when it failed */
  async runAnyway<T>(step: Step, work: () => Promise<T>): Promise<T | null> {
    const startMs = performance.now();
    this.begin(step);
    try {
      const result = await work();
      this.#add({ ...step, outcome: 'passed', elapsedMs: performance.now() - startMs });
      return result;
    } catch (thrown) {
      this.#signal.throwIfAborted();
      if (!isAppError(thrown)) throw thrown;
      this.#add(failedStage(step, thrown, performance.now() - startMs));
      return null;
    }
  }

  /** Notes a step that was not tried, or whose outcome decides nothing. */
  skip(step: Step, message: string): void {
    this.#add({ ...step, outcome: 'skipped', elapsedMs: 0, message });
  }

  /** Takes back that the last step passed: it could not be tried after all. */
  unpass(message: string): void {
    const last = this.stages.pop();
    if (last !== undefined) this.#add({ ...last, outcome: 'skipped', message });
  }

  /** Adds to what is said about the last stage. */
  note(message: string): void {
    const last = this.stages.at(-1);
    if (last !== undefined) last.message ??= message;
  }

  warn(code: PreflightWarning['code'], message: string): void {
    this.warnings.push({ code, message });
  }

  /** Replaces the error of a failed stage by one that says more. */
  explain(action: string, error: AppError): void {
    const index = this.stages.findIndex((stage) => stage.action === action && stage.outcome === 'failed');
    const stage = this.stages[index];
    if (stage === undefined) return;
    const explained = failedStage(stage, error, stage.elapsedMs);
    this.stages[index] = explained;
    this.#onStep({ ...explained });
  }

  #add(stage: PreflightStage): void {
    this.stages.push(stage);
    this.#onStep({ ...stage });
  }
}

function failedStage(step: Step, error: AppError, elapsedMs: number): PreflightStage {
  const { stage = step.stage, awsCode, requestId, hint, missingStatement } = error.data;
  return {
    stage,
    action: step.action,
    outcome: 'failed',
    elapsedMs,
    error,
    message: error.publicMessage,
    ...(awsCode === undefined ? {} : { awsCode }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(hint === undefined ? {} : { hint }),
    ...(missingStatement === undefined ? {} : { missingStatement }),
  };
}
