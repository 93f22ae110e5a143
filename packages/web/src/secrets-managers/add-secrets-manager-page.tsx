// Adds a secrets manager of the kind that was chosen.
import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { SecretsManagerKind } from '@sallyport/core';
import { useOperation } from '../client/operations.ts';
import { Page } from '../ui/page.tsx';
import { EmptyState, Loaded } from '../ui/states.tsx';
import { TextLink } from '../ui/text-link.tsx';
import { addSecretsManagerRoute } from './area.ts';
import { KINDS } from './kinds.ts';
import { newDraft } from './manager-draft.ts';
import { ManagerForm } from './manager-form.tsx';
import { useManagerForm } from './use-manager-form.ts';

export function AddSecretsManagerPage(): ReactNode {
  const { kind } = addSecretsManagerRoute.useParams();
  const known = KINDS.find((one) => one.kind === kind);
  const managers = useOperation('listSecretsManagers', {});
  return (
    <Page
      title="Configure Secrets Manager"
      description={
        known === undefined ? undefined : (
          <>
            New, of kind {known.label}.{' '}
            <TextLink to="/secrets-managers" isInText>
              All secrets managers
            </TextLink>
          </>
        )
      }
    >
      {known === undefined ? (
        <EmptyState
          title="There is no such kind"
          action={<TextLink to="/secrets-managers">All secrets managers</TextLink>}
        >
          Choose one from “Add Secrets Manager”.
        </EmptyState>
      ) : (
        <Loaded query={managers} rows={8}>
          {({ secretsManagers }) => (
            // The first one is the default unless somebody objects: without a default, secrets have to name one.
            <AddForm
              key={known.kind}
              kind={known.kind}
              isFirst={!secretsManagers.some((one) => one.isDefault)}
            />
          )}
        </Loaded>
      )}
    </Page>
  );
}

function AddForm({ kind, isFirst }: { kind: SecretsManagerKind; isFirst: boolean }): ReactNode {
  const navigate = useNavigate();
  const leave = (): void => void navigate({ to: '/secrets-managers' });
  const form = useManagerForm(() => newDraft(kind, isFirst), null, leave);
  return <ManagerForm form={form} onCancel={leave} />;
}
