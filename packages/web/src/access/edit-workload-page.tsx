// Changes who is let in of one issuer, and to what.
import { Alert } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { WorkloadIssuerView } from '@sallyport/protocol';
import { useAction, useOperation } from '../client/operations.ts';
import { Icon } from '../ui/icons.tsx';
import { notify } from '../ui/notify.tsx';
import { Page } from '../ui/page.tsx';
import { Loaded } from '../ui/states.tsx';
import { TextLink } from '../ui/text-link.tsx';
import { workloadRoute } from './area.ts';
import { workloadDraftOf, workloadInputOf } from './workload-draft.ts';
import type { WorkloadDraft } from './workload-draft.ts';
import { WorkloadForm } from './workload-form.tsx';

export function EditWorkloadPage(): ReactNode {
  const { issuer } = workloadRoute.useParams();
  const query = useOperation('getWorkloadIssuer', { params: { workloadIssuer: issuer } });
  return (
    <Page
      title={query.data === undefined ? 'Workload issuer' : query.data.name}
      description={<TextLink to="/access/workloads">Workloads</TextLink>}
    >
      <Loaded query={query}>{(view) => <Edit key={view.id} view={view} />}</Loaded>
    </Page>
  );
}

function Edit({ view }: { view: WorkloadIssuerView }): ReactNode {
  const [before] = useState(view);
  const navigate = useNavigate();
  const toList = (): void => void navigate({ to: '/access/workloads' });
  const edit = useAction(
    async (client, draft: WorkloadDraft) =>
      client.call('editWorkloadIssuer', {
        params: { workloadIssuer: before.id },
        body: changesIn(draft, before),
      }),
    { forgets: ['listWorkloadIssuers', 'getWorkloadIssuer', 'listApiKeys'] },
  );
  return (
    <>
      <Alert color="harbour" variant="light" icon={<Icon name="alert" />}>
        Saving ends the keys that it has let in so far, unless only the name changes.
      </Alert>
      <WorkloadForm
        initial={workloadDraftOf(before)}
        shown={before}
        submitLabel="Save"
        isPending={edit.isPending}
        error={edit.error}
        onSubmit={(draft) =>
          edit.mutate(draft, {
            onSuccess: ({ name }) => {
              notify.done(`“${name}” was changed.`);
              toList();
            },
          })
        }
        onCancel={toList}
      />
    </>
  );
}

/** What differs: what stays the same is left out, since everything but the name ends keys. */
function changesIn(
  draft: WorkloadDraft,
  before: WorkloadIssuerView,
): Partial<ReturnType<typeof workloadInputOf>> {
  const after = workloadInputOf(draft);
  const same = workloadInputOf(workloadDraftOf(before));
  return Object.fromEntries(
    Object.entries(after).filter(
      ([field, value]) => JSON.stringify(value) !== JSON.stringify(same[field as keyof typeof same]),
    ),
  );
}
