// Deletes a secret: looks first at what would miss it. What services refer to is not deleted, unless by force, which is a right of its own.
import { useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import type { ReactNode } from 'react';
import type { SecretDeletionPreview, SecretMetadata } from '@sallyport/protocol';
import { useClient } from '../client/client-context.tsx';
import { useMe } from '../client/me.tsx';
import { useForget } from '../client/operations.ts';
import { may } from '../client/permissions.ts';
import { CALLED_OFF } from '../ui/confirmations.ts';
import { notify } from '../ui/notify.tsx';
import { useConfirmations } from '../ui/use-confirmations.tsx';
import { saySetupUsage } from './say-usage.ts';

const InUseDialog = lazy(async () => ({ default: (await import('./in-use-dialog.tsx')).InUseDialog }));

export type Deletion = {
  start: () => void;
  isLooking: boolean;
  /** The dialog that says why it cannot be; null: there is nothing to say. */
  obstacle: ReactNode;
};

type Secret = Pick<SecretMetadata, 'id' | 'name' | 'kind'>;

export function useDeleteSecret(secret: Secret): Deletion {
  const me = useMe();
  const client = useClient();
  const forget = useForget();
  const navigate = useNavigate();
  const confirmations = useConfirmations();
  const [isLooking, setLooking] = useState(false);
  const [inUse, setInUse] = useState<SecretDeletionPreview | null>(null);

  const ask = async (preview: SecretDeletionPreview): Promise<void> => {
    const isForced = isInUse(preview);
    const { confirmationToken, setupUsages, ...others } = preview;
    const usages = setupUsages.usages.map(saySetupUsage);
    const data = { ...others, setupUsages: { usages, hidden: setupUsages.hidden } };
    const outcome = await confirmations.ask({
      title: `Delete “${secret.name}”?`,
      confirmLabel: isForced ? 'Delete by force' : 'Delete',
      danger: true,
      body: isForced
        ? 'It is in use. It is deleted with all its versions; services lose what refers to it, and start-up profiles do not run without it. This cannot be undone.'
        : 'It is deleted with all its versions. This cannot be undone.',
      preview: async () => Promise.resolve({ data, confirmationToken }),
      run: async (token) =>
        client.remove(secret.id, {
          force: isForced,
          ...(token === null ? {} : { confirmationToken: token }),
        }),
    });
    if (outcome === CALLED_OFF) return;
    notify.done(`“${secret.name}” is deleted`);
    await navigate({ to: secret.kind === 'text' ? '/secrets/text' : '/secrets/files' });
    await forget('listSecrets', 'listSecretsManagers');
  };
  const start = async (): Promise<void> => {
    setLooking(true);
    try {
      const preview = await client.call('previewSecretDeletion', { params: { secret: secret.id } });
      setLooking(false);
      if (isInUse(preview) && !may(me, 'force-delete-secrets')) setInUse(preview);
      else await ask(preview);
    } catch (error) {
      setLooking(false);
      notify.failure(error);
    }
  };
  return {
    start: () => void start(),
    isLooking,
    obstacle: inUse !== null && (
      <Suspense>
        <InUseDialog preview={inUse} onClose={() => setInUse(null)} />
      </Suspense>
    ),
  };
}

function isInUse({ setupUsages }: SecretDeletionPreview): boolean {
  return setupUsages.usages.length + setupUsages.hidden > 0;
}
