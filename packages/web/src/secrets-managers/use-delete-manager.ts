// Deletes a secrets manager after asking. Whether it may go is the server's decision: not the default, not one that holds secrets.
import type { SecretsManagerView } from '@sallyport/protocol';
import { useClient } from '../client/client-context.tsx';
import { useForget } from '../client/operations.ts';
import { CALLED_OFF } from '../ui/confirmations.ts';
import { notify } from '../ui/notify.tsx';
import { useConfirmations } from '../ui/use-confirmations.tsx';

/** @param onDeleted told when it is gone */
export function useDeleteManager(
  { id, name }: Pick<SecretsManagerView, 'id' | 'name'>,
  onDeleted?: () => void,
): () => void {
  const client = useClient();
  const confirmations = useConfirmations();
  const forget = useForget();
  const remove = async (): Promise<void> => {
    const outcome = await confirmations.ask({
      title: `Delete “${name}”?`,
      confirmLabel: 'Delete',
      danger: true,
      body: 'Its settings are deleted. The key at AWS is not touched.',
      run: async () => client.call('deleteSecretsManager', { params: { secretsManager: id } }),
    });
    if (outcome === CALLED_OFF) return;
    notify.done(`Secrets manager “${name}” is deleted.`);
    onDeleted?.();
    await forget('listSecretsManagers');
  };
  return () => void remove();
}
