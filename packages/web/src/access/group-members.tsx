// Who is in a user group.
import { Badge, Button, Group, Select, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { GroupDetail, GroupMemberView } from '@sallyport/protocol';
import { useAction, useOperation } from '../client/operations.ts';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { IconButton } from '../ui/icon-button.tsx';
import { notify } from '../ui/notify.tsx';
import { Panel } from '../ui/page.tsx';
import { RecordTable } from '../ui/record-table.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { TextLink } from '../ui/text-link.tsx';

const CHANGED = ['getGroup', 'listGroups', 'getUser', 'whoAmI', 'getMyProfile'] as const;
const REST_MS = 200;
const AT_ONCE = 20;

export function GroupMembers({ group }: { group: GroupDetail }): ReactNode {
  const members = group.members ?? [];
  const remove = useAction(
    async (client, user: string) => client.call('removeGroupMember', { params: { group: group.id, user } }),
    { forgets: CHANGED },
  );
  return (
    <Panel title="Members">
      {members.length === 0 ? (
        <Text size="sm" c="dimmed">
          Nobody is in it yet.
        </Text>
      ) : (
        <MemberTable members={members} group={group} onRemove={(member) => remove.mutate(member.userId)} />
      )}
      {remove.error !== null && <ErrorPanel error={remove.error} />}
      <AddMember group={group} />
    </Panel>
  );
}

type TableProps = {
  members: readonly GroupMemberView[];
  group: GroupDetail;
  onRemove: (member: GroupMemberView) => void;
};

function MemberTable({ members, group, onRemove }: TableProps): ReactNode {
  return (
    <RecordTable
      label="Members"
      isInside
      records={members}
      keyOf={({ userId }) => userId}
      columns={[
        {
          heading: 'Name',
          cell: ({ userId, name, disabled }) => (
            <Group gap={8}>
              <TextLink to="/access/users/$user" params={{ user: userId }} isName>
                {name}
              </TextLink>
              {disabled && (
                <Badge variant="light" color="gray" tt="none">
                  disabled
                </Badge>
              )}
            </Group>
          ),
        },
        { heading: 'Display name', cell: ({ displayName }) => displayName },
        { heading: 'Since', cell: ({ sinceMs }) => <RelativeTime atMs={sinceMs} /> },
        {
          heading: 'Actions',
          isActions: true,
          cell: (member) => (
            <IconButton
              icon="close"
              label={`Take ${member.name} out of ${group.name}`}
              onClick={() => onRemove(member)}
            />
          ),
        },
      ]}
    />
  );
}

function AddMember({ group }: { group: GroupDetail }): ReactNode {
  const [user, setUser] = useState<string | null>(null);
  const [text, setText] = useState('');
  const [search] = useDebouncedValue(text.trim(), REST_MS);
  const found = useOperation('listUsers', {
    query: { limit: AT_ONCE, ...(search === '' ? {} : { search }) },
  });
  const add = useAction(
    async (client, id: string) =>
      client.call('addGroupMember', { params: { group: group.id }, body: { user: id } }),
    { forgets: CHANGED },
  );
  const isMember = (id: string): boolean => group.members?.some(({ userId }) => userId === id) ?? false;
  const options = (found.data?.users ?? [])
    .filter(({ id }) => !isMember(id))
    .map(({ id, name }) => ({ value: id as string, label: name }));
  const submit = (): void => {
    if (user === null) return;
    add.mutate(user, {
      onSuccess: () => {
        setUser(null);
        setText('');
        notify.done(`There is one more in ${group.name}.`);
      },
    });
  };
  return (
    <>
      <Group mt="md" gap="xs" align="flex-end">
        <Select
          label="Put a user into the group"
          placeholder="Search users"
          searchable
          data={options}
          // What the server found is what there is to choose from.
          filter={({ options }) => options}
          value={user}
          searchValue={text}
          onSearchChange={setText}
          onChange={setUser}
          nothingFoundMessage={found.isLoading ? 'Searching …' : 'Nobody else of that name.'}
        />
        <Button variant="default" disabled={user === null} loading={add.isPending} onClick={submit}>
          Add
        </Button>
      </Group>
      {add.error !== null && <ErrorPanel error={add.error} />}
    </>
  );
}
