// Where one is signed in.
import { Badge, Button, Group, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { SessionView } from '@sallyport/protocol';
import { useAction, useOperation } from '../client/operations.ts';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { notify } from '../ui/notify.tsx';
import { Panel } from '../ui/page.tsx';
import { RecordTable } from '../ui/record-table.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { sayCount } from '../ui/say-time.ts';
import { Loaded } from '../ui/states.tsx';
import { sayBrowser } from './say-browser.ts';

const METHODS: Readonly<Record<SessionView['method'], string>> = {
  password: 'Password',
  link: 'One-time link',
  'single-sign-on': 'Single sign-on',
};

export function SessionsPanel(): ReactNode {
  const query = useOperation('listMySessions', {});
  const revoke = useAction(
    async (client, sessions: SessionView['id'] | 'others') =>
      client.call('revokeMySessions', { body: { sessions } }),
    { forgets: ['listMySessions'] },
  );
  const end = (sessions: SessionView['id'] | 'others'): void =>
    revoke.mutate(sessions, {
      onSuccess: ({ revoked }) => notify.done(`${sayCount(revoked, 'session')} ended.`),
    });
  const others = query.data?.sessions.filter(({ current }) => !current) ?? [];
  return (
    <Panel
      title="My sessions"
      actions={
        others.length > 0 && (
          <Button
            variant="default"
            size="compact-sm"
            loading={revoke.isPending}
            onClick={() => end('others')}
          >
            End all others
          </Button>
        )
      }
    >
      {revoke.error !== null && <ErrorPanel error={revoke.error} />}
      <Loaded query={query} rows={2}>
        {({ sessions }) => <SessionTable sessions={sessions} onEnd={end} />}
      </Loaded>
    </Panel>
  );
}

type TableProps = { sessions: readonly SessionView[]; onEnd: (session: SessionView['id']) => void };

function SessionTable({ sessions, onEnd }: TableProps): ReactNode {
  return (
    <RecordTable
      label="My sessions"
      isInside
      records={sessions}
      keyOf={({ id }) => id}
      columns={[
        { heading: 'Browser', cell: (session) => <BrowserCell session={session} /> },
        { heading: 'Signed in by', cell: ({ method }) => METHODS[method] },
        { heading: 'Since', cell: ({ createdAtMs }) => <RelativeTime atMs={createdAtMs} /> },
        { heading: 'Last used', cell: ({ lastUsedAtMs }) => <RelativeTime atMs={lastUsedAtMs} /> },
        { heading: 'Ends', cell: ({ expiresAtMs }) => <RelativeTime atMs={expiresAtMs} /> },
        {
          heading: 'Actions',
          isActions: true,
          cell: ({ id, current, clientAddress }) =>
            !current && (
              <Button
                variant="default"
                size="compact-sm"
                aria-label={`End the session from ${clientAddress}`}
                onClick={() => onEnd(id)}
              >
                End
              </Button>
            ),
        },
      ]}
    />
  );
}

function BrowserCell({ session }: { session: SessionView }): ReactNode {
  const { userAgent, clientAddress, current } = session;
  return (
    <Stack gap={2}>
      <Group gap={6}>
        <Text size="sm" fw={600} title={userAgent ?? undefined}>
          {sayBrowser(userAgent)}
        </Text>
        {current && (
          <Badge variant="light" color="teal" tt="none" size="sm">
            this one
          </Badge>
        )}
      </Group>
      <Text size="xs" c="dimmed">
        from {clientAddress}
      </Text>
    </Stack>
  );
}
