// One service: the variables and files of it that refer to secrets.
import { Button, Group } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { ApplicationView, ServiceView } from '@sallyport/protocol';
import { useClient } from '../client/client-context.tsx';
import { useMe } from '../client/me.tsx';
import { useForget, useOperation } from '../client/operations.ts';
import { CALLED_OFF } from '../ui/confirmations.ts';
import { DeleteButton } from '../ui/delete-button.tsx';
import { Icon } from '../ui/icons.tsx';
import { notify } from '../ui/notify.tsx';
import { Page } from '../ui/page.tsx';
import { EmptyState, Loaded } from '../ui/states.tsx';
import { TextLink } from '../ui/text-link.tsx';
import { useConfirmations } from '../ui/use-confirmations.tsx';
import { rightsAt } from './application-rights.ts';
import { serviceRoute } from './area.ts';
import { ConfigEntries } from './config-entries.tsx';
import { NameDialog } from './name-dialog.tsx';

export function ServicePage(): ReactNode {
  const { application, service } = serviceRoute.useParams();
  const query = useOperation('getApplication', { params: { application } });
  const found = query.data?.services.find(({ id, name }) => id === service || name === service);
  if (query.data !== undefined && found !== undefined) {
    return <ServiceDetail key={found.id} application={query.data} service={found} />;
  }
  return (
    <Page title="Service">
      <Loaded query={query}>
        {({ id, name }) => (
          <EmptyState
            title="There is no such service"
            action={
              <TextLink to="/applications/$application" params={{ application: id }}>
                To the application {name}
              </TextLink>
            }
          >
            It may have been deleted.
          </EmptyState>
        )}
      </Loaded>
    </Page>
  );
}

type Props = { application: ApplicationView; service: ServiceView };

function ServiceDetail({ application, service }: Props): ReactNode {
  const me = useMe();
  const [isRenaming, setRenaming] = useState(false);
  const remove = useDeletion(application, service);
  const rights = rightsAt(me, application.id);
  const actions = (
    <>
      {rights.renameService && (
        <Button
          variant="default"
          leftSection={<Icon name="edit" size={16} />}
          onClick={() => setRenaming(true)}
        >
          Rename
        </Button>
      )}
      {rights.deleteService && <DeleteButton onClick={() => void remove()}>Delete</DeleteButton>}
    </>
  );
  return (
    <Page
      title={service.name}
      description={
        <Group gap={6}>
          <TextLink to="/applications">Applications</TextLink>
          <span>/</span>
          <TextLink to="/applications/$application" params={{ application: application.id }}>
            {application.name}
          </TextLink>
          <span>/ service</span>
        </Group>
      }
      actions={rights.renameService || rights.deleteService ? actions : undefined}
    >
      <ConfigEntries application={application} service={service} rights={rights} />
      {isRenaming && (
        <NameDialog
          title="Rename service"
          submitLabel="Rename"
          name={service.name}
          save={async (client, name) =>
            client.call('renameService', {
              params: { application: application.id, service: service.id },
              body: { name },
            })
          }
          forgets={['getApplication', 'listApplications']}
          onDone={(name) => notify.done(`The service is called “${name}” now.`)}
          onClose={() => setRenaming(false)}
        />
      )}
    </Page>
  );
}

function useDeletion(application: ApplicationView, { id, name }: ServiceView): () => Promise<void> {
  const client = useClient();
  const confirmations = useConfirmations();
  const forget = useForget();
  const navigate = useNavigate();
  const params = { application: application.id, service: id };
  return async () => {
    const outcome = await confirmations.ask({
      title: `Delete the service ${name} of ${application.name}?`,
      confirmLabel: 'Delete service',
      danger: true,
      body: 'Its variables and files go with it. The secrets that they refer to stay.',
      preview: async () => {
        const { entries } = await client.call('listConfigEntries', { params });
        return { data: { entries: entries.map((entry) => entry.name) }, confirmationToken: null };
      },
      run: async () => client.call('deleteService', { params }),
    });
    if (outcome === CALLED_OFF) return;
    notify.done(`The service “${name}” was deleted.`);
    await navigate({ to: '/applications/$application', params: { application: application.id } });
    await forget('getApplication', 'listApplications');
  };
}
