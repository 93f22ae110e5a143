// Saves a secrets manager: a new one as a whole, of a saved one what was changed. Where secrets would reach beyond a narrower usage scope, the
// person decides.
import type { UseMutationResult } from '@tanstack/react-query';
import type { Client } from '@sallyport/sdk/browser';
import type { SavedSecretsManager, SecretsManagerView } from '@sallyport/protocol';
import { useAction } from '../client/operations.ts';
import { CALLED_OFF } from '../ui/confirmations.ts';
import type { Confirmations } from '../ui/confirmations.ts';
import { notify } from '../ui/notify.tsx';
import { useConfirmations } from '../ui/use-confirmations.tsx';
import { TESTED } from './forgets.ts';
import { changeOf, settingsOf } from './manager-draft.ts';
import type { ManagerDraft } from './manager-draft.ts';
import type { Watching } from './use-live-preflight.ts';

type Saved = SavedSecretsManager | typeof CALLED_OFF;

type Saving = {
  draft: ManagerDraft;
  /** What it is an edit of; null: a new one. */
  saved: SecretsManagerView | null;
  watching: Watching;
  /** Told with its name, once all is done. */
  onSaved: (name: string) => void;
};

export function useSaveManager({
  draft,
  saved,
  watching,
  onSaved,
}: Saving): UseMutationResult<Saved, Error, void> {
  const confirmations = useConfirmations();
  return useAction(
    async (client): Promise<Saved> => {
      const outcome =
        saved === null
          ? await create(client, draft, watching)
          : await edit({ client, confirmations, watching }, draft, saved);
      if (outcome === CALLED_OFF) return outcome;
      tell(outcome, saved === null);
      onSaved(outcome.secretsManager.name);
      return outcome;
    },
    { forgets: TESTED },
  );
}

async function create(
  client: Client,
  draft: ManagerDraft,
  { begin }: Watching,
): Promise<SavedSecretsManager> {
  return client.call('createSecretsManager', {
    body: {
      name: draft.name.trim(),
      settings: settingsOf(draft),
      usageScope: draft.scope,
      makeDefault: draft.makeDefault,
    },
    ...begin(),
  });
}

async function edit(
  { client, confirmations, watching }: { client: Client; confirmations: Confirmations; watching: Watching },
  draft: ManagerDraft,
  saved: SecretsManagerView,
): Promise<Saved> {
  const params = { secretsManager: saved.id };
  const change = changeOf(draft, saved);
  let outcome: Saved = { secretsManager: saved, preflight: null };
  if (Object.keys(change).length > 0) {
    const body = { ...change, expectedRevision: saved.revision };
    outcome = await confirmations.runConfirmed<SavedSecretsManager>({
      title: 'Secrets would reach beyond this usage scope',
      confirmLabel: 'Let them inherit',
      body: 'Their own scopes cover places that the secrets manager would no longer cover. You can let them inherit its scope instead, or cancel and change their scopes first.',
      run: async (confirmationToken) =>
        client.call('editSecretsManager', {
          params,
          body: confirmationToken === null ? body : { ...body, onConflict: 'inherit', confirmationToken },
          ...watching.begin(),
        }),
    });
  }
  if (outcome === CALLED_OFF || !draft.makeDefault || saved.isDefault) return outcome;
  return { ...outcome, secretsManager: await client.call('makeDefaultSecretsManager', { params }) };
}

function tell({ secretsManager, preflight }: SavedSecretsManager, isNew: boolean): void {
  const { name } = secretsManager;
  const failed = preflight?.delegates.filter(({ report }) => report?.ok !== true) ?? [];
  notify.done(isNew ? `Secrets manager “${name}” is added.` : `Secrets manager “${name}” is saved.`);
  if (failed.length > 0) {
    notify.info({
      title: 'Not every delegate can use it',
      message: `It did not work on ${failed.map(({ delegateName }) => delegateName).join(', ')}. The status shows why.`,
    });
  }
}
