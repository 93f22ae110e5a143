// One user: ways to sign in, groups, sessions, and what can be done about each.
import { Group } from '@mantine/core';
import type { ReactNode } from 'react';
import type { UserDetail } from '@sallyport/protocol';
import { useOperation } from '../client/operations.ts';
import { Fact, Facts } from '../ui/facts.tsx';
import { Page, Panel } from '../ui/page.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { sayCount } from '../ui/say-time.ts';
import { Loaded } from '../ui/states.tsx';
import { TextLink } from '../ui/text-link.tsx';
import { userRoute } from './area.ts';
import { EndSessionsButton, ResetSecondFactorButton, UserActions } from './user-actions.tsx';
import { UserGroups } from './user-groups.tsx';
import { UserStateBadge, WaysIn } from './users-page.tsx';

const PURPOSES = {
  invitation: 'an invitation',
  'password-reset': 'a new password',
  'set-up': 'the set-up',
} as const;

export function UserPage(): ReactNode {
  const { user } = userRoute.useParams();
  const query = useOperation('getUser', { params: { user } });
  if (query.data === undefined) {
    return (
      <Page title="User">
        <Loaded query={query}>{() => null}</Loaded>
      </Page>
    );
  }
  return <Detail key={query.data.id} user={query.data} />;
}

function Detail({ user }: { user: UserDetail }): ReactNode {
  const { displayName, name, state, createdAtMs, lastSignInAtMs, sessionCount, pendingLink, secondFactor } =
    user;
  return (
    <Page
      title={displayName}
      description={<TextLink to="/access/users">Users</TextLink>}
      actions={<UserActions user={user} />}
    >
      <Panel title="Sign-in">
        <Facts>
          <Fact label="User name">{name}</Fact>
          <Fact label="State">
            <UserStateBadge state={state} />
          </Fact>
          <Fact label="Signs in with">
            <WaysIn user={user} />
          </Fact>
          <Fact label="Second factor">
            <Group gap="xs">
              {secondFactor ? 'set up' : 'none'}
              {secondFactor && <ResetSecondFactorButton user={user} />}
            </Group>
          </Fact>
          <Fact label="Sessions">
            <Group gap="xs">
              {sessionCount === 0 ? 'none' : sayCount(sessionCount, 'open session')}
              {sessionCount > 0 && <EndSessionsButton user={user} />}
            </Group>
          </Fact>
          <Fact label="Last sign-in">
            <RelativeTime atMs={lastSignInAtMs} />
          </Fact>
          {pendingLink !== null && (
            <Fact label="Pending link">
              for {PURPOSES[pendingLink.purpose]}, ends <RelativeTime atMs={pendingLink.expiresAtMs} />
            </Fact>
          )}
          <Fact label="Created">
            <RelativeTime atMs={createdAtMs} />
          </Fact>
        </Facts>
      </Panel>
      <UserGroups user={user} />
    </Page>
  );
}
