// All users: search, and a way to each.
import { Badge, Button, Group } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { UserView } from '@sallyport/protocol';
import { Allowed } from '../client/me.tsx';
import { Icon } from '../ui/icons.tsx';
import { PageControls } from '../ui/page-controls.tsx';
import { Page } from '../ui/page.tsx';
import { RecordTable } from '../ui/record-table.tsx';
import type { Column } from '../ui/record-table.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { SearchField } from '../ui/search-field.tsx';
import { Small } from '../ui/small.tsx';
import { EmptyState, Loaded } from '../ui/states.tsx';
import { TextLink } from '../ui/text-link.tsx';
import { useCursorPages } from '../ui/use-cursor-pages.ts';
import { usersRoute } from './area.ts';
import { InviteDialog } from './invite-dialog.tsx';

export function UsersPage(): ReactNode {
  const { search = '' } = usersRoute.useSearch();
  const navigate = useNavigate();
  const [isInviting, setInviting] = useState(false);
  const pages = useCursorPages('listUsers', { query: search === '' ? {} : { search } });
  return (
    <Page
      title="Users"
      description="People who can sign in. What they may do is a matter of the user groups that they are in."
      actions={
        <Allowed permission="manage-users-and-groups">
          <Button leftSection={<Icon name="plus" size={16} />} onClick={() => setInviting(true)}>
            Invite user
          </Button>
        </Allowed>
      }
    >
      <SearchField
        label="Search users"
        value={search}
        onSearch={(text) =>
          void navigate({ to: '/access/users', search: text === '' ? {} : { search: text }, replace: true })
        }
      />
      <Loaded query={pages.query}>
        {({ users }) =>
          users.length === 0 ? (
            <EmptyState title="No user has that in the name">
              Search for less, or look at all by clearing the field.
            </EmptyState>
          ) : (
            <>
              <RecordTable label="Users" records={users} keyOf={({ id }) => id} columns={COLUMNS} />
              <PageControls of="users" pages={pages} />
            </>
          )
        }
      </Loaded>
      {isInviting && <InviteDialog onClose={() => setInviting(false)} />}
    </Page>
  );
}

const COLUMNS: readonly Column<UserView>[] = [
  {
    heading: 'Name',
    cell: ({ id, name, displayName }) => (
      <>
        <TextLink to="/access/users/$user" params={{ user: id }} isName>
          {name}
        </TextLink>
        {displayName !== name && <Small>{displayName}</Small>}
      </>
    ),
  },
  { heading: 'State', cell: ({ state }) => <UserStateBadge state={state} /> },
  { heading: 'Signs in with', cell: (user) => <WaysIn user={user} /> },
  {
    heading: 'Last sign-in',
    cell: ({ lastSignInAtMs }) => <RelativeTime atMs={lastSignInAtMs} />,
  },
];

const STATES = {
  active: { label: 'Active', color: 'teal' },
  invited: { label: 'Invited', color: 'harbour' },
  disabled: { label: 'Disabled', color: 'gray' },
} as const;

export function UserStateBadge({ state }: Pick<UserView, 'state'>): ReactNode {
  const { label, color } = STATES[state];
  return (
    <Badge variant="light" color={color} tt="none">
      {label}
    </Badge>
  );
}

/** How a user proves who they are. */
export function WaysIn({
  user,
}: {
  user: Pick<UserView, 'hasPassword' | 'singleSignOn' | 'secondFactor'>;
}): ReactNode {
  const ways = [
    ...(user.hasPassword ? ['password'] : []),
    ...(user.secondFactor ? ['second factor'] : []),
    ...(user.singleSignOn ? ['single sign-on'] : []),
  ];
  return <Group gap={4}>{ways.length === 0 ? 'a one-time link' : ways.join(' + ')}</Group>;
}
