// From what the API was given to settings that hold: every check that needs no AWS call. Names are checked before settings, and both
// before any delegate is asked.
import {
  AppError,
  checkAwsKmsSettings,
  checkDataKeyCache,
  checkFixedContext,
  parseKeyArn,
} from '@sallyport/core';
import { checkDisplayName, isId, parseSelectors } from '@sallyport/core';
import type { Credentials, SecretsManagerSettings } from '@sallyport/core';
import type { AwsKmsInput, CredentialsInput, SettingsInput } from '@sallyport/protocol';
import type { SecretsManagerRow } from './secrets-manager-store.ts';

/** Settings as checked, and the secret access key that came with them. */
export type CheckedSettings = {
  settings: SecretsManagerSettings;
  /** In clear. null: none given, so with `access-keys` the stored one is meant. */
  secretAccessKey: string | null;
};

/** @throws {invalid-name} */
export function checkSecretsManagerName(name: string): string {
  // It would shadow the secrets manager that has this id.
  if (isId('secretsManager', name)) {
    throw new AppError('invalid-name', { publicMessage: 'A name must not look like an id.' });
  }
  return checkDisplayName(name);
}

/**
 * Checks settings for a new secrets manager, or, given `saved`, for an edit of it.
 * `pinnedKeyArn` is the key ARN itself until the preflight has resolved it.
 * @throws {invalid-key-arn} {region-mismatch} {invalid-role-arn} {invalid-external-id} {invalid-selector}
 * {invalid-encryption-context} {invalid-request}
 */
export function checkSettings(input: SettingsInput, saved: SecretsManagerRow | null): CheckedSettings {
  const { context, dataKeyCache } = input;
  const selectors = parseSelectors(input.selectors);
  if (saved !== null && saved.settings.kind !== input.kind) {
    throw invalid('The kind of a secrets manager cannot change. Create a second one.');
  }
  if (input.kind === 'built-in') {
    checkFixedContext(context);
    checkDataKeyCache(dataKeyCache);
    return { settings: { kind: 'built-in', selectors, context, dataKeyCache }, secretAccessKey: null };
  }
  const settings = {
    kind: 'aws-kms' as const,
    keyArn: input.keyArn,
    region: input.region ?? parseKeyArn(input.keyArn).region,
    credentials: withoutSecret(input.credentials),
    selectors,
    context,
    dataKeyCache,
  };
  checkAwsKmsSettings(settings);
  return {
    settings: { ...settings, pinnedKeyArn: input.keyArn, formerKeyArns: [] },
    secretAccessKey: secretOf(input, saved),
  };
}

/** What is compared to tell whether an edit changes anything: settings without what the server adds to them. */
export function givenSettings(settings: SecretsManagerSettings): Record<string, unknown> {
  if (settings.kind === 'built-in') return { ...settings };
  const { pinnedKeyArn: _pinned, formerKeyArns: _former, ...given } = settings;
  return given;
}

function withoutSecret(credentials: CredentialsInput): Credentials {
  if (credentials.type !== 'access-keys') return credentials;
  return { type: 'access-keys', accessKeyId: credentials.accessKeyId };
}

function secretOf(input: AwsKmsInput, saved: SecretsManagerRow | null): string | null {
  if (input.credentials.type !== 'access-keys') return null;
  const { accessKeyId, secretAccessKey } = input.credentials;
  if (secretAccessKey !== undefined) return secretAccessKey;
  const kept = saved?.settings.kind === 'aws-kms' ? saved.settings.credentials : null;
  if (kept?.type === 'access-keys' && kept.accessKeyId === accessKeyId) return null;
  throw invalid(
    kept?.type === 'access-keys'
      ? 'Give the secret access key that belongs to the new access key id.'
      : 'Give the secret access key beside the access key id.',
  );
}

function invalid(publicMessage: string): AppError {
  return new AppError('invalid-request', { publicMessage });
}
