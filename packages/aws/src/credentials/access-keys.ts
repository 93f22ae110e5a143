// Credentials of secrets managers of type `access-keys`: exactly the pair given, nothing else.
import type { SourcedCredentials } from './aws-identity.ts';
import { credentialsError } from './credentials-error.ts';

/**
 * @param pair.secretAccessKey `null`: the server sent none
 * @throws {aws-credentials}
 */
export function accessKeyCredentials(pair: {
  accessKeyId: string;
  secretAccessKey: string | null;
}): SourcedCredentials {
  const { accessKeyId, secretAccessKey } = pair;
  if (secretAccessKey !== null && secretAccessKey !== '') {
    return { identity: { accessKeyId, secretAccessKey }, source: 'access-keys' };
  }
  throw credentialsError({
    source: 'access-keys',
    publicMessage: 'The secrets manager has an access key id, but its secret access key is missing.',
    hint: 'Edit the secrets manager and enter the secret access key again.',
  });
}
