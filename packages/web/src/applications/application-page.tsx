// One application: its environments and services, and what can be done with it.
import { Button, Group, Text } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { ApplicationView } from '@sallyport/protocol';
import { useClient } from '../client/client-context.tsx';
import { useMe } from '../client/me.tsx';
import { useForget, useOperation } from '../client/operations.ts';
import { CALLED_OFF } from '../ui/confirmations.ts';
import { DeleteButton } from '../ui/delete-button.tsx';
import { Icon } from '../ui/icons.tsx';
import { notify } from '../ui/notify.tsx';
import { Page } from '../ui/page.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { Loaded } from '../ui/states.tsx';
import { TextLink } from '../ui/text-link.tsx';
import { useConfirmations } from '../ui/use-confirmations.tsx';
import { applicationRoute } from './area.ts';
import { rightsAt } from './application-rights.ts';
import { EnvironmentsPanel } from './environments-panel.tsx';
import { NameDialog } from './name-dialog.tsx';
import { ServicesPanel } from './services-panel.tsx';

export function ApplicationPage(): ReactNode {
  const { application } = applicationRoute.useParams();
  const query = useOperation('getApplication', { params: { application } });
  if (query.data === undefined) {
    return (
      <Page title="Application">
        <Loaded query={query}>{() => null}</Loaded>
      </Page>
    );
  }
  return <ApplicationDetail key={query.data.id} application={query.data} />;
}

function ApplicationDetail({ application }: { application: ApplicationView }): ReactNode {
  const me = useMe();
  const [isRenaming, setRenaming] = useState(false);
  const remove = useDeletion(application);
  const rights = rightsAt(me, application.id);
  const { id, name, createdAtMs } = application;
  const actions = (
    <>
      {rights.rename && (
        <Button
          variant="default"
          leftSection={<Icon name="edit" size={16} />}
          onClick={() => setRenaming(true)}
        >
          Rename
        </Button>
      )}
      {rights.delete && <DeleteButton onClick={() => void remove()}>Delete</DeleteButton>}
    </>
  );
  return (
    <Page
      title={name}
      description={
        <Group gap={6}>
          <TextLink to="/applications">Applications</TextLink>
          <Text size="sm" span>
            · created <RelativeTime atMs={createdAtMs} />
          </Text>
        </Group>
      }
      actions={rights.rename || rights.delete ? actions : undefined}
    >
      <EnvironmentsPanel application={application} rights={rights} />
      <ServicesPanel application={application} rights={rights} />
      {isRenaming && (
        <NameDialog
          title="Rename application"
          submitLabel="Rename"
          name={name}
          description="Scopes, grants and services do not notice: they go by its id. Addresses that people typed do."
          save={async (client, name) =>
            client.call('renameApplication', { params: { application: id }, body: { name } })
          }
          forgets={['getApplication', 'listApplications']}
          onDone={(name) => notify.done(`The application is called “${name}” now.`)}
          onClose={() => setRenaming(false)}
        />
      )}
    </Page>
  );
}

function useDeletion({ id, name }: ApplicationView): () => Promise<void> {
  const client = useClient();
  const confirmations = useConfirmations();
  const forget = useForget();
  const navigate = useNavigate();
  const params = { application: id };
  return async () => {
    const outcome = await confirmations.ask({
      title: `Delete the application ${name}?`,
      confirmLabel: 'Delete application',
      danger: true,
      body: 'This cannot be undone. No secret is deleted with it, and nothing becomes usable anywhere else.',
      preview: async () => {
        const data = await client.call('previewApplicationDeletion', { params });
        return { data, confirmationToken: data.confirmationToken };
      },
      run: async (token) => client.call('deleteApplication', { params, query: { confirm: token ?? '' } }),
    });
    if (outcome === CALLED_OFF) return;
    notify.done(`The application “${name}” was deleted.`);
    await navigate({ to: '/applications' });
    await forget('listApplications');
  };
}
