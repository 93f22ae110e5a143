// Which answers of the server are old once settings of a secrets manager were tried or saved.
import type { JsonOperationId } from '@sallyport/sdk/browser';

export const TESTED: readonly JsonOperationId[] = [
  'listSecretsManagers',
  'getSecretsManager',
  'listSecretsManagerTests',
];
