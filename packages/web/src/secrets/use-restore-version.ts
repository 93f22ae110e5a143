// Restores an older version: it is read in this browser and written as a new one, sealed both ways, and only after a person said so.
import type { SecretMetadata } from '@sallyport/protocol';
import type { Client, WrittenVersion } from '@sallyport/sdk/browser';
import { useClient } from '../client/client-context.tsx';
import { useForget } from '../client/operations.ts';
import { CALLED_OFF } from '../ui/confirmations.ts';
import { notify } from '../ui/notify.tsx';
import { useConfirmations } from '../ui/use-confirmations.tsx';
import { NEW_VERSION, READING } from './forgets.ts';

type Secret = Pick<SecretMetadata, 'id' | 'name' | 'kind' | 'version'>;

/** The same bytes again, on top of the newest version as it was seen. */
export async function restoreVersion(
  client: Client,
  secret: Secret,
  version: number,
): Promise<WrittenVersion> {
  const old = `${secret.id}@${version}`;
  const options = { expectedVersion: secret.version };
  if (secret.kind === 'text') {
    const value = await client.getBytes(old);
    try {
      return await client.set(secret.id, value, options);
    } finally {
      value.fill(0);
    }
  }
  return client.upload(
    secret.id,
    async function* () {
      yield* await client.download(old);
    },
    options,
  );
}

/** Asks, and then does it. */
export function useRestoreVersion(secret: Secret, version: number): () => Promise<void> {
  const client = useClient();
  const forget = useForget();
  const confirmations = useConfirmations();
  return async () => {
    const outcome = await confirmations.ask({
      title: `Restore version ${version} of “${secret.name}”?`,
      confirmLabel: 'Restore',
      body: `Its value becomes version ${secret.version + 1}, which is what everybody reads from then on. Version ${secret.version} stays in the history.`,
      run: async () => restoreVersion(client, secret, version),
    });
    if (outcome === CALLED_OFF) return;
    notify.done(`Version ${version} is restored as version ${outcome.version}`);
    await forget(...NEW_VERSION, ...READING);
  };
}
