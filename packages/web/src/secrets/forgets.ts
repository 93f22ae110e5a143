// Which answers of the server are old once a secret was changed.
import type { JsonOperationId } from '@sallyport/sdk/browser';

export const CHANGES_OF_A_SECRET: readonly JsonOperationId[] = [
  'listSecrets',
  'getSecret',
  'listSecretChanges',
  'explainScope',
];

/** Also after a value was written: it may lie under another secrets manager now. */
export const NEW_VERSION: readonly JsonOperationId[] = [...CHANGES_OF_A_SECRET, 'listSecretsManagers'];

/** After a value was read: that is counted. */
export const READING: readonly JsonOperationId[] = ['listSecrets', 'getSecret', 'listSecretUses'];
