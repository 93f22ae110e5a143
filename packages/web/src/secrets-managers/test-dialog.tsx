// Tests a saved secrets manager over the list, and shows what comes of it.
import { Button, Group, Stack } from '@mantine/core';
import { useEffect } from 'react';
import type { ReactNode } from 'react';
import type { SecretsManagerView } from '@sallyport/protocol';
import { useAction } from '../client/operations.ts';
import { Dialog } from '../ui/dialog.tsx';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { useNoteTest } from './last-tests.ts';
import { PreflightReport } from './preflight-report.tsx';
import { PreflightRunning } from './preflight-running.tsx';
import { useEligible } from './selectors-field.tsx';

type Props = { manager: SecretsManagerView; onClose: () => void };

export function TestDialog({ manager, onClose }: Props): ReactNode {
  const { id, name } = manager;
  const eligible = useEligible(manager);
  const noteTest = useNoteTest();
  const test = useAction(async (client) => {
    const outcome = await client.call('testSecretsManager', { params: { secretsManager: id } });
    noteTest(id, outcome);
    return outcome;
  });
  const { mutate } = test;
  useEffect(() => mutate(), [mutate]);
  return (
    <Dialog opened onClose={onClose} title={`Test of ${name}`} size="xl">
      <Stack gap="md">
        <div aria-live="polite">
          {test.data === undefined && test.error === null && <PreflightRunning names={eligible.names} />}
          {test.error !== null && <ErrorPanel error={test.error} />}
          {test.data !== undefined && <PreflightReport outcome={test.data} />}
        </div>
        <Group justify="flex-end">
          <Button variant="default" onClick={() => mutate()} loading={test.isPending}>
            Test again
          </Button>
          <Button onClick={onClose}>Close</Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
