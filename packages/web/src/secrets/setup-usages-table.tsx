// What is set up to use a secret: variables and files of services, and start-up profiles of delegates.
import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { SetupUsageView } from '@sallyport/protocol';
import { useOperation } from '../client/operations.ts';
import { RecordTable } from '../ui/record-table.tsx';
import type { Column } from '../ui/record-table.tsx';
import { sayCount } from '../ui/say-time.ts';
import { EmptyState, Loaded } from '../ui/states.tsx';
import { TextLink } from '../ui/text-link.tsx';
import { keyOfUsage } from './say-usage.ts';

const KINDS: Readonly<Record<SetupUsageView['kind'], string>> = {
  variable: 'Variable',
  file: 'File',
  'start-up-profile': 'Start-up profile',
};

const COLUMNS: readonly Column<SetupUsageView>[] = [
  {
    heading: 'Name',
    cell: (usage) =>
      usage.kind === 'start-up-profile' ? (
        <TextLink to="/start-up-profiles/$profile" params={{ profile: usage.profile.id }}>
          {usage.profile.name}
        </TextLink>
      ) : (
        usage.name
      ),
  },
  { heading: 'Kind', cell: ({ kind }) => KINDS[kind] },
  { heading: 'Used by', cell: UsedBy },
  {
    heading: 'Environment',
    cell: (usage) => (usage.kind === 'start-up-profile' ? '–' : (usage.environment?.name ?? 'all')),
  },
];

function UsedBy(usage: SetupUsageView): ReactNode {
  if (usage.kind === 'start-up-profile') return 'Delegates';
  const { application, service } = usage;
  return (
    <>
      {service.name} in{' '}
      <TextLink to="/applications/$application" params={{ application: application.id }} isInText>
        {application.name}
      </TextLink>
    </>
  );
}

export function SetupUsagesTable({ secret }: { secret: string }): ReactNode {
  const query = useOperation('listSetupUsages', { params: { secret } });
  return (
    <Loaded query={query}>
      {({ usages, hidden }) =>
        usages.length + hidden === 0 ? (
          <EmptyState title="Nothing is set up to use it">
            Variables and files of services that refer to this secret are listed here, and start-up profiles
            of delegates that name it.
          </EmptyState>
        ) : (
          <>
            {usages.length > 0 && (
              <RecordTable label="Setup usages" records={usages} keyOf={keyOfUsage} columns={COLUMNS} />
            )}
            {hidden > 0 && (
              <Text size="sm" c="dimmed">
                And {sayCount(hidden, 'usage', 'usages')} that you may not see.
              </Text>
            )}
          </>
        )
      }
    </Loaded>
  );
}
