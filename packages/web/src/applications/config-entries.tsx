// What a service refers to: variables and files, each with the secret that they hold, for all environments or for one.
import { Badge, Button, Code, Group, Text } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { ApplicationView, ConfigEntryView, ServiceView } from '@sallyport/protocol';
import { useClient } from '../client/client-context.tsx';
import { useForget, useOperation } from '../client/operations.ts';
import { CALLED_OFF } from '../ui/confirmations.ts';
import { IconButton } from '../ui/icon-button.tsx';
import { Icon } from '../ui/icons.tsx';
import { notify } from '../ui/notify.tsx';
import { RecordTable } from '../ui/record-table.tsx';
import { EmptyState, Loaded } from '../ui/states.tsx';
import { useConfirmations } from '../ui/use-confirmations.tsx';
import type { ApplicationRights } from './application-rights.ts';
import { ConfigEntryDialog } from './config-entry-dialog.tsx';
import { EnvironmentBadge } from './environment-badge.tsx';

type Props = { application: ApplicationView; service: ServiceView; rights: ApplicationRights };
/** What the dialog is open for. */
type Editing = 'new' | ConfigEntryView | null;

export function ConfigEntries({ application, service, rights }: Props): ReactNode {
  const [editing, setEditing] = useState<Editing>(null);
  const query = useOperation('listConfigEntries', {
    params: { application: application.id, service: service.id },
  });
  const maySet = rights.setEntry(null) || application.environments.some((one) => rights.setEntry(one));
  const add = maySet && (
    <Button leftSection={<Icon name="plus" size={16} />} onClick={() => setEditing('new')}>
      Add variable or file
    </Button>
  );
  return (
    <>
      <Group justify="space-between" align="flex-start">
        <Text size="sm" c="dimmed" maw="72ch">
          Variables and files of this service that hold a secret. An entry for one environment counts there
          instead of the one for all.
        </Text>
        {add}
      </Group>
      <Loaded query={query} rows={3}>
        {({ entries }) =>
          entries.length === 0 ? (
            <EmptyState title="It refers to no secret yet">
              Let a variable such as DB_PASSWORD, or a file such as etc/tls.pem, refer to a secret. Secrets
              that something refers to are not deleted by accident.
            </EmptyState>
          ) : (
            <EntryTable
              entries={entries}
              application={application}
              service={service}
              rights={rights}
              onEdit={setEditing}
            />
          )
        }
      </Loaded>
      {editing !== null && (
        <ConfigEntryDialog
          application={application}
          service={service}
          rights={rights}
          entry={editing === 'new' ? null : editing}
          onClose={() => setEditing(null)}
        />
      )}
    </>
  );
}

function EntryTable(
  props: Props & { entries: readonly ConfigEntryView[]; onEdit: (entry: ConfigEntryView) => void },
): ReactNode {
  const { entries, application, rights, onEdit } = props;
  const remove = useRemoval(props);
  const environmentOf = ({ environment }: ConfigEntryView): ApplicationView['environments'][number] | null =>
    application.environments.find(({ id }) => id === environment?.id) ?? null;
  return (
    <RecordTable
      label="Variables and files"
      records={entries}
      keyOf={({ id }) => id}
      columns={[
        { heading: 'Name', cell: ({ name }) => <Code>{name}</Code> },
        { heading: 'Kind', cell: ({ kind }) => (kind === 'variable' ? 'Variable' : 'File') },
        {
          heading: 'Environment',
          cell: (entry) => {
            const environment = environmentOf(entry);
            return environment === null ? 'All' : <EnvironmentBadge environment={environment} />;
          },
        },
        { heading: 'Secret', cell: (entry) => <ReferredSecret entry={entry} /> },
        {
          heading: 'Actions',
          isActions: true,
          cell: (entry) =>
            rights.setEntry(environmentOf(entry)) && (
              <>
                <IconButton icon="edit" label={`Edit ${entry.name}`} onClick={() => onEdit(entry)} />
                <IconButton icon="trash" label={`Remove ${entry.name}`} onClick={() => void remove(entry)} />
              </>
            ),
        },
      ]}
    />
  );
}

function ReferredSecret({ entry }: { entry: ConfigEntryView }): ReactNode {
  const { secret, unusableIn } = entry;
  return (
    <Group gap={6}>
      <Text size="sm" c={secret.name === null ? 'dimmed' : undefined}>
        {secret.name ?? 'one that you may not see'}
      </Text>
      {unusableIn.length > 0 && (
        <Badge color="red" variant="light" tt="none" fw={500}>
          not usable in {unusableIn.join(', ')}
        </Badge>
      )}
    </Group>
  );
}

function useRemoval({ application, service }: Props): (entry: ConfigEntryView) => Promise<void> {
  const client = useClient();
  const confirmations = useConfirmations();
  const forget = useForget();
  return async ({ id, name, secret }) => {
    const outcome = await confirmations.ask({
      title: `Remove ${name} of ${service.name}?`,
      confirmLabel: 'Remove',
      danger: true,
      body: `The secret${secret.name === null ? '' : ` ${secret.name}`} stays. The service no longer counts as one that depends on it.`,
      run: async () =>
        client.call('removeConfigEntry', {
          params: { application: application.id, service: service.id, entry: id },
        }),
    });
    if (outcome === CALLED_OFF) return;
    notify.done(`${name} was removed.`);
    await forget('listConfigEntries');
  };
}
