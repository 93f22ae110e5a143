// The user groups that a user is in.
import { Button, Group, Select, Text } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { UserDetail } from '@sallyport/protocol';
import { useAction, useOperation } from '../client/operations.ts';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { IconButton } from '../ui/icon-button.tsx';
import { notify } from '../ui/notify.tsx';
import { Panel } from '../ui/page.tsx';
import { RecordTable } from '../ui/record-table.tsx';
import { TextLink } from '../ui/text-link.tsx';

const CHANGED = ['getUser', 'listUsers', 'listGroups', 'getGroup', 'whoAmI', 'getMyProfile'] as const;

export function UserGroups({ user }: { user: UserDetail }): ReactNode {
  const leave = useAction(
    async (client, group: string) => client.call('removeGroupMember', { params: { group, user: user.id } }),
    { forgets: CHANGED },
  );
  return (
    <Panel title="User groups">
      {user.groups.length === 0 ? (
        <Text size="sm" c="dimmed">
          In no group: {user.name} can sign in, and may do nothing.
        </Text>
      ) : (
        <RecordTable
          label="User groups"
          isInside
          records={user.groups}
          keyOf={({ id }) => id}
          columns={[
            {
              heading: 'Name',
              cell: ({ id, name }) => (
                <TextLink to="/access/groups/$group" params={{ group: id }}>
                  {name ?? 'a deleted group'}
                </TextLink>
              ),
            },
            {
              heading: 'Actions',
              isActions: true,
              cell: ({ id, name }) => (
                <IconButton
                  icon="close"
                  label={`Take ${user.name} out of ${name ?? 'the group'}`}
                  onClick={() => leave.mutate(id)}
                />
              ),
            },
          ]}
        />
      )}
      {leave.error !== null && <ErrorPanel error={leave.error} />}
      <JoinGroup user={user} />
    </Panel>
  );
}

function JoinGroup({ user }: { user: UserDetail }): ReactNode {
  const [group, setGroup] = useState<string | null>(null);
  const groups = useOperation('listGroups', {});
  const join = useAction(
    async (client, id: string) =>
      client.call('addGroupMember', { params: { group: id }, body: { user: user.id } }),
    { forgets: CHANGED },
  );
  const others = (groups.data?.groups ?? []).filter(({ id }) => !user.groups.some((one) => one.id === id));
  const add = (): void => {
    if (group === null) return;
    join.mutate(group, {
      onSuccess: () => {
        setGroup(null);
        notify.done(`${user.name} is in the group now.`);
      },
    });
  };
  return (
    <>
      <Group mt="md" gap="xs" align="flex-end">
        <Select
          label="Put into another group"
          placeholder="Choose a user group"
          searchable
          data={others.map(({ id, name }) => ({ value: id as string, label: name }))}
          value={group}
          onChange={setGroup}
          nothingFoundMessage="No other group."
        />
        <Button variant="default" disabled={group === null} loading={join.isPending} onClick={add}>
          Add
        </Button>
      </Group>
      {join.error !== null && <ErrorPanel error={join.error} />}
    </>
  );
}
