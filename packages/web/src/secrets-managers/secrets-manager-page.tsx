// One secrets manager: its settings to change, or to read for whoever may not.
import { Button } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import type { ReactNode } from 'react';
import { isAppError } from '@sallyport/sdk/browser';
import type { SecretsManagerView } from '@sallyport/protocol';
import { Allowed, useMe } from '../client/me.tsx';
import { useOperation } from '../client/operations.ts';
import { may } from '../client/permissions.ts';
import { DeleteButton } from '../ui/delete-button.tsx';
import { Icon } from '../ui/icons.tsx';
import { Page } from '../ui/page.tsx';
import { Loaded } from '../ui/states.tsx';
import { TextLink } from '../ui/text-link.tsx';
import { secretsManagerRoute } from './area.ts';
import { labelOfKind } from './kinds.ts';
import { draftOfManager } from './manager-draft.ts';
import { ManagerForm } from './manager-form.tsx';
import { useDeleteManager } from './use-delete-manager.ts';
import { useManagerForm } from './use-manager-form.ts';

const ManagerSummary = lazy(async () => ({
  default: (await import('./manager-summary.tsx')).ManagerSummary,
}));
/** Of the summary's two lines, so that nothing moves when they come. */
const SUMMARY_HEIGHT_PX = 38;

export function SecretsManagerPage(): ReactNode {
  const { secretsManager } = secretsManagerRoute.useParams();
  const query = useOperation('getSecretsManager', { params: { secretsManager } });
  const isManaging = may(useMe(), 'manage-secrets-managers');
  const [edition, setEdition] = useState(0);
  const view = query.data;
  return (
    <Page
      title={view?.name ?? 'Secrets manager'}
      description={
        <>
          {view !== undefined && `${labelOfKind(view.kind)}${view.isDefault ? ', the default' : ''}. `}
          <TextLink to="/secrets-managers" isInText>
            All secrets managers
          </TextLink>
        </>
      }
      actions={
        view !== undefined && (
          <Allowed permission="manage-secrets-managers">
            <DeleteManagerButton view={view} />
          </Allowed>
        )
      }
    >
      <Loaded query={query} rows={8}>
        {(manager) => (
          <>
            <Suspense fallback={<div style={{ height: SUMMARY_HEIGHT_PX }} />}>
              <ManagerSummary manager={manager} withFacts={!isManaging} />
            </Suspense>
            {isManaging && (
              <EditForm
                key={`${manager.id} ${edition}`}
                view={manager}
                onLoadAgain={() => void query.refetch().then(() => setEdition(edition + 1))}
              />
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function DeleteManagerButton({ view }: { view: SecretsManagerView }): ReactNode {
  const navigate = useNavigate();
  const remove = useDeleteManager(view, () => void navigate({ to: '/secrets-managers' }));
  return <DeleteButton onClick={remove}>Delete</DeleteButton>;
}

/** What is edited stays what it was when the page opened, whatever is loaded meanwhile: an edit by somebody else must not be overwritten. */
function EditForm({ view, onLoadAgain }: { view: SecretsManagerView; onLoadAgain: () => void }): ReactNode {
  const [saved] = useState(view);
  const navigate = useNavigate();
  const leave = (): void => void navigate({ to: '/secrets-managers' });
  const form = useManagerForm(() => draftOfManager(saved), saved, leave);
  const isOutdated = isAppError(form.trial.error, 'edit-conflict');
  return (
    <>
      <ManagerForm form={form} onCancel={leave} />
      {isOutdated && (
        <div>
          <Button variant="default" leftSection={<Icon name="refresh" size={16} />} onClick={onLoadAgain}>
            Load the settings as they are now
          </Button>
        </div>
      )}
    </>
  );
}
