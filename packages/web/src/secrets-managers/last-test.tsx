// The last test of a secrets manager at each delegate, stage by stage, with the time of each.
import { Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import type { SecretsManagerView } from '@sallyport/protocol';
import { sayHealth } from '@sallyport/protocol/client';
import { useOperation } from '../client/operations.ts';
import { RelativeTime } from '../ui/relative-time.tsx';
import { Loaded } from '../ui/states.tsx';
import { DelegateCard } from './preflight-report.tsx';

export function LastTest({ manager: { id } }: { manager: SecretsManagerView }): ReactNode {
  const query = useOperation('listSecretsManagerTests', { params: { secretsManager: id } });
  return (
    <Loaded query={query} rows={6}>
      {({ health, tests }) => (
        <section aria-label="Last test">
          <Stack gap="sm">
            <Title order={2} size="h4">
              {sayHealth(health)}
            </Title>
            {tests.map((one) => (
              <DelegateCard
                key={one.delegateId}
                name={one.delegateName}
                state={one.report?.ok === true ? 'passed' : 'failed'}
                steps={one.report?.stages ?? []}
                finished={one}
                note={
                  <Text size="xs" c="dimmed">
                    <RelativeTime atMs={one.atMs} />
                    {one.isOutdated && ', before its settings changed'}
                  </Text>
                }
              />
            ))}
          </Stack>
        </section>
      )}
    </Loaded>
  );
}
