// Shows the policies that the typed settings need, ready to paste.
import { Code, Group, List, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { useOperation } from '../client/operations.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { Panel } from '../ui/page.tsx';
import { gapsIn, policiesFor } from './policies.ts';
import classes from './policy-panel.module.css';
import type { ManagerForm } from './use-manager-form.ts';

export function PolicyPanel({ form }: { form: ManagerForm }): ReactNode {
  const { draft, saved, trial } = form;
  const kept = useOperation(
    'listSecretsManagerTests',
    { params: { secretsManager: saved?.id ?? '' } },
    { enabled: saved !== null },
  );
  const reports = (trial.outcome?.delegates ?? kept.data?.tests ?? []).map(({ report }) => report);
  const pinnedHere = reports.find((report) => report?.pinnedKeyArn)?.pinnedKeyArn ?? null;
  const isSameKey = saved?.kind === 'aws-kms' && saved.keyArn === draft.keyArn.trim();
  const policies = policiesFor({
    draft,
    context: saved?.context ?? {},
    secretsManagerId: saved?.id ?? null,
    pinnedKeyArn: isSameKey ? saved.pinnedKeyArn : trial.isOutdated ? null : pinnedHere,
    identityArn: reports.find((report) => report?.identityArn)?.identityArn ?? null,
  });
  const gaps = gapsIn(policies);
  return (
    <Panel title="Policies for AWS">
      <Stack gap="md">
        <Text size="sm" c="dimmed">
          {policies.length === 0
            ? 'Type a key ARN, and the policies that these settings need are written here.'
            : 'Least privilege for what is typed here. Every call carries the encryption context that they demand.'}
        </Text>
        {policies.map(({ title, where, text }) => (
          <div key={title}>
            <Group justify="space-between" align="center" gap={4} wrap="nowrap">
              <Title order={3} size="h6">
                {title}
              </Title>
              <span className={classes.copy}>
                <CopyButton text={text} />
              </span>
            </Group>
            <Text size="xs" c="dimmed" className={classes.where}>
              {where}
            </Text>
            <Code block tabIndex={0} aria-label={title} className={classes.text}>
              {text}
            </Code>
          </div>
        ))}
        {gaps.length > 0 && (
          <div>
            <Text size="xs" fw={600}>
              To be replaced by hand
            </Text>
            <List size="xs" spacing={2}>
              {gaps.map((gap) => (
                <List.Item key={gap}>{gap}</List.Item>
              ))}
            </List>
          </div>
        )}
      </Stack>
    </Panel>
  );
}
