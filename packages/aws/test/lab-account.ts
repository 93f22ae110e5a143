// A lab with what most tests need: a key, a host identity that may use it and assume a role, and that role with an external ID.
import { afterEach, expect } from 'vitest';
import type { KeyProvider, SecretsManagerId } from '@sallyport/core';
import { assumeRolePolicy, keyUsePolicy, startAwsLab, trustPrincipals } from '@sallyport/testkit/lab';
import type { AwsLab, LabKey, LabRole, LabUser, LabAccessKey } from '@sallyport/testkit/lab';
import { AwsRuntime } from '../src/index.ts';
import type { AwsAccess, AwsLimits, PreflightResult, PreflightStep } from '../src/index.ts';
import { accessTo, contextOf, environmentAt, MANAGER_ID, noAbort } from './settings.ts';

export const EXTERNAL_ID = 'ext-4711';

/** Limits that let failing tests end soon; the ratios are those of the defaults. */
export const SHORT: Partial<AwsLimits> = {
  connectTimeoutMs: 200,
  requestTimeoutMs: 250,
  stsTimeoutMs: 600,
  callTimeoutMs: 1500,
  metadataTimeoutMs: 200,
  refreshWaitMs: 100,
};

const open: { close: () => unknown }[] = [];

afterEach(async () => {
  for (const opened of open.splice(0).reverse()) await opened.close();
});

/** One lab and the identities in it. Closed after the test that made it. */
export class LabAccount {
  readonly lab: AwsLab;
  readonly key: LabKey;
  /** May use the key and assume the role; its keys are the host's unless a test says otherwise. */
  readonly host: LabUser & LabAccessKey;
  /** May use the key; its trust policy names the host and demands the external ID. */
  readonly role: LabRole;

  constructor(lab: AwsLab) {
    this.lab = lab;
    this.key = lab.keys.create();
    const keyArn = this.key.arn;
    this.host = lab.identities.createUser({ name: 'host', policies: [keyUsePolicy({ keyArn })] });
    const trustPolicy = trustPrincipals({ principals: [this.host.arn], externalId: EXTERNAL_ID });
    this.role = lab.identities.createRole({
      name: 'sallyport',
      trustPolicy,
      policies: keyUsePolicy({ keyArn }),
    });
    const policies = [keyUsePolicy({ keyArn }), assumeRolePolicy(this.role.arn)];
    lab.identities.setUserPolicies({ arn: this.host.arn, policies });
  }

  static async start(options: Parameters<typeof startAwsLab>[0] = {}): Promise<LabAccount> {
    const lab = await startAwsLab(options);
    open.push(lab);
    return new LabAccount(lab);
  }

  /** A runtime on a host with these variables; its clock is the lab's. */
  runtime(env: Record<string, string> = this.hostKeys, limits: Partial<AwsLimits> = SHORT): AwsRuntime {
    const { lab } = this;
    const environment = environmentAt({ kms: lab.kmsEndpoint, sts: lab.stsEndpoint }, env);
    const runtime = new AwsRuntime(environment, { clock: { nowMs: () => lab.clock.now() }, limits });
    open.push(runtime);
    return runtime;
  }

  /** The host user's access keys as environment variables. */
  get hostKeys(): Record<string, string> {
    return { AWS_ACCESS_KEY_ID: this.host.accessKeyId, AWS_SECRET_ACCESS_KEY: this.host.secretAccessKey };
  }

  provider(runtime: AwsRuntime, access: AwsAccess, id: SecretsManagerId = MANAGER_ID): KeyProvider {
    const provider = runtime.keyProvider(id, access);
    open.push(provider);
    return provider;
  }

  iamRole(keyArn: string = this.key.arn): AwsAccess {
    return accessTo(keyArn, { type: 'iam-role' });
  }

  accessKeys(keyArn: string = this.key.arn): AwsAccess {
    const { accessKeyId, secretAccessKey } = this.host;
    return accessTo(keyArn, { type: 'access-keys', accessKeyId }, { secretAccessKey });
  }

  stsRole(
    change: { roleArn?: string; externalId?: string | null; durationSeconds?: number } = {},
    keyArn: string = this.key.arn,
  ): AwsAccess {
    const role = { roleArn: this.role.arn, externalId: EXTERNAL_ID, durationSeconds: 3600 };
    return accessTo(keyArn, { type: 'sts-role', ...role, ...change });
  }

  /** @param steps takes what was told while it ran. In every test, the last words on the steps are what the result says. */
  async preflight(
    access: AwsAccess,
    runtime: AwsRuntime = this.runtime(),
    steps: PreflightStep[] = [],
  ): Promise<PreflightResult> {
    const context = contextOf(0, access.settings.context);
    const onStep = (step: PreflightStep): void => void steps.push(step);
    const options = { secretsManagerId: MANAGER_ID, signal: noAbort(), context, onStep };
    const result = await runtime.preflight(access, options);
    const lastWords = [...new Map(steps.map((step) => [step.action, step])).values()];
    expect(lastWords.map(essence)).toEqual(result.stages.map(essence));
    return result;
  }
}

/** Makes a data key and unwraps it again. @returns whether the same key came back */
export async function roundTrip(provider: KeyProvider): Promise<boolean> {
  const request = { context: contextOf(), signal: noAbort() };
  const { key, encrypted } = await provider.generateDataKey(request);
  const opened = await provider.unwrapDataKey({ ...request, encrypted: [encrypted] });
  return opened.equals(key);
}

/** Makes one data key. */
export async function generate(provider: KeyProvider, signal: AbortSignal = noAbort()) {
  return provider.generateDataKey({ context: contextOf(), signal });
}

/** A remark on a stage is no news of it. */
const essence = ({ stage, action, outcome, error }: PreflightStep) => ({ stage, action, outcome, error });
