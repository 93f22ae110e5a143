// The services of an application: each leads to what it refers to.
import { Button, Text } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { ApplicationView } from '@sallyport/protocol';
import { Icon } from '../ui/icons.tsx';
import { notify } from '../ui/notify.tsx';
import { Panel } from '../ui/page.tsx';
import { RecordTable } from '../ui/record-table.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { TextLink } from '../ui/text-link.tsx';
import type { ApplicationRights } from './application-rights.ts';
import { NameDialog } from './name-dialog.tsx';

type Props = { application: ApplicationView; rights: ApplicationRights };

export function ServicesPanel({ application, rights }: Props): ReactNode {
  const [isAdding, setAdding] = useState(false);
  const navigate = useNavigate();
  const { id, services } = application;
  const add = rights.addService && (
    <Button
      size="compact-sm"
      variant="default"
      leftSection={<Icon name="plus" size={14} />}
      onClick={() => setAdding(true)}
    >
      Add service
    </Button>
  );
  return (
    <Panel title="Services" actions={add}>
      {services.length === 0 ? (
        <Text size="sm" c="dimmed">
          No service yet. A service is a part of the application that is configured by variables and files;
          those that hold a secret refer to it here, so that everybody sees who depends on what.
        </Text>
      ) : (
        <RecordTable
          label="Services"
          isInside
          records={services}
          keyOf={(service) => service.id}
          columns={[
            {
              heading: 'Name',
              cell: (service) => (
                <TextLink
                  to="/applications/$application/services/$service"
                  params={{ application: id, service: service.id }}
                  isName
                >
                  {service.name}
                </TextLink>
              ),
            },
            { heading: 'Created', cell: ({ createdAtMs }) => <RelativeTime atMs={createdAtMs} /> },
          ]}
        />
      )}
      {isAdding && (
        <NameDialog
          title={`Add a service to ${application.name}`}
          submitLabel="Add"
          save={async (client, name) => {
            const service = await client.call('createService', {
              params: { application: id },
              body: { name },
            });
            await navigate({
              to: '/applications/$application/services/$service',
              params: { application: id, service: service.id },
            });
          }}
          forgets={['getApplication', 'listApplications']}
          onDone={(name) => notify.done(`The service “${name}” was added.`)}
          onClose={() => setAdding(false)}
        />
      )}
    </Panel>
  );
}
