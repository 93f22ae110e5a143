// The output of one run, masked, as it was stored: its end, and what could not be masked in it.
import { Alert, Code, Group, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { ProfileRunDetail } from '@sallyport/protocol';
import { useOperation } from '../client/operations.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Icon } from '../ui/icons.tsx';
import { RelativeTime } from '../ui/relative-time.tsx';
import { Loaded } from '../ui/states.tsx';
import classes from './profiles.module.css';
import { RunOutcome } from './run-outcome.tsx';
import { readOutput } from './say-run.ts';

type Props = { profile: string; run: string; isRunning: boolean; onClose: () => void };

const LIVE_MS = 3000;

export function RunDialog({ profile, run, isRunning, onClose }: Props): ReactNode {
  const query = useOperation(
    'getProfileRun',
    { params: { profile, run } },
    isRunning ? { everyMs: LIVE_MS } : {},
  );
  const title = query.data === undefined ? 'Output' : `Output on ${query.data.delegateName}`;
  return (
    <Dialog opened onClose={onClose} title={title} size="xl">
      <Loaded query={query} rows={4}>
        {(detail) => <Detail run={detail} />}
      </Loaded>
    </Dialog>
  );
}

function Detail({ run }: { run: ProfileRunDetail }): ReactNode {
  const output = readOutput(run.output);
  return (
    <Stack gap="sm">
      <Group gap="xs">
        <RunOutcome run={run} />
        <Text size="sm" c="dimmed">
          revision {run.revision}, started <RelativeTime atMs={run.startedAtMs} />
        </Text>
      </Group>
      {run.unmasked.length > 0 && (
        <Alert color="yellow" variant="light" p="sm" icon={<Icon name="alert" />}>
          Not masked, since the values are too short or would be found everywhere: {run.unmasked.join(', ')}.
        </Alert>
      )}
      {output === '' ? (
        <Text size="sm" c="dimmed">
          {run.state === 'running'
            ? 'What it writes is kept when it ends.'
            : 'Nothing is kept of what it wrote.'}
        </Text>
      ) : (
        <>
          <Group justify="space-between">
            <Text size="xs" c="dimmed">
              The last 64 KiB at most, with values masked. Everybody who may manage delegates can read it.
            </Text>
            <CopyButton text={output} />
          </Group>
          <Code block className={classes.output} tabIndex={0} aria-label="Output">
            {output}
          </Code>
        </>
      )}
    </Stack>
  );
}
