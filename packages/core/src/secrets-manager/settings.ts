// What a secrets manager is set to: which key protects secrets, and how a delegate gets the right to use it. One tagged union
// per choice, so that contradictory settings cannot be written down. Checked here; stored by the server, used by delegates.
import { AppError } from '../errors/app-error.ts';
import { parseKeyArn, requireRegionOf } from '../key-arn/key-arn.ts';
import { ASSUME_ROLE_DURATION, checkExternalId, parseRoleArn } from '../key-arn/role-arn.ts';
import type { KeyArn } from '../key-arn/key-arn.ts';
import type { Selector } from '../selector/selector.ts';
import { checkFixedContext } from './encryption-context.ts';

export const SECRETS_MANAGER_KINDS = ['aws-kms', 'built-in'] as const;
export type SecretsManagerKind = (typeof SECRETS_MANAGER_KINDS)[number];

export const CREDENTIALS_TYPES = ['iam-role', 'access-keys', 'sts-role'] as const;
export type CredentialsType = (typeof CREDENTIALS_TYPES)[number];

/** How a delegate authenticates to AWS. The secret key of `access-keys` is not part of the settings: it is stored apart. */
export type Credentials =
  | { type: 'iam-role' }
  | { type: 'access-keys'; accessKeyId: string }
  | { type: 'sts-role'; roleArn: string; externalId: string | null; durationSeconds: number };

/** Limits of the data-key cache of delegates; both are absolute, nothing prolongs them. */
export type DataKeyCachePolicy = {
  /** 0 switches the cache off. */
  maxAgeSeconds: number;
  /** How often one cached data key may be used. */
  maxUses: number;
};

export const DATA_KEY_CACHE_LIMITS = {
  defaultMaxAgeSeconds: 300,
  maxAgeSeconds: 3600,
  defaultMaxUses: 100_000,
  maxUses: 4_294_967_296,
} as const;

export type AwsKmsSettings = {
  kind: 'aws-kms';
  /** As given: a key or an alias ARN. */
  keyArn: string;
  /** What the preflight resolved `keyArn` to; equal to it unless it is an alias. Never an alias. */
  pinnedKeyArn: string;
  /** Keys that protected secrets of this manager before and still may be asked to unwrap their data keys. Never aliases. */
  formerKeyArns: readonly string[];
  region: string;
  credentials: Credentials;
  selectors: readonly Selector[];
  /** Fixed pairs added to every encryption context. */
  context: Readonly<Record<string, string>>;
  dataKeyCache: DataKeyCachePolicy;
};

export type BuiltInSettings = {
  kind: 'built-in';
  selectors: readonly Selector[];
  context: Readonly<Record<string, string>>;
  dataKeyCache: DataKeyCachePolicy;
};

export type SecretsManagerSettings = AwsKmsSettings | BuiltInSettings;

/**
 * Checks everything about AWS KMS settings that needs no AWS call: ARN, region, role, external id, duration, selectors, context.
 * @returns the parsed key ARN
 * @throws {invalid-key-arn} {region-mismatch} {invalid-role-arn} {invalid-external-id} {invalid-encryption-context} {invalid-request}
 */
export function checkAwsKmsSettings(
  settings: Omit<AwsKmsSettings, 'pinnedKeyArn' | 'formerKeyArns'>,
): KeyArn {
  const arn = parseKeyArn(settings.keyArn);
  requireRegionOf(arn, settings.region);
  const { credentials } = settings;
  if (credentials.type === 'sts-role') checkStsRole(credentials, arn);
  if (credentials.type === 'access-keys' && !/^[A-Z0-9]{16,128}$/.test(credentials.accessKeyId)) {
    throw invalid(
      'An access key id has 16 to 128 upper-case letters and digits, as in AKIAIOSFODNN7EXAMPLE.',
    );
  }
  if (credentials.type !== 'access-keys' && settings.selectors.length === 0) {
    throw invalid(
      'Give at least one delegate selector: with a role, the delegate decides whose rights are used, so it has to be named.',
    );
  }
  checkFixedContext(settings.context);
  checkDataKeyCache(settings.dataKeyCache);
  return arn;
}

/** @throws {invalid-request} when a limit is out of bounds */
export function checkDataKeyCache(policy: DataKeyCachePolicy): void {
  const { maxAgeSeconds, maxUses } = DATA_KEY_CACHE_LIMITS;
  if (
    !Number.isInteger(policy.maxAgeSeconds) ||
    policy.maxAgeSeconds < 0 ||
    policy.maxAgeSeconds > maxAgeSeconds
  ) {
    throw invalid(`The data-key cache keeps keys for 0 (off) to ${maxAgeSeconds} seconds.`);
  }
  if (!Number.isInteger(policy.maxUses) || policy.maxUses < 1 || policy.maxUses > maxUses) {
    throw invalid(`A cached data key may be used 1 to ${maxUses} times.`);
  }
}

function checkStsRole(credentials: Extract<Credentials, { type: 'sts-role' }>, arn: KeyArn): void {
  const role = parseRoleArn(credentials.roleArn);
  if (role.partition !== arn.partition) {
    throw new AppError('invalid-role-arn', {
      publicMessage: `The role is in partition "${role.partition}", the key in "${arn.partition}". A role cannot use keys of another partition.`,
    });
  }
  if (credentials.externalId !== null) checkExternalId(credentials.externalId);
  const { minSeconds, maxSeconds } = ASSUME_ROLE_DURATION;
  const { durationSeconds } = credentials;
  if (!Number.isInteger(durationSeconds) || durationSeconds < minSeconds || durationSeconds > maxSeconds) {
    throw invalid(`The assume-role duration is ${minSeconds} to ${maxSeconds} seconds.`);
  }
}

function invalid(publicMessage: string): AppError {
  return new AppError('invalid-request', { publicMessage });
}
