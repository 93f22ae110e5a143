// A test that is under way: which delegates try what.
import { Group, Loader, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './preflight-report.module.css';

/** Before the answer is there. @param props.names of the delegates that are asked */
export function PreflightRunning({ names }: { names: readonly string[] }): ReactNode {
  return (
    <Stack gap="sm" role="status" aria-label="Test is running">
      {(names.length === 0 ? ['delegates'] : names).map((name) => (
        <section key={name} className={classes.delegate}>
          <Group gap="sm">
            <Loader size="xs" />
            <Text fw={600}>{name}</Text>
            <Text size="sm" c="dimmed">
              tries credentials, role and key at AWS …
            </Text>
          </Group>
        </section>
      ))}
    </Stack>
  );
}
