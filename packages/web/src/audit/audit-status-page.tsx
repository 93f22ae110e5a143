// How the audit trail stands: how far it reaches, who has signed it last, and how far copies of it are behind.
import { Alert, Badge, Button, Code, Group, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { AuditStatus } from '@sallyport/protocol';
import { Allowed } from '../client/me.tsx';
import { useAction, useOperation } from '../client/operations.ts';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { Fact, Facts } from '../ui/facts.tsx';
import { Icon } from '../ui/icons.tsx';
import { notify } from '../ui/notify.tsx';
import { Page, Panel } from '../ui/page.tsx';
import { RecordTable } from '../ui/record-table.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { sayCount } from '../ui/say-time.ts';
import { Loaded } from '../ui/states.tsx';
import { TextLink } from '../ui/text-link.tsx';

const EVERY_MS = 5000;

type Signer = AuditStatus['signers'][number];
type Sink = AuditStatus['sinks'][number];

export function AuditStatusPage(): ReactNode {
  const query = useOperation('auditStatus', {}, { everyMs: EVERY_MS });
  const sign = useAction(async (client) => client.call('createAuditCheckpoint'), {
    forgets: ['auditStatus'],
  });
  const signNow = (): void =>
    sign.mutate(undefined, {
      onSuccess: ({ delegateName, sequence }) =>
        notify.done(`${delegateName} has signed the trail up to record ${sequence}.`),
    });
  return (
    <Page
      title="Checkpoints and sinks"
      description={<TextLink to="/audit">Audit trail</TextLink>}
      actions={
        <Allowed permission="view-audit-trail">
          <Button leftSection={<Icon name="check" size={16} />} loading={sign.isPending} onClick={signNow}>
            Sign a checkpoint now
          </Button>
        </Allowed>
      }
    >
      {sign.error !== null && <ErrorPanel error={sign.error} onRetry={signNow} />}
      <Loaded query={query} rows={6}>
        {(status) => (
          <>
            <TrailPanel status={status} />
            <SignersPanel status={status} />
            <SinksPanel sinks={status.sinks} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function TrailPanel({ status }: { status: AuditStatus }): ReactNode {
  const { accountId, floor, head, retentionDays } = status;
  return (
    <Panel title="Trail">
      <Facts>
        <Fact label="Records">
          {(floor.sequence + 1).toLocaleString('en')} to {head.sequence.toLocaleString('en')}
        </Fact>
        <Fact label="Kept">{retentionDays === null ? 'for ever' : `${retentionDays} days`}</Fact>
        <Fact label="Account">
          <Code>{accountId}</Code>
        </Fact>
        <Fact label="Newest hash">
          <Code>{head.hash}</Code>
        </Fact>
      </Facts>
    </Panel>
  );
}

function SignersPanel({ status }: { status: AuditStatus }): ReactNode {
  const { signers, head } = status;
  const refusing = signers.filter(({ refusal }) => refusal !== null);
  return (
    <Panel title="Last checkpoint by delegate">
      <Stack gap="sm">
        {refusing.map(({ delegateId, name, refusal }) => (
          <Alert key={delegateId} color="red" icon={<Icon name="alert" />} title={`${name} refuses to sign`}>
            {refusal?.message} ({refusal?.reason}) This needs a look: what the server shows does not continue
            what the delegate has seen.
          </Alert>
        ))}
        {signers.length === 0 ? (
          <Text size="sm" c="dimmed">
            No delegate yet. Until one has signed, the trail has no witness.
          </Text>
        ) : (
          <RecordTable
            label="Last checkpoint by delegate"
            isInside
            records={signers}
            keyOf={({ delegateId }) => delegateId}
            columns={[
              { heading: 'Delegate', cell: (signer) => <SignerCell signer={signer} /> },
              {
                heading: 'Signed up to',
                cell: ({ last }) =>
                  last === null ? 'nothing' : `record ${last.sequence.toLocaleString('en')}`,
              },
              {
                heading: 'Age',
                cell: ({ last }) => <RelativeTime atMs={last?.signedAtMs ?? null} />,
              },
              {
                heading: 'Not signed by it',
                cell: ({ last }) => {
                  const open = head.sequence - (last?.sequence ?? 0);
                  return open === 0 ? 'none' : sayCount(open, 'record');
                },
              },
            ]}
          />
        )}
      </Stack>
    </Panel>
  );
}

function SignerCell({ signer }: { signer: Signer }): ReactNode {
  const { name, connected, fingerprint } = signer;
  return (
    <Stack gap={2}>
      <Group gap={6}>
        <Text size="sm" fw={600}>
          {name}
        </Text>
        <Badge variant="light" color={connected ? 'teal' : 'gray'} tt="none" size="sm">
          {connected ? 'connected' : 'not connected'}
        </Badge>
      </Group>
      <Text size="xs" c="dimmed" ff="monospace">
        {fingerprint}
      </Text>
    </Stack>
  );
}

function SinksPanel({ sinks }: { sinks: readonly Sink[] }): ReactNode {
  return (
    <Panel title="Sinks">
      {sinks.length === 0 ? (
        <Text size="sm" c="dimmed">
          No copy of the records goes anywhere. <Code>sallyport server run</Code> takes{' '}
          <Code>--audit-file</Code>, <Code>--audit-syslog</Code> and <Code>--audit-webhook</Code>.
        </Text>
      ) : (
        <RecordTable
          label="Sinks"
          isInside
          records={sinks}
          keyOf={({ name }) => name}
          columns={[
            { heading: 'Sink', cell: ({ name }) => name },
            { heading: 'Kind', cell: ({ kind }) => kind },
            {
              heading: 'Delivered',
              cell: ({ deliveredSequence, deliveredAtMs }) => (
                <>
                  record {deliveredSequence.toLocaleString('en')}, <RelativeTime atMs={deliveredAtMs} />
                </>
              ),
            },
            { heading: 'Behind', cell: ({ lagRecords }) => sayCount(lagRecords, 'record') },
            {
              heading: 'Missed',
              cell: ({ droppedRecords }) =>
                droppedRecords === 0 ? 'none' : sayCount(droppedRecords, 'record'),
            },
            {
              heading: 'Last error',
              cell: ({ lastError }) =>
                lastError === null ? (
                  'none'
                ) : (
                  <>
                    {lastError.message}, <RelativeTime atMs={lastError.atMs} />
                  </>
                ),
            },
          ]}
        />
      )}
    </Panel>
  );
}
