// What a delegate is told of a secrets manager. For `access-keys` that includes the secret access key, which is decrypted here,
// for that one message, and is kept nowhere in clear.
import type { SecretsManagerId, SecretsManagerSettings } from '@sallyport/core';
import type { SecretsManagerAccess } from '@sallyport/protocol';
import type { RootKey } from '../root-key/root-key.ts';
import type { SecretsManagerRow } from './secrets-manager-store.ts';

/** Access by settings and a secret access key in clear; null unless the credentials are `access-keys`. */
export function accessBySettings(
  settings: SecretsManagerSettings,
  secretAccessKey: string | null,
): SecretsManagerAccess {
  const shared = {
    selectors: [...settings.selectors],
    context: { ...settings.context },
    dataKeyCache: settings.dataKeyCache,
  };
  if (settings.kind === 'built-in') return { settings: { kind: 'built-in', ...shared }, secretAccessKey };
  const { keyArn, pinnedKeyArn, region, credentials } = settings;
  const formerKeyArns = [...settings.formerKeyArns];
  return {
    settings: { kind: 'aws-kms', keyArn, pinnedKeyArn, formerKeyArns, region, credentials, ...shared },
    secretAccessKey,
  };
}

/** Access to a saved secrets manager. @throws {internal} when the stored secret access key does not open */
export function accessOf(row: SecretsManagerRow, rootKey: RootKey): SecretsManagerAccess {
  return accessBySettings(row.settings, openSecretKey(row, rootKey));
}

/** The stored secret access key in clear; null when there is none. */
export function openSecretKey(
  row: Pick<SecretsManagerRow, 'id' | 'encryptedSecretKey'>,
  rootKey: RootKey,
): string | null {
  if (row.encryptedSecretKey === null) return null;
  return rootKey.decrypt(row.encryptedSecretKey, row.id).toString('utf8');
}

/** Encrypts a secret access key, bound to its secrets manager so that it opens for no other. */
export function sealSecretKey(secretAccessKey: string, id: SecretsManagerId, rootKey: RootKey): string {
  return rootKey.encrypt(Buffer.from(secretAccessKey, 'utf8'), id);
}
