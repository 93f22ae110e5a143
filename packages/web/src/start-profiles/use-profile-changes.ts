// Running a start-up profile again and deleting it, after asking.
import { useNavigate } from '@tanstack/react-router';
import type { DelegateProfile } from '@sallyport/protocol';
import { useClient } from '../client/client-context.tsx';
import { useForget } from '../client/operations.ts';
import { CALLED_OFF } from '../ui/confirmations.ts';
import { notify } from '../ui/notify.tsx';
import { useConfirmations } from '../ui/use-confirmations.tsx';
import { sayWhoRuns } from './say-run.ts';

type Profile = Pick<DelegateProfile, 'id' | 'name' | 'selectors' | 'revision'>;

export function useRunAgain({ id, name, selectors, revision }: Profile): () => void {
  const client = useClient();
  const confirmations = useConfirmations();
  const forget = useForget();
  const run = async (): Promise<void> => {
    const outcome = await confirmations.ask({
      title: `Run “${name}” again?`,
      confirmLabel: 'Run again',
      body: `It runs once more on ${sayWhoRuns(selectors)}, at once where they are connected. It is yours to know that it may: what it did before is not undone.`,
      run: async () =>
        client.call('editDelegateProfile', {
          params: { profile: id },
          body: { runAgain: true, expectedRevision: revision },
        }),
    });
    if (outcome === CALLED_OFF) return;
    notify.done(`“${name}” runs again.`);
    await forget('getDelegateProfile', 'listDelegateProfiles', 'listProfileRuns');
  };
  return () => void run();
}

export function useDeleteProfile({ id, name }: Profile): () => void {
  const client = useClient();
  const confirmations = useConfirmations();
  const forget = useForget();
  const navigate = useNavigate();
  const remove = async (): Promise<void> => {
    const outcome = await confirmations.ask({
      title: `Delete “${name}”?`,
      confirmLabel: 'Delete',
      danger: true,
      body: 'What is kept of its runs goes with it. Where it runs, it is ended, with all that it has started; what it has set up on delegates stays there.',
      run: async () => client.call('deleteDelegateProfile', { params: { profile: id } }),
    });
    if (outcome === CALLED_OFF) return;
    notify.done(`The start-up profile “${name}” is deleted.`);
    await navigate({ to: '/start-up-profiles' });
    await forget('listDelegateProfiles', 'listSetupUsages', 'listSecrets');
  };
  return () => void remove();
}
