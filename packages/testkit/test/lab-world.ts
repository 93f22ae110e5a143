// A lab for one test, with the vendor's clients, closed when the test ends.
import { KMSClient } from '@aws-sdk/client-kms';
import { STSClient } from '@aws-sdk/client-sts';
import { expect, onTestFinished } from 'vitest';
import { DEFAULT_REGION, startAwsLab } from '../src/aws-lab/index.ts';
import type { AwsLab, AwsLabOptions, PolicyDocument } from '../src/aws-lab/index.ts';

export type Credentials = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };

export type ClientOptions = { region?: string; endpoint?: string; maxAttempts?: number };

export const EVERYTHING: PolicyDocument = {
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Action: '*', Resource: '*' },
};

export async function openLab(options?: AwsLabOptions): Promise<AwsLab> {
  const lab = await startAwsLab(options);
  onTestFinished(async () => lab.close());
  return lab;
}

/** A KMS client that tries once unless told otherwise. */
export function kmsAs(lab: AwsLab, credentials: Credentials, options: ClientOptions = {}): KMSClient {
  const { region = DEFAULT_REGION, endpoint = lab.kmsEndpoint, maxAttempts = 1 } = options;
  // A copy, since the SDK writes into the object that it is given.
  const client = new KMSClient({ endpoint, region, credentials: { ...credentials }, maxAttempts });
  onTestFinished(() => client.destroy());
  return client;
}

/** An STS client that tries once unless told otherwise. */
export function stsAs(lab: AwsLab, credentials: Credentials, options: ClientOptions = {}): STSClient {
  const { region = DEFAULT_REGION, endpoint = lab.stsEndpoint, maxAttempts = 1 } = options;
  const client = new STSClient({ endpoint, region, credentials: { ...credentials }, maxAttempts });
  onTestFinished(() => client.destroy());
  return client;
}

/** Expects a refusal with this AWS error name; returns its text. */
export async function refusalOf(call: Promise<unknown>, name: string): Promise<string> {
  const outcome = await call.then(
    () => ({ name: 'no error', message: '' }),
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
  expect(outcome.name).toBe(name);
  return outcome.message;
}

/** One statement as a policy. */
export function policy(statement: PolicyDocument['Statement']): PolicyDocument {
  return { Version: '2012-10-17', Statement: statement };
}
