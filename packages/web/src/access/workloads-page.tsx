// The issuers whose workloads are let in without a stored key.
import { Code, Group, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { WorkloadIssuerView } from '@sallyport/protocol';
import { Allowed } from '../client/me.tsx';
import { useClient } from '../client/client-context.tsx';
import { useForget, useOperation } from '../client/operations.ts';
import { CALLED_OFF } from '../ui/confirmations.ts';
import { IconButton } from '../ui/icon-button.tsx';
import { Icon } from '../ui/icons.tsx';
import { IconLink } from '../ui/icon-link.tsx';
import { LinkButton } from '../ui/link-button.tsx';
import { notify } from '../ui/notify.tsx';
import { Page } from '../ui/page.tsx';
import { RecordTable } from '../ui/record-table.tsx';
import { EmptyState, Loaded } from '../ui/states.tsx';
import { TextLink } from '../ui/text-link.tsx';
import { useConfirmations } from '../ui/use-confirmations.tsx';
import { RightsInShort } from './rights-summary.tsx';
import { saySeconds } from './say-seconds.ts';

export function WorkloadsPage(): ReactNode {
  const query = useOperation('listWorkloadIssuers', {});
  return (
    <Page
      title="Workloads"
      description="A CI job, a pod or a function has an identity of its own already. It shows that, and gets a key that is good for minutes, so that none has to be stored."
      actions={
        <Allowed permission="administer">
          <LinkButton to="/access/new-workload-issuer" leftSection={<Icon name="plus" size={16} />}>
            Let workloads in
          </LinkButton>
        </Allowed>
      }
    >
      <Loaded query={query} rows={3}>
        {({ issuers }) =>
          issuers.length === 0 ? (
            <EmptyState title="No workload is let in yet">
              Name an issuer of tokens, such as GitHub Actions or a Kubernetes cluster, or roles at AWS; rules
              say which of their workloads come in, and user groups what they may do.
            </EmptyState>
          ) : (
            <IssuerTable issuers={issuers} />
          )
        }
      </Loaded>
    </Page>
  );
}

function IssuerTable({ issuers }: { issuers: readonly WorkloadIssuerView[] }): ReactNode {
  const remove = useRemoval();
  return (
    <RecordTable
      label="Workload issuers"
      records={issuers}
      keyOf={({ id }) => id}
      columns={[
        {
          heading: 'Name',
          cell: ({ id, name }) => (
            <TextLink to="/access/workloads/$issuer" params={{ issuer: id }} isName>
              {name}
            </TextLink>
          ),
        },
        { heading: 'Lets in', cell: ({ settings }) => <WhoComesIn settings={settings} /> },
        { heading: 'Rights', cell: (issuer) => <WhatTheyMay issuer={issuer} /> },
        { heading: 'Keys last', cell: ({ ttlSeconds }) => saySeconds(ttlSeconds) },
        {
          heading: 'Actions',
          isActions: true,
          cell: (issuer) => (
            <>
              <IconLink
                to="/access/workloads/$issuer"
                params={{ issuer: issuer.id }}
                icon="edit"
                label={`Edit ${issuer.name}`}
              />
              <IconButton icon="trash" label={`Remove ${issuer.name}`} onClick={() => void remove(issuer)} />
            </>
          ),
        },
      ]}
    />
  );
}

function WhoComesIn({ settings }: Pick<WorkloadIssuerView, 'settings'>): ReactNode {
  if (settings.kind === 'aws') {
    return (
      <Stack gap={4}>
        <Text size="sm">Roles at AWS</Text>
        {settings.roleArns.map((arn) => (
          <div key={arn}>
            <Code>{arn}</Code>
          </div>
        ))}
      </Stack>
    );
  }
  return (
    <Stack gap={4}>
      <Text size="sm">{settings.issuer}</Text>
      <Group gap={4}>
        {settings.rules.map(({ claim, pattern }) => (
          <Code key={`${claim} ${pattern}`}>
            {claim}={pattern}
          </Code>
        ))}
      </Group>
    </Stack>
  );
}

function WhatTheyMay({ issuer }: { issuer: WorkloadIssuerView }): ReactNode {
  const { groups, restriction } = issuer;
  return (
    <Stack gap={4}>
      <Text size="sm">{groups.map(({ name }) => name ?? 'a deleted group').join(', ')}</Text>
      {restriction !== null && (
        <>
          <Text size="xs" c="dimmed">
            but only:
          </Text>
          <RightsInShort account={restriction.account} grants={restriction.grants} />
        </>
      )}
    </Stack>
  );
}

function useRemoval(): (issuer: WorkloadIssuerView) => Promise<void> {
  const client = useClient();
  const confirmations = useConfirmations();
  const forget = useForget();
  return async ({ id, name }) => {
    const outcome = await confirmations.ask({
      title: `Let no workload of ${name} in any more?`,
      confirmLabel: 'Remove',
      danger: true,
      body: 'Keys that it has let in so far end at once.',
      run: async () => client.call('deleteWorkloadIssuer', { params: { workloadIssuer: id } }),
    });
    if (outcome === CALLED_OFF) return;
    notify.done(`“${name}” was removed.`);
    await forget('listWorkloadIssuers', 'listApiKeys');
  };
}
