// The tokens by which delegates are admitted. Their values were shown once and are nowhere anymore.
import { Badge, Button } from '@mantine/core';
import type { ReactNode } from 'react';
import type { DelegateTokenView } from '@sallyport/protocol';
import { useClient } from '../client/client-context.tsx';
import { useForget, useOperation } from '../client/operations.ts';
import { CALLED_OFF } from '../ui/confirmations.ts';
import { notify } from '../ui/notify.tsx';
import { Panel } from '../ui/page.tsx';
import { RecordTable } from '../ui/record-table.tsx';
import type { Column } from '../ui/record-table.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { EmptyState, Loaded } from '../ui/states.tsx';
import { useConfirmations } from '../ui/use-confirmations.tsx';
import classes from './delegates-page.module.css';

const STATES: Readonly<Record<DelegateTokenView['state'], { label: string; color: string }>> = {
  active: { label: 'Active', color: 'teal' },
  expired: { label: 'Expired', color: 'gray' },
  revoked: { label: 'Revoked', color: 'gray' },
};

const COLUMNS: readonly Column<DelegateTokenView>[] = [
  { heading: 'Name', cell: ({ name }) => name },
  {
    heading: 'State',
    cell: ({ state }) => (
      <Badge color={STATES[state].color} variant="light" className={classes.badge}>
        {STATES[state].label}
      </Badge>
    ),
  },
  {
    heading: 'Delegates',
    cell: ({ requiresApproval }) => (requiresApproval ? 'Wait for approval' : 'Admitted at once'),
  },
  { heading: 'Created', cell: ({ createdAtMs }) => <RelativeTime atMs={createdAtMs} /> },
  { heading: 'Ends', cell: ({ expiresAtMs }) => <RelativeTime atMs={expiresAtMs} /> },
  { heading: 'Last used', cell: ({ lastUsedAtMs }) => <RelativeTime atMs={lastUsedAtMs} /> },
  { heading: 'Actions', cell: (token) => <RevokeButton token={token} />, isActions: true },
];

export function TokensPanel(): ReactNode {
  const tokens = useOperation('listDelegateTokens', {});
  return (
    <Panel title="Delegate tokens">
      <Loaded query={tokens} rows={2}>
        {({ tokens: all }) =>
          all.length === 0 ? (
            <EmptyState title="No token yet">“Add Delegate” creates one.</EmptyState>
          ) : (
            <RecordTable
              label="Delegate tokens"
              records={all}
              keyOf={({ id }) => id}
              columns={COLUMNS}
              isInside
            />
          )
        }
      </Loaded>
    </Panel>
  );
}

function RevokeButton({ token: { id, name, state } }: { token: DelegateTokenView }): ReactNode {
  const client = useClient();
  const confirmations = useConfirmations();
  const forget = useForget();
  if (state === 'revoked') return null;
  const revoke = async (): Promise<void> => {
    const outcome = await confirmations.ask({
      title: `Revoke “${name}”?`,
      confirmLabel: 'Revoke',
      danger: true,
      body: 'Every delegate that it admitted is disconnected within a second, and stays out until it is started with another token.',
      run: async () => client.call('revokeDelegateToken', { params: { token: id } }),
    });
    if (outcome === CALLED_OFF) return;
    notify.done(`The token “${name}” is revoked.`);
    await forget('listDelegateTokens', 'listDelegates');
  };
  return (
    <Button variant="default" size="compact-sm" onClick={() => void revoke()} aria-label={`Revoke ${name}`}>
      Revoke
    </Button>
  );
}
