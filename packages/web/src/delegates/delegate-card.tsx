// One delegate: what it is, how it is, and who it is by its fingerprint.
import { Alert, Badge, Button, Group, Stack, Text, Title } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import type { ReactNode } from 'react';
import type { DelegateView } from '@sallyport/protocol';
import { Allowed } from '../client/me.tsx';
import { labelOfKind } from '../secrets-managers/kinds.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { Fingerprint } from '../ui/fingerprint.tsx';
import { Icon } from '../ui/icons.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { DelegateKnowledge } from './delegate-knowledge.tsx';
import classes from './delegates-page.module.css';
import { RunsScripts } from './runs-scripts.tsx';
import { selectorsOf } from './selectors-of.ts';
import { useApproveDelegate, useRemoveDelegate } from './use-delegate-changes.tsx';

const EditSelectorsDialog = lazy(async () => ({
  default: (await import('./edit-selectors-dialog.tsx')).EditSelectorsDialog,
}));

const STATES: Readonly<Record<DelegateView['state'], { label: string; color: string }>> = {
  connected: { label: 'Connected', color: 'teal' },
  disconnected: { label: 'Disconnected', color: 'gray' },
  'waiting-for-approval': { label: 'Waiting for approval', color: 'yellow' },
  draining: { label: 'Shutting down', color: 'harbour' },
};

export function DelegateCard({ delegate }: { delegate: DelegateView }): ReactNode {
  const { name, state, restingUntilMs } = delegate;
  const isWaiting = state === 'waiting-for-approval';
  return (
    <li className={classes.card} aria-label={name} data-delegate={name} data-state={state}>
      <Stack gap="sm">
        <Group justify="space-between" gap="xs">
          <Group gap="xs">
            <Title order={2} size="h4">
              {name}
            </Title>
            <Badge color={STATES[state].color} variant="light" className={classes.badge}>
              {STATES[state].label}
            </Badge>
          </Group>
          <Allowed permission="manage-delegates">
            <Buttons delegate={delegate} />
          </Allowed>
        </Group>
        {isWaiting && (
          <Alert color="yellow" variant="light" p="xs" icon={<Icon name="alert" />}>
            It gets no work until somebody has compared its fingerprint with the one in its own log and
            approved it.
          </Alert>
        )}
        {restingUntilMs !== null && (
          <Text size="sm" c="dimmed">
            After failures of its own it rests, and gets tasks again <RelativeTime atMs={restingUntilMs} />.
          </Text>
        )}
        <Facts delegate={delegate} />
      </Stack>
    </li>
  );
}

function Facts({ delegate }: { delegate: DelegateView }): ReactNode {
  const { name, hostName, version, kinds, tasksInFlight, lastHeartbeatAtMs, selectors, fingerprint } =
    delegate;
  const onlyAdded = new Set(selectorsOf(delegate).onlyAdded);
  return (
    <dl className={classes.facts}>
      <Fact label="Host">{hostName}</Fact>
      <Fact label="Version">{version}</Fact>
      <Fact label="Tasks in flight">{tasksInFlight.toLocaleString('en')}</Fact>
      <Fact label="Last heartbeat">
        <RelativeTime atMs={lastHeartbeatAtMs} />
      </Fact>
      <Fact label="Kinds">{kinds.map(labelOfKind).join(', ')}</Fact>
      <Fact label="Selectors" isWide>
        <span className={classes.selectors}>
          {selectors.map((selector) => (
            <Badge key={selector} variant="default" className={classes.badge}>
              {selector}
              {onlyAdded.has(selector) && ' (added here)'}
            </Badge>
          ))}
        </span>
      </Fact>
      <Fact label="Scripts" isWide>
        <RunsScripts runsScripts={delegate.runsScripts} />
      </Fact>
      <Fact label="Fingerprint" isWide>
        <div className={classes.identity}>
          <Fingerprint value={fingerprint} />
          <CopyButton text={fingerprint} />
          <DelegateKnowledge name={name} fingerprint={fingerprint} />
        </div>
      </Fact>
    </dl>
  );
}

function Fact(props: { label: string; isWide?: boolean; children: ReactNode }): ReactNode {
  const { label, isWide = false, children } = props;
  return (
    <div className={isWide ? classes.wide : undefined}>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Buttons({ delegate }: { delegate: DelegateView }): ReactNode {
  const { name, state } = delegate;
  const approve = useApproveDelegate(delegate);
  const remove = useRemoveDelegate(delegate);
  const [isEditing, setEditing] = useState(false);
  const isWaiting = state === 'waiting-for-approval';
  return (
    <Group gap="xs">
      {isWaiting && (
        <Button size="compact-sm" onClick={approve} aria-label={`Approve ${name}`}>
          Approve
        </Button>
      )}
      <Button
        size="compact-sm"
        variant="default"
        onClick={() => setEditing(true)}
        aria-label={`Edit selectors of ${name}`}
      >
        Edit selectors
      </Button>
      <Button
        size="compact-sm"
        variant="default"
        onClick={remove}
        aria-label={`${isWaiting ? 'Reject' : 'Remove'} ${name}`}
      >
        {isWaiting ? 'Reject' : 'Remove'}
      </Button>
      {isEditing && (
        <Suspense>
          <EditSelectorsDialog delegate={delegate} onClose={() => setEditing(false)} />
        </Suspense>
      )}
    </Group>
  );
}
