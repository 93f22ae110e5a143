// All applications that the signed-in person may see: search, and a way to each.
import { Badge, Button, Group, Text } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { ApplicationView } from '@sallyport/protocol';
import { Allowed } from '../client/me.tsx';
import { Icon } from '../ui/icons.tsx';
import { PageControls } from '../ui/page-controls.tsx';
import { Page } from '../ui/page.tsx';
import { RecordTable } from '../ui/record-table.tsx';
import type { Column } from '../ui/record-table.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { SearchField } from '../ui/search-field.tsx';
import { EmptyState, Loaded } from '../ui/states.tsx';
import { TextLink } from '../ui/text-link.tsx';
import { useCursorPages } from '../ui/use-cursor-pages.ts';
import { applicationsRoute } from './area.ts';
import { CreateApplicationDialog } from './create-application-dialog.tsx';
import { EnvironmentBadge } from './environment-badge.tsx';

const MOST_BADGES = 6;

export function ApplicationsPage(): ReactNode {
  const { search = '' } = applicationsRoute.useSearch();
  const navigate = useNavigate();
  const [isCreating, setCreating] = useState(false);
  const pages = useCursorPages('listApplications', { query: search === '' ? {} : { search } });
  const create = (
    <Allowed permission="manage-applications">
      <Button leftSection={<Icon name="plus" size={16} />} onClick={() => setCreating(true)}>
        New application
      </Button>
    </Allowed>
  );
  return (
    <Page
      title="Applications"
      description="What you run, and where it runs. An application with one of its environments is a place; scopes of secrets and grants of user groups speak of places."
      actions={create}
    >
      <SearchField
        label="Search applications"
        value={search}
        onSearch={(text) =>
          void navigate({ to: '/applications', search: text === '' ? {} : { search: text }, replace: true })
        }
      />
      <Loaded query={pages.query}>
        {({ applications }) =>
          applications.length === 0 ? (
            <NothingThere search={search} />
          ) : (
            <>
              <RecordTable
                label="Applications"
                records={applications}
                keyOf={({ id }) => id}
                columns={COLUMNS}
              />
              <PageControls of="applications" pages={pages} />
            </>
          )
        }
      </Loaded>
      {isCreating && <CreateApplicationDialog onClose={() => setCreating(false)} />}
    </Page>
  );
}

const COLUMNS: readonly Column<ApplicationView>[] = [
  {
    heading: 'Name',
    cell: ({ id, name }) => (
      <TextLink to="/applications/$application" params={{ application: id }} isName>
        {name}
      </TextLink>
    ),
  },
  {
    heading: 'Environments',
    cell: ({ environments }) => <EnvironmentBadges environments={environments} />,
  },
  { heading: 'Services', cell: ({ services }) => services.length },
  { heading: 'Created', cell: ({ createdAtMs }) => <RelativeTime atMs={createdAtMs} /> },
];

function EnvironmentBadges({ environments }: Pick<ApplicationView, 'environments'>): ReactNode {
  if (environments.length === 0) return <Text size="sm">none</Text>;
  const rest = environments.length - MOST_BADGES;
  return (
    <Group gap={6}>
      {environments.slice(0, MOST_BADGES).map((environment) => (
        <EnvironmentBadge key={environment.id} environment={environment} />
      ))}
      {rest > 0 && (
        <Badge variant="default" tt="none">
          {rest} more
        </Badge>
      )}
    </Group>
  );
}

function NothingThere({ search }: { search: string }): ReactNode {
  if (search !== '') {
    return (
      <EmptyState title="No application has that in its name">
        Search for less, or look at all by clearing the field.
      </EmptyState>
    );
  }
  return (
    <EmptyState title="No application yet">
      An application is what you run, such as a shop; its environments are where it runs, such as production.
      Without any, secrets can still be used by the account as a whole.
    </EmptyState>
  );
}
