// Lets workloads of one more issuer in.
import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useClient } from '../client/client-context.tsx';
import { useAction } from '../client/operations.ts';
import { notify } from '../ui/notify.tsx';
import { Page } from '../ui/page.tsx';
import { TextLink } from '../ui/text-link.tsx';
import { emptyWorkload, workloadInputOf } from './workload-draft.ts';
import type { WorkloadDraft } from './workload-draft.ts';
import { WorkloadForm } from './workload-form.tsx';

export function NewWorkloadPage(): ReactNode {
  const navigate = useNavigate();
  const { address } = useClient();
  const create = useAction(
    async (client, draft: WorkloadDraft) =>
      client.call('createWorkloadIssuer', { body: workloadInputOf(draft) }),
    { forgets: ['listWorkloadIssuers'] },
  );
  const toList = (): void => void navigate({ to: '/access/workloads' });
  return (
    <Page title="Let workloads in" description={<TextLink to="/access/workloads">Workloads</TextLink>}>
      <WorkloadForm
        initial={emptyWorkload(address.replace(/\/$/, ''))}
        shown={null}
        submitLabel="Let them in"
        isPending={create.isPending}
        error={create.error}
        onSubmit={(draft) =>
          create.mutate(draft, {
            onSuccess: ({ name }) => {
              notify.done(`Workloads of “${name}” are let in.`);
              toList();
            },
          })
        }
        onCancel={toList}
      />
    </Page>
  );
}
