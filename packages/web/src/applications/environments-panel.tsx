// The environments of an application.
import { Button, Code, Text } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { ApplicationView, EnvironmentView } from '@sallyport/protocol';
import { useClient } from '../client/client-context.tsx';
import { useForget } from '../client/operations.ts';
import { CALLED_OFF } from '../ui/confirmations.ts';
import { IconButton } from '../ui/icon-button.tsx';
import { Icon } from '../ui/icons.tsx';
import { notify } from '../ui/notify.tsx';
import { Panel } from '../ui/page.tsx';
import { RecordTable } from '../ui/record-table.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { useConfirmations } from '../ui/use-confirmations.tsx';
import { AddEnvironmentDialog } from './add-environment-dialog.tsx';
import type { ApplicationRights } from './application-rights.ts';
import { EnvironmentBadge } from './environment-badge.tsx';
import { TYPE_LABELS } from './environment-fields.tsx';
import { NameDialog } from './name-dialog.tsx';

type Props = { application: ApplicationView; rights: ApplicationRights };

export function EnvironmentsPanel({ application, rights }: Props): ReactNode {
  const [isAdding, setAdding] = useState(false);
  const [renamed, setRenamed] = useState<EnvironmentView | null>(null);
  const { environments } = application;
  const add = rights.addEnvironments.length > 0 && (
    <Button
      size="compact-sm"
      variant="default"
      leftSection={<Icon name="plus" size={14} />}
      onClick={() => setAdding(true)}
    >
      Add environment
    </Button>
  );
  return (
    <Panel title="Environments" actions={add}>
      {environments.length === 0 ? (
        <Text size="sm" c="dimmed">
          No environment yet. Until there is one, no secret can be used for this application.
        </Text>
      ) : (
        <EnvironmentTable application={application} rights={rights} onRename={setRenamed} />
      )}
      {isAdding && (
        <AddEnvironmentDialog
          application={application}
          types={rights.addEnvironments}
          onClose={() => setAdding(false)}
        />
      )}
      {renamed !== null && (
        <NameDialog
          title="Rename environment"
          submitLabel="Rename"
          name={renamed.name}
          description="Scopes and grants go by its id and do not notice; addresses that people typed do."
          save={async (client, name) =>
            client.call('renameEnvironment', {
              params: { application: application.id, environment: renamed.id },
              body: { name },
            })
          }
          forgets={['getApplication', 'listApplications', 'listConfigEntries']}
          onDone={(name) => notify.done(`The environment is called “${name}” now.`)}
          onClose={() => setRenamed(null)}
        />
      )}
    </Panel>
  );
}

function EnvironmentTable(props: Props & { onRename: (environment: EnvironmentView) => void }): ReactNode {
  const { application, rights, onRename } = props;
  const remove = useDeletion(application);
  return (
    <RecordTable
      label="Environments"
      isInside
      records={application.environments}
      keyOf={({ id }) => id}
      columns={[
        { heading: 'Name', cell: (environment) => <EnvironmentBadge environment={environment} /> },
        { heading: 'Type', cell: ({ type }) => TYPE_LABELS[type] },
        {
          heading: 'Address',
          cell: ({ name }) => (
            <Code>
              sally://{application.name}/{name}/…
            </Code>
          ),
        },
        { heading: 'Created', cell: ({ createdAtMs }) => <RelativeTime atMs={createdAtMs} /> },
        {
          heading: 'Actions',
          isActions: true,
          cell: (environment) => (
            <>
              {rights.renameEnvironment(environment) && (
                <IconButton
                  icon="edit"
                  label={`Rename environment ${environment.name}`}
                  onClick={() => onRename(environment)}
                />
              )}
              {rights.deleteEnvironment(environment) && (
                <IconButton
                  icon="trash"
                  label={`Delete environment ${environment.name}`}
                  onClick={() => void remove(environment)}
                />
              )}
            </>
          ),
        },
      ]}
    />
  );
}

function useDeletion(application: ApplicationView): (environment: EnvironmentView) => Promise<void> {
  const client = useClient();
  const confirmations = useConfirmations();
  const forget = useForget();
  return async ({ id, name }) => {
    const params = { application: application.id, environment: id };
    const outcome = await confirmations.ask({
      title: `Delete the environment ${name} of ${application.name}?`,
      confirmLabel: 'Delete environment',
      danger: true,
      body: 'This cannot be undone. No secret is deleted with it, and nothing becomes usable anywhere else.',
      preview: async () => {
        const data = await client.call('previewEnvironmentDeletion', { params });
        return { data, confirmationToken: data.confirmationToken };
      },
      run: async (token) => client.call('deleteEnvironment', { params, query: { confirm: token ?? '' } }),
    });
    if (outcome === CALLED_OFF) return;
    notify.done(`The environment “${name}” was deleted.`);
    await forget('getApplication', 'listApplications', 'listConfigEntries');
  };
}
