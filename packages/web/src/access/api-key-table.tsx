// API keys in a table: whose, what they may do, when they end, when they were last used; with a way to revoke each.
import { Badge, Button, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { ApiKeyView } from '@sallyport/protocol';
import { useClient } from '../client/client-context.tsx';
import { useForget } from '../client/operations.ts';
import { CALLED_OFF } from '../ui/confirmations.ts';
import { notify } from '../ui/notify.tsx';
import { PageControls } from '../ui/page-controls.tsx';
import { RecordTable } from '../ui/record-table.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { EmptyState, Loaded } from '../ui/states.tsx';
import { useConfirmations } from '../ui/use-confirmations.tsx';
import { useCursorPages } from '../ui/use-cursor-pages.ts';
import { RightsInShort } from './rights-summary.tsx';

const STATES = {
  active: { label: 'Active', color: 'teal' },
  expired: { label: 'Expired', color: 'gray' },
  revoked: { label: 'Revoked', color: 'gray' },
} as const;

type Props = {
  /** `me`: only the own ones. */
  owner: 'me' | 'all';
  /** In a panel, which has a border already. */
  isInside?: boolean;
};

export function ApiKeyTable({ owner, isInside = false }: Props): ReactNode {
  const pages = useCursorPages('listApiKeys', { query: { owner } });
  const revoke = useRevocation();
  return (
    <Loaded query={pages.query} rows={3}>
      {({ apiKeys }) =>
        apiKeys.length === 0 ? (
          <EmptyState title="No API key yet">
            A key lets a program do what its owner may. Make one for each program, so that each can be revoked
            alone.
          </EmptyState>
        ) : (
          <>
            <RecordTable
              label="API keys"
              isInside={isInside}
              records={apiKeys}
              keyOf={({ id }) => id}
              columns={[
                { heading: 'Name', cell: (apiKey) => <KeyName apiKey={apiKey} /> },
                ...(owner === 'all'
                  ? [{ heading: 'Owner', cell: ({ owner }: ApiKeyView) => sayOwner(owner) }]
                  : []),
                {
                  heading: 'May do',
                  cell: ({ restriction }) =>
                    restriction === null ? (
                      'all that its owner may'
                    ) : (
                      <RightsInShort account={restriction.account} grants={restriction.grants} />
                    ),
                },
                { heading: 'Ends', cell: ({ expiresAtMs }) => <RelativeTime atMs={expiresAtMs} /> },
                { heading: 'Last used', cell: ({ lastUsedAtMs }) => <RelativeTime atMs={lastUsedAtMs} /> },
                {
                  heading: 'Actions',
                  isActions: true,
                  cell: (apiKey) =>
                    apiKey.state === 'active' && (
                      <Button
                        variant="default"
                        size="compact-sm"
                        aria-label={`Revoke ${apiKey.name}`}
                        onClick={() => void revoke(apiKey)}
                      >
                        Revoke
                      </Button>
                    ),
                },
              ]}
            />
            <PageControls of="API keys" pages={pages} />
          </>
        )
      }
    </Loaded>
  );
}

function KeyName({ apiKey }: { apiKey: ApiKeyView }): ReactNode {
  const { name, kind, state, createdAtMs } = apiKey;
  const { label, color } = STATES[state];
  return (
    <Stack gap={2}>
      <Text size="sm" fw={600}>
        {name}{' '}
        <Badge variant="light" color={color} tt="none" size="sm">
          {label}
        </Badge>
        {kind === 'workload' && (
          <Badge variant="default" tt="none" size="sm" ml={4}>
            workload
          </Badge>
        )}
      </Text>
      <Text size="xs" c="dimmed">
        created <RelativeTime atMs={createdAtMs} />
      </Text>
    </Stack>
  );
}

function sayOwner(owner: ApiKeyView['owner']): string {
  if (owner.type === 'groups') return owner.groups.map(({ name }) => name ?? 'a deleted group').join(', ');
  const name = owner.name ?? 'a removed user';
  return owner.disabled ? `${name} (disabled)` : name;
}

function useRevocation(): (apiKey: ApiKeyView) => Promise<void> {
  const client = useClient();
  const confirmations = useConfirmations();
  const forget = useForget();
  return async ({ id, name }) => {
    const outcome = await confirmations.ask({
      title: `Revoke the API key ${name}?`,
      confirmLabel: 'Revoke',
      danger: true,
      body: 'At once, and for good: whatever uses it is refused from now on.',
      run: async () => client.call('revokeApiKey', { params: { apiKey: id } }),
    });
    if (outcome === CALLED_OFF) return;
    notify.done(`The API key “${name}” was revoked.`);
    await forget('listApiKeys');
  };
}
