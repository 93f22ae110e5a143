// What was being asked of AWS when it failed: the facts that a message needs beside the error itself.
import type { ErrorData, FailureStage } from '@sallyport/core';
import type { AwsErrorFacts } from './aws-error.ts';

type CallPlace = {
  /** IAM action, e.g. `kms:Decrypt`. */
  action: string;
  region: string;
  /** The endpoint in place of AWS's own; `null`: AWS's own. */
  endpoint: string | null;
};

/** A call to KMS on one key. */
export type KmsCall = CallPlace & {
  service: 'kms';
  keyArn: string;
  /** Whose rights are used, as a policy names it; `null` when not known. */
  principalArn: string | null;
  /** Names (not values) of the encryption context's pairs; empty for calls without one. */
  contextKeys: readonly string[];
};

/** AssumeRole from the host's credentials. */
export type AssumeRoleCall = CallPlace & {
  service: 'sts';
  purpose: 'assume-role';
  roleArn: string;
  externalId: string | null;
  durationSeconds: number;
  /** Who assumes, as a policy names it; `null` when not known. */
  principalArn: string | null;
};

/** AssumeRoleWithWebIdentity with the host's token. */
export type WebIdentityCall = CallPlace & { service: 'sts'; purpose: 'web-identity'; roleArn: string };

/** GetCallerIdentity. */
export type IdentityCall = CallPlace & { service: 'sts'; purpose: 'identity' };

/** Any call of this package. */
export type AwsCall = KmsCall | AssumeRoleCall | WebIdentityCall | IdentityCall;

/** The stage that a failure of this call belongs to when the failure does not say otherwise. */
export function stageOf(call: AwsCall): FailureStage {
  if (call.service === 'kms') return 'key';
  return call.purpose === 'assume-role' ? 'assume-role' : 'credentials';
}

/** Where the call went, for a person: `KMS in eu-west-1 (kms.eu-west-1…)`. */
export function placeOf(call: AwsCall): string {
  const service = call.service === 'kms' ? 'KMS' : 'STS';
  return call.endpoint === null
    ? `${service} in ${call.region}`
    : `${service} in ${call.region} at ${call.endpoint}`;
}

/** The facts that every failure carries. */
export function failureData(call: AwsCall, facts: AwsErrorFacts): ErrorData {
  return {
    stage: stageOf(call),
    action: call.action,
    region: call.region,
    ...(facts.awsCode === null ? {} : { awsCode: facts.awsCode }),
    ...(facts.requestId === null ? {} : { requestId: facts.requestId }),
    ...(call.service === 'kms' ? { keyArn: call.keyArn } : {}),
  };
}

/** ` AWS says: "…"`, or nothing. */
export function quoted(facts: AwsErrorFacts): string {
  return facts.awsMessage === null ? '' : ` AWS says: "${facts.awsMessage}"`;
}
