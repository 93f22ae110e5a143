// How the API shows secrets: metadata only.
import type { SecretMetadata } from '@sallyport/protocol';
import type { FoundSecret } from './secret-store.ts';

/** @param found with its newest version */
export function viewSecret(found: FoundSecret): SecretMetadata {
  const { secret, version, secretsManagerName } = found;
  return {
    id: secret.id,
    name: secret.name,
    kind: secret.kind,
    secretsManagerId: version.secretsManagerId,
    secretsManagerName,
    version: version.version,
    valueBytes: version.valueBytes,
    createdAtMs: secret.createdAtMs,
    updatedAtMs: version.createdAtMs,
  };
}
