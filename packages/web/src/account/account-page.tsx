// The own account: who one is, how one signs in, where one is signed in, and which keys act for one.
import { Button, Group, Stack, Text } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import type { ReactNode } from 'react';
import type { MyProfile } from '@sallyport/protocol';
import { ApiKeyTable } from '../access/api-key-table.tsx';
import { useOperation } from '../client/operations.ts';
import { Fact, Facts } from '../ui/facts.tsx';
import { Icon } from '../ui/icons.tsx';
import { Page, Panel } from '../ui/page.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { Loaded } from '../ui/states.tsx';
import { TextLink } from '../ui/text-link.tsx';
import { SecondFactorPanel } from './second-factor-panel.tsx';
import { SessionsPanel } from './sessions-panel.tsx';

const CreateApiKeyDialog = lazy(async () => ({
  default: (await import('../access/create-api-key-dialog.tsx')).CreateApiKeyDialog,
}));
const DisplayNameDialog = lazy(async () => ({
  default: (await import('./display-name-dialog.tsx')).DisplayNameDialog,
}));
const ChangePasswordDialog = lazy(async () => ({
  default: (await import('./change-password-dialog.tsx')).ChangePasswordDialog,
}));

export function AccountPage(): ReactNode {
  const query = useOperation('getMyProfile', {});
  return (
    <Page
      title="My account"
      description="How you sign in, where you are signed in, and which keys act for you."
    >
      <Loaded query={query} rows={6}>
        {(profile) => (
          <>
            <ProfilePanel profile={profile} />
            <SecondFactorPanel profile={profile} />
          </>
        )}
      </Loaded>
      <SessionsPanel />
      <KeysPanel />
    </Page>
  );
}

function ProfilePanel({ profile }: { profile: MyProfile }): ReactNode {
  const { name, displayName, hasPassword, singleSignOn, groups, createdAtMs } = profile;
  const [isChanging, setChanging] = useState(false);
  const [isRenaming, setRenaming] = useState(false);
  return (
    <Panel title="Profile">
      <Facts>
        <Fact label="User name">{name}</Fact>
        <Fact label="Display name">
          <Group gap="xs">
            {displayName}
            <Button variant="default" size="compact-sm" onClick={() => setRenaming(true)}>
              Change display name
            </Button>
          </Group>
        </Fact>
        <Fact label="User groups">
          {groups.length === 0 ? (
            'none: ask an administrator to put you into one'
          ) : (
            <Group gap={12}>
              {groups.map(({ id, name }) => (
                <TextLink key={id} to="/access/groups/$group" params={{ group: id }}>
                  {name ?? 'a deleted group'}
                </TextLink>
              ))}
            </Group>
          )}
        </Fact>
        <Fact label="Password">
          <Group gap="xs">
            {hasPassword ? 'is set' : 'none'}
            {hasPassword && (
              <Button variant="default" size="compact-sm" onClick={() => setChanging(true)}>
                Change password
              </Button>
            )}
          </Group>
        </Fact>
        <Fact label="Single sign-on">{singleSignOn ? 'you are known at the provider' : 'not used'}</Fact>
        <Fact label="User since">
          <RelativeTime atMs={createdAtMs} />
        </Fact>
      </Facts>
      <Suspense>
        {isRenaming && <DisplayNameDialog displayName={displayName} onClose={() => setRenaming(false)} />}
        {isChanging && <ChangePasswordDialog name={name} onClose={() => setChanging(false)} />}
      </Suspense>
    </Panel>
  );
}

function KeysPanel(): ReactNode {
  const [isCreating, setCreating] = useState(false);
  return (
    <Panel
      title="My API keys"
      actions={
        <Button
          variant="default"
          size="compact-sm"
          leftSection={<Icon name="plus" size={14} />}
          onClick={() => setCreating(true)}
        >
          New API key
        </Button>
      }
    >
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          Programs that use one act as you, and may do no more than you may.
        </Text>
        <ApiKeyTable owner="me" isInside />
      </Stack>
      <Suspense>{isCreating && <CreateApiKeyDialog isOwn onClose={() => setCreating(false)} />}</Suspense>
    </Panel>
  );
}
