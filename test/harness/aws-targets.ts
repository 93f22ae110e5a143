// What stands in for AWS in end-to-end tests: our lab, and moto where it is installed. Both with one key, and what the three
// credentials types need.
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { startMoto } from '@sallyport/testkit';
import { seedDemo, startAwsLab } from '@sallyport/testkit/lab';
import type { AwsLab } from '@sallyport/testkit/lab';
import type { AwsKmsInput } from '@sallyport/protocol';

export type AwsTarget = {
  keyArn: string;
  region: string;
  roleArn: string;
  externalId: string;
  accessKeyId: string;
  secretAccessKey: string;
  /** For a delegate: where KMS, STS and host credentials are. */
  environment: Record<string, string>;
  close(): Promise<void>;
};

/** Our lab with its demo account. The lab itself comes along, to be steered. */
export async function labTarget(): Promise<AwsTarget & { lab: AwsLab }> {
  const lab = await startAwsLab();
  const demo = seedDemo(lab);
  return { ...demo, environment: { ...demo.environment }, lab, close: async () => lab.close() };
}

/** moto, which does not verify who calls: it checks that what we send is understood by another implementation. */
export async function motoTarget(): Promise<AwsTarget> {
  const moto = await startMoto();
  const region = 'eu-west-1';
  const pair = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'not-checked' };
  const kms = new KMSClient({ endpoint: moto.url, region, credentials: pair });
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  kms.destroy();
  return {
    keyArn: KeyMetadata?.Arn ?? '',
    region,
    roleArn: 'arn:aws:iam::123456789012:role/sallyport',
    externalId: 'external-id',
    ...pair,
    environment: {
      AWS_ENDPOINT_URL_KMS: moto.url,
      AWS_ENDPOINT_URL_STS: moto.url,
      AWS_ACCESS_KEY_ID: pair.accessKeyId,
      AWS_SECRET_ACCESS_KEY: pair.secretAccessKey,
    },
    close: async () => moto.stop(),
  };
}

export type CredentialsType = AwsKmsInput['credentials']['type'];
export const CREDENTIALS_TYPES: readonly CredentialsType[] = ['iam-role', 'access-keys', 'sts-role'];

/** Settings as a user gives them, for one credentials type. */
export function settingsFor(target: AwsTarget, type: CredentialsType, selectors: string[]) {
  const { keyArn, roleArn, externalId, accessKeyId, secretAccessKey } = target;
  const credentials = {
    'iam-role': { type: 'iam-role' as const },
    'access-keys': { type: 'access-keys' as const, accessKeyId, secretAccessKey },
    'sts-role': { type: 'sts-role' as const, roleArn, externalId },
  }[type];
  // Without a cache every read asks KMS, so that what a test changes acts at once.
  return {
    kind: 'aws-kms' as const,
    keyArn,
    credentials,
    selectors,
    dataKeyCache: { maxAgeSeconds: 0, maxUses: 1 },
  };
}
