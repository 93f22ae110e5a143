// What refers to a secret: variables and files of services.
import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { SetupUsageView } from '@sallyport/protocol';
import { useOperation } from '../client/operations.ts';
import { RecordTable } from '../ui/record-table.tsx';
import type { Column } from '../ui/record-table.tsx';
import { sayCount } from '../ui/say-time.ts';
import { EmptyState, Loaded } from '../ui/states.tsx';
import { TextLink } from '../ui/text-link.tsx';

const COLUMNS: readonly Column<SetupUsageView>[] = [
  { heading: 'Name', cell: ({ name }) => name },
  { heading: 'Kind', cell: ({ kind }) => kind },
  { heading: 'Service', cell: ({ service }) => service.name },
  {
    heading: 'Application',
    cell: ({ application }) => (
      <TextLink to="/applications/$application" params={{ application: application.id }}>
        {application.name}
      </TextLink>
    ),
  },
  { heading: 'Environment', cell: ({ environment }) => environment?.name ?? 'all' },
];

export function SetupUsagesTable({ secret }: { secret: string }): ReactNode {
  const query = useOperation('listSetupUsages', { params: { secret } });
  return (
    <Loaded query={query}>
      {({ usages, hidden }) =>
        usages.length + hidden === 0 ? (
          <EmptyState title="No service refers to it">
            Variables and files of services that refer to this secret are listed here.
          </EmptyState>
        ) : (
          <>
            {usages.length > 0 && (
              <RecordTable
                label="Setup usages"
                records={usages}
                keyOf={({ entryId }) => entryId}
                columns={COLUMNS}
              />
            )}
            {hidden > 0 && (
              <Text size="sm" c="dimmed">
                And {sayCount(hidden, 'entry', 'entries')} of applications that you may not see.
              </Text>
            )}
          </>
        )
      }
    </Loaded>
  );
}
