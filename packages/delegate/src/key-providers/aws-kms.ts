// Everything that a delegate asks of AWS: key providers of `aws-kms` secrets managers, and who signed the request of a workload. The AWS
// package is loaded at the first use: a delegate that serves built-in secrets managers only never pays for it, in memory or in time to
// start.
import { randomBytes } from 'node:crypto';
import type {
  AwsAccess,
  AwsRuntime,
  IdentityRequest,
  PreflightResult,
  PreflightStep as AwsPreflightStep,
  VerifiedIdentity,
  VerifyOptions,
} from '@sallyport/aws';
import { encryptionContextOf, ID_RANDOM_BYTES, invariant, makeId } from '@sallyport/core';
import type { KeyProvider } from '@sallyport/core';
import { toWireError } from '@sallyport/protocol';
import type { PreflightReport, SecretsManagerAccess, WireError } from '@sallyport/protocol';
import type { DelegateConfig } from '../config/delegate-config.ts';
import type { Guard } from '../guard/guard.ts';
import type { Time } from '../time/time.ts';
import type {
  IdentityVerifier,
  KeyProviderSource,
  PreflightUse,
  SecretsManagerUse,
} from './key-provider-source.ts';

export type AwsKmsKeysOptions = {
  config: Pick<DelegateConfig, 'environment' | 'name'>;
  /** Endpoints of the guard file; they win over those of the environment. */
  endpoints: Guard['endpoints'];
  time: Time;
};

// What the protocol takes at most.
const STAGES_MAX = 64;
const WARNINGS_MAX = 32;
const SAID_MAX_CHARACTERS = 500;
const WARNING_MAX_CHARACTERS = 2000;

/** Makes key providers that share one set of AWS clients and credentials. */
export class AwsKmsKeys implements KeyProviderSource, IdentityVerifier {
  readonly #options: AwsKmsKeysOptions;
  #runtime: Promise<AwsRuntime> | null = null;

  constructor(options: AwsKmsKeysOptions) {
    this.#options = options;
  }

  async open(use: SecretsManagerUse): Promise<KeyProvider> {
    const runtime = await this.#load();
    return runtime.keyProvider(use.secretsManagerId, awsAccessOf(use.access));
  }

  async preflight(use: PreflightUse): Promise<PreflightReport> {
    const runtime = await this.#load();
    const { secretsManagerId, access, signal } = use;
    const onStep = (step: AwsPreflightStep): void => use.onStep(onWire(step));
    const random = randomBytes(ID_RANDOM_BYTES);
    const secretId = makeId('secret', { nowMs: this.#options.time.nowMs(), random });
    const context = encryptionContextOf({ secretsManagerId, secretId, version: 0 }, access.settings.context);
    return reportOf(
      await runtime.preflight(awsAccessOf(access), { secretsManagerId, signal, context, onStep }),
    );
  }

  async verifyIdentity(request: IdentityRequest, options: VerifyOptions): Promise<VerifiedIdentity> {
    return (await this.#load()).verifyCallerIdentity(request, options);
  }

  close(): void {
    void this.#runtime?.then(
      (runtime) => runtime.close(),
      // What was never loaded needs no closing.
      () => undefined,
    );
    this.#runtime = null;
  }

  async #load(): Promise<AwsRuntime> {
    this.#runtime ??= this.#start();
    return this.#runtime;
  }

  async #start(): Promise<AwsRuntime> {
    const { AwsRuntime, readAwsEnvironment } = await import('@sallyport/aws');
    const { config, endpoints } = this.#options;
    const { kmsEndpoint, stsEndpoint, useFipsEndpoints } = endpoints;
    const overrides = { delegateName: config.name, kmsEndpoint, stsEndpoint };
    const environment = readAwsEnvironment(config.environment, overrides);
    const clock = { nowMs: () => this.#options.time.nowMs() };
    return new AwsRuntime({ ...environment, useFips: useFipsEndpoints ?? environment.useFips }, { clock });
  }
}

function awsAccessOf(access: SecretsManagerAccess): AwsAccess {
  const { settings, secretAccessKey } = access;
  invariant(settings.kind === 'aws-kms', 'AWS keys are for secrets managers of kind aws-kms');
  return { settings, secretAccessKey };
}

function reportOf(result: PreflightResult): PreflightReport {
  return {
    ok: result.ok,
    identityArn: result.identity?.arn ?? null,
    pinnedKeyArn: result.pinnedKeyArn,
    stages: result.stages.slice(0, STAGES_MAX).map((stage) => onWire(stage)),
    warnings: result.warnings
      .slice(0, WARNINGS_MAX)
      .map(({ message }) => message.slice(0, WARNING_MAX_CHARACTERS)),
  };
}

function onWire<S extends AwsPreflightStep>(
  step: S,
): Pick<S, 'stage' | 'action' | 'outcome' | 'elapsedMs'> & { message?: string; error?: WireError } {
  const { stage, action, outcome, elapsedMs, message, error } = step;
  // Of a step that failed, the error says it.
  const said =
    outcome === 'passed' && message !== undefined ? { message: message.slice(0, SAID_MAX_CHARACTERS) } : {};
  return {
    stage,
    action,
    outcome,
    elapsedMs,
    ...said,
    ...(error === undefined ? {} : { error: toWireError(error) }),
  };
}
