// Settings and contexts as the tests of this package use them.
import { encryptionContextOf, makeId } from '@sallyport/core';
import type { AwsKmsSettings, Credentials, EncryptionContext, SecretsManagerId } from '@sallyport/core';
import type { AwsAccess, AwsEnvironment } from '../src/index.ts';

const random = (fill: number) => ({ nowMs: 1_700_000_000_000, random: new Uint8Array(10).fill(fill) });

export const MANAGER_ID = makeId('secretsManager', random(1));
export const OTHER_MANAGER_ID = makeId('secretsManager', random(2));
const SECRET_ID = makeId('secret', random(3));

/** Access to one key; `former` are keys that may still unwrap. */
export function accessTo(
  keyArn: string,
  credentials: Credentials,
  more: { former?: string[]; secretAccessKey?: string; context?: EncryptionContext; pinned?: string } = {},
): AwsAccess {
  const settings: AwsKmsSettings = {
    kind: 'aws-kms',
    keyArn,
    pinnedKeyArn: more.pinned ?? keyArn,
    formerKeyArns: more.former ?? [],
    region: keyArn.split(':')[3] ?? '',
    credentials,
    selectors: [],
    context: more.context ?? {},
    dataKeyCache: { maxAgeSeconds: 0, maxUses: 1 },
  };
  return { settings, secretAccessKey: more.secretAccessKey ?? null };
}

/** The context of one version of a secret. */
export function contextOf(
  version = 1,
  fixed: EncryptionContext = {},
  secretsManagerId: SecretsManagerId = MANAGER_ID,
): EncryptionContext {
  return encryptionContextOf({ secretsManagerId, secretId: SECRET_ID, version }, fixed);
}

/** An environment in which both services are at `url` and the host has the given variables. */
export function environmentAt(
  url: string | { kms: string; sts: string },
  env: Record<string, string | undefined> = {},
): AwsEnvironment {
  const { kms, sts } = typeof url === 'string' ? { kms: url, sts: url } : url;
  return { env, kmsEndpoint: kms, stsEndpoint: sts, useFips: false, delegateName: 'test delegate' };
}

/** A signal that is never aborted. */
export const noAbort = (): AbortSignal => new AbortController().signal;
