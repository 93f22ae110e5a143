// All user groups: what each allows, in short, and how many are in it.
import { Badge, Group, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { GroupView } from '@sallyport/protocol';
import { Allowed } from '../client/me.tsx';
import { useOperation } from '../client/operations.ts';
import { Icon } from '../ui/icons.tsx';
import { LinkButton } from '../ui/link-button.tsx';
import { Page } from '../ui/page.tsx';
import { RecordTable } from '../ui/record-table.tsx';
import { EmptyState, Loaded } from '../ui/states.tsx';
import { TextLink } from '../ui/text-link.tsx';
import { RightsInShort } from './rights-summary.tsx';

export function GroupsPage(): ReactNode {
  const query = useOperation('listGroups', {});
  return (
    <Page
      title="User groups"
      description="Nobody may do anything unless a user group allows it. Rights add up; there is no rule that forbids."
      actions={
        <Allowed permission="manage-users-and-groups">
          <LinkButton to="/access/new-group" leftSection={<Icon name="plus" size={16} />}>
            New user group
          </LinkButton>
        </Allowed>
      }
    >
      <Loaded query={query}>
        {({ groups }) =>
          groups.length === 0 ? (
            <EmptyState title="You are in no user group">
              So you may do nothing yet. Ask whoever invited you to put you into one.
            </EmptyState>
          ) : (
            <GroupTable groups={groups} />
          )
        }
      </Loaded>
    </Page>
  );
}

function GroupTable({ groups }: { groups: readonly GroupView[] }): ReactNode {
  return (
    <RecordTable
      label="User groups"
      records={groups}
      keyOf={({ id }) => id}
      columns={[
        {
          heading: 'Name',
          cell: ({ id, name, builtIn }) => (
            <Group gap={8}>
              <TextLink to="/access/groups/$group" params={{ group: id }} isName>
                {name}
              </TextLink>
              {builtIn && (
                <Badge variant="default" tt="none" fw={500}>
                  built-in
                </Badge>
              )}
            </Group>
          ),
        },
        {
          heading: 'Allows',
          cell: (group) => <RightsInShort account={group.account} grants={group.grants} />,
        },
        {
          heading: 'Members',
          cell: ({ memberCount }) => (memberCount === null ? <Text size="sm">–</Text> : memberCount),
        },
      ]}
    />
  );
}
