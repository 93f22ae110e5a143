// Approving and removing a delegate, after asking: both are about who may see values.
import { Stack, Text } from '@mantine/core';
import type { DelegateView } from '@sallyport/protocol';
import { useClient } from '../client/client-context.tsx';
import { useForget } from '../client/operations.ts';
import { CALLED_OFF } from '../ui/confirmations.ts';
import { Fingerprint } from '../ui/fingerprint.tsx';
import { notify } from '../ui/notify.tsx';
import { useConfirmations } from '../ui/use-confirmations.tsx';

type Delegate = Pick<DelegateView, 'id' | 'name' | 'fingerprint' | 'state'>;

export function useApproveDelegate({ id, name, fingerprint }: Delegate): () => void {
  const client = useClient();
  const confirmations = useConfirmations();
  const forget = useForget();
  const approve = async (): Promise<void> => {
    const outcome = await confirmations.ask({
      title: `Approve “${name}”?`,
      confirmLabel: 'Approve',
      body: (
        <Stack gap="xs">
          <Text size="sm">
            From then on it gets work, and with it keys and values. Compare its fingerprint with the one in
            its own log first.
          </Text>
          <Fingerprint value={fingerprint} />
        </Stack>
      ),
      run: async () => client.call('approveDelegate', { params: { delegate: id } }),
    });
    if (outcome === CALLED_OFF) return;
    notify.done(`Delegate “${name}” is approved.`);
    await forget('listDelegates', 'explainDelegates');
  };
  return () => void approve();
}

export function useRemoveDelegate({ id, name, state }: Delegate): () => void {
  const client = useClient();
  const confirmations = useConfirmations();
  const forget = useForget();
  const isWaiting = state === 'waiting-for-approval';
  const remove = async (): Promise<void> => {
    const outcome = await confirmations.ask({
      title: isWaiting ? `Reject “${name}”?` : `Remove “${name}”?`,
      confirmLabel: isWaiting ? 'Reject' : 'Remove',
      danger: true,
      body: 'It is disconnected and forgotten, and needs a token to come back. Revoke its token too, if it should not.',
      run: async () => client.call('removeDelegate', { params: { delegate: id } }),
    });
    if (outcome === CALLED_OFF) return;
    notify.done(`Delegate “${name}” is removed.`);
    await forget('listDelegates', 'explainDelegates');
  };
  return () => void remove();
}
